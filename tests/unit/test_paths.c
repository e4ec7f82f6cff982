/* Tests of platform/paths.c: where things are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/paths.h"

#include "core/banned.h"

#define LONG_LEN 5000

/* NULL: not set. */
static void
set(const char *home, const char *config, const char *runtime)
{
	assert_int_equal(home ? setenv("HOME", home, 1) : unsetenv("HOME"), 0);
	assert_int_equal(config ? setenv("XDG_CONFIG_HOME", config, 1)
				: unsetenv("XDG_CONFIG_HOME"),
			 0);
	assert_int_equal(runtime ? setenv("XDG_RUNTIME_DIR", runtime, 1)
				 : unsetenv("XDG_RUNTIME_DIR"),
			 0);
}

static void
assert_config(const char *want)
{
	char path[PATHS_MAX] = "";

	assert_int_equal(paths_config("config", path, sizeof(path), NULL),
			 RC_OK);
	assert_string_equal(path, want);
}

static void
assert_no_config(const char *words)
{
	char path[PATHS_MAX] = "untouched";
	struct why why = { "" };

	assert_int_equal(paths_config("config", path, sizeof(path), &why),
			 RC_CONFIG);
	assert_string_equal(path, "untouched");
	assert_non_null(strstr(why.text, words));
}

static void
xdg_config_home_comes_first(void **state)
{
	(void)state;
	set("/home/u", "/x", NULL);
	assert_config("/x/apptoken/config");
}

static void
home_comes_second(void **state)
{
	(void)state;
	set("/home/u", NULL, NULL);
	assert_config("/home/u/.config/apptoken/config");
}

static void
relative_values_do_not_count(void **state)
{
	(void)state;
	set("/home/u", "x", NULL);
	assert_config("/home/u/.config/apptoken/config");
	set("/home/u", "", NULL);
	assert_config("/home/u/.config/apptoken/config");
	set("home", "./x", NULL);
	assert_no_config("set one of them");
}

static void
neither_names_both_variables(void **state)
{
	(void)state;
	set(NULL, NULL, NULL);
	assert_no_config("XDG_CONFIG_HOME");
	assert_no_config("HOME is an absolute path");
}

static void
too_long_is_never_cut(void **state)
{
	char value[LONG_LEN];
	char path[24] = "untouched";

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[0] = '/';
	value[sizeof(value) - 1] = '\0';
	set(NULL, value, value);
	assert_no_config("too long");
	assert_int_equal(paths_runtime(path, sizeof(path)), RC_NOT_FOUND);
	set("/home/u", NULL, NULL);
	assert_int_equal(paths_config("config", path, sizeof(path), NULL),
			 RC_CONFIG);
	assert_int_equal(paths_system_config(path, 10), RC_TOO_LARGE);
	assert_string_equal(path, "untouched");
}

static void
the_runtime_directory_is_absolute(void **state)
{
	char path[PATHS_MAX] = "untouched";

	(void)state;
	set(NULL, NULL, NULL);
	assert_int_equal(paths_runtime(path, sizeof(path)), RC_NOT_FOUND);
	set(NULL, NULL, "run");
	assert_int_equal(paths_runtime(path, sizeof(path)), RC_NOT_FOUND);
	set(NULL, NULL, "");
	assert_int_equal(paths_runtime(path, sizeof(path)), RC_NOT_FOUND);
	assert_string_equal(path, "untouched");
	set(NULL, NULL, "/run/user/1");
	assert_int_equal(paths_runtime(path, sizeof(path)), RC_OK);
	assert_string_equal(path, "/run/user/1/apptoken");
}

static void
the_system_configuration_is_compiled_in(void **state)
{
	char path[PATHS_MAX] = "";

	(void)state;
	assert_int_equal(paths_system_config(path, sizeof(path)), RC_OK);
	assert_string_equal(path, SYSCONFDIR "/apptoken/config");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xdg_config_home_comes_first),
		cmocka_unit_test(home_comes_second),
		cmocka_unit_test(relative_values_do_not_count),
		cmocka_unit_test(neither_names_both_variables),
		cmocka_unit_test(too_long_is_never_cut),
		cmocka_unit_test(the_runtime_directory_is_absolute),
		cmocka_unit_test(the_system_configuration_is_compiled_in),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
