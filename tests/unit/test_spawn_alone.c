/* Tests of platform/spawn.c: what is inherited, and being detached. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/spawn_case.h"

#include "core/banned.h"

static char dir[PRIVATE_MAX];

static int
make(void **state)
{
	(void)state;
	private_make(dir);
	return setenv("HOME", dir, 1);
}

static int
drop(void **state)
{
	(void)state;
	private_remove(dir);
	return 0;
}

static void
assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
assert_answer(struct outcome *o, const char *want, int exit_status)
{
	assert_string_equal(o->why.text, "");
	assert_int_equal(o->rc, RC_OK);
	assert_true(span_is(safebuf_view(o->answer), want));
	assert_true(WIFEXITED(o->status));
	assert_int_equal(WEXITSTATUS(o->status), exit_status);
	safebuf_free(o->answer);
	assert_no_child();
}

static void
only_the_given_descriptors_are_inherited(void **state)
{
	int stray = fcntl(STDOUT_FILENO, F_DUPFD, 100); /* no close-on-exec */
	int low = fcntl(STDOUT_FILENO, F_DUPFD, 3);
	char path[PRIVATE_MAX];
	struct outcome o;

	(void)state;
	assert_true(stray >= 100 && low >= 3);
	call(&o, child(dir, "fds", path), SPAN(""), -1, SOON_MS, 256);
	assert_answer(&o, "0p1p2n", 0);
	close(stray);
	close(low);
}

static void
the_key_is_descriptor_3(void **state)
{
	char path[PRIVATE_MAX];
	struct outcome o;
	int key, high;

	(void)state;
	private_write(dir, "key", "x", 1, 0600);
	key = open(private_path(dir, "key", path), O_RDONLY | O_CLOEXEC);
	high = fcntl(key, F_DUPFD_CLOEXEC, 50);
	assert_true(key >= 3 && high >= 50);
	call(&o, child(dir, "fds", path), SPAN(""), high, SOON_MS, 256);
	assert_answer(&o, "0p1p2n3f", 0);
	close(key);
	close(high);
}

/* Every number that is used in the child is in use here for something else. */
static void
call_with_low_descriptors(const char *base)
{
	char path[PRIVATE_MAX];
	struct outcome o;
	int key;

	child(dir, "fds", path);
	/* The key is 0, then 3, then the pipes get the low ones. */
	PRIVATE_CHECK(fdio_close_from(3, NULL) == RC_OK);
	close(0);
	key = open(private_path(base, "key", (char[PRIVATE_MAX]){ 0 }),
		   O_RDONLY | O_CLOEXEC);
	PRIVATE_CHECK(key == 0);
	call(&o, path, SPAN(""), 0, SOON_MS, 256);
	PRIVATE_CHECK(o.rc == RC_OK);
	PRIVATE_CHECK(span_is(safebuf_view(o.answer), "0p1p2n3f"));
	safebuf_free(o.answer);
	PRIVATE_CHECK(fcntl(0, F_DUPFD_CLOEXEC, 3) == 3);
	call(&o, path, SPAN(""), 3, SOON_MS, 256);
	PRIVATE_CHECK(o.rc == RC_OK);
	PRIVATE_CHECK(span_is(safebuf_view(o.answer), "0p1p2n3f"));
	safebuf_free(o.answer);
	PRIVATE_CHECK(fcntl(3, F_GETFD) == FD_CLOEXEC);
	close(0);
	close(1);
	call(&o, path, SPAN(""), 3, SOON_MS, 256);
	PRIVATE_CHECK(o.rc == RC_OK);
	PRIVATE_CHECK(span_is(safebuf_view(o.answer), "0p1p2n3f"));
	safebuf_free(o.answer);
	close(3);
	call(&o, path, SPAN(""), -1, SOON_MS, 256);
	PRIVATE_CHECK(o.rc == RC_OK);
	PRIVATE_CHECK(span_is(safebuf_view(o.answer), "0p1p2n"));
	safebuf_free(o.answer);
}

static void
low_descriptors_do_not_collide(void **state)
{
	(void)state;
	private_write(dir, "key", "x", 1, 0600);
	assert_int_equal(private_run(call_with_low_descriptors, dir, false), 0);
}

