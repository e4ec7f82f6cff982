/* What is read from a token endpoint's JSON, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "keeper/answer.h"

#include "core/banned.h"

#define NOW_S INT64_C(1767323045) /* 2026-01-02T03:04:05Z */
#define JWT "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjQyfQ.c2lnbmF0dXJlc2lnbmF0dXJl"

static const struct answer_spec plain = {
	.token_path = { "access_token", 12 },
	.expiry_path = { "expires_in", 10 },
	.expiry_form = PROFILE_IN_SECONDS,
};

static enum rc
decode_bytes(struct span body, const struct answer_spec *spec, struct answer *a,
	     struct why *why)
{
	enum rc rc;

	memset(a, 0, sizeof(*a));
	memset(why, 0, sizeof(*why));
	rc = answer_decode(body, spec, NOW_S, a, why);
	assert_true((rc == RC_OK) == (a->token != NULL));
	assert_true((rc == RC_OK) == (why->text[0] == '\0'));
	assert_true(strlen(why->text) <= 220);
	return rc;
}

static enum rc
decode(const char *body, const struct answer_spec *spec, struct answer *a,
       struct why *why)
{
	return decode_bytes(span_of(body), spec, a, why);
}

static void
a_plain_answer_is_read(void **state)
{
	struct answer a;
	struct why why;

	(void)state;
	assert_int_equal(decode(" {\"token_type\":\"Bearer\",\"expires_in\":"
				"3600,\"access_token\":\"abc.DEF-1_2~3+/=\"}\n",
				&plain, &a, &why),
			 RC_OK);

	assert_true(span_is(safebuf_view(a.token), "abc.DEF-1_2~3+/="));
	assert_true(a.expiry_known);
	assert_int_equal(a.life_s, 3600);
	answer_clear(&a);
	assert_null(a.token);
}

static void
paths_lead_into_objects(void **state)
{
	const struct answer_spec spec = {
		.token_path = SPAN("data.inner.token"),
		.expiry_path = SPAN("sys.expiresAt"),
		.expiry_form = PROFILE_RFC3339,
	};
	struct answer a;
	struct why why;

	(void)state;
	assert_int_equal(
		decode("{\"data\":{\"inner\":{\"token\":\"x\"}},"
		       "\"sys\":{\"expiresAt\":\"2026-01-02T04:04:05Z\"}}",
		       &spec, &a, &why),
		RC_OK);
	assert_int_equal(a.life_s, 3600);
	answer_clear(&a);
	assert_int_equal(decode("{\"data.inner.token\":\"x\"}", &spec, &a,
				&why),
			 RC_BAD_ANSWER);
	assert_int_equal(decode("{\"data\":\"x\"}", &spec, &a, &why),
			 RC_BAD_ANSWER);
	assert_int_equal(decode("{\"data\":[{\"inner\":1}]}", &spec, &a, &why),
			 RC_BAD_ANSWER);
	assert_int_equal(decode("{\"data\":{\"inner\":{\"token\":\"x\"}},"
				"\"sys\":7}",
				&spec, &a, &why),
			 RC_BAD_ANSWER);
}

static void
what_is_not_json_or_no_object_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"<html>secret</html>",
		"[]",
		"[{\"access_token\":\"secret\"}]",
		"\"secret\"",
		"null",
		"7",
		"{",
		"{\"access_token\":\"secret\"",
		"{\"access_token\":\"secret",
		"\xef\xbb\xbf{\"access_token\":\"secret\"}",
		"{\"access_token\":\"secret\"}x",
		"{\"access_token\":\"secret\"}{}",
		"{\"access_token\":\"secret\"} // x",
		"/* x */{\"access_token\":\"secret\"}",
		"{\"access_token\":\"secret\",\"n\":NaN}",
		"{\"access_token\":\"secret\",\"n\":Infinity}",
		"{'access_token':'secret'}",
		"{access_token:\"secret\"}",
		"{\"access_token\":\"secret\",}",
		"{\"access_token\":\"secret\",\"n\":01}",
		"{\"access_token\":\"secret\",\"access_token\":\"secret2\"}",
		"{\"access_token\":\"secret\",\"access\\u005ftoken\":\"s2\"}",
		("{\"access_token\":\"secret\",\"expires_in\":60,"
		 "\"expires_in\":60}"),
		"{\"Access_Token\":\"secret\"}",
		"{\"ACCESS_TOKEN\":\"secret\"}",
		"{\"access_token \":\"secret\"}",
		"{\"access_token\":\"secret\",\"s\":\"\xc0\xaf\"}",
		"{\"access_token\":\"secret\",\"s\":\"\xff\"}",
		"{\"access_token\":\"secret\",\"s\":\"a\nb\"}",
		"{\"access_token\":\"secret\",\"a\":[[[[[[[[1]]]]]]]]}",
		"{}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer a;
		struct why why;

		if (decode(rows[i], &plain, &a, &why) != RC_BAD_ANSWER)
			print_error("# row %zu\n", i);
		assert_int_equal(decode(rows[i], &plain, &a, &why),
				 RC_BAD_ANSWER);
		/* The body is not shown. */
		assert_null(strstr(why.text, "secret"));
	}
}

