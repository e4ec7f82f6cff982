/* Tests of core/clean.c: the one way of foreign text to a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base64.h"
#include "core/clean.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ROOM (FOREIGN_MAX + 56)

/* A made-up JWT in form only. */
#define HEAD "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"
#define CLAIMS "eyJpc3MiOiJhY21lIiwiaWF0IjoxNzY3MzIzMDQ1fQ"
#define SIGNATURE "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA"
static const struct span jwt = SPAN(HEAD "." CLAIMS "." SIGNATURE);

/* What is always true of a result. */
static void
assert_is_clean(const char *text, size_t max)
{
	size_t len = strlen(text);

	assert_true(len <= max && len <= FOREIGN_MAX);
	assert_true(span_is_printable(span_of(text)));
	assert_null(strstr(text, "  "));
	if (len > 0) {
		assert_true(text[0] != ' ');
		assert_true(text[len - 1] != ' ');
	}
}

static void
texts_are_cleaned(void **state)
{
	static const struct {
		struct span text;
		const char *want;
	} table[] = {
		{ { 0 }, "" },
		{ SPAN(""), "" },
		{ SPAN("abc"), "abc" },
		{ SPAN(" \t\r\n a b \n"), "a b" },
		{ SPAN("a \t\n  b"), "a b" },
		{ SPAN("it's 'fine'"), "it's 'fine'" },
		{ SPAN("a\nb\rc\0d"), "a b c d" },
		{ SPAN("\033[31mred\033[0m"), "[31mred [0m" },
		{ SPAN("\033]0;title\007x"), "]0;title x" },
		{ SPAN("\x9b"
		       "31mred"),
		  "31mred" },
		{ SPAN("caf\xc3\xa9 au lait"), "caf au lait" },
		{ SPAN("\xe2\x80\xae"
		       "evil"),
		  "evil" },
		{ SPAN("a\x7f\x80\xff"
		       "b"),
		  "a b" },
		{ SPAN("\0\0\0"), "" },
		{ SPAN("!~"), "!~" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char out[ROOM];

		assert_ptr_equal(clean_text(table[i].text, out, sizeof(out)),
				 out);
		assert_string_equal(out, table[i].want);
	}
}

static void
only_printable_ascii_leaves(void **state)
{
	(void)state;
	for (int a = 0; a < 256; a++) {
		char text[3] = { 'x', (char)a, 'y' }, want[4], out[ROOM];

		snprintf(want, sizeof(want), "x%cy",
			 a > 32 && a < 127 ? a : ' ');
		clean_text((struct span){ text, 3 }, out, sizeof(out));
		assert_string_equal(out, want);
	}
}

static void
long_text_is_cut_visibly(void **state)
{
	char text[1000], out[ROOM];

	(void)state;
	memset(text, 'x', sizeof(text));

	clean_text((struct span){ text, FOREIGN_MAX }, out, sizeof(out));
	assert_int_equal(strlen(out), FOREIGN_MAX);
	assert_int_equal(out[FOREIGN_MAX - 1], 'x');

	clean_text((struct span){ text, FOREIGN_MAX + 1 }, out, sizeof(out));
	assert_int_equal(strlen(out), FOREIGN_MAX);
	assert_string_equal(out + FOREIGN_MAX - 4, "x...");
}

static void
blanks_after_a_full_line_are_no_cut(void **state)
{
	char out[6];

	(void)state;
	assert_string_equal(clean_text(SPAN("abcde \n "), out, 6), "abcde");
	assert_string_equal(clean_text(SPAN("abcde f"), out, 6), "ab...");
	assert_string_equal(clean_text(SPAN("abcd ef"), out, 6), "ab...");
	assert_string_equal(clean_text(SPAN("a b cdef"), out, 6), "a ...");
}

static void
every_size_of_room_is_obeyed(void **state)
{
	static const char *const want[] = { "",	   ".",	   "..",
					    "...", "a...", "abcde" };

	(void)state;
	for (size_t size = 1; size <= 6; size++) {
		char out[8];

		memset(out, 'z', sizeof(out));
		clean_text(SPAN("abcde"), out, size);
		assert_string_equal(out, want[size - 1]);
		assert_int_equal(out[size], 'z');
	}
}

/* Pseudo-random bytes, the same in each run. */
static unsigned
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void
a_second_pass_changes_nothing(void **state)
{
	uint32_t seed = 20260102;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = next_random(&seed) % 300;
		size_t size = 1 + next_random(&seed) % ROOM;
		char text[300], once[ROOM], twice[ROOM];

		for (size_t i = 0; i < len; i++)
			text[i] =
				next_random(&seed) % 4 == 0
					? (char)next_random(&seed)
					: (char)(' ' + next_random(&seed) % 4);
		clean_text((struct span){ text, len }, once, size);
		assert_is_clean(once, size - 1);
		clean_text(span_of(once), twice, size);
		assert_string_equal(once, twice);
	}
}

