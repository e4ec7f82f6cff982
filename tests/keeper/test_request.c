/* Tests of keeper/request.c: the token request byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base64.h"
#include "keeper/request.h"
#include "tests/support/app.h"

#include "core/banned.h"

#define NOW 1700000000
#define UUID "11111111-2222-4333-8444-555555555555"
#define ACME                                                                   \
	"[acme]\nprovider = test\nendpoint = https://api.acme.example/v3/\n"
#define URL "url = {endpoint}/token\n"

static enum rc
fake_sign(void *self, struct span data, struct safebuf *out, struct why *why)
{
	(void)self;
	(void)data;
	(void)why;
	safebuf_puts(out, "signature");
	return RC_OK;
}

static const struct jwt_signer signer = { fake_sign, NULL };

static enum rc
fake_uuid(char out[37], struct why *why)
{
	(void)why;
	return span_copy(SPAN(UUID), out, 37) ? RC_OK : RC_INTERNAL;
}

static enum rc
no_uuid(char out[37], struct why *why)
{
	(void)out;
	return why_set(why, RC_INTERNAL, "no random bytes; try again");
}

static struct appload_app *app;
static struct request_texts texts;
static struct why why;

static int
make(void **state)
{
	(void)state;
	texts = (struct request_texts){ 0 };
	why = (struct why){ "" };
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	request_clear(&texts);
	app = appload_app_free(app);
	return 0;
}

static enum rc
build(const char *conf, struct span profile)
{
	request_clear(&texts);
	texts = (struct request_texts){ 0 };
	appload_app_free(app);
	app = app_make(conf, profile);
	return request_build(app, NOW, &signer, fake_uuid, &texts, &why);
}

static void
assert_body(const char *want, const char *type)
{
	struct span body = texts.http.body;

	if (want == NULL) {
		assert_false(span_is_set(body));
		assert_null(texts.http.content_type);
		return;
	}
	assert_int_equal(body.len, strlen(want));
	assert_memory_equal(body.at, want, body.len);
	assert_string_equal(texts.http.content_type, type);
}

static void
assert_claims(const char *want)
{
	struct span jwt = request_jwt(&texts);
	struct safebuf *claims = NULL;
	size_t dot = span_find(jwt, '.');

	assert_int_equal(safebuf_new(JWT_MAX, &claims), RC_OK);
	jwt = span_from(jwt, dot + 1);
	assert_int_equal(base64_get_url(span_cut(jwt, 0, span_find(jwt, '.')),
					claims),
			 RC_OK);
	assert_true(span_is(safebuf_view(claims), want));
	safebuf_free(claims);
}

static void
unifize_is_asked_with_the_jwt_and_nothing_else(void **state)
{
	struct safebuf *profile = app_source("providers/unifize.conf");

	(void)state;
	assert_int_equal(build("[acme]\nendpoint = https://api.acme.example\n"
			       "app-id = 42\n",
			       safebuf_view(profile)),
			 RC_OK);
	assert_string_equal(texts.http.url,
			    "https://api.acme.example/application/token");
	assert_true(span_eq(texts.http.bearer, request_jwt(&texts)));
	assert_int_equal(texts.http.header_count, 1);
	assert_string_equal(texts.http.headers[0], "Accept: application/json");
	assert_body(NULL, NULL);
	assert_null(texts.http.ca_file);
	assert_null(texts.http.proxy);
	assert_claims("{\"iss\":42,\"iat\":1700000000,\"exp\":1700000600}");
	appload_app_free(app);
	app = NULL;
	safebuf_free(profile);
}

static void
unifize_knows_installations_and_people(void **state)
{
	struct safebuf *profile = app_source("providers/unifize.conf");

	(void)state;
	assert_int_equal(build("[acme]\nendpoint = https://api.acme.example/\n"
			       "app-id = 42\norg-id = 10\nuser-id = u/1\n",
			       safebuf_view(profile)),
			 RC_OK);
	assert_string_equal(texts.http.url, "https://api.acme.example/"
					    "application/installation/10/"
					    "token");
	assert_int_equal(texts.http.header_count, 2);
	assert_string_equal(texts.http.headers[0], "X-Unifize-User: u/1");
	assert_string_equal(texts.http.headers[1], "Accept: application/json");
	appload_app_free(app);
	app = NULL;
	safebuf_free(profile);
}

static void
bearer_with_params_has_a_json_body(void **state)
{
	static const char profile[] =
		"url = {endpoint}/app/installations/{installation-id}/"
		"access_tokens\n"
		"claim.iss = string {app-id}\n"
		"jwt-backdate = 60\n"
		"request.accept = application/vnd.github+json\n"
		"request.X-GitHub-Api-Version = 2022-11-28\n"
		"param.repositories = list {repositories}\n"
		"param.count = number {count}\n"
		"param.absent = string {not-set}\n"
		"param.never = none\n"
		"param.narrow = bool true\n";

	(void)state;
	assert_int_equal(build(ACME "app-id = 42\ninstallation-id = 7\n"
				    "repositories = a,b\"c\ncount = 3\n",
			       SPAN(profile)),
			 RC_OK);
	assert_string_equal(texts.http.url,
			    "https://api.acme.example/v3/app/installations/7/"
			    "access_tokens");
	/* Accept in the profile's spelling: one, not two. */
	assert_int_equal(texts.http.header_count, 2);
	assert_string_equal(texts.http.headers[0],
			    "accept: application/vnd.github+json");
	assert_string_equal(texts.http.headers[1],
			    "X-GitHub-Api-Version: 2022-11-28");
	assert_body("{\"repositories\":[\"a\",\"b\\\"c\"],\"count\":3,"
		    "\"narrow\":true}",
		    "application/json");
	assert_true(span_eq(texts.http.bearer, request_jwt(&texts)));
	/* exp counts from the backdated iat. */
	assert_claims("{\"iss\":\"42\",\"iat\":1699999940,"
		      "\"exp\":1700000540}");
}