static void
a_nul_ends_nothing(void **state)
{
	static const char inside[] = "{\"access_token\":\"x\"}\0";
	static const char before[] = "{\"access_token\":\"x\0y\"}";
	struct answer a;
	struct why why;

	(void)state;
	assert_int_equal(
		decode_bytes((struct span){ inside, sizeof(inside) - 1 },
			     &plain, &a, &why),
		RC_BAD_ANSWER);
	assert_int_equal(
		decode_bytes((struct span){ before, sizeof(before) - 1 },
			     &plain, &a, &why),
		RC_BAD_ANSWER);
}

static void
unknown_members_are_fine(void **state)
{
	static const char *const rows[] = {
		("{\"access_token\":\"x\",\"a\":null,\"b\":true,"
		 "\"c\":[1,2.5e3],\"d\":{\"access_token\":7}}"),
		"{\"access_token\":\"x\",\"a\":[[[[[[[1]]]]]]]}",
		"{\"access\\u005ftoken\":\"x\"}",
		"{\"access_token\":\"\\u0078\"}",
		"{\"access_token\":\"x\",\"s\":\"\\ud83d\\ude00\\u00e9\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer a;
		struct why why;

		if (decode(rows[i], &plain, &a, &why) != RC_OK)
			print_error("# row %zu: %s\n", i, why.text);
		assert_non_null(a.token);
		assert_true(span_is(safebuf_view(a.token), "x"));
		assert_false(a.expiry_known);
		answer_clear(&a);
	}
}

static void
a_token_of_another_form_is_refused(void **state)
{
	static const char *const rows[] = {
		"\"\"",
		"7",
		"null",
		"true",
		"{}",
		"[]",
		"[\"x\"]",
		"\"a\\nb\"",
		"\"a\\rb\"",
		"\"a\\u0000b\"",
		"\"a\\u001bb\"",
		"\"a\\u007fb\"",
		"\"a b\"",
		"\"a,b\"",
		"\"a\\\"b\"",
		"\"\xc3\xa9\"",
		"\"\\u00e9\"",
		"\"\\ud800\"",
		"\"\\udc00x\"",
		"\"=a\"",
		"\"a=b\"",
		"\"a\\\\b\"",
		"\" a\"",
		"\"a \"",
		"\"%61\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char body[128];
		struct answer a;
		struct why why;

		snprintf(body, sizeof(body), "{\"access_token\":%s}", rows[i]);
		if (decode(body, &plain, &a, &why) != RC_BAD_ANSWER)
			print_error("# row %zu\n", i);
		assert_int_equal(decode(body, &plain, &a, &why), RC_BAD_ANSWER);
	}
}

static void
a_token_has_at_most_its_largest_length(void **state)
{
	static char body[TOKEN_MAX + 64];
	struct answer a;
	struct why why;

	(void)state;
	for (int more = 0; more < 2; more++) {
		size_t n = (size_t)TOKEN_MAX + (size_t)more;

		memset(body, 0, sizeof(body));
		memcpy(body, "{\"access_token\":\"", 17);
		memset(body + 17, 'x', n);
		memcpy(body + 17 + n, "\"}", 2);
		assert_int_equal(decode(body, &plain, &a, &why),
				 more == 0 ? RC_OK : RC_BAD_ANSWER);
		if (more == 0)
			assert_int_equal(safebuf_len(a.token), TOKEN_MAX);
		answer_clear(&a);
	}
}

static void
a_body_has_at_most_its_largest_length(void **state)
{
	static char body[BODY_MAX + 1];
	struct answer a;
	struct why why;

	(void)state;
	memset(body, ' ', sizeof(body));
	memcpy(body, "{\"access_token\":\"x\"}", 20);

	assert_int_equal(decode_bytes((struct span){ body, BODY_MAX }, &plain,
				      &a, &why),
			 RC_OK);
	answer_clear(&a);
	assert_int_equal(decode_bytes((struct span){ body, BODY_MAX + 1 },
				      &plain, &a, &why),
			 RC_BAD_ANSWER);
}