static void
a_text_can_be_cleaned_in_place(void **state)
{
	char text[] = "  a\n\nb\t c\033 ";

	(void)state;
	clean_text(span_of(text), text, sizeof(text));
	assert_string_equal(text, "a b c");
}

static void
a_reflected_secret_is_removed(void **state)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{ "no secret here", "no secret here" },
		{ "bad " HEAD "." CLAIMS "." SIGNATURE " sent",
		  "bad [removed] sent" },
		{ "\"" HEAD "." CLAIMS "." SIGNATURE "\"", "\"[removed]\"" },
		{ HEAD "." CLAIMS "." SIGNATURE HEAD "." CLAIMS "." SIGNATURE,
		  "[removed][removed]" },
		/* single parts, and parts of parts */
		{ "claims=" CLAIMS ";", "claims=[removed];" },
		{ "sig " SIGNATURE, "sig [removed]" },
		{ "x" HEAD "y", "x[removed]y" },
		{ "q83vEjRWeJCrze8SNFZ4", "[removed]" },
		{ "q83vEjRWeJCrze8SNFZ", "q83vEjRWeJCrze8SNFZ" },
		{ "-q83vEjRWeJCrze8SNFZ4-", "-[removed]-" },
		{ "83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjR", "[removed]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char out[ROOM];

		assert_ptr_equal(clean_text_without(span_of(table[i].text), jwt,
						    out, sizeof(out)),
				 out);
		assert_string_equal(out, table[i].want);
	}
}

static void
a_secret_of_eight_bytes_is_removed_and_of_seven_is_not(void **state)
{
	char out[ROOM];

	(void)state;
	clean_text_without(SPAN("a 12345678 b"), SPAN("12345678"), out, ROOM);
	assert_string_equal(out, "a [removed] b");
	clean_text_without(SPAN("a 1234567 b"), SPAN("1234567"), out, ROOM);
	assert_string_equal(out, "a 1234567 b");
	clean_text_without(SPAN("a\nb"), (struct span){ 0 }, out, ROOM);
	assert_string_equal(out, "a b");
	clean_text_without(SPAN("a \n123456 78"), SPAN("\n123456 78"), out,
			   ROOM);
	assert_string_equal(out, "a [removed]");
}

static void
a_secret_at_the_cut_leaves_no_part(void **state)
{
	(void)state;
	for (size_t fill = 0; fill <= FOREIGN_MAX + 2; fill++) {
		char text[FOREIGN_MAX + 200], out[ROOM];

		memset(text, '#', fill);
		memcpy(text + fill, jwt.at, jwt.len);
		clean_text_without((struct span){ text, fill + jwt.len }, jwt,
				   out, sizeof(out));
		assert_is_clean(out, sizeof(out) - 1);
		assert_null(strstr(out, "eyJ"));
	}
}

/* No 8 bytes of the secret in a row stand in text. */
static void
assert_lacks_parts(const char *text, struct span secret)
{
	for (size_t i = 0; i + 8 <= secret.len; i++) {
		if (memmem(text, strlen(text), secret.at + i, 8) != NULL)
			fail_msg("part at %zu in %s", i, text);
	}
}

static size_t
put_hex(char *out, struct span s, const char *digits, bool percent)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (percent)
			out[n++] = '%';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 15];
	}
	return n;
}

