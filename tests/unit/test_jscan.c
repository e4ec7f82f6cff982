/* Tests of core/jscan.c: JSON, and what json-c would let through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/jscan.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KEYS_TEXT (JSON_KEYS_MAX * 16 + 64)

static struct safebuf *
buffer(size_t capacity)
{
	struct safebuf *b = NULL;

	assert_int_equal(safebuf_new(capacity, &b), RC_OK);
	return b;
}

static enum rc
check(struct span text)
{
	struct jscan_value v = { JSCAN_NULL, { 0 } };
	enum rc rc = jscan_check(text, JSON_DEPTH_MAX, &v, NULL);

	/* Untouched on failure, the value without its margin else. */
	if (rc != RC_OK) {
		assert_int_equal(v.kind, JSCAN_NULL);
		assert_null(v.text.at);
	} else {
		assert_true(span_eq(v.text, span_trim_space(text)));
	}
	return rc;
}

static struct jscan_value
checked(struct span text)
{
	struct jscan_value v;

	assert_int_equal(jscan_check(text, JSON_DEPTH_MAX, &v, NULL), RC_OK);
	return v;
}

static void
valid_texts_are_accepted(void **state)
{
	static const struct {
		struct span text;
		enum jscan_kind kind;
	} table[] = {
		{ SPAN("{}"), JSCAN_OBJECT },
		{ SPAN(" \t\r\n{ \t\r\n} \t\r\n"), JSCAN_OBJECT },
		{ SPAN("[]"), JSCAN_ARRAY },
		{ SPAN("[ 1 , 2 ]"), JSCAN_ARRAY },
		{ SPAN("\"\""), JSCAN_STRING },
		{ SPAN("\"\x7f\xc3\xa9\xf0\x9f\x94\x91\""), JSCAN_STRING },
		{ SPAN("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\""), JSCAN_STRING },
		{ SPAN("\"\\ud83d\\udd11\\uFFFD\""), JSCAN_STRING },
		{ SPAN("\"\\u0000\""), JSCAN_STRING },
		{ SPAN("true"), JSCAN_TRUE },
		{ SPAN("false"), JSCAN_FALSE },
		{ SPAN("null"), JSCAN_NULL },
		{ SPAN("0"), JSCAN_NUMBER },
		{ SPAN("-0"), JSCAN_NUMBER },
		{ SPAN("-1"), JSCAN_NUMBER },
		{ SPAN("10"), JSCAN_NUMBER },
		{ SPAN("0.0"), JSCAN_NUMBER },
		{ SPAN("-12.50e+10"), JSCAN_NUMBER },
		{ SPAN("1E-7"), JSCAN_NUMBER },
		{ SPAN("0e0"), JSCAN_NUMBER },
		{ SPAN("1e007"), JSCAN_NUMBER },
		{ SPAN("9223372036854775807"), JSCAN_NUMBER },
		{ SPAN("-9223372036854775808"), JSCAN_NUMBER },
		{ SPAN("18446744073709551615"), JSCAN_NUMBER },
		{ SPAN("1e307"), JSCAN_NUMBER },
		{ SPAN("0.0001e311"), JSCAN_NUMBER },
		{ SPAN("0e999999999999999999999"), JSCAN_NUMBER },
		{ SPAN("0.000e400"), JSCAN_NUMBER },
		{ SPAN("1e-400"), JSCAN_NUMBER },
		{ SPAN("{\"a\":1,\"A\":2,\"\":3,\"a \":4}"), JSCAN_OBJECT },
		{ SPAN("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}"),
		  JSCAN_OBJECT },
		{ SPAN("[[[[[[[[]]]]]]]]"), JSCAN_ARRAY },
		{ SPAN("[[[[[[[{}]]]]]],[[[[[[[]]]]]]]]"), JSCAN_ARRAY },
		{ SPAN("{\"token\":\"x\",\"unknown\":[true,false,null,{}]}"),
		  JSCAN_OBJECT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		if (check(table[i].text) != RC_OK)
			fail_msg("%.*s", (int)table[i].text.len,
				 table[i].text.at);
		assert_int_equal(checked(table[i].text).kind, table[i].kind);
	}
}

/* json-c 0.16, strict and validating UTF-8, accepts every one of these. */
static const struct span accepted_by_json_c[] = {
	SPAN("{\"a\":1,\"a\":2}"),
	SPAN("{\"token\":\"x\",\"\\u0074oken\":\"y\"}"),
	SPAN("{\"a\":{\"b\":1,\"b\":1}}"),
	SPAN("9223372036854775808000"),
	SPAN("18446744073709551616"),
	SPAN("-9223372036854775809"),
	SPAN("{\"expires_in\":99999999999999999999}"),
	SPAN("1e400"),
	SPAN("-1e400"),
	SPAN("1e308"),
	SPAN("0.1e310"),
	SPAN("10.0e308"),
	SPAN("1e99999999999999999999"),
	SPAN("NaN"),
	SPAN("Infinity"),
	SPAN("-Infinity"),
	SPAN("{\"a\":NaN}"),
	SPAN("{'a':1}"),
	SPAN("\"a\nb\""),
	SPAN("\"\x01\""),
	SPAN("\"\x1f\""),
	SPAN("\"a\tb\""),
	SPAN("\"\xc0\xaf\""),
	SPAN("\"\xe0\x80\xaf\""),
	SPAN("\"\\ud800\""),
	SPAN("\"\\udc00\""),
	SPAN("\"\\ud800\\u0041\""),
	SPAN("{\"\\ud800\":1}"),
	SPAN("{}\0{}"),
	SPAN("{}\0"),
	SPAN("\"a\"\0garbage"),
	SPAN("{\"a\\u0000b\":1}"),
	SPAN("{\"token\\u0000\":1,\"token\":2}"),
};

/* The rest of what is no JSON. */
static const struct span malformed[] = {
	{ 0 },
	SPAN(""),
	SPAN(" "),
	SPAN("\n"),
	SPAN("\0"),
	SPAN("{"),
	SPAN("["),
	SPAN("}"),
	SPAN("]"),
	SPAN(","),
	SPAN(":"),
	SPAN("\""),
	SPAN("\"a"),
	SPAN("\"\\\""),
	SPAN("{\"a\""),
	SPAN("{\"a\":"),
	SPAN("{\"a\":1"),
	SPAN("{\"a\":1,"),
	SPAN("[1"),
	SPAN("[1,"),
	SPAN("t"),
	SPAN("tru"),
	SPAN("nul"),
	SPAN("-"),
	SPAN("1."),
	SPAN("1e"),
	SPAN("1e+"),
	/* around the value */
	SPAN("\xef\xbb\xbf{}"),
	SPAN("{} x"),
	SPAN("{}{}"),
	SPAN("{} {}"),
	SPAN("{},"),
	SPAN("{}]"),
	SPAN("x{}"),
	SPAN("\v{}"),
	SPAN("\f{}"),
	SPAN("{}\v"),
	SPAN("\xc2\xa0{}"),
	SPAN("null null"),
	SPAN("1 2"),
	SPAN("<html></html>"),
	SPAN("<?xml version=\"1.0\"?>"),
	SPAN("ok"),
	SPAN("token=x"),
	SPAN("0\0"),
	/* comments, commas, colons */
	SPAN("/* x */{}"),
	SPAN("{} // x"),
	SPAN("{/**/}"),
	SPAN("# x\n{}"),
	SPAN("[1,]"),
	SPAN("[,1]"),
	SPAN("[1,,2]"),
	SPAN("[1 2]"),
	SPAN("{\"a\":1,}"),
	SPAN("{,\"a\":1}"),
	SPAN("{\"a\" 1}"),
	SPAN("{\"a\"=1}"),
	SPAN("{\"a\":1 \"b\":2}"),
	SPAN("{\"a\":1;}"),
	SPAN("{\"a\":}"),
	SPAN("{:1}"),
	SPAN("{a:1}"),
	SPAN("{1:1}"),
	SPAN("{null:1}"),
	SPAN("[1}"),
	SPAN("{\"a\":1]"),
	SPAN("{\"a\"}"),
	SPAN("{\"a\"::1}"),
	SPAN("[\"a\":1]"),
	SPAN("{\"a\",1}"),
	/* words and numbers */
	SPAN("True"),
	SPAN("TRUE"),
	SPAN("Null"),
	SPAN("NULL"),
	SPAN("nan"),
	SPAN("undefined"),
	SPAN("truex"),
	SPAN("true1"),
	SPAN("nullnull"),
	SPAN("inf"),
	SPAN("-true"),
	SPAN("01"),
	SPAN("-01"),
	SPAN("00"),
	SPAN("+1"),
	SPAN(".5"),
	SPAN("-.5"),
	SPAN("0x10"),
	SPAN("1_0"),
	SPAN("1e5.5"),
	SPAN("1.e5"),
	SPAN("1.5.5"),
	SPAN("--1"),
	SPAN("1-1"),
	SPAN("0e"),
	SPAN("1E+-2"),
	SPAN("1,0"),
	SPAN("1a"),
	SPAN("0b1"),
	SPAN("- 1"),
	SPAN("1 .0"),
	SPAN("\xd9\xa1"),
	/* strings */
	SPAN("\"\\x41\""),
	SPAN("\"\\'\""),
	SPAN("\"\\a\""),
	SPAN("\"\\0\""),
	SPAN("\"\\u\""),
	SPAN("\"\\u12\""),
	SPAN("\"\\u12g4\""),
	SPAN("\"\\U0041\""),
	SPAN("\"\\u{41}\""),
	SPAN("\"\r\""),
	SPAN("\"a\0b\""),
	SPAN("\"\x80\""),
	SPAN("\"\xff\""),
	SPAN("\"\xc3\""),
	SPAN("\"\xe2\x82\""),
	SPAN("\"\xed\xa0\x80\""),
	SPAN("\"\xf4\x90\x80\x80\""),
	SPAN("\"\xf8\x88\x80\x80\x80\""),
	SPAN("{\"\xff\":1}"),
	SPAN("{\"\n\":1}"),
	SPAN("`a`"),
	SPAN("'a'"),
	SPAN("{\"a\":'b'}"),
	SPAN("\"a\" \"b\""),
	SPAN("\"a\"b\""),
};

static void
what_json_c_accepts_wrongly_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(accepted_by_json_c); i++) {
		if (check(accepted_by_json_c[i]) != RC_INVALID)
			fail_msg("row %zu", i);
	}
}

