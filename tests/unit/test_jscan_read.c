/* Tests of core/jscan.c: members, elements and strings of checked text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/jscan.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct safebuf *
buffer(size_t capacity)
{
	struct safebuf *b = NULL;

	assert_int_equal(safebuf_new(capacity, &b), RC_OK);
	return b;
}

static struct jscan_value
checked(struct span text)
{
	struct jscan_value v;

	assert_int_equal(jscan_check(text, JSON_DEPTH_MAX, &v, NULL), RC_OK);
	return v;
}

static void
members_are_found_by_their_decoded_key(void **state)
{
	struct jscan_value v = checked(SPAN(
		" { \"a\" : 1 , \"b\\u0063\" : { \"a\" : [ 2 , \"]}\" ] } ,"
		"\"\\\"\":\"x\\\"\\\\\",\"\xc3\xa9\":null,\"\":true} "));
	static const struct {
		const char *key;
		enum jscan_kind kind;
		const char *text;
	} table[] = {
		{ "a", JSCAN_NUMBER, "1" },
		{ "bc", JSCAN_OBJECT, "{ \"a\" : [ 2 , \"]}\" ] }" },
		{ "\"", JSCAN_STRING, "\"x\\\"\\\\\"" },
		{ "\xc3\xa9", JSCAN_NULL, "null" },
		{ "", JSCAN_TRUE, "true" },
	};
	static const char *const absent[] = {
		"A", "b", "bcd", "b\\u0063", "]}", "\\\"", "\xc3", "a\xff",
	};
	struct jscan_value got;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(jscan_member(v, table[i].key, &got), RC_OK);
		assert_int_equal(got.kind, table[i].kind);
		assert_true(span_is(got.text, table[i].text));
	}
	got = v;
	for (size_t i = 0; i < COUNT(absent); i++)
		assert_int_equal(jscan_member(v, absent[i], &got),
				 RC_NOT_FOUND);
	assert_ptr_equal(got.text.at, v.text.at);
}

static void
only_objects_have_members(void **state)
{
	static const struct span others[] = { SPAN("[\"a\",1]"), SPAN("\"a\""),
					      SPAN("1"), SPAN("null") };
	struct jscan_value got;

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(jscan_member(checked(others[i]), "a", &got),
				 RC_INVALID);
	assert_int_equal(jscan_member(checked(SPAN("{}")), "a", &got),
			 RC_NOT_FOUND);
}

static void
members_are_visited_in_order(void **state)
{
	struct jscan_value v =
		checked(SPAN("{\"b\":[],\"a\\n\":-1.5 ,\"c\":{\"d\":{}}}"));
	static const struct {
		const char *key, *text;
	} want[] = { { "b", "[]" }, { "a\\n", "-1.5" }, { "c", "{\"d\":{}}" } };
	struct jscan_value item;
	struct span key;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_true(jscan_next(v, &at, &key, &item));
		assert_true(span_is(key, want[i].key));
		assert_true(span_is(item.text, want[i].text));
	}
	assert_false(jscan_next(v, &at, &key, &item));
	assert_false(jscan_next(v, &at, &key, &item));
}

static void
elements_are_visited_without_keys(void **state)
{
	struct jscan_value v =
		checked(SPAN("[ 1,\"a,]\" ,[2,[3]],{\"x\":4},true ]"));
	static const char *const want[] = { "1", "\"a,]\"", "[2,[3]]",
					    "{\"x\":4}", "true" };
	struct jscan_value item;
	struct span key;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_true(jscan_next(v, &at, &key, &item));
		assert_false(span_is_set(key));
		assert_true(span_is(item.text, want[i]));
	}
	assert_false(jscan_next(v, &at, &key, &item));
}

static void
a_single_item_is_visited(void **state)
{
	static const struct span texts[] = { SPAN("[1]"), SPAN("[1 ]"),
					     SPAN("{\"a\":1}"),
					     SPAN("{\"a\":1 }") };
	struct jscan_value item;
	struct span key;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		size_t at = 0;

		assert_true(jscan_next(checked(texts[i]), &at, &key, &item));
		assert_true(span_is(item.text, "1"));
		assert_false(jscan_next(checked(texts[i]), &at, &key, &item));
	}
}

/* A caller's mistake must not become a read past the end. */
static void
readers_stay_inside_a_text_that_was_not_checked(void **state)
{
	struct span whole = SPAN("{\"a\\\"\":[1,{\"b\":\"c\"}],\"d\":]}\"\\");

	(void)state;
	for (size_t len = 0; len <= whole.len; len++) {
		for (int kind = JSCAN_OBJECT; kind <= JSCAN_ARRAY; kind++) {
			char *copy = test_malloc(len + 1);
			struct jscan_value v = { (enum jscan_kind)kind,
						 { copy, len } };
			struct jscan_value item;
			struct span key;
			size_t at = 0;

			/* Not NUL-terminated: a quote would be read on. */
			copy[len] = '"';
			memcpy(copy, whole.at, len);
			while (jscan_next(v, &at, &key, &item)) {
				assert_true(item.text.at >= copy);
				assert_true(item.text.at + item.text.len <=
					    copy + len);
				assert_true(at <= len);
			}
			(void)!jscan_member(v, "zz", &item);
			test_free(copy);
		}
	}
}

