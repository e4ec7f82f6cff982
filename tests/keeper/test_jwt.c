/* Tests of keeper/jwt.c: header and claims byte for byte, fake signature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base64.h"
#include "keeper/jwt.h"
#include "tests/support/app.h"

#include "core/banned.h"

#define NOW 1700000000
#define RS256 "{\"alg\":\"RS256\",\"typ\":\"JWT\"}"
#define TIMES ",\"iat\":1700000000,\"exp\":1700000600}"
#define UNIFIZE "[acme]\nendpoint = https://api.acme.example\n"

static const char github[] =
	"require = endpoint app-id\n"
	"url = {endpoint}/app/installations/{installation-id}/access_tokens\n"
	"claim.iss = string {app-id}\n"
	"jwt-backdate = 60\n"
	"param.repositories = list {repositories}\n"
	"token-path = token\n";

static const char assertion[] = "require = endpoint client-id key-id\n"
				"url = {endpoint}/token\n"
				"exchange = assertion\n"
				"header.kid = {key-id}\n"
				"claim.iss = string {client-id}\n"
				"claim.sub = string {subject}\n"
				"claim.aud = string {url}\n"
				"claim.jti = string {uuid}\n"
				"claim.scope = list {scope}\n"
				"claim.nbf = number {now}\n"
				"claim.https://acme.example/admin = bool true\n"
				"jwt-ttl = 300\n"
				"jwt-backdate = 0\n";

#define ASSERTION                                                              \
	"[acme]\nprovider = test\nendpoint = https://api.acme.example/\n"      \
	"client-id = c\"1\nkey-id = k1\n"

/* What the fake signer saw, and what it makes of it. */
static struct {
	struct safebuf *data;
	const char *signature;
	enum rc rc;
	unsigned calls;
} signer_saw;

static enum rc
fake_sign(void *self, struct span data, struct safebuf *out, struct why *why)
{
	assert_ptr_equal(self, &signer_saw);
	signer_saw.calls++;
	safebuf_clear(signer_saw.data);
	safebuf_put(signer_saw.data, data);
	if (signer_saw.rc != RC_OK)
		return why_set(why, signer_saw.rc, "no key; import one");
	safebuf_puts(out, signer_saw.signature);
	return RC_OK;
}

static const struct jwt_signer signer = { fake_sign, &signer_saw };
static struct safebuf *jwt;
static struct safebuf *decoded;

static int
make(void **state)
{
	(void)state;
	signer_saw.signature = "\xff\xfe\xfdsig";
	signer_saw.rc = RC_OK;
	signer_saw.calls = 0;
	assert_int_equal(safebuf_new(JWT_MAX, &signer_saw.data), RC_OK);
	assert_int_equal(safebuf_new(JWT_MAX, &jwt), RC_OK);
	assert_int_equal(safebuf_new(JWT_MAX, &decoded), RC_OK);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	signer_saw.data = safebuf_free(signer_saw.data);
	jwt = safebuf_free(jwt);
	decoded = safebuf_free(decoded);
	return 0;
}

static enum rc
build(const char *conf, struct span profile, struct why *why)
{
	struct appload_app *a = app_make(conf, profile);
	const struct expand_values values = {
		.app = a->app,
		.url = SPAN("https://api.acme.example/token"),
		.now_s = NOW,
		.uuid = SPAN("11111111-2222-4333-8444-555555555555"),
	};
	enum rc rc;

	safebuf_clear(jwt);
	rc = jwt_build(a->profile, &values, &signer, jwt, why);
	appload_app_free(a);
	return rc;
}

/* Part 0, 1, 2 of the JWT; there is no other. */
static struct span
part(int wanted)
{
	struct span rest = safebuf_view(jwt);
	struct span found = { 0 };
	int i;

	for (i = 0; span_is_set(rest); i++) {
		size_t dot = span_find(rest, '.');

		if (i == wanted)
			found = span_cut(rest, 0, dot);
		rest = dot == rest.len ? (struct span){ 0 }
				       : span_from(rest, dot + 1);
	}
	assert_int_equal(i, 3);
	return found;
}

static void
assert_part(int wanted, const char *want)
{
	struct span found;

	safebuf_clear(decoded);
	assert_int_equal(base64_get_url(part(wanted), decoded), RC_OK);
	found = safebuf_view(decoded);
	assert_int_equal(found.len, strlen(want));
	assert_memory_equal(found.at, want, found.len);
}

