/*
 * Tests of platform/spawn.c: starting the keeper. The program plays its own
 * children: started by a link named "child-KIND", it does what KIND says.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/clock.h"
#include "platform/fdio.h"
#include "platform/spawn.h"
#include "tests/support/private.h"

#include "core/banned.h"

#define SOON_MS 30000
/* More than two pipes hold. */
#define LARGE ((size_t)300 * 1024)
#define LAST_FD 255
/* A child of a test that died ends by itself. */
#define CHILD_LIFE_S 60

static char dir[PRIVATE_MAX];

/* ---- the children ---- */

/* "0p1p2n": each open descriptor and whether it is a pipe, null, a file. */
static void
list_fds(char *out, size_t size)
{
	struct stat null, st;
	size_t used = 0;

	if (stat("/dev/null", &null) != 0)
		_exit(90);
	out[0] = '\0';
	for (int fd = 0; fd <= LAST_FD; fd++) {
		char kind = '?';

		if (fstat(fd, &st) != 0)
			continue;
		if (S_ISFIFO(st.st_mode))
			kind = 'p';
		else if (S_ISREG(st.st_mode))
			kind = 'f';
		else if (st.st_rdev == null.st_rdev)
			kind = 'n';
		private_format(out + used, size - used, "%d%c", fd, kind);
		used = strlen(out);
	}
}

static void
say(int fd, const char *text)
{
	if (fdio_write_all(fd, span_of(text), 0, NULL) != RC_OK)
		_exit(91);
}

static int
child_fds(void)
{
	char list[256];

	list_fds(list, sizeof(list));
	say(STDOUT_FILENO, list);
	return 0;
}

/* Writes a lot before it reads anything. */
static int
child_flood(void)
{
	static char bytes[LARGE];
	size_t total = 0;
	ssize_t n;

	if (fdio_write_all(STDOUT_FILENO,
			   (struct span){ .at = bytes, .len = LARGE }, 0,
			   NULL) != RC_OK)
		return 1;
	while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0)
		total += (size_t)n;
	return total == LARGE ? 0 : 2;
}

static int
child_deaf(void)
{
	close(STDIN_FILENO);
	say(STDOUT_FILENO, "no");
	return 7;
}

static int
child_hang(void)
{
	/* The alarm ends it, if nothing else does. */
	while (pause() == -1)
		continue;
	return 0;
}

static int
child_late(void)
{
	say(STDOUT_FILENO, "answer");
	close(STDOUT_FILENO);
	return child_hang();
}

static int
child_argv(int argc, char **argv)
{
	char text[PRIVATE_MAX * 2];

	private_format(text, sizeof(text), "%d %s %s", argc, argv[0],
		       getenv("HOME"));
	say(STDOUT_FILENO, text);
	return 0;
}

static int
child_killed(void)
{
	raise(SIGTERM);
	return 0;
}