#define IN_S PROFILE_IN_SECONDS
#define IN_MS PROFILE_IN_MILLISECONDS
#define AT_S PROFILE_UNIX
#define AT_MS PROFILE_UNIX_MS
#define RFC PROFILE_RFC3339
#define BAD (-1)
#define NONE (-2)

static void
an_expiry_is_read_in_the_form_of_the_profile(void **state)
{
	static const struct {
		const char *value;
		enum profile_expiry form;
		int64_t life_s; /* BAD: refused; NONE: not known */
	} rows[] = {
		{ "null", IN_S, NONE },
		{ "null", RFC, NONE },
		{ "10", IN_S, 10 },
		{ "9", IN_S, BAD },
		{ "0", IN_S, BAD },
		{ "-1", IN_S, BAD },
		{ "-0", IN_S, BAD },
		{ "3600", IN_S, 3600 },
		{ "3600.0", IN_S, BAD },
		{ "36e2", IN_S, BAD },
		{ "1e400", IN_S, BAD },
		{ "\"3600\"", IN_S, BAD },
		{ "\"123abc\"", IN_S, BAD },
		{ "true", IN_S, BAD },
		{ "[3600]", IN_S, BAD },
		{ "{}", IN_S, BAD },
		{ "2147483648", IN_S, 2147483648 },
		{ "4294967296", IN_S, 4294967296 },
		{ "9007199254740992", IN_S, BAD },
		{ "9223372036854775807", IN_S, BAD },
		{ "9223372036854775808", IN_S, BAD },
		{ "18446744073709551616", IN_S, BAD },
		{ "10000", IN_MS, 10 },
		{ "9999", IN_MS, BAD },
		{ "-1", IN_MS, BAD },
		{ "3600999", IN_MS, 3600 },
		{ "9223372036854775807", IN_MS, BAD },
		{ "1767323055", AT_S, 10 },
		{ "1767323054", AT_S, BAD },
		{ "1767323045", AT_S, BAD },
		{ "1767319445", AT_S, BAD },
		{ "1767326645", AT_S, 3600 },
		/* Milliseconds where seconds are meant: a life of millennia. */
		{ "253402300799", AT_S, INT64_C(253402300799) - NOW_S },
		{ "253402300800", AT_S, BAD },
		{ "1767326645000", AT_S, BAD },
		{ "1767326645999", AT_MS, 3600 },
		{ "1767323055000", AT_MS, 10 },
		{ "1767323054999", AT_MS, BAD },
		{ "1767326645", AT_MS, BAD },
		{ "\"2026-01-02T04:04:05Z\"", RFC, 3600 },
		{ "\"2026-01-02t04:04:05z\"", RFC, 3600 },
		{ "\"2026-01-02T04:04:05.123456789Z\"", RFC, 3600 },
		{ "\"2026-01-02T06:04:05+02:00\"", RFC, 3600 },
		{ "\"2026-01-01T14:04:05-14:00\"", RFC, 3600 },
		{ "\"2026-01-02T03:04:15Z\"", RFC, 10 },
		{ "\"2026-01-02T03:04:14.999Z\"", RFC, BAD },
		{ "\"2026-01-02T03:04:05Z\"", RFC, BAD },
		{ "\"9999-12-31T23:59:59Z\"", RFC,
		  INT64_C(253402300799) - NOW_S },
		{ "\"10000-01-01T00:00:00Z\"", RFC, BAD },
		{ "\"2026-01-02 04:04:05Z\"", RFC, BAD },
		{ "\" 2026-01-02T04:04:05Z\"", RFC, BAD },
		{ "\"2026-01-02T04:04:05Z \"", RFC, BAD },
		{ "\"2026-01-02T04:04:05\"", RFC, BAD },
		{ "\"2026-02-30T04:04:05Z\"", RFC, BAD },
		{ "\"2026-01-02T24:04:05Z\"", RFC, BAD },
		{ "\"\"", RFC, BAD },
		{ "1767326645", RFC, BAD },
		{ "\"\\ud800\"", RFC, BAD },
	};
	struct answer_spec spec = plain;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char body[160];
		struct answer a;
		struct why why;
		enum rc rc;

		spec.expiry_form = rows[i].form;
		snprintf(body, sizeof(body),
			 "{\"expires_in\":%s,\"access_token\":\"x\"}",
			 rows[i].value);
		rc = decode(body, &spec, &a, &why);
		if (rc != (rows[i].life_s == BAD ? RC_BAD_ANSWER : RC_OK) ||
		    (rc == RC_OK && rows[i].life_s != NONE &&
		     a.life_s != rows[i].life_s))
			print_error("# %s: %s %lld %s\n", rows[i].value,
				    rc_name(rc), (long long)a.life_s, why.text);
		assert_int_equal(rc,
				 rows[i].life_s == BAD ? RC_BAD_ANSWER : RC_OK);
		if (rc != RC_OK)
			continue;
		assert_true(a.expiry_known == (rows[i].life_s != NONE));
		if (a.expiry_known)
			assert_true(a.life_s == rows[i].life_s);
		answer_clear(&a);
	}
}

