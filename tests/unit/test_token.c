/* Tests of core/token.c: form, record, life and windows of a token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/token.h"

#include "core/banned.h"

#define BOOT "5f2a9a52-0c0f-4d0a-8a5c-3a1f5f0a7b11"
#define OTHER_BOOT "99999999-0c0f-4d0a-8a5c-3a1f5f0a7b11"
#define SERIAL "0123456789abcdef"
#define WALL INT64_C(1700000000)
#define BOOT_MS INT64_C(5000000)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct moment minted = { WALL, BOOT_MS, BOOT };

#define VARIABLES "app-id=42\nendpoint=https://api.acme.example"

static const struct token_key key = {
	.app = { "acme", 4 },
	.provider = { "unifize", 7 },
	.variables = { VARIABLES, sizeof(VARIABLES) - 1 },
};

/* The record of make(600, true) and key, written by hand. */
static const char golden[] = "apptoken-token 1\n"
			     "app=acme\n"
			     "provider=unifize\n"
			     "variable=app-id=42\n"
			     "variable=endpoint=https://api.acme.example\n"
			     "username=bot\n"
			     "serial=0123456789abcdef\n"
			     "minted-at=1700000000\n"
			     "minted-boot-ms=5000000\n"
			     "boot-id=" BOOT "\n"
			     "life=600\n"
			     "expiry=known\n"
			     "token=abc.DEF-_~+/==\n";

static struct token *
make(int64_t life_s, bool expiry_known)
{
	struct token *t = NULL;

	assert_int_equal(token_new(SPAN("abc.DEF-_~+/=="), SPAN("bot"), life_s,
				   expiry_known, &minted, SERIAL, &t),
			 RC_OK);
	return t;
}

/* A second FNV-1a, so that the one under test is not its own judge. */
static void
put_sum(struct safebuf *b)
{
	struct span s = safebuf_view(b);
	uint64_t sum = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < s.len; i++)
		sum = (sum ^ (unsigned char)s.at[i]) * UINT64_C(1099511628211);
	safebuf_puts(b, "sum=");
	for (int shift = 60; shift >= 0; shift -= 4)
		safebuf_putc(b, "0123456789abcdef"[(sum >> shift) & 15]);
	safebuf_putc(b, '\n');
}

static struct safebuf *
record_of(const char *text)
{
	struct safebuf *b = NULL;

	assert_int_equal(safebuf_new(2 * RECORD_MAX, &b), RC_OK);
	safebuf_puts(b, text);
	put_sum(b);
	assert_int_equal(safebuf_check(b), RC_OK);
	return b;
}

static void
assert_accepted(struct span record, const struct token_key *k)
{
	struct token *t = NULL;

	assert_int_equal(token_decode(record, k, &t), RC_OK);
	token_free(t);
}

static void
assert_refused(struct span record, const struct token_key *k)
{
	struct token *t = NULL;

	assert_int_equal(token_decode(record, k, &t), RC_CACHE_BAD);
	assert_null(t);
}

/* golden with the first occurrence of from replaced, and the right sum. */
static void
assert_change_refused(const char *from, const char *to)
{
	const char *at = strstr(golden, from);
	struct safebuf *b = NULL;

	assert_non_null(at);
	assert_int_equal(safebuf_new(RECORD_MAX, &b), RC_OK);
	safebuf_put(b, (struct span){ golden, (size_t)(at - golden) });
	safebuf_puts(b, to);
	safebuf_puts(b, at + strlen(from));
	put_sum(b);
	assert_refused(safebuf_view(b), &key);
	safebuf_free(b);
}

static bool
is_b64token(int c)
{
	return c > 0 && c < 128 &&
	       strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		      "0123456789-._~+/",
		      c) != NULL;
}

static void
only_the_alphabet_of_rfc6750_makes_a_token(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		const char alone[1] = { (char)c };
		const char inside[3] = { 'a', (char)c, 'b' };
		const char last[2] = { 'a', (char)c };

		assert_int_equal(token_is_wellformed((struct span){ alone, 1 }),
				 is_b64token(c));
		assert_int_equal(
			token_is_wellformed((struct span){ inside, 3 }),
			is_b64token(c));
		assert_int_equal(token_is_wellformed((struct span){ last, 2 }),
				 is_b64token(c) || c == '=');
	}
}

