/* Tests of cli/opts.c: command lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/opts.h"

#include "core/banned.h"

static const struct opts_row rows[] = {
	{ "json", NULL, "as JSON" },
	{ "min-life", "SECONDS", "life that is left" },
	{ "min", NULL, "a shorter name" },
	{ NULL, NULL, NULL },
};

static const struct opts_row open_rows[] = {
	{ "key", "FILE", "the private key" },
	{ OPTS_ANY, "VALUE", "any key of the configuration" },
	{ NULL, NULL, NULL },
};

/* A line of arguments, read to its end or its first error. */
struct line {
	struct opts o;
	struct why why;
};

static struct line
start(const struct opts_row *table, const char *const *args)
{
	return (struct line){ .o = { .rows = table, .args = args } };
}

/* NULL name: an operand. */
static void
assert_next(struct line *l, const char *name, const char *value)
{
	struct opts_item item = { 0 };
	bool end = true;

	assert_int_equal(opts_next(&l->o, &item, &end, &l->why), RC_OK);
	assert_false(end);
	if (name == NULL)
		assert_null(item.name);
	else
		assert_string_equal(item.name, name);
	if (value == NULL)
		assert_null(item.value);
	else
		assert_string_equal(item.value, value);
}

static void
assert_end(struct line *l)
{
	struct opts_item item = { 0 };
	bool end = false;

	assert_int_equal(opts_next(&l->o, &item, &end, &l->why), RC_OK);
	assert_true(end);
}

static void
assert_usage(struct line *l, const char *why)
{
	struct opts_item item = { 0 };
	bool end = false;

	assert_int_equal(opts_next(&l->o, &item, &end, &l->why), RC_USAGE);
	assert_string_equal(l->why.text, why);
}

static void
options_stand_before_between_and_after_operands(void **state)
{
	const char *const args[] = { "--json",	    "acme", "--min-life", "60",
				     "--min-life=", "two",  "--min",	  NULL };
	struct line l = start(rows, args);

	(void)state;
	assert_next(&l, "json", NULL);
	assert_next(&l, NULL, "acme");
	assert_next(&l, "min-life", "60");
	assert_next(&l, "min-life", "");
	assert_next(&l, NULL, "two");
	assert_next(&l, "min", NULL);
	assert_end(&l);
	assert_end(&l);
}

static void
a_value_can_stand_behind_a_sign_of_equality(void **state)
{
	const char *const args[] = { "--min-life=60", "--min-life=a=b",
				     "--min-life", "--json", NULL };
	struct line l = start(rows, args);

	(void)state;
	assert_next(&l, "min-life", "60");
	assert_next(&l, "min-life", "a=b");
	assert_next(&l, "min-life", "--json");
	assert_end(&l);
}

static void
after_two_dashes_everything_is_an_operand(void **state)
{
	const char *const args[] = { "acme", "--", "--json", "-x", "--", NULL };
	const char *const only[] = { "--", NULL };
	struct line l = start(rows, args);

	(void)state;
	assert_next(&l, NULL, "acme");
	assert_next(&l, NULL, "--json");
	assert_next(&l, NULL, "-x");
	assert_next(&l, NULL, "--");
	assert_end(&l);
	l = start(rows, only);
	assert_end(&l);
}

static void
a_lone_dash_and_an_empty_argument_are_operands(void **state)
{
	const char *const args[] = { "-", "", NULL };
	const char *const value[] = { "--key", "-", NULL };
	struct line l = start(rows, args);

	(void)state;
	assert_next(&l, NULL, "-");
	assert_next(&l, NULL, "");
	assert_end(&l);
	l = start(open_rows, value);
	assert_next(&l, "key", "-");
	assert_end(&l);
}

static void
an_unknown_option_is_named_without_its_value(void **state)
{
	const char *const args[] = {
		"--token=hunter2", "-j",   "--jso",	"--jsonx", "--JSON",
		"---json",	   "--=x", "--e\x1b[m", NULL
	};
	struct line l = start(rows, args);

	(void)state;
	assert_usage(&l, "unknown option '--token'; see 'apptoken --help'");
	assert_usage(&l, "unknown option '-j'; see 'apptoken --help'");
	assert_usage(&l, "unknown option '--jso'; see 'apptoken --help'");
	assert_usage(&l, "unknown option '--jsonx'; see 'apptoken --help'");
	assert_usage(&l, "unknown option '--JSON'; see 'apptoken --help'");
	assert_usage(&l, "unknown option '---json'; see 'apptoken --help'");
	assert_usage(&l, "unknown option '--'; see 'apptoken --help'");
	assert_usage(&l, "unknown option '--e [m'; see 'apptoken --help'");
	assert_end(&l);
}

static void
a_switch_takes_no_value(void **state)
{
	const char *const args[] = { "--json=hunter2", "--json=", NULL };
	struct line l = start(rows, args);

	(void)state;
	assert_usage(&l, "option '--json' takes no value; leave it out");
	assert_usage(&l, "option '--json' takes no value; leave it out");
}

static void
a_missing_value_is_told(void **state)
{
	const char *const args[] = { "--min-life", NULL };
	struct line l = start(rows, args);

	(void)state;
	assert_usage(&l, "option '--min-life' wants a value: SECONDS");
	assert_end(&l);
}

static void
an_open_table_takes_every_name(void **state)
{
	const char *const args[] = { "--key", "k.pem",	"--app-id", "42",
				     "acme",  "--key=", NULL };
	struct line l = start(open_rows, args);

	(void)state;
	assert_next(&l, "key", "k.pem");
	assert_next(&l, "app-id", "42");
	assert_next(&l, NULL, "acme");
	assert_next(&l, "key", "");
	assert_end(&l);
}

static void
an_open_name_wants_its_value_apart(void **state)
{
	const char *const args[] = { "--app-id=hunter2", "--app-id", NULL };
	struct line l = start(open_rows, args);

	(void)state;
	assert_usage(&l, "write '--app-id VALUE', with a blank");
	assert_usage(&l, "option '--app-id' wants a value: VALUE");
}

static void
a_long_name_is_cut_in_the_message(void **state)
{
	char name[400] = "--";
	const char *const args[] = { name, NULL };
	struct line l = start(rows, args);
	struct opts_item item = { 0 };
	bool end = false;

	(void)state;
	memset(name + 2, 'n', sizeof(name) - 3);
	assert_int_equal(opts_next(&l.o, &item, &end, &l.why), RC_USAGE);
	assert_true(strlen(l.why.text) < 120);
	assert_non_null(strstr(l.why.text, "; see 'apptoken --help'"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			options_stand_before_between_and_after_operands),
		cmocka_unit_test(a_value_can_stand_behind_a_sign_of_equality),
		cmocka_unit_test(after_two_dashes_everything_is_an_operand),
		cmocka_unit_test(
			a_lone_dash_and_an_empty_argument_are_operands),
		cmocka_unit_test(an_unknown_option_is_named_without_its_value),
		cmocka_unit_test(a_switch_takes_no_value),
		cmocka_unit_test(a_missing_value_is_told),
		cmocka_unit_test(an_open_table_takes_every_name),
		cmocka_unit_test(an_open_name_wants_its_value_apart),
		cmocka_unit_test(a_long_name_is_cut_in_the_message),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
