/* Tests of core/span.c: loans of bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/span.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct span unset = { 0 };

static void
assert_span(struct span got, const char *want)
{
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.at, want, got.len);
}

static void
null_text_is_unset_and_empty_text_is_set(void **state)
{
	(void)state;
	assert_false(span_is_set(span_of(NULL)));
	assert_true(span_is_set(span_of("")));
	assert_int_equal(span_of("").len, 0);
	assert_int_equal(span_of(NULL).len, 0);
	assert_int_equal(SPAN("a\0b").len, 3);
}

static void
parts_never_leave_the_whole(void **state)
{
	struct span s = SPAN("abcdef");

	(void)state;
	assert_span(span_from(s, 0), "abcdef");
	assert_span(span_from(s, 4), "ef");
	assert_span(span_from(s, 6), "");
	assert_span(span_from(s, 7), "");
	assert_ptr_equal(span_from(s, SIZE_MAX).at, s.at + 6);
	assert_span(span_cut(s, 1, 3), "bcd");
	assert_span(span_cut(s, 4, 9), "ef");
	assert_span(span_cut(s, 9, SIZE_MAX), "");
	assert_false(span_is_set(span_from(unset, 3)));
	assert_int_equal(span_cut(unset, 1, 1).len, 0);
}

static void
equality_looks_at_length_and_bytes(void **state)
{
	static const struct {
		struct span a, b;
		bool equal;
		int order;
	} table[] = {
		{ SPAN("abc"), SPAN("abc"), true, 0 },
		{ SPAN("abc"), SPAN("abd"), false, -1 },
		{ SPAN("abd"), SPAN("abc"), false, 1 },
		{ SPAN("ab"), SPAN("abc"), false, -1 },
		{ SPAN("abc"), SPAN("ab"), false, 1 },
		{ SPAN(""), SPAN("a"), false, -1 },
		{ SPAN(""), { 0 }, true, 0 },
		{ { 0 }, { 0 }, true, 0 },
		{ SPAN("a\0b"), SPAN("a\0c"), false, -1 },
		{ SPAN("a\0b"), SPAN("a\0b"), true, 0 },
		{ SPAN("a\xff"), SPAN("ab"), false, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(span_eq(table[i].a, table[i].b),
				 table[i].equal);
		assert_int_equal(span_eq_secret(table[i].a, table[i].b),
				 table[i].equal);
		assert_int_equal(span_cmp(table[i].a, table[i].b),
				 table[i].order);
	}
	assert_true(span_is(SPAN("abc"), "abc"));
	assert_false(span_is(SPAN("abc\0"), "abc"));
}

static void
secret_comparison_sees_every_single_bit(void **state)
{
	char a[16] = "0123456789abcde", b[16];
	struct span x = { a, sizeof(a) }, y = { b, sizeof(b) };

	(void)state;
	for (size_t bit = 0; bit < sizeof(a) * 8; bit++) {
		memcpy(b, a, sizeof(b));
		b[bit / 8] = (char)(b[bit / 8] ^ (1 << bit % 8));
		assert_false(span_eq_secret(x, y));
	}
}

static void
starts_and_ends_need_the_whole_affix(void **state)
{
	struct span s = SPAN("https://a");

	(void)state;
	assert_true(span_starts(s, "https://"));
	assert_true(span_starts(s, ""));
	assert_true(span_starts(s, "https://a"));
	assert_false(span_starts(s, "https://ab"));
	assert_false(span_starts(s, "ttps"));
	assert_true(span_ends(s, "/a"));
	assert_true(span_ends(s, ""));
	assert_false(span_ends(s, "/"));
	assert_false(span_ends(s, "xhttps://a"));
	assert_true(span_starts(unset, ""));
	assert_true(span_ends(unset, ""));
	assert_false(span_starts(unset, "a"));
	assert_false(span_ends(unset, "a"));
}

static void
find_gives_the_first_or_the_length(void **state)
{
	(void)state;
	assert_int_equal(span_find(SPAN("a=b=c"), '='), 1);
	assert_int_equal(span_find(SPAN("abc"), '='), 3);
	assert_int_equal(span_find(SPAN("a\0b"), '\0'), 1);
	assert_int_equal(span_find(SPAN("abc"), '\0'), 3);
	assert_int_equal(span_find(unset, '='), 0);
}

static void
trim_takes_blanks_and_tabs_only(void **state)
{
	(void)state;
	assert_span(span_trim(SPAN(" \ta b\t ")), "a b");
	assert_span(span_trim(SPAN("\na\r")), "\na\r");
	assert_span(span_trim(SPAN(" \t ")), "");
	assert_int_equal(span_trim(SPAN("\0a\0")).len, 3);
	assert_int_equal(span_trim(unset).len, 0);
	assert_span(span_trim_space(SPAN("\v\f\r\n\t a b \n")), "a b");
	assert_int_equal(span_trim_space(SPAN("\0a")).len, 2);
	assert_span(span_trim_space(SPAN("\xa0")), "\xa0");
}

static void
every_byte_has_its_classes(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		char text[3] = { 'a', (char)i, 'b' };
		struct span s = { text, 3 };

		assert_int_equal(span_has_no_control(s), i >= 32 && i != 127);
		assert_int_equal(span_is_printable(s), i >= 32 && i < 127);
		assert_int_equal(span_is_clean(s),
				 i != '\r' && i != '\n' && i != 0);
	}
	assert_true(span_has_no_control(unset));
	assert_true(span_is_printable(unset));
	assert_true(span_is_clean(unset));
}

static void
classes_look_at_the_first_and_last_byte(void **state)
{
	(void)state;
	assert_false(span_is_clean(SPAN("\nab")));
	assert_false(span_is_clean(SPAN("ab\n")));
	assert_false(span_has_no_control(SPAN("\033ab")));
	assert_false(span_has_no_control(SPAN("ab\x7f")));
	assert_false(span_is_printable(SPAN("\xffzz")));
	assert_false(span_is_printable(SPAN("zz\xff")));
}

static void
utf8_is_judged_as_rfc_3629_says(void **state)
{
	static const struct {
		struct span text;
		size_t len;
	} table[] = {
		{ { 0 }, 0 },
		{ SPAN("\0"), 1 },
		{ SPAN("a\xff"), 1 },
		{ SPAN("\x7f"), 1 },
		{ SPAN("\x80"), 0 },
		{ SPAN("\xbf"), 0 },
		{ SPAN("\xc0\xaf"), 0 },
		{ SPAN("\xc1\xbf"), 0 },
		{ SPAN("\xc2\x80"), 2 },
		{ SPAN("\xc2"), 0 },
		{ SPAN("\xc2\x7f"), 0 },
		{ SPAN("\xc2\xc0"), 0 },
		{ SPAN("\xdf\xbfz"), 2 },
		{ SPAN("\xe0\x9f\xbf"), 0 },
		{ SPAN("\xe0\xa0\x80"), 3 },
		{ SPAN("\xe2\x82"), 0 },
		{ SPAN("\xe2\x82\xac"), 3 },
		{ SPAN("\xe2\x82z"), 0 },
		{ SPAN("\xed\x9f\xbf"), 3 },
		{ SPAN("\xed\xa0\x80"), 0 },
		{ SPAN("\xee\x80\x80"), 3 },
		{ SPAN("\xef\xbf\xbf"), 3 },
		{ SPAN("\xf0\x8f\xbf\xbf"), 0 },
		{ SPAN("\xf0\x90\x80\x80"), 4 },
		{ SPAN("\xf0\x90\x80"), 0 },
		{ SPAN("\xf0\x90\x80z"), 0 },
		{ SPAN("\xf4\x8f\xbf\xbf"), 4 },
		{ SPAN("\xf4\x90\x80\x80"), 0 },
		{ SPAN("\xf5\x80\x80\x80"), 0 },
		{ SPAN("\xff"), 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(span_utf8_len(table[i].text), table[i].len);
}

static void
lines_come_without_their_end(void **state)
{
	struct span rest = SPAN("one\n\nthree\r\nlast"), line;

	(void)state;
	assert_true(span_next_line(&rest, &line));
	assert_span(line, "one");
	assert_true(span_next_line(&rest, &line));
	assert_span(line, "");
	assert_true(span_is_set(line));
	assert_true(span_next_line(&rest, &line));
	assert_span(line, "three\r");
	assert_true(span_next_line(&rest, &line));
	assert_span(line, "last");
	assert_false(span_next_line(&rest, &line));
}

static void
a_final_line_feed_starts_no_line(void **state)
{
	struct span rest = SPAN("a\n"), line, none = unset;

	(void)state;
	assert_true(span_next_line(&rest, &line));
	assert_span(line, "a");
	assert_false(span_next_line(&rest, &line));
	assert_false(span_next_line(&none, &line));
}

static void
copy_closes_with_nul_or_touches_nothing(void **state)
{
	char out[5] = "zzzz";

	(void)state;
	assert_false(span_copy(SPAN("12345"), out, sizeof(out)));
	assert_string_equal(out, "zzzz");
	assert_false(span_copy(SPAN("a\0b"), out, sizeof(out)));
	assert_string_equal(out, "zzzz");
	assert_false(span_copy(unset, out, 0));
	assert_string_equal(out, "zzzz");
	assert_true(span_copy(SPAN("1234"), out, sizeof(out)));
	assert_string_equal(out, "1234");
	assert_true(span_copy(unset, out, 1));
	assert_string_equal(out, "");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_text_is_unset_and_empty_text_is_set),
		cmocka_unit_test(parts_never_leave_the_whole),
		cmocka_unit_test(equality_looks_at_length_and_bytes),
		cmocka_unit_test(secret_comparison_sees_every_single_bit),
		cmocka_unit_test(starts_and_ends_need_the_whole_affix),
		cmocka_unit_test(find_gives_the_first_or_the_length),
		cmocka_unit_test(trim_takes_blanks_and_tabs_only),
		cmocka_unit_test(every_byte_has_its_classes),
		cmocka_unit_test(classes_look_at_the_first_and_last_byte),
		cmocka_unit_test(utf8_is_judged_as_rfc_3629_says),
		cmocka_unit_test(lines_come_without_their_end),
		cmocka_unit_test(a_final_line_feed_starts_no_line),
		cmocka_unit_test(copy_closes_with_nul_or_touches_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
