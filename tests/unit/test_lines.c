#include "core/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/banned.h"

struct want {
	enum lines_kind kind;
	unsigned number;
	const char *key;
	const char *value;
};

static void
assert_span(struct span got, const char *want)
{
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.at, want, got.len);
}

static void
assert_lines(struct span text, const struct want *want, size_t count)
{
	struct lines l = { .rest = text };

	for (size_t i = 0; i < count; i++) {
		assert_true(lines_next(&l));
		assert_int_equal(l.kind, want[i].kind);
		assert_int_equal(l.number, want[i].number);
		assert_span(l.key, want[i].key);
		if (l.kind == LINES_ENTRY)
			assert_span(l.value, want[i].value);
		else
			assert_false(span_is_set(l.value));
	}
	assert_false(lines_next(&l));
	assert_false(lines_next(&l));
}

static void
empty_text_has_no_lines(void **state)
{
	struct lines unset = { 0 };

	(void)state;
	assert_false(lines_next(&unset));
	assert_lines(SPAN(""), NULL, 0);
	assert_lines(SPAN("\n \t\n\n"), NULL, 0);
	assert_lines(SPAN("# one\n ; two\n\t# three"), NULL, 0);
}

static void
sections_entries_and_comments_are_told_apart(void **state)
{
	static const struct want want[] = {
		{ LINES_SECTION, 2, "acme", NULL },
		{ LINES_ENTRY, 3, "endpoint", "https://api.acme.example" },
		{ LINES_ENTRY, 5, "key", "a = b" },
		{ LINES_ENTRY, 6, "empty", "" },
		{ LINES_SECTION, 8, " odd name ", NULL },
		{ LINES_SECTION, 9, "", NULL },
		{ LINES_ENTRY, 10, "k", "v # no comment" },
	};

	(void)state;
	assert_lines(SPAN("# head\n"
			  "[acme]\n"
			  "\tendpoint\t=  https://api.acme.example \t\n"
			  "\n"
			  "key=a = b\n"
			  "empty =\n"
			  "; comment = none\n"
			  " [ odd name ] \n"
			  "[]\n"
			  "k = v # no comment"),
		     want, sizeof(want) / sizeof(want[0]));
}

static void
an_empty_value_is_set(void **state)
{
	struct lines l = { .rest = SPAN("key =") };

	(void)state;
	assert_true(lines_next(&l));
	assert_true(span_is_set(l.value));
	assert_int_equal(l.value.len, 0);
}

static void
spans_point_into_the_text(void **state)
{
	static const char text[] = "  key = value\n";
	struct lines l = { .rest = SPAN(text) };

	(void)state;
	assert_true(lines_next(&l));
	assert_ptr_equal(l.key.at, text + 2);
	assert_ptr_equal(l.value.at, text + 8);
}

static void
other_lines_are_bad(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
#define ROW(literal) { literal, sizeof(literal) - 1 }
		ROW("word"),
		ROW("= value"),
		ROW("="),
		ROW("[acme"),
		ROW("["),
		ROW("[acme] # no comment here"),
		ROW("[acme]\r"),
		ROW("key = value\r"),
		ROW("key = va\rlue"),
		ROW("\rkey = value"),
		ROW("\r"),
		ROW("key = va\0lue"),
		ROW("\0"),
		ROW("key\x01 = value"),
		ROW("key = \x1b[31m"),
		ROW("key = \x7f"),
		ROW("key = \x1f"),
		ROW("# comment\r"),
		ROW("; com\0ment"),
		ROW("\xef\xbb\xbf[acme]"),
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span text = { rows[i].text, rows[i].len };
		struct lines l = { .rest = text };

		assert_true(lines_next(&l));
		assert_int_equal(l.kind, LINES_BAD);
		assert_int_equal(l.number, 1);
		assert_true(span_eq(l.key, text));
		assert_false(span_is_set(l.value));
		assert_false(lines_next(&l));
	}
}

static void
a_bad_line_does_not_hide_the_next(void **state)
{
	static const struct want want[] = {
		{ LINES_BAD, 1, "word", NULL },
		{ LINES_ENTRY, 2, "key", "value" },
	};

	(void)state;
	assert_lines(SPAN("word\nkey = value\n"), want, 2);
}

static void
tabs_and_bytes_beyond_ascii_may_stand_in_values(void **state)
{
	static const struct want want[] = {
		{ LINES_ENTRY, 1, "title", "a\tb" },
		{ LINES_ENTRY, 2, "title", "\xc3\xa9t\xc3\xa9" },
	};

	(void)state;
	assert_lines(SPAN("title = a\tb\ntitle = \xc3\xa9t\xc3\xa9\n"), want,
		     2);
}

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
names_are_safe_as_file_names(void **state)
{
	static const char *const good[] = {
		"a", "Z", "0", "acme", "a.b_c-d", "9lives", "A63.", A63 "b"
	};
	static const char *const bad[] = { "",	    ".",     "..",  ".a",
					   "-a",    "_a",    "a/b", "a b",
					   "a\n",   "a\xc3", "a:b", "[a]",
					   A63 "bc" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(lines_name_is_valid(span_of(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(lines_name_is_valid(span_of(bad[i])));
	assert_false(lines_name_is_valid(SPAN("a\0b")));
	assert_false(lines_name_is_valid((struct span){ 0 }));
}

static void
keys_are_lower_case_words(void **state)
{
	static const char *const good[] = { "a",  "app-id", "0",
					    "a-", "x--y",   A63 "b" };
	static const char *const bad[] = { "",	  "-",	 "-a", "App",	"a_b",
					   "a.b", "a b", "a:", A63 "bc" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(lines_key_is_valid(span_of(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(lines_key_is_valid(span_of(bad[i])));
	assert_false(lines_key_is_valid(SPAN("a\0b")));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_text_has_no_lines),
		cmocka_unit_test(sections_entries_and_comments_are_told_apart),
		cmocka_unit_test(an_empty_value_is_set),
		cmocka_unit_test(spans_point_into_the_text),
		cmocka_unit_test(other_lines_are_bad),
		cmocka_unit_test(a_bad_line_does_not_hide_the_next),
		cmocka_unit_test(
			tabs_and_bytes_beyond_ascii_may_stand_in_values),
		cmocka_unit_test(names_are_safe_as_file_names),
		cmocka_unit_test(keys_are_lower_case_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