static void
malformed_texts_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(malformed); i++) {
		if (check(malformed[i]) != RC_INVALID)
			fail_msg("row %zu", i);
	}
}

static void
every_cut_of_a_text_is_refused(void **state)
{
	struct span whole = SPAN("{\"a\":[1.5e3,\"\\ud83d\\udd11\xc3\xa9\","
				 "true,false,null,{}],\"b\":-0}");

	(void)state;
	assert_int_equal(check(whole), RC_OK);
	for (size_t len = 0; len < whole.len; len++)
		assert_int_equal(check(span_cut(whole, 0, len)), RC_INVALID);
}

static void
the_depth_is_bounded(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 3];

	(void)state;
	for (int depth = 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
		size_t n = (size_t)depth;
		struct jscan_value v;

		memset(text, '[', n);
		memset(text + n, ']', n);
		assert_int_equal(check((struct span){ text, 2 * n }),
				 depth <= JSON_DEPTH_MAX ? RC_OK : RC_INVALID);
		assert_int_equal(jscan_check((struct span){ text, 2 * n },
					     depth, &v, NULL),
				 RC_OK);
		assert_int_equal(jscan_check((struct span){ text, 2 * n },
					     depth - 1, &v, NULL),
				 RC_INVALID);
	}
	assert_int_equal(check(SPAN("[[[[[[[[{}]]]]]]]]")), RC_INVALID);
}