static void
the_sign_of_equality_stands_at_the_end_only(void **state)
{
	(void)state;
	assert_true(token_is_wellformed(SPAN("a=")));
	assert_true(token_is_wellformed(SPAN("a====")));
	assert_false(token_is_wellformed(SPAN("=")));
	assert_false(token_is_wellformed(SPAN("=a")));
	assert_false(token_is_wellformed(SPAN("a=b")));
	assert_false(token_is_wellformed(SPAN("a==b=")));
}

static void
a_token_has_1_to_8192_bytes(void **state)
{
	static char text[TOKEN_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_false(token_is_wellformed((struct span){ text, 0 }));
	assert_false(token_is_wellformed((struct span){ 0 }));
	assert_true(token_is_wellformed((struct span){ text, TOKEN_MAX }));
	assert_false(token_is_wellformed((struct span){ text, TOKEN_MAX + 1 }));
}

static void
what_no_token_can_be_is_not_made(void **state)
{
	static char user[USERNAME_MAX + 1];
	static const struct {
		struct span token;
		struct span username;
		int64_t life_s;
		const char *serial;
	} rows[] = {
		{ { "a\nb", 3 }, { "bot", 3 }, 60, SERIAL },
		{ { "", 0 }, { "bot", 3 }, 60, SERIAL },
		{ { "abc", 3 }, { "b\nt", 3 }, 60, SERIAL },
		{ { "abc", 3 }, { "b\x7ft", 3 }, 60, SERIAL },
		{ { "abc", 3 }, { user, USERNAME_MAX + 1 }, 60, SERIAL },
		{ { "abc", 3 }, { "bot", 3 }, 0, SERIAL },
		{ { "abc", 3 }, { "bot", 3 }, -1, SERIAL },
		{ { "abc", 3 }, { "bot", 3 }, LIFE_MAX_S + 1, SERIAL },
		{ { "abc", 3 }, { "bot", 3 }, 60, "" },
		{ { "abc", 3 }, { "bot", 3 }, 60, "0123456789abcde" },
		{ { "abc", 3 }, { "bot", 3 }, 60, "0123456789abcdef0" },
		{ { "abc", 3 }, { "bot", 3 }, 60, "0123456789ABCDEF" },
		{ { "abc", 3 }, { "bot", 3 }, 60, "0123456789abcdeg" },
	};
	struct token *t = NULL;

	(void)state;
	memset(user, 'u', sizeof(user));
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(token_new(rows[i].token, rows[i].username,
					   rows[i].life_s, true, &minted,
					   rows[i].serial, &t),
				 RC_INVALID);
		assert_null(t);
	}
	assert_int_equal(token_new(SPAN("abc"),
				   (struct span){ user, USERNAME_MAX },
				   LIFE_MAX_S, true, &minted, SERIAL, &t),
			 RC_OK);
	assert_int_equal(t->username.len, USERNAME_MAX);
	token_free(t);
}

static void
the_record_is_the_documented_text(void **state)
{
	struct token *t = make(600, true);
	struct safebuf *want = record_of(golden);
	struct safebuf *b = NULL;

	(void)state;
	assert_int_equal(safebuf_new(RECORD_MAX, &b), RC_OK);
	assert_int_equal(token_encode(t, &key, b), RC_OK);
	assert_true(span_eq(safebuf_view(b), safebuf_view(want)));
	safebuf_free(b);
	safebuf_free(want);
	token_free(t);
}

static void
assert_round_trip(const struct token *t, const struct token_key *k)
{
	struct safebuf *first = NULL;
	struct safebuf *second = NULL;
	struct token *back = NULL;

	assert_int_equal(safebuf_new(RECORD_MAX, &first), RC_OK);
	assert_int_equal(safebuf_new(RECORD_MAX, &second), RC_OK);
	assert_int_equal(token_encode(t, k, first), RC_OK);
	assert_int_equal(token_decode(safebuf_view(first), k, &back), RC_OK);
	assert_true(span_eq(back->token, t->token));
	assert_true(span_eq(back->username, t->username));
	assert_string_equal(back->serial, t->serial);
	assert_string_equal(back->minted.boot_id, t->minted.boot_id);
	assert_int_equal(back->minted.wall_s, t->minted.wall_s);
	assert_int_equal(back->minted.boot_ms, t->minted.boot_ms);
	assert_int_equal(back->life_s, t->life_s);
	assert_int_equal(back->expiry_known, t->expiry_known);
	assert_int_equal(token_encode(back, k, second), RC_OK);
	assert_true(span_eq(safebuf_view(first), safebuf_view(second)));
	token_free(back);
	safebuf_free(second);
	safebuf_free(first);
}