/* The body is "BEFORE" JWT "AFTER". */
static void
assert_form(const char *before, const char *after)
{
	struct span jwt = request_jwt(&texts);
	struct safebuf *want = NULL;

	assert_int_equal(safebuf_new(JWT_MAX, &want), RC_OK);
	safebuf_puts(want, before);
	safebuf_put(want, jwt);
	safebuf_puts(want, after);
	assert_true(jwt.len > 0);
	assert_true(span_eq(texts.http.body, safebuf_view(want)));
	assert_string_equal(texts.http.content_type,
			    "application/x-www-form-urlencoded");
	assert_false(span_is_set(texts.http.bearer));
	safebuf_free(want);
}

static void
an_assertion_is_the_form_of_rfc7523(void **state)
{
	(void)state;
	assert_int_equal(build(ACME "scope = a b,c\n",
			       SPAN(URL "exchange = assertion\n"
					"param.scope = list {scope}\n")),
			 RC_OK);
	assert_form("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3A"
		    "jwt-bearer&assertion=",
		    "&scope=a+b+c");
}

static void
a_client_assertion_is_the_form_of_rfc7523(void **state)
{
	(void)state;
	assert_int_equal(build(ACME "scope = a/.default\n",
			       SPAN(URL "exchange = client-assertion\n"
					"param.scope = string {scope}\n"
					"param.n = number 3\n"
					"param.b = bool false\n")),
			 RC_OK);
	assert_form("grant_type=client_credentials&client_assertion_type="
		    "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3A"
		    "jwt-bearer&client_assertion=",
		    "&scope=a%2F.default&n=3&b=false");
}

static void
a_profile_can_rename_and_leave_out_form_fields(void **state)
{
	(void)state;
	assert_int_equal(build(ACME, SPAN(URL "exchange = assertion\n"
					      "assertion-param = jwt_token\n"
					      "param.grant_type = none\n"
					      "param.c = string &=\n")),
			 RC_OK);
	assert_form("jwt_token=", "&c=%26%3D");
	assert_int_equal(build(ACME, SPAN(URL "exchange = client-assertion\n"
					      "param.grant_type = string x\n"
					      "param.client_assertion_type = "
					      "none\n")),
			 RC_OK);
	assert_form("client_assertion=", "&grant_type=x");
}

static void
values_cannot_leave_their_segment(void **state)
{
	static const char profile[] = "url = {endpoint}/a/{id}/t?q={id}\n";
	static const char *const rows[][2] = {
		{ "x/../y", "x%2F..%2Fy" },
		{ "@evil.example", "%40evil.example" },
		{ "a?b#c", "a%3Fb%23c" },
		{ "a b%", "a%20b%25" },
		{ "\\", "%5C" },
		{ "\xc3\xa9", "%C3%A9" },
	};
	char conf[256];
	char want[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(conf, sizeof(conf), ACME "id = %s\n", rows[i][0]);
		snprintf(want, sizeof(want),
			 "https://api.acme.example/v3/a/%s/t?q=%s", rows[i][1],
			 rows[i][1]);
		assert_int_equal(build(conf, SPAN(profile)), RC_OK);
		assert_string_equal(texts.http.url, want);
	}
}

