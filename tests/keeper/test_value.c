/* Tests of keeper/value.c: typed values as JSON and as form fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "keeper/value.h"

#include "core/banned.h"

/* NULL: refused. */
static const struct {
	enum profile_type type;
	const char *text;
	const char *json;
	const char *form;
} rows[] = {
	{ PROFILE_STRING, "a b", "\"a b\"", "a+b" },
	{ PROFILE_STRING, "42", "\"42\"", "42" },
	{ PROFILE_STRING, "q\"\\\n", "\"q\\\"\\\\\\n\"", "q%22%5C%0A" },
	{ PROFILE_STRING, "a&b=c", "\"a&b=c\"", "a%26b%3Dc" },
	{ PROFILE_STRING, "\xc3\xa9", "\"\xc3\xa9\"", "%C3%A9" },
	{ PROFILE_NUMBER, "0", "0", "0" },
	{ PROFILE_NUMBER, "-7", "-7", "-7" },
	{ PROFILE_NUMBER, "999999999999999", "999999999999999",
	  "999999999999999" },
	{ PROFILE_NUMBER, "1000000000000000", NULL, NULL },
	{ PROFILE_NUMBER, "007", NULL, NULL },
	{ PROFILE_NUMBER, "-0", NULL, NULL },
	{ PROFILE_NUMBER, "1.5", NULL, NULL },
	{ PROFILE_NUMBER, "1e3", NULL, NULL },
	{ PROFILE_NUMBER, "", NULL, NULL },
	{ PROFILE_NUMBER, "4,\"admin\":true", NULL, NULL },
	{ PROFILE_BOOL, "true", "true", "true" },
	{ PROFILE_BOOL, "false", "false", "false" },
	{ PROFILE_BOOL, "True", NULL, NULL },
	{ PROFILE_BOOL, "1", NULL, NULL },
	{ PROFILE_BOOL, "", NULL, NULL },
	{ PROFILE_LIST, "a", "[\"a\"]", "a" },
	{ PROFILE_LIST, "a,b , c\t", "[\"a\",\"b\",\"c\"]", "a+b+c" },
	{ PROFILE_LIST, "a b,\"", "[\"a b\",\"\\\"\"]", "a+b+%22" },
	{ PROFILE_AUTO, "42", "42", "42" },
	{ PROFILE_AUTO, "0", "0", "0" },
	{ PROFILE_AUTO, "999999999999999", "999999999999999",
	  "999999999999999" },
	{ PROFILE_AUTO, "1000000000000000", "\"1000000000000000\"",
	  "1000000000000000" },
	{ PROFILE_AUTO, "042", "\"042\"", "042" },
	{ PROFILE_AUTO, "-42", "\"-42\"", "-42" },
	{ PROFILE_AUTO, "4 2", "\"4 2\"", "4+2" },
	{ PROFILE_AUTO, "Iv1.x", "\"Iv1.x\"", "Iv1.x" },
};

static void
assert_put(enum rc (*put)(const struct profile_item *item, struct span text,
			  struct safebuf *out, struct why *why),
	   size_t row, const char *want)
{
	const struct profile_item item = { .name = SPAN("claim-x"),
					   .type = rows[row].type };
	struct safebuf *out = NULL;
	struct why why = { "" };
	enum rc rc;

	assert_int_equal(safebuf_new(256, &out), RC_OK);
	rc = put(&item, span_of(rows[row].text), out, &why);
	if (want == NULL) {
		assert_int_equal(rc, RC_CONFIG);
		assert_non_null(strstr(why.text, "'claim-x'"));
		assert_int_equal(safebuf_len(out), 0);
	} else {
		assert_int_equal(rc, RC_OK);
		safebuf_putc(out, '\0');
		assert_string_equal(safebuf_bytes(out), want);
	}
	safebuf_free(out);
}

static void
each_type_has_its_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_put(value_put_json, i, rows[i].json);
}

static void
each_type_has_its_form_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_put(value_put_form, i, rows[i].form);
}

static void
what_does_not_fit_is_told(void **state)
{
	const struct profile_item item = { .name = SPAN("x"),
					   .type = PROFILE_STRING };
	struct safebuf *out = NULL;

	(void)state;
	assert_int_equal(safebuf_new(4, &out), RC_OK);
	assert_int_equal(value_put_json(&item, SPAN("abcd"), out, NULL),
			 RC_TOO_LARGE);
	safebuf_clear(out);
	assert_int_equal(value_put_form(&item, SPAN("a&"), out, NULL), RC_OK);
	assert_int_equal(value_put_form(&item, SPAN("b"), out, NULL),
			 RC_TOO_LARGE);
	safebuf_free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_has_its_json),
		cmocka_unit_test(each_type_has_its_form_field),
		cmocka_unit_test(what_does_not_fit_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