static void
assert_jwt(const char *conf, struct span profile, const char *header,
	   const char *claims)
{
	struct why why = { "" };

	assert_int_equal(build(conf, profile, &why), RC_OK);
	assert_part(0, header);
	assert_part(1, claims);
	assert_part(2, signer_saw.signature);
}

static void
unifize_wants_a_number_as_issuer(void **state)
{
	struct safebuf *profile = app_source("providers/unifize.conf");

	(void)state;
	assert_jwt(UNIFIZE "app-id = 42\n", safebuf_view(profile), RS256,
		   "{\"iss\":42" TIMES);
	assert_jwt(UNIFIZE "app-id = 999999999999999\norg-id = 10\n",
		   safebuf_view(profile), RS256,
		   "{\"iss\":999999999999999" TIMES);
	safebuf_free(profile);
}

static void
an_app_id_that_is_no_number_is_a_string(void **state)
{
	struct safebuf *profile = app_source("providers/unifize.conf");

	(void)state;
	assert_jwt(UNIFIZE "app-id = app-x\n", safebuf_view(profile), RS256,
		   "{\"iss\":\"app-x\"" TIMES);
	assert_jwt(UNIFIZE "app-id = 042\n", safebuf_view(profile), RS256,
		   "{\"iss\":\"042\"" TIMES);
	assert_jwt(UNIFIZE "app-id = 1234567890123456\n", safebuf_view(profile),
		   RS256, "{\"iss\":\"1234567890123456\"" TIMES);
	assert_jwt(UNIFIZE "app-id = 4\",\"x\":\"2\n", safebuf_view(profile),
		   RS256, "{\"iss\":\"4\\\",\\\"x\\\":\\\"2\"" TIMES);
	safebuf_free(profile);
}

static void
github_wants_a_string_as_issuer(void **state)
{
	(void)state;
	assert_jwt("[acme]\nprovider = test\napp-id = 42\n"
		   "endpoint = https://api.acme.example\n"
		   "installation-id = 7\nrepositories = a,b\n",
		   SPAN(github), RS256, "{\"iss\":\"42\"" TIMES);
}

static void
an_assertion_has_the_claims_in_the_order_of_the_file(void **state)
{
	(void)state;
	assert_jwt(ASSERTION "scope = read, write\nsubject = u@acme.example\n",
		   SPAN(assertion),
		   "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
		   "{\"iss\":\"c\\\"1\",\"sub\":\"u@acme.example\","
		   "\"aud\":\"https://api.acme.example/token\","
		   "\"jti\":\"11111111-2222-4333-8444-555555555555\","
		   "\"scope\":[\"read\",\"write\"],\"nbf\":1700000000,"
		   "\"https://acme.example/admin\":true,"
		   "\"iat\":1700000000,\"exp\":1700000300}");
}

static void
claims_without_their_variable_are_left_out(void **state)
{
	(void)state;
	assert_jwt(ASSERTION, SPAN(assertion),
		   "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
		   "{\"iss\":\"c\\\"1\",\"aud\":\"https://api.acme.example/"
		   "token\",\"jti\":\"11111111-2222-4333-8444-555555555555\","
		   "\"nbf\":1700000000,\"https://acme.example/admin\":true,"
		   "\"iat\":1700000000,\"exp\":1700000300}");
}

#define BARE "url = {endpoint}/t\njwt-backdate = 0\n"
#define BARE_APP                                                               \
	"[acme]\nprovider = test\nendpoint = https://api.acme.example\n"

static void
times_can_be_left_out_by_name(void **state)
{
	(void)state;
	assert_jwt(BARE_APP, SPAN(BARE "claim.exp = none\n"), RS256,
		   "{\"iat\":1700000000}");
	assert_jwt(BARE_APP, SPAN(BARE "claim.iat = none\n"), RS256,
		   "{\"exp\":1700000600}");
	assert_jwt(BARE_APP, SPAN(BARE "claim.exp = none\nclaim.iat = none\n"),
		   RS256, "{}");
	assert_jwt(BARE_APP, SPAN(BARE), RS256,
		   "{\"iat\":1700000000,\"exp\":1700000600}");
}