static void
what_holds_nothing_is_not_visited(void **state)
{
	static const struct span others[] = { SPAN("[]"),     SPAN("{}"),
					      SPAN("[ \n ]"), SPAN("{ }"),
					      SPAN("\"a\""),  SPAN("12") };
	struct jscan_value item;
	struct span key;

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		size_t at = 0;

		assert_false(jscan_next(checked(others[i]), &at, &key, &item));
	}
}

static void
strings_are_decoded(void **state)
{
	static const struct {
		struct span text, want;
	} table[] = {
		{ SPAN("\"\""), SPAN("") },
		{ SPAN("\"abc\""), SPAN("abc") },
		{ SPAN("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
		  SPAN("\"\\/\b\f\n\r\t") },
		{ SPAN("\"\\u0041\\u00e9\\u20AC\\uD83D\\uDD11\""),
		  SPAN("A\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91") },
		{ SPAN("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91\x7f\""),
		  SPAN("\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91\x7f") },
		{ SPAN("\"\\\\u0041\""), SPAN("\\u0041") },
	};
	struct safebuf *b = buffer(32);

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		safebuf_putc(b, '<');
		assert_int_equal(jscan_string(checked(table[i].text), b),
				 RC_OK);
		assert_true(
			span_eq(span_from(safebuf_view(b), 1), table[i].want));
		safebuf_clear(b);
	}
	safebuf_free(b);
}

static void
strings_with_nul_or_lone_surrogates_are_not_decoded(void **state)
{
	static const struct jscan_value bad[] = {
		{ JSCAN_STRING, SPAN("\"a\\u0000b\"") },
		{ JSCAN_STRING, SPAN("\"\\u0000\"") },
		/* not checked before */
		{ JSCAN_STRING, SPAN("\"a\\ud800\"") },
		{ JSCAN_STRING, SPAN("\"a\\udc00b\"") },
		{ JSCAN_STRING, SPAN("\"\xff\"") },
		{ JSCAN_STRING, SPAN("\"") },
		{ JSCAN_NUMBER, SPAN("12") },
		{ JSCAN_NULL, SPAN("null") },
		{ JSCAN_OBJECT, SPAN("{}") },
	};
	struct safebuf *b = buffer(32);

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(jscan_string(bad[i], b), RC_INVALID);
		assert_int_equal(safebuf_check(b), RC_OK);
		assert_int_equal(safebuf_len(b), 0);
	}
	safebuf_free(b);
}

static void
a_full_buffer_is_told(void **state)
{
	struct safebuf *b = buffer(3);

	(void)state;
	assert_int_equal(jscan_string(checked(SPAN("\"abc\"")), b), RC_OK);
	safebuf_clear(b);
	assert_int_equal(jscan_string(checked(SPAN("\"ab\\u00e9\"")), b),
			 RC_TOO_LARGE);
	safebuf_free(b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_by_their_decoded_key),
		cmocka_unit_test(only_objects_have_members),
		cmocka_unit_test(members_are_visited_in_order),
		cmocka_unit_test(elements_are_visited_without_keys),
		cmocka_unit_test(a_single_item_is_visited),
		cmocka_unit_test(
			readers_stay_inside_a_text_that_was_not_checked),
		cmocka_unit_test(what_holds_nothing_is_not_visited),
		cmocka_unit_test(strings_are_decoded),
		cmocka_unit_test(
			strings_with_nul_or_lone_surrogates_are_not_decoded),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