static void
a_decoded_record_is_the_encoded_token(void **state)
{
	static char long_token[TOKEN_MAX];
	static const struct moment moments[] = {
		{ WALL, BOOT_MS, BOOT },
		{ 0, 0, "" },
		{ INT64_MAX / 4, INT64_MAX / 4, OTHER_BOOT },
	};
	const struct token_key bare = { .app = SPAN("a"),
					.provider = SPAN("p"),
					.variables = SPAN("") };
	struct token *t = NULL;

	(void)state;
	memset(long_token, 'x', sizeof(long_token));
	for (size_t i = 0; i < COUNT(moments); i++) {
		assert_int_equal(
			token_new((struct span){ long_token, TOKEN_MAX },
				  SPAN("x=y <z>"), i == 0 ? 1 : LIFE_MAX_S,
				  i == 1, &moments[i], SERIAL, &t),
			RC_OK);
		assert_round_trip(t, &key);
		assert_round_trip(t, &bare);
		t = token_free(t);
	}
}

static void
a_record_can_follow_other_bytes(void **state)
{
	struct token *t = make(600, true);
	struct safebuf *b = NULL;
	struct token *back = NULL;

	(void)state;
	assert_int_equal(safebuf_new(RECORD_MAX, &b), RC_OK);
	safebuf_puts(b, "before\n");
	assert_int_equal(token_encode(t, &key, b), RC_OK);
	assert_int_equal(token_decode(span_from(safebuf_view(b), 7), &key,
				      &back),
			 RC_OK);
	token_free(back);
	safebuf_free(b);
	token_free(t);
}

static void
every_change_of_one_byte_is_refused(void **state)
{
	struct safebuf *b = record_of(golden);
	char *bytes = safebuf_bytes(b);

	(void)state;
	assert_accepted(safebuf_view(b), &key);
	for (size_t i = 0; i < safebuf_len(b); i++) {
		char right = bytes[i];

		for (int c = 0; c < 256; c++) {
			if ((char)c == right)
				continue;
			bytes[i] = (char)c;
			assert_refused(safebuf_view(b), &key);
		}
		bytes[i] = right;
	}
	safebuf_free(b);
}

static void
every_cut_and_every_tail_is_refused(void **state)
{
	struct safebuf *b = record_of(golden);
	size_t whole = safebuf_len(b);

	(void)state;
	assert_accepted(safebuf_view(b), &key);
	for (size_t i = 0; i < whole; i++) {
		assert_refused(span_cut(safebuf_view(b), 0, i), &key);
		if (i > 0)
			assert_refused(span_from(safebuf_view(b), i), &key);
	}
	for (int c = 0; c < 256; c++) {
		safebuf_putc(b, (char)c);
		assert_refused(safebuf_view(b), &key);
		safebuf_cut(b, whole);
	}
	safebuf_put(b, safebuf_view(b));
	assert_refused(safebuf_view(b), &key);
	safebuf_free(b);
}

