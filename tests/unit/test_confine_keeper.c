/* Tests of platform/confine.c: the keeper. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/confine.h"
#include "tests/support/confine_case.h"

#include "core/banned.h"

static char dir[PRIVATE_MAX];

static int
make(void **state)
{
	(void)state;
	private_make(dir);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	private_remove(dir);
	return 0;
}

static void
keeper_is_closed(const char *base)
{
	int out = -1;

	(void)base;
	loosen();
	enter(allowed);
	PRIVATE_CHECK(confine_keeper(&out, NULL) == RC_OK);
	check_process(true);
	PRIVATE_CHECK(count(environ) == 11);
}

static void
the_keeper_is_closed_to_others(void **state)
{
	(void)state;
	assert_int_equal(private_run(keeper_is_closed, dir, false), 0);
}

static void
keeper_refuses(const char *base)
{
	static char *const strays[] = { "PATH=/bin", "GNUTLS_DEBUG_LEVEL=1",
					"HOMES=",    "home=/h",
					"=",	     "HOME",
					"" };
	struct why why = { "" };
	int out = -7;

	(void)base;
	for (size_t i = 0; i < sizeof(strays) / sizeof(strays[0]); i++) {
		char *entries[] = { "HOME=/h", strays[i], NULL };

		enter(entries);
		PRIVATE_CHECK(confine_keeper(&out, &why) == RC_USAGE);
		PRIVATE_CHECK(strstr(why.text, "unexpected variable") != NULL);
		PRIVATE_CHECK(out == -7);
	}
}

static void
the_keeper_refuses_any_other_name(void **state)
{
	(void)state;
	assert_int_equal(private_run(keeper_refuses, dir, false), 0);
}

static void
keeper_with_descriptors(const char *base)
{
	char path[PRIVATE_MAX];
	int fd = open(private_path(base, "out", path),
		      O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int out = -1;

	enter(allowed);
	PRIVATE_CHECK(dup2(fd, 1) == 1);
	PRIVATE_CHECK(dup2(fd, 3) == 3 || fd == 3);
	PRIVATE_CHECK(dup2(fd, 4) == 4);
	PRIVATE_CHECK(dup2(fd, 200) == 200);
	PRIVATE_CHECK(confine_keeper(&out, NULL) == RC_OK);
	PRIVATE_CHECK(fcntl(3, F_GETFD) == FD_CLOEXEC);
	PRIVATE_CHECK(out == 4); /* the lowest above the key's */
	PRIVATE_CHECK(fcntl(out, F_GETFD) == FD_CLOEXEC);
	for (int i = 5; i < 256; i++)
		PRIVATE_CHECK(fcntl(i, F_GETFD) == -1);
	PRIVATE_CHECK(is_null(1));
	PRIVATE_CHECK(write(1, "noise", 5) == 5);
	PRIVATE_CHECK(write(out, "answer", 6) == 6);
}

static void
only_the_answer_reaches_the_real_stdout(void **state)
{
	(void)state;
	assert_int_equal(private_run(keeper_with_descriptors, dir, false), 0);
	assert_true(private_holds(dir, "out", "answer"));
}

static void
keeper_without_key(const char *base)
{
	int out = -1;

	(void)base;
	enter(allowed);
	close(3);
	PRIVATE_CHECK(confine_keeper(&out, NULL) == RC_OK);
	PRIVATE_CHECK(out > 3);
	PRIVATE_CHECK(fcntl(3, F_GETFD) == -1);
}

static void
a_missing_key_leaves_descriptor_3_closed(void **state)
{
	(void)state;
	assert_int_equal(private_run(keeper_without_key, dir, false), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_keeper_is_closed_to_others),
		TEST(the_keeper_refuses_any_other_name),
		TEST(only_the_answer_reaches_the_real_stdout),
		TEST(a_missing_key_leaves_descriptor_3_closed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
