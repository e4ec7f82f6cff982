/* Tests of core/jput.c: what is written is always valid JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/jput.h"
#include "core/jscan.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define U_FFFD "\xef\xbf\xbd"

static struct safebuf *
buffer(size_t capacity)
{
	struct safebuf *b = NULL;

	assert_int_equal(safebuf_new(capacity, &b), RC_OK);
	return b;
}

static void
assert_holds(struct safebuf *b, struct span want)
{
	assert_int_equal(safebuf_check(b), RC_OK);
	assert_true(span_eq(safebuf_view(b), want));
	safebuf_clear(b);
}

static void
strings_are_escaped(void **state)
{
	static const struct {
		struct span bytes;
		const char *want;
	} table[] = {
		{ { 0 }, "\"\"" },
		{ SPAN("abc /'~"), "\"abc /'~\"" },
		{ SPAN("\"\\"), "\"\\\"\\\\\"" },
		{ SPAN("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
		{ SPAN("\0\x01\x0b\x1f\x7f"),
		  "\"\\u0000\\u0001\\u000b\\u001f\\u007f\"" },
		{ SPAN("\033[0m"), "\"\\u001b[0m\"" },
		{ SPAN("\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91"),
		  "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91\"" },
		{ SPAN("a\xff"
		       "b"),
		  "\"a" U_FFFD "b\"" },
		{ SPAN("\xc0\xaf"), "\"" U_FFFD U_FFFD "\"" },
		{ SPAN("\xed\xa0\x80"), "\"" U_FFFD U_FFFD U_FFFD "\"" },
		{ SPAN("\xe2\x82"), "\"" U_FFFD U_FFFD "\"" },
		{ SPAN("\xf4\x90\x80\x80"),
		  "\"" U_FFFD U_FFFD U_FFFD U_FFFD "\"" },
		{ SPAN("\xc3\""), "\"" U_FFFD "\\\"\"" },
	};
	struct safebuf *b = buffer(100);

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		jput_string(b, table[i].bytes);
		assert_holds(b, span_of(table[i].want));
	}
	safebuf_free(b);
}

static void
members_have_key_colon_and_string(void **state)
{
	struct safebuf *b = buffer(100);

	(void)state;
	jput_member(b, "Username", SPAN("a\"b"));
	assert_holds(b, SPAN("\"Username\":\"a\\\"b\""));
	safebuf_free(b);
}

static void
too_little_room_fails_the_buffer(void **state)
{
	(void)state;
	for (size_t room = 1; room <= 8; room++) {
		struct safebuf *b = buffer(room);

		jput_string(b, SPAN("\x01"));
		assert_int_equal(safebuf_check(b),
				 room < 8 ? RC_TOO_LARGE : RC_OK);
		safebuf_free(b);
	}
}

/* Every pair of bytes: strict JSON, and UTF-8 text comes back. */
static void
all_bytes_give_valid_json_that_reads_back(void **state)
{
	struct safebuf *json = buffer(64), *back = buffer(64);

	(void)state;
	for (int i = 0; i < 65536; i++) {
		char text[2] = { (char)(i >> 8), (char)(i & 255) };
		struct span s = { text, 2 };
		struct jscan_value v;
		size_t first = span_utf8_len(s);
		bool is_utf8 =
			first > 0 &&
			(first == 2 || span_utf8_len(span_from(s, first)) > 0);

		jput_string(json, s);
		assert_int_equal(jscan_check(safebuf_view(json), 1, &v, NULL),
				 RC_OK);
		if (is_utf8 && text[0] != 0 && text[1] != 0) {
			assert_int_equal(jscan_string(v, back), RC_OK);
			assert_holds(back, s);
		}
		safebuf_clear(json);
	}
	safebuf_free(back);
	safebuf_free(json);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(members_have_key_colon_and_string),
		cmocka_unit_test(too_little_room_fails_the_buffer),
		cmocka_unit_test(all_bytes_give_valid_json_that_reads_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