static void
a_header_takes_printable_ascii_only(void **state)
{
	(void)state;
	assert_int_equal(build(ACME "id = caf\xc3\xa9\n",
			       SPAN(URL "request.X-Id = {id}\n")),
			 RC_CONFIG);
	assert_non_null(strstr(why.text, "'id'"));
	assert_null(texts.http.url);
}

static void
sixteen_headers_are_the_most(void **state)
{
	char profile[1024] = URL;
	size_t used = strlen(profile);

	(void)state;
	for (int i = 0; i < 15; i++)
		used += (size_t)snprintf(profile + used, sizeof(profile) - used,
					 "request.X-%d = %d\n", i, i);
	assert_int_equal(build(ACME, span_of(profile)), RC_OK);
	assert_int_equal(texts.http.header_count, 16);
	assert_string_equal(texts.http.headers[14], "X-14: 14");
	assert_string_equal(texts.http.headers[15], "Accept: application/json");
	snprintf(profile + used, sizeof(profile) - used, "request.X = x\n");
	assert_int_equal(build(ACME, span_of(profile)), RC_CONFIG);
	assert_non_null(strstr(why.text, "16 request headers"));
}

static void
transport_settings_are_passed_on(void **state)
{
	(void)state;
	assert_int_equal(build(ACME "ca-file = /etc/ca.pem\n"
				    "proxy = http://proxy.acme.example:3128\n",
			       SPAN(URL)),
			 RC_OK);
	assert_string_equal(texts.http.ca_file, "/etc/ca.pem");
	assert_string_equal(texts.http.proxy, "http://proxy.acme.example:3128");
}

static void
each_request_has_a_uuid_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(build(ACME, SPAN(URL "claim.jti = string {uuid}\n"
					      "claim.aud = string {url}\n"
					      "jwt-backdate = 0\n"
					      "request.X-Id = {uuid}\n")),
			 RC_OK);
	assert_claims("{\"jti\":\"" UUID "\",\"aud\":"
		      "\"https://api.acme.example/v3/token\","
		      "\"iat\":1700000000,\"exp\":1700000600}");
	assert_string_equal(texts.http.headers[0], "X-Id: " UUID);
	request_clear(&texts);
	texts = (struct request_texts){ 0 };
	assert_int_equal(request_build(app, NOW, &signer, no_uuid, &texts,
				       &why),
			 RC_INTERNAL);
	assert_string_equal(why.text, "no random bytes; try again");
	assert_false(span_is_set(request_jwt(&texts)));
}

static void
a_url_of_more_than_4095_bytes_is_refused(void **state)
{
	static char conf[4096];
	static char wide[VARIABLE_MAX + 1];

	(void)state;
	/* %FF: three bytes for one. */
	memset(wide, '\xff', VARIABLE_MAX);
	snprintf(conf, sizeof(conf), ACME "id = %s\n", wide);
	assert_int_equal(build(conf, SPAN("url = {endpoint}/{id}\n")), RC_OK);
	assert_int_equal(build(conf, SPAN("url = {endpoint}/{id}/{id}\n")),
			 RC_CONFIG);
	assert_string_equal(why.text, "the token request is too large; shorten "
				      "the app's settings");
}

static void
the_endpoint_is_the_variable_that_the_url_begins_with(void **state)
{
	struct place place;

	(void)state;
	assert_int_equal(build("[acme]\nprovider = test\n"
			       "login = https://LOGIN.acme.example:8443/x\n"
			       "endpoint = https://api.acme.example\n",
			       SPAN("url = {login}/t\n"
				    "claim.aud = string {endpoint}\n")),
			 RC_OK);
	assert_int_equal(request_endpoint(app, &place, &why), RC_OK);
	assert_string_equal(place.host, "login.acme.example");
	assert_int_equal(place.port, 8443);
	assert_false(place.is_http);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unifize_is_asked_with_the_jwt_and_nothing_else),
		TEST(unifize_knows_installations_and_people),
		TEST(bearer_with_params_has_a_json_body),
		TEST(an_assertion_is_the_form_of_rfc7523),
		TEST(a_client_assertion_is_the_form_of_rfc7523),
		TEST(a_profile_can_rename_and_leave_out_form_fields),
		TEST(values_cannot_leave_their_segment),
		TEST(a_header_takes_printable_ascii_only),
		TEST(sixteen_headers_are_the_most),
		TEST(transport_settings_are_passed_on),
		TEST(each_request_has_a_uuid_of_its_own),
		TEST(a_url_of_more_than_4095_bytes_is_refused),
		TEST(the_endpoint_is_the_variable_that_the_url_begins_with),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