static void
a_million_brackets_cost_no_stack(void **state)
{
	struct safebuf *b = buffer(1000000);

	(void)state;
	memset(safebuf_tail(b), '[', 1000000);
	safebuf_grown(b, 1000000);
	assert_int_equal(check(safebuf_view(b)), RC_INVALID);
	memset(safebuf_bytes(b), '{', 1000000);
	assert_int_equal(check(safebuf_view(b)), RC_INVALID);
	safebuf_free(b);
}

static void
keys_are_compared_decoded(void **state)
{
	static const struct {
		struct span text;
		enum rc rc;
	} table[] = {
		{ SPAN("{\"\":1,\"\":2}"), RC_INVALID },
		{ SPAN("{\"ab\":1,\"\\u0061b\":2}"), RC_INVALID },
		{ SPAN("{\"\\u0061b\":1,\"a\\u0062\":2}"), RC_INVALID },
		{ SPAN("{\"/\":1,\"\\/\":2}"), RC_INVALID },
		{ SPAN("{\"\xc3\xa9\":1,\"\\u00E9\":2}"), RC_INVALID },
		{ SPAN("{\"\xf0\x9f\x94\x91\":1,\"\\ud83d\\udd11\":2}"),
		  RC_INVALID },
		{ SPAN("{\"\\n\":1,\"\\u000a\":2}"), RC_INVALID },
		{ SPAN("{\"a\":1,\"b\":2,\"c\":3,\"a\":4}"), RC_INVALID },
		{ SPAN("{\"a\":{\"x\":1},\"a\":{\"y\":1}}"), RC_INVALID },
		{ SPAN("[{\"a\":1},{\"a\":1,\"b\":2,\"b\":3}]"), RC_INVALID },
		{ SPAN("{\"a\":{\"b\":1},\"b\":{\"a\":1}}"), RC_OK },
		{ SPAN("{\"ab\":1,\"a\\u0062c\":2}"), RC_OK },
		{ SPAN("{\"a\\u0062c\":1,\"ab\":2}"), RC_OK },
		{ SPAN("{\"\\\\u0061\":1,\"a\":2}"), RC_OK },
		{ SPAN("{\"e\xcc\x81\":1,\"\xc3\xa9\":2}"), RC_OK },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(check(table[i].text), table[i].rc);
}

/* {"k0":0,"k1":0,…}, and one more member. */
static struct safebuf *
many_members(unsigned count, const char *last)
{
	struct safebuf *b = buffer(KEYS_TEXT);

	safebuf_putc(b, '{');
	for (unsigned i = 0; i < count; i++) {
		safebuf_puts(b, "\"k");
		safebuf_put_u64(b, i);
		safebuf_puts(b, "\":0,");
	}
	safebuf_puts(b, last);
	safebuf_putc(b, '}');
	assert_int_equal(safebuf_check(b), RC_OK);
	return b;
}

static void
many_members_are_all_compared(void **state)
{
	struct safebuf *b;

	(void)state;
	b = many_members(JSON_KEYS_MAX - 1, "\"x\":0");
	assert_int_equal(check(safebuf_view(b)), RC_OK);
	safebuf_free(b);
	b = many_members(JSON_KEYS_MAX - 1, "\"k0\":0");
	assert_int_equal(check(safebuf_view(b)), RC_INVALID);
	safebuf_free(b);
	/* More than can be remembered are refused, not forgotten. */
	b = many_members(JSON_KEYS_MAX, "\"x\":0");
	assert_int_equal(check(safebuf_view(b)), RC_INVALID);
	safebuf_free(b);
}

static void
why_names_cause_and_offset_and_no_bytes(void **state)
{
	static const struct {
		struct span text;
		const char *want;
	} table[] = {
		{ SPAN(""), "not valid JSON: unexpected character at byte 0" },
		{ SPAN("{} s3cret"),
		  "not valid JSON: text after the value at byte 3" },
		{ SPAN("{\"s3cret\":1,\"s3cret\":2}"),
		  "not valid JSON: key given twice at byte 20" },
		{ SPAN("[1,s3cret]"),
		  "not valid JSON: unexpected character at byte 3" },
		{ SPAN("[\"s3cret\n\"]"),
		  "not valid JSON: control character in a string at byte 8" },
		{ SPAN("[1 s3cret"),
		  "not valid JSON: comma or closing bracket expected "
		  "at byte 3" },
		{ SPAN("{s3cret}"), "not valid JSON: key expected at byte 1" },
		{ SPAN("{\"s\" 3}"),
		  "not valid JSON: colon expected at byte 5" },
		{ SPAN("[[[[[[[[["),
		  "not valid JSON: nested too deep at byte 8" },
		{ SPAN("[1e400]"),
		  "not valid JSON: number out of range at byte 6" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct jscan_value v;
		struct why why;

		assert_int_equal(jscan_check(table[i].text, JSON_DEPTH_MAX, &v,
					     &why),
				 RC_INVALID);
		assert_string_equal(why.text, table[i].want);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_texts_are_accepted),
		cmocka_unit_test(what_json_c_accepts_wrongly_is_refused),
		cmocka_unit_test(malformed_texts_are_refused),
		cmocka_unit_test(every_cut_of_a_text_is_refused),
		cmocka_unit_test(the_depth_is_bounded),
		cmocka_unit_test(a_million_brackets_cost_no_stack),
		cmocka_unit_test(keys_are_compared_decoded),
		cmocka_unit_test(many_members_are_all_compared),
		cmocka_unit_test(why_names_cause_and_offset_and_no_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
