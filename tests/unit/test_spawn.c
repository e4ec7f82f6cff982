/* Tests of platform/spawn.c: calling the keeper. */
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
	call(&o, child(dir, "flood", path), request, -1, SOON_MS, LARGE);
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
	call(&o, child(dir, "deaf", path),
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
	child(dir, "argv", path);
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
	call(&o, child(dir, "killed", path), SPAN(""), -1, SOON_MS, 16);
	assert_int_equal(o.rc, RC_OK);
	assert_true(WIFSIGNALED(o.status));
	assert_int_equal(WTERMSIG(o.status), SIGTERM);
	safebuf_free(o.answer);
	assert_no_child();
}

static void
assert_timeout(const char *kind)
{
	int64_t start = clock_mono_ms();
	char want[WHY_MAX * 2];
	char path[PRIVATE_MAX];
	struct outcome o;

	call(&o, child(dir, kind, path), SPAN("x"), -1, 200, 16);
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
		TEST(a_silent_child_is_killed_at_the_deadline),
		TEST(a_child_that_does_not_end_is_killed_at_the_deadline),
		TEST(too_much_of_an_answer_is_too_large),
		TEST(a_missing_program_is_told),
		TEST(what_is_no_program_is_told),
	};
	int played = spawn_case_play(argc, argv);

	if (played != -1)
		return played;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