/* Waits for $HOME/go, then tells $HOME/report what it is like. */
static int
child_detached(void)
{
	char path[PRIVATE_MAX];
	char list[256];
	char request[64] = "";
	char cwd[PRIVATE_MAX] = "";
	char sid[32];
	char text[PRIVATE_MAX * 2];
	int fd;

	list_fds(list, sizeof(list));
	if (read(STDIN_FILENO, request, sizeof(request) - 1) < 0 ||
	    getcwd(cwd, sizeof(cwd)) == NULL)
		return 1;
	fd = open(private_path(getenv("HOME"), "go", path),
		  O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return 1;
	close(fd);
	private_format(sid, sizeof(sid), "%d", (int)getsid(0));
	private_format(text, sizeof(text), "%s %s %s %s", list, request, cwd,
		       strcmp(sid, getenv("TERM")) == 0 ? "same" : "other");
	fd = open(private_path(getenv("HOME"), "report", path),
		  O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return 1;
	say(fd, text);
	return 0;
}

static int
play(const char *kind, int argc, char **argv)
{
	alarm(CHILD_LIFE_S);
	if (strcmp(kind, "fds") == 0)
		return child_fds();
	if (strcmp(kind, "flood") == 0)
		return child_flood();
	if (strcmp(kind, "deaf") == 0)
		return child_deaf();
	if (strcmp(kind, "hang") == 0)
		return child_hang();
	if (strcmp(kind, "late") == 0)
		return child_late();
	if (strcmp(kind, "argv") == 0)
		return child_argv(argc, argv);
	if (strcmp(kind, "killed") == 0)
		return child_killed();
	if (strcmp(kind, "detached") == 0)
		return child_detached();
	return 99;
}

/* ---- the tests ---- */

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

/* The path of a child. */
static const char *
child(const char *kind, char out[PRIVATE_MAX])
{
	char self[PRIVATE_MAX * 8];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		private_die("/proc/self/exe");
	self[n] = '\0';
	private_format(out, PRIVATE_MAX, "%s/child-%s", dir, kind);
	(void)unlink(out);
	if (symlink(self, out) != 0)
		private_die(out);
	return out;
}

struct outcome {
	enum rc rc;
	int status;
	struct safebuf *answer;
	struct why why;
};

static void
call(struct outcome *o, const char *path, struct span request, int key_fd,
     int64_t wait_ms, size_t room)
{
	memset(o, 0, sizeof(*o));
	o->status = -1;
	if (safebuf_new(room, &o->answer) != RC_OK)
		private_die("memory");
	o->rc = spawn_call(path, request, key_fd, clock_mono_ms() + wait_ms,
			   o->answer, &o->status, &o->why);
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
the_request_goes_in_and_the_answer_comes_out(void **state)
{
	struct outcome o;

	(void)state;
	call(&o, "/bin/cat", SPAN("hello"), -1, SOON_MS, 5);
	assert_answer(&o, "hello", 0);
}

static void
an_empty_request_is_an_end_of_file(void **state)
{
	struct outcome o;

	(void)state;
	call(&o, "/bin/cat", (struct span){ 0 }, -1, SOON_MS, 5);
	assert_answer(&o, "", 0);
}

static void
large_texts_do_not_block_each_other(void **state)
{
	char *bytes = calloc(1, LARGE);
	struct span request = { .at = bytes, .len = LARGE };
	char path[PRIVATE_MAX];
	struct outcome o;

	(void)state;
	assert_non_null(bytes);
	call(&o, child("flood", path), request, -1, SOON_MS, LARGE);
	assert_int_equal(o.rc, RC_OK);
	assert_int_equal(o.status, 0);
	assert_int_equal(safebuf_len(o.answer), LARGE);
	safebuf_free(o.answer);
	call(&o, "/bin/cat", request, -1, SOON_MS, LARGE);
	assert_int_equal(o.rc, RC_OK);
	assert_int_equal(safebuf_len(o.answer), LARGE);
	safebuf_free(o.answer);
	assert_no_child();
	free(bytes);
}

static void
a_child_may_answer_without_reading(void **state)
{
	char *bytes = calloc(1, LARGE);
	char path[PRIVATE_MAX];
	struct outcome o;

	(void)state;
	assert_non_null(bytes);
	call(&o, child("deaf", path),
	     (struct span){ .at = bytes, .len = LARGE }, -1, SOON_MS, 16);
	assert_answer(&o, "no", 7);
	free(bytes);
}

static void
the_child_gets_its_path_alone_and_the_environment(void **state)
{
	char want[PRIVATE_MAX * 3];
	char path[PRIVATE_MAX];
	struct outcome o;

	(void)state;
	child("argv", path);
	private_format(want, sizeof(want), "1 %s %s", path, dir);
	call(&o, path, SPAN(""), -1, SOON_MS, 4096);
	assert_answer(&o, want, 0);
}

static void
a_child_that_is_killed_is_told(void **state)
{
	char path[PRIVATE_MAX];
	struct outcome o;

	(void)state;
	call(&o, child("killed", path), SPAN(""), -1, SOON_MS, 16);
	assert_int_equal(o.rc, RC_OK);
	assert_true(WIFSIGNALED(o.status));
	assert_int_equal(WTERMSIG(o.status), SIGTERM);
	safebuf_free(o.answer);
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
	call(&o, child("fds", path), SPAN(""), -1, SOON_MS, 256);
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
	call(&o, child("fds", path), SPAN(""), high, SOON_MS, 256);
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

	child("fds", path);
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

static void
nothing_stays_open_here(void **state)
{
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct outcome o;
	int after;

	(void)state;
	close(before);
	call(&o, "/bin/cat", SPAN("x"), -1, SOON_MS, 5);
	safebuf_free(o.answer);
	call(&o, "/nonexistent/keeper", SPAN("x"), -1, SOON_MS, 5);
	safebuf_free(o.answer);
	call(&o, "/bin/cat", SPAN("xyz"), -1, SOON_MS, 1);
	safebuf_free(o.answer);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(after, before);
	close(after);
}

static void
assert_timeout(const char *kind)
{
	int64_t start = clock_mono_ms();
	char want[WHY_MAX * 2];
	char path[PRIVATE_MAX];
	struct outcome o;

	call(&o, child(kind, path), SPAN("x"), -1, 200, 16);
	assert_int_equal(o.rc, RC_TIMEOUT);
	assert_true(clock_mono_ms() >= start + 200);
	assert_true(clock_mono_ms() < start + SOON_MS);
	assert_int_equal(o.status, -1);
	private_format(want, sizeof(want),
		       "'%s' did not answer in time; try again", path);
	assert_string_equal(o.why.text, want);
	safebuf_free(o.answer);
	assert_no_child();
}

static void
a_silent_child_is_killed_at_the_deadline(void **state)
{
	(void)state;
	assert_timeout("hang");
}

static void
a_child_that_does_not_end_is_killed_at_the_deadline(void **state)
{
	(void)state;
	assert_timeout("late");
}

static void
too_much_of_an_answer_is_too_large(void **state)
{
	struct outcome o;

	(void)state;
	call(&o, "/bin/cat", SPAN("hello"), -1, SOON_MS, 4);
	assert_int_equal(o.rc, RC_TOO_LARGE);
	assert_int_equal(o.status, -1);
	safebuf_free(o.answer);
	assert_no_child();
}

static void
a_missing_program_is_told(void **state)
{
	struct outcome o;

	(void)state;
	call(&o, "/nonexistent/keeper", SPAN("x"), -1, SOON_MS, 16);
	assert_int_equal(o.rc, RC_INTERNAL);
	assert_string_equal(o.why.text,
			    "cannot start '/nonexistent/keeper': no such file "
			    "or directory; reinstall apptoken");
	assert_int_equal(o.status, -1);
	safebuf_free(o.answer);
	assert_no_child();
}

static void
what_is_no_program_is_told(void **state)
{
	char path[PRIVATE_MAX];
	struct outcome o;

	(void)state;
	private_write(dir, "text", "x", 1, 0600);
	call(&o, private_path(dir, "text", path), SPAN("x"), -1, SOON_MS, 16);
	assert_int_equal(o.rc, RC_INTERNAL);
	assert_non_null(strstr(o.why.text, "permission denied; reinstall"));
	safebuf_free(o.answer);
	assert_no_child();
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
	rc = spawn_detached(child("detached", path), SPAN("hello"), &why);
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
		TEST(the_request_goes_in_and_the_answer_comes_out),
		TEST(an_empty_request_is_an_end_of_file),
		TEST(large_texts_do_not_block_each_other),
		TEST(a_child_may_answer_without_reading),
		TEST(the_child_gets_its_path_alone_and_the_environment),
		TEST(a_child_that_is_killed_is_told),
		TEST(only_the_given_descriptors_are_inherited),
		TEST(the_key_is_descriptor_3),
		TEST(low_descriptors_do_not_collide),
		TEST(nothing_stays_open_here),
		TEST(a_silent_child_is_killed_at_the_deadline),
		TEST(a_child_that_does_not_end_is_killed_at_the_deadline),
		TEST(too_much_of_an_answer_is_too_large),
		TEST(a_missing_program_is_told),
		TEST(what_is_no_program_is_told),
		TEST(a_detached_child_goes_on_alone),
		TEST(a_missing_detached_program_is_told),
		TEST(a_detached_request_that_fits_no_pipe_starts_nothing),
	};
	const char *kind = argc > 0 ? strstr(argv[0], "/child-") : NULL;

	if (kind != NULL)
		return play(kind + strlen("/child-"), argc, argv);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