static void
an_encoded_secret_is_removed(void **state)
{
	static const char *const digits[] = { "0123456789abcdef",
					      "0123456789ABCDEF" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		char text[600], out[ROOM];
		size_t n = put_hex(text, jwt, digits[i % 2], i > 1);

		text[n++] = '!';
		clean_text_without((struct span){ text, n }, jwt, out, ROOM);
		assert_string_equal(out, "[removed]!");
	}
}

static void
a_base64_coded_secret_is_removed_at_every_offset(void **state)
{
	struct safebuf *coded = NULL;

	(void)state;
	assert_int_equal(safebuf_new(1024, &coded), RC_OK);
	for (size_t before = 0; before < 6; before++) {
		for (int url = 0; url < 2; url++) {
			char text[400], out[ROOM];
			struct span s = { text, before + jwt.len + 3 };
			struct span inner;

			memset(text, '*', sizeof(text));
			memcpy(text + before, jwt.at, jwt.len);
			if (url)
				base64_put_url(coded, s);
			else
				base64_put(coded, s, true);
			assert_int_equal(safebuf_check(coded), RC_OK);
			clean_text_without(safebuf_view(coded), jwt, out, ROOM);
			assert_non_null(strstr(out, "[removed]"));
			inner = span_cut(safebuf_view(coded), 8,
					 safebuf_len(coded) - 16);
			assert_lacks_parts(out, inner);
			safebuf_clear(coded);
		}
	}
	safebuf_free(coded);
}

static void
both_alphabets_of_base64_are_known(void **state)
{
	static const char *const coded[] = { "fn4/fn4+fn4/fn4+fn4/fn4+",
					     "fn4_fn4-fn4_fn4-fn4_fn4-" };
	char out[ROOM];

	(void)state;
	for (size_t i = 0; i < COUNT(coded); i++) {
		clean_text_without(span_of(coded[i]),
				   SPAN("~~?~~>~~?~~>~~?~~>"), out, ROOM);
		assert_string_equal(out, "[removed]");
	}
}

static void
percent_signs_in_between_do_not_hide_a_secret(void **state)
{
	char out[ROOM];

	(void)state;
	clean_text_without(
		SPAN("got=abc%2Bdefghijklmnopqrstuvwxyz%2F0123456789%3d&x"),
		SPAN("abc+defghijklmnopqrstuvwxyz/0123456789="), out, ROOM);
	assert_string_equal(out, "got=[removed]&x");
}

static void
a_hostile_error_gives_one_clean_line_without_the_jwt(void **state)
{
	char body[64 * 1024];
	char out[ROOM];
	size_t at = 0;

	(void)state;
	while (at + jwt.len + 16 < sizeof(body)) {
		memcpy(body + at, "\033[2J\033]0;x\007\r\n", 12);
		memcpy(body + at + 12, jwt.at, jwt.len);
		at += 12 + jwt.len;
	}
	memset(body + at, '\n', sizeof(body) - at);

	clean_text_without((struct span){ body, sizeof(body) }, jwt, out,
			   sizeof(out));

	assert_is_clean(out, sizeof(out) - 1);
	assert_int_equal(strlen(out), FOREIGN_MAX);
	assert_true(span_starts(span_of(out), "[2J ]0;x [removed] [2J"));
	assert_lacks_parts(out, jwt);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_cleaned),
		cmocka_unit_test(only_printable_ascii_leaves),
		cmocka_unit_test(long_text_is_cut_visibly),
		cmocka_unit_test(blanks_after_a_full_line_are_no_cut),
		cmocka_unit_test(every_size_of_room_is_obeyed),
		cmocka_unit_test(a_second_pass_changes_nothing),
		cmocka_unit_test(a_text_can_be_cleaned_in_place),
		cmocka_unit_test(a_reflected_secret_is_removed),
		cmocka_unit_test(
			a_secret_of_eight_bytes_is_removed_and_of_seven_is_not),
		cmocka_unit_test(a_secret_at_the_cut_leaves_no_part),
		cmocka_unit_test(an_encoded_secret_is_removed),
		cmocka_unit_test(
			a_base64_coded_secret_is_removed_at_every_offset),
		cmocka_unit_test(both_alphabets_of_base64_are_known),
		cmocka_unit_test(percent_signs_in_between_do_not_hide_a_secret),
		cmocka_unit_test(
			a_hostile_error_gives_one_clean_line_without_the_jwt),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