static size_t
count_open(void)
{
	size_t n = 0;

	for (int fd = 0; fd <= LAST_FD; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static void
nothing_stays_open_here(void **state)
{
	size_t before = count_open();
	struct outcome o;

	(void)state;
	call(&o, "/bin/cat", SPAN("x"), -1, SOON_MS, 5);
	safebuf_free(o.answer);
	call(&o, "/nonexistent/keeper", SPAN("x"), -1, SOON_MS, 5);
	safebuf_free(o.answer);
	call(&o, "/bin/cat", SPAN("xyz"), -1, SOON_MS, 1);
	safebuf_free(o.answer);
	assert_int_equal(spawn_detached("/bin/true", SPAN("x"), NULL), RC_OK);
	assert_int_equal(spawn_detached("/nonexistent/keeper", SPAN("x"), NULL),
			 RC_INTERNAL);
	assert_int_equal(count_open(), before);
}

static int
open_fifo(const char *name, int flags)
{
	char path[PRIVATE_MAX];
	int fd;

	private_path(dir, name, path);
	if (mkfifo(path, 0600) != 0 && errno != EEXIST)
		private_die(path);
	fd = open(path, flags | O_CLOEXEC);
	if (fd == -1)
		private_die(path);
	return fd;
}

static void
a_detached_child_goes_on_alone(void **state)
{
	int stray = fcntl(STDOUT_FILENO, F_DUPFD, 100); /* no close-on-exec */
	/* Open on both sides, so that nobody waits for the other. */
	int report = open_fifo("report", O_RDWR | O_NONBLOCK);
	struct safebuf *text = NULL;
	struct why why = { "" };
	char path[PRIVATE_MAX];
	char sid[32];
	bool end = false;
	int go;
	enum rc rc;

	(void)state;
	/* Our session, for the child to compare with its own. */
	private_format(sid, sizeof(sid), "%d", (int)getsid(0));
	assert_int_equal(setenv("TERM", sid, 1), 0);
	assert_int_equal(safebuf_new(4096, &text), RC_OK);
	assert_int_equal(mkfifo(private_path(dir, "go", path), 0600), 0);
	rc = spawn_detached(child(dir, "detached", path), SPAN("hello"), &why);
	assert_string_equal(why.text, "");
	assert_int_equal(rc, RC_OK);
	/* It waits for "go", and we are back without a child. */
	assert_no_child();
	go = open_fifo("go", O_WRONLY);
	close(go);
	rc = fdio_read_some(report, clock_mono_ms() + SOON_MS, text, &end,
			    NULL);
	assert_int_equal(rc, RC_OK);
	assert_true(span_is(safebuf_view(text), "0p1n2n hello / other"));
	safebuf_free(text);
	close(report);
	close(stray);
}

static void
a_missing_detached_program_is_told(void **state)
{
	struct why why = { "" };

	(void)state;
	assert_int_equal(spawn_detached("/nonexistent/keeper", SPAN("x"), &why),
			 RC_INTERNAL);
	assert_string_equal(why.text,
			    "cannot start '/nonexistent/keeper': no such file "
			    "or directory; reinstall apptoken");
	assert_no_child();
}

static void
a_detached_request_that_fits_no_pipe_starts_nothing(void **state)
{
	char *bytes = calloc(1, LARGE);
	struct why why = { "" };

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(
		spawn_detached("/bin/cat",
			       (struct span){ .at = bytes, .len = LARGE },
			       &why),
		RC_INTERNAL);
	assert_string_equal(why.text, "the request does not fit into a pipe");
	assert_no_child();
	free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(only_the_given_descriptors_are_inherited),
		TEST(the_key_is_descriptor_3),
		TEST(low_descriptors_do_not_collide),
		TEST(nothing_stays_open_here),
		TEST(a_detached_child_goes_on_alone),
		TEST(a_missing_detached_program_is_told),
		TEST(a_detached_request_that_fits_no_pipe_starts_nothing),
	};
	int played = spawn_case_play(argc, argv);

	if (played != -1)
		return played;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