static void
a_profile_may_name_another_type(void **state)
{
	(void)state;
	assert_jwt(BARE_APP,
		   SPAN(BARE "header.typ = at+jwt\nclaim.exp = none\n"),
		   "{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}",
		   "{\"iat\":1700000000}");
}

static void
what_is_signed_is_header_dot_claims(void **state)
{
	struct span whole;
	struct why why = { "" };

	(void)state;
	assert_int_equal(build(BARE_APP, SPAN(BARE), &why), RC_OK);
	assert_int_equal(signer_saw.calls, 1);
	whole = safebuf_view(jwt);
	assert_true(span_eq(safebuf_view(signer_saw.data),
			    span_cut(whole, 0, whole.len - part(2).len - 1)));
	/* base64url without padding */
	assert_int_equal(span_find(whole, '='), whole.len);
	assert_int_equal(span_find(whole, '+'), whole.len);
	assert_int_equal(span_find(whole, '/'), whole.len);
	assert_true(span_is(part(2), "__79c2ln"));
}

static void
a_jwt_can_follow_other_bytes(void **state)
{
	struct appload_app *a = app_make(BARE_APP, SPAN(BARE));
	const struct expand_values values = { .app = a->app, .now_s = NOW };

	(void)state;
	safebuf_puts(jwt, "Bearer ");
	assert_int_equal(jwt_build(a->profile, &values, &signer, jwt, NULL),
			 RC_OK);
	assert_true(span_starts(safebuf_view(jwt), "Bearer eyJ"));
	assert_true(span_starts(safebuf_view(signer_saw.data), "eyJ"));
	appload_app_free(a);
}

static void
a_signer_that_fails_is_believed(void **state)
{
	struct why why = { "" };

	(void)state;
	signer_saw.rc = RC_KEY_MISSING;
	assert_int_equal(build(BARE_APP, SPAN(BARE), &why), RC_KEY_MISSING);
	assert_string_equal(why.text, "no key; import one");
}

static void
a_value_of_another_type_is_not_signed(void **state)
{
	struct why why = { "" };

	(void)state;
	assert_int_equal(build(BARE_APP "a = 1\nb = x\n",
			       SPAN(BARE "claim.n = number {a}{b}\n"), &why),
			 RC_CONFIG);
	assert_string_equal(why.text, "the value for 'n' is not a number; "
				      "correct the app's settings");
	assert_int_equal(signer_saw.calls, 0);
}

static void
claims_of_more_than_a_jwt_can_hold_are_refused(void **state)
{
	static char conf[16 * (VARIABLE_MAX + 16)];
	static char profile[1024];
	struct why why = { "" };
	size_t used;

	(void)state;
	used = (size_t)snprintf(conf, sizeof(conf), "%s", BARE_APP);
	for (int i = 0; i < 15; i++) {
		used += (size_t)snprintf(conf + used, sizeof(conf) - used,
					 "v%d = ", i);
		memset(conf + used, 'v', 1000);
		used += 1000;
		conf[used++] = '\n';
	}
	conf[used] = '\0';
	used = (size_t)snprintf(profile, sizeof(profile), "%s", BARE);
	for (int i = 0; i < 15; i++)
		used += (size_t)snprintf(profile + used, sizeof(profile) - used,
					 "claim.c%d = string {v%d}\n", i, i);
	assert_int_equal(build(conf, span_of(profile), &why), RC_CONFIG);
	assert_string_equal(why.text, "the JWT is larger than 16384 bytes; "
				      "shorten the app's settings");
	assert_int_equal(signer_saw.calls, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unifize_wants_a_number_as_issuer),
		TEST(an_app_id_that_is_no_number_is_a_string),
		TEST(github_wants_a_string_as_issuer),
		TEST(an_assertion_has_the_claims_in_the_order_of_the_file),
		TEST(claims_without_their_variable_are_left_out),
		TEST(times_can_be_left_out_by_name),
		TEST(a_profile_may_name_another_type),
		TEST(what_is_signed_is_header_dot_claims),
		TEST(a_jwt_can_follow_other_bytes),
		TEST(a_signer_that_fails_is_believed),
		TEST(a_value_of_another_type_is_not_signed),
		TEST(claims_of_more_than_a_jwt_can_hold_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