static const char *
error_text(const char *body, char out[FOREIGN_MAX + 1])
{
	memset(out, 'x', FOREIGN_MAX + 1);
	assert_ptr_equal(answer_error_text(span_of(body), SPAN(JWT), out,
					   FOREIGN_MAX + 1),
			 out);
	assert_true(strlen(out) <= FOREIGN_MAX);
	return out;
}

static void
the_providers_words_are_found_in_their_order(void **state)
{
	static const struct {
		const char *body, *text;
	} rows[] = {
		{ "{\"error\":\"invalid_grant\",\"error_description\":"
		  "\"the clock\"}",
		  "the clock" },
		{ "{\"error\":{\"message\":\"inner\"},\"message\":\"outer\"}",
		  "inner" },
		{ "{\"message\":\"outer\",\"error\":\"code\"}", "outer" },
		{ "{\"errors\":[{\"detail\":\"first\"},{\"detail\":\"2\"}],"
		  "\"error\":\"code\"}",
		  "first" },
		{ "{\"error\":\"code\"}", "code" },
		{ "{\"error_description\":\"\",\"error\":\"code\"}", "code" },
		{ "{\"error_description\":7,\"error\":\"code\"}", "code" },
		{ "{\"errors\":[],\"error\":\"code\"}", "code" },
		{ "{\"errors\":{\"detail\":\"x\"},\"error\":\"code\"}",
		  "code" },
		{ "{\"message\":\"a\\u001b[31m\\nb\"}", "a [31m b" },
		{ "{\"error\":7}", "" },
		{ "{}", "" },
		{ "[]", "" },
		{ "\"message\"", "" },
		{ "", "" },
		{ "<html>no</html>", "" },
		{ "{\"message\":\"a\",\"message\":\"b\"}", "" },
	};
	char out[FOREIGN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(error_text(rows[i].body, out),
				    rows[i].text);
}

static void
the_jwt_does_not_come_back_in_an_error(void **state)
{
	static const char *const rows[] = {
		"{\"message\":\"bad " JWT " sent\"}",
		"{\"message\":\"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjQyfQ is bad\"}",
		"{\"error_description\":\"c2lnbmF0dXJlc2lnbmF0dXJl\"}",
	};
	char out[FOREIGN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_text(rows[i], out);
		assert_null(strstr(out, "eyJhbGciOiJSUzI1NiJ9"));
		assert_null(strstr(out, "c2lnbmF0dXJlc2lnbmF0dXJl"));
		assert_true(out[0] != '\0');
	}
}

static void
a_large_hostile_error_is_one_short_line(void **state)
{
	static char body[BODY_MAX];
	char out[FOREIGN_MAX + 1];

	(void)state;
	memset(body, 0, sizeof(body));
	memcpy(body, "{\"message\":\"", 12);
	for (size_t i = 12; i < 60000; i += 6)
		memcpy(body + i, "\\u001b", 6);
	memset(body + 60012, 'a', 4000);
	memcpy(body + 64012, "\"}", 2);
	body[60011] = 'a';
	memset(body + 60000, 'a', 12);

	error_text(body, out);
	assert_true(span_is_printable(span_of(out)));
	assert_int_equal(strlen(out), FOREIGN_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_answer_is_read),
		cmocka_unit_test(paths_lead_into_objects),
		cmocka_unit_test(what_is_not_json_or_no_object_is_refused),
		cmocka_unit_test(a_nul_ends_nothing),
		cmocka_unit_test(unknown_members_are_fine),
		cmocka_unit_test(a_token_of_another_form_is_refused),
		cmocka_unit_test(a_token_has_at_most_its_largest_length),
		cmocka_unit_test(a_body_has_at_most_its_largest_length),
		cmocka_unit_test(an_expiry_is_read_in_the_form_of_the_profile),
		cmocka_unit_test(the_providers_words_are_found_in_their_order),
		cmocka_unit_test(the_jwt_does_not_come_back_in_an_error),
		cmocka_unit_test(a_large_hostile_error_is_one_short_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