static void
a_right_checksum_does_not_excuse_a_wrong_field(void **state)
{
	static const char *const rows[][2] = {
		{ "apptoken-token 1", "apptoken-token 2" },
		{ "apptoken-token 1\n", "" },
		{ "app=acme\n", "" },
		{ "provider=", "provide=" },
		{ "username=bot\n", "" },
		{ "username=bot\n", "username=bot\nusername=bot\n" },
		{ "username=bot\nserial=" SERIAL "\n",
		  "serial=" SERIAL "\nusername=bot\n" },
		{ "username=bot", "username=b\tt" },
		{ "serial=0", "serial=" },
		{ "serial=0", "serial=00" },
		{ "abcdef", "ABCDEF" },
		{ "minted-at=1", "minted-at=-1" },
		{ "minted-at=1", "minted-at=01" },
		{ "minted-at=1", "minted-at= 1" },
		{ "minted-at=1700000000", "minted-at=9223372036854775807" },
		{ "minted-at=1700000000", "minted-at=99999999999999999999" },
		{ "minted-boot-ms=5000000", "minted-boot-ms=-1" },
		{ "minted-boot-ms=5000000", "minted-boot-ms=" },
		{ "boot-id=", "boot-id=" BOOT },
		{ "life=600", "life=0" },
		{ "life=600", "life=86401" },
		{ "life=600", "life=6e2" },
		{ "expiry=known", "expiry=Known" },
		{ "expiry=known", "expiry=" },
		{ "token=a", "token= a" },
		{ "token=abc.DEF-_~+/==", "token=" },
		{ "/==\n", "/==\nextra=1\n" },
		{ "/==\n", "/==\n\n" },
		{ "/==\n", "/==" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_change_refused(rows[i][0], rows[i][1]);
}

static void
a_record_over_64_kib_is_refused(void **state)
{
	struct safebuf *b = NULL;
	struct token_key wide = key;
	static char value[RECORD_MAX];
	struct token *t = make(600, true);

	(void)state;
	memset(value, 'v', sizeof(value));
	wide.variables = (struct span){ value, sizeof(value) };
	assert_int_equal(safebuf_new(2 * RECORD_MAX, &b), RC_OK);
	assert_int_equal(token_encode(t, &wide, b), RC_OK);
	assert_refused(safebuf_view(b), &wide);
	safebuf_clear(b);
	wide.variables.len = RECORD_MAX / 2;
	assert_int_equal(token_encode(t, &wide, b), RC_OK);
	token_free(t);
	assert_int_equal(token_decode(safebuf_view(b), &wide, &t), RC_OK);
	token_free(t);
	safebuf_free(b);
}

static void
the_token_of_another_app_is_not_found(void **state)
{
	static const char *const apps[] = { "acm", "acmee", "Acme", "" };
	static const char *const providers[] = { "github", "unifiz", "" };
	static const char *const variables[] = {
		"",
		"app-id=42",
		"app-id=43\nendpoint=https://api.acme.example",
		"app-id=42\nendpoint=https://api.acme.example/v2",
		"app-id=42\nendpoint=https://api.acme.example\norg-id=1",
		"app-id=42\nendpoint=https://api.acme.example\nusername=bot",
		"endpoint=https://api.acme.example\napp-id=42",
		"endpoint=https://api.acme.example",
	};
	struct safebuf *b = record_of(golden);
	struct token_key other;

	(void)state;
	assert_accepted(safebuf_view(b), &key);
	for (size_t i = 0; i < COUNT(apps); i++) {
		other = key;
		other.app = span_of(apps[i]);
		assert_refused(safebuf_view(b), &other);
	}
	for (size_t i = 0; i < COUNT(providers); i++) {
		other = key;
		other.provider = span_of(providers[i]);
		assert_refused(safebuf_view(b), &other);
	}
	for (size_t i = 0; i < COUNT(variables); i++) {
		other = key;
		other.variables = span_of(variables[i]);
		assert_refused(safebuf_view(b), &other);
	}
	safebuf_free(b);
}

static void
facts_that_a_line_cannot_hold_are_not_written(void **state)
{
	struct token *t = make(600, true);
	struct token_key odd = key;
	struct safebuf *b = NULL;

	(void)state;
	assert_int_equal(safebuf_new(RECORD_MAX, &b), RC_OK);
	odd.app = SPAN("ac\nme");
	assert_int_equal(token_encode(t, &odd, b), RC_TOO_LARGE);
	safebuf_clear(b);
	odd = key;
	odd.variables = SPAN("a=b\rc");
	assert_int_equal(token_encode(t, &odd, b), RC_TOO_LARGE);
	safebuf_free(b);
	token_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_alphabet_of_rfc6750_makes_a_token),
		cmocka_unit_test(the_sign_of_equality_stands_at_the_end_only),
		cmocka_unit_test(a_token_has_1_to_8192_bytes),
		cmocka_unit_test(what_no_token_can_be_is_not_made),
		cmocka_unit_test(the_record_is_the_documented_text),
		cmocka_unit_test(a_decoded_record_is_the_encoded_token),
		cmocka_unit_test(a_record_can_follow_other_bytes),
		cmocka_unit_test(every_change_of_one_byte_is_refused),
		cmocka_unit_test(every_cut_and_every_tail_is_refused),
		cmocka_unit_test(
			a_right_checksum_does_not_excuse_a_wrong_field),
		cmocka_unit_test(a_record_over_64_kib_is_refused),
		cmocka_unit_test(the_token_of_another_app_is_not_found),
		cmocka_unit_test(facts_that_a_line_cannot_hold_are_not_written),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
