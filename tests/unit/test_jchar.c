/* Tests of core/jchar.c: single characters of JSON strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/jchar.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
characters_and_escapes_are_read(void **state)
{
	static const struct {
		struct span text;
		size_t len;
		uint32_t code;
	} table[] = {
		{ SPAN("a\\n"), 1, 'a' },
		{ SPAN("\x7f"), 1, 0x7f },
		{ SPAN("\xc2\x80"), 2, 0x80 },
		{ SPAN("\xdf\xbf"), 2, 0x7ff },
		{ SPAN("\xe0\xa0\x80"), 3, 0x800 },
		{ SPAN("\xef\xbf\xbf"), 3, 0xffff },
		{ SPAN("\xf0\x90\x80\x80"), 4, 0x10000 },
		{ SPAN("\xf4\x8f\xbf\xbf"), 4, 0x10ffff },
		{ SPAN("\\\"x"), 2, '"' },
		{ SPAN("\\\\x"), 2, '\\' },
		{ SPAN("\\/x"), 2, '/' },
		{ SPAN("\\b"), 2, 8 },
		{ SPAN("\\f"), 2, 12 },
		{ SPAN("\\n"), 2, 10 },
		{ SPAN("\\r"), 2, 13 },
		{ SPAN("\\t"), 2, 9 },
		{ SPAN("\\u0000"), 6, 0 },
		{ SPAN("\\u00e9x"), 6, 0xe9 },
		{ SPAN("\\uFFFF"), 6, 0xffff },
		{ SPAN("\\ud7ff"), 6, 0xd7ff },
		{ SPAN("\\uE000"), 6, 0xe000 },
		{ SPAN("\\ud800\\udc00"), 12, 0x10000 },
		{ SPAN("\\uD83D\\uDD11x"), 12, 0x1f511 },
		{ SPAN("\\udbff\\udfff"), 12, 0x10ffff },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		uint32_t code = 99;
		size_t at = 0;

		assert_null(jchar_read(table[i].text, &at, &code));
		assert_int_equal(at, table[i].len);
		assert_int_equal(code, table[i].code);
	}
}

static void
what_is_wrong_is_told(void **state)
{
	static const struct {
		struct span text;
		const char *cause;
	} table[] = {
		{ { 0 }, "string without end" },
		{ SPAN(""), "string without end" },
		{ SPAN("\n"), "control character in a string" },
		{ SPAN("\0"), "control character in a string" },
		{ SPAN("\x1f"), "control character in a string" },
		{ SPAN("\x80"), "not UTF-8" },
		{ SPAN("\xc0\xaf"), "not UTF-8" },
		{ SPAN("\xe2\x82"), "not UTF-8" },
		{ SPAN("\xed\xa0\x80"), "not UTF-8" },
		{ SPAN("\\"), "bad escape" },
		{ SPAN("\\x41"), "bad escape" },
		{ SPAN("\\'"), "bad escape" },
		{ SPAN("\\a"), "bad escape" },
		{ SPAN("\\U0041"), "bad escape" },
		{ SPAN("\\\0"), "bad escape" },
		{ SPAN("\\u"), "bad escape" },
		{ SPAN("\\u004"), "bad escape" },
		{ SPAN("\\u00g0"), "bad escape" },
		{ SPAN("\\u-041"), "bad escape" },
		{ SPAN("\\u 041"), "bad escape" },
		{ SPAN("\\ud800"), "lone surrogate" },
		{ SPAN("\\udbff"), "lone surrogate" },
		{ SPAN("\\udc00"), "lone surrogate" },
		{ SPAN("\\udfff\\ud800"), "lone surrogate" },
		{ SPAN("\\udc00\\udc00"), "lone surrogate" },
		{ SPAN("\\ud800x"), "lone surrogate" },
		{ SPAN("\\ud800\\n"), "lone surrogate" },
		{ SPAN("\\ud800\\u0041"), "lone surrogate" },
		{ SPAN("\\ud800\\ud800"), "lone surrogate" },
		{ SPAN("\\ud800\\ue000"), "lone surrogate" },
		{ SPAN("\\ud800\\udc0"), "lone surrogate" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		uint32_t code;
		size_t at = 0;
		const char *cause = jchar_read(table[i].text, &at, &code);

		assert_non_null(cause);
		assert_string_equal(cause, table[i].cause);
		assert_true(at <= table[i].text.len);
	}
}

static void
every_code_point_is_written_and_read_back(void **state)
{
	struct safebuf *b = NULL;

	(void)state;
	assert_int_equal(safebuf_new(8, &b), RC_OK);
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		struct span s;

		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		jchar_put(b, code);
		s = safebuf_view(b);
		if (s.len == 0 || span_utf8_len(s) != s.len ||
		    jchar_decode(s) != code)
			fail_msg("U+%04x", (unsigned)code);
		safebuf_clear(b);
	}
	safebuf_free(b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_and_escapes_are_read),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(every_code_point_is_written_and_read_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
