#include "core/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/expand.h"

#include "core/banned.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PATH "/usr/share/apptoken/providers/acme.conf"
#define URL "url = {endpoint}/token\n"
#define APP "[acme]\nendpoint = https://api.acme.example\n"
#define ENDPOINT "https://api.acme.example"

/* Shaped like that of a forge whose apps have installations. */
static const char forge[] =
	"title = Forge\n"
	"require = endpoint app-id installation-id\n"
	"url = {endpoint}/app/installations/{installation-id}/access_tokens\n"
	"claim.iss = string {app-id}\n"
	"jwt-backdate = 60\n"
	"request.Accept = application/vnd.forge+json\n"
	"request.X-Api-Version = {api-version}\n"
	"request.x-api-version = 2022-11-28\n"
	"param.repositories = list {repositories}\n"
	"token-path = token\n"
	"expiry-path = expires_at\n"
	"expiry-form = rfc3339\n"
	"username = x-access-token\n";

/* RFC 7523 section 2.1, with everything that an app may leave out. */
static const char assertion[] = "require = endpoint client-id\n"
				"url = {endpoint}/oauth/token\n"
				"exchange = assertion\n"
				"header.kid = {key-id}\n"
				"claim.iss = string {client-id}\n"
				"claim.sub = string {subject}\n"
				"claim.aud = string {audience}\n"
				"claim.aud = string {url}\n"
				"claim.https://acme.example/admin = bool true\n"
				"claim.nbf = number {now}\n"
				"claim.level = number {level}\n"
				"claim.exp = none\n"
				"jwt-ttl = 3600\n"
				"param.grant_type = none\n"
				"param.scope = list {scope}\n"
				"default-ttl = {session-seconds}\n"
				"default-ttl = 900\n"
				"min-ttl = 225\n"
				"scheme = token\n";

struct fixture {
	struct profile *profile;
	struct conf_app *app;
};

static void
assert_span(struct span got, const char *want)
{
	assert_true(span_is_set(got));
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.at, want, got.len);
}

static struct profile *
parse(const char *text)
{
	struct profile *p = NULL;
	struct why why = { "" };

	if (profile_parse(span_of(text), PATH, &p, &why) != RC_OK)
		fail_msg("%s", why.text);
	assert_string_equal(why.text, "");
	return p;
}

static struct conf_app *
app_of(const char *text)
{
	struct conf c = { .sources = { { span_of(text), "config" } },
			  .count = 1 };
	struct conf_app *a = NULL;
	struct why why = { "" };

	if (conf_app(&c, SPAN("acme"), &a, &why) != RC_OK)
		fail_msg("%s", why.text);
	return a;
}

/* Both texts, and they fit. */
static struct fixture
fit(const char *profile, const char *app)
{
	struct fixture f = { parse(profile), app_of(app) };
	struct why why = { "" };

	if (profile_check(f.profile, f.app, &why) != RC_OK)
		fail_msg("%s", why.text);
	return f;
}

static void
release(struct fixture *f)
{
	f->profile = profile_free(f->profile);
	f->app = conf_app_free(f->app);
	assert_null(f->profile);
}

static void
assert_url(const struct fixture *f, const char *want)
{
	struct expand_values values = { .app = f->app };
	struct safebuf *out = NULL;

	assert_int_equal(safebuf_new(URL_LEN_MAX, &out), RC_OK);
	assert_int_equal(expand_put(profile_text(f->profile, f->app, "url"),
				    &values, EXPAND_URL, out, NULL),
			 RC_OK);
	assert_span(safebuf_view(out), want);
	safebuf_free(out);
}

static void
assert_item(const struct fixture *f, enum profile_part part, size_t *at,
	    const char *name, enum profile_type type, const char *template)
{
	struct profile_item item;

	assert_true(profile_next(f->profile, f->app, part, at, &item));
	assert_span(item.name, name);
	assert_int_equal(item.type, type);
	assert_span(item.template, template);
}

static void
assert_end(const struct fixture *f, enum profile_part part, size_t *at)
{
	struct profile_item item;

	assert_false(profile_next(f->profile, f->app, part, at, &item));
}

/* The file that is installed; the tests know where the source lies. */
static char *
read_unifize(void)
{
	const char *top = getenv("top_srcdir");
	char *text = calloc(1, PROFILE_MAX + 1);
	char path[4096];
	FILE *file;

	assert_non_null(text);
	snprintf(path, sizeof(path), "%s/providers/unifize.conf",
		 top == NULL ? "." : top);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_true(fread(text, 1, PROFILE_MAX, file) > 0);
	fclose(file);
	return text;
}

static void
unifize_with_an_organisation_uses_its_installation(void **state)
{
	char *text = read_unifize();
	struct fixture f = fit(text, APP "app-id = 42\norg-id = 10\n"
					 "user-id = u-7\n");
	const struct profile *p = f.profile;
	size_t at = 0;

	(void)state;
	assert_url(&f, ENDPOINT "/application/installation/10/token");
	assert_int_equal(profile_exchange(p), PROFILE_BEARER);
	assert_int_equal(profile_jwt_ttl_s(p), 600);
	assert_int_equal(profile_jwt_backdate_s(p), 0);
	assert_int_equal(profile_expiry_form(p), PROFILE_RFC3339);
	assert_int_equal(profile_default_ttl_s(p, f.app), 0);
	assert_int_equal(profile_min_ttl_s(p, f.app), 0);
	assert_span(profile_text(p, f.app, "title"), "Unifize");
	assert_span(profile_text(p, f.app, "token-path"), "accessToken");
	assert_span(profile_text(p, f.app, "expiry-path"), "expiresAt");
	assert_span(profile_username(p, f.app), "apptoken");
	assert_item(&f, PROFILE_CLAIM, &at, "iss", PROFILE_AUTO, "{app-id}");
	assert_end(&f, PROFILE_CLAIM, &at);
	at = 0;
	assert_item(&f, PROFILE_REQUEST, &at, "X-Unifize-User", PROFILE_STRING,
		    "{user-id}");
	assert_end(&f, PROFILE_REQUEST, &at);
	at = 0;
	assert_end(&f, PROFILE_PARAM, &at);
	at = 0;
	assert_end(&f, PROFILE_HEADER, &at);
	release(&f);
	free(text);
}

static void
unifize_without_an_organisation_uses_the_short_route(void **state)
{
	char *text = read_unifize();
	struct fixture f = fit(text, "[acme]\nusername = me\napp-id = 42\n"
				     "endpoint = https://acme.example/api/\n");
	size_t at = 0;

	(void)state;
	assert_url(&f, "https://acme.example/api/application/token");
	assert_end(&f, PROFILE_REQUEST, &at);
	assert_span(profile_username(f.profile, f.app), "me");
	release(&f);
	free(text);
}

static void
a_forge_profile_reads_as_written(void **state)
{
	struct fixture f = fit(forge, APP "app-id = Iv1.x\n"
					  "installation-id = 7\n"
					  "repositories = a,b\n");
	size_t at = 0;

	(void)state;
	assert_url(&f, ENDPOINT "/app/installations/7/access_tokens");
	assert_int_equal(profile_exchange(f.profile), PROFILE_BEARER);
	assert_int_equal(profile_jwt_ttl_s(f.profile), 600);
	assert_int_equal(profile_jwt_backdate_s(f.profile), 60);
	assert_span(profile_username(f.profile, f.app), "x-access-token");
	assert_item(&f, PROFILE_CLAIM, &at, "iss", PROFILE_STRING, "{app-id}");
	assert_end(&f, PROFILE_CLAIM, &at);
	at = 0;
	assert_item(&f, PROFILE_PARAM, &at, "repositories", PROFILE_LIST,
		    "{repositories}");
	assert_end(&f, PROFILE_PARAM, &at);
	at = 0;
	assert_item(&f, PROFILE_REQUEST, &at, "Accept", PROFILE_STRING,
		    "application/vnd.forge+json");
	assert_item(&f, PROFILE_REQUEST, &at, "x-api-version", PROFILE_STRING,
		    "2022-11-28");
	assert_end(&f, PROFILE_REQUEST, &at);
	release(&f);
}

static void
of_several_lines_the_first_that_is_set_counts(void **state)
{
	struct fixture f = fit(forge, APP "app-id = 1\ninstallation-id = 7\n"
					  "api-version = 9\n");
	size_t at = 0;

	(void)state;
	assert_item(&f, PROFILE_REQUEST, &at, "Accept", PROFILE_STRING,
		    "application/vnd.forge+json");
	assert_item(&f, PROFILE_REQUEST, &at, "X-Api-Version", PROFILE_STRING,
		    "{api-version}");
	assert_end(&f, PROFILE_REQUEST, &at);
	release(&f);
}

static void
an_assertion_profile_reads_as_written(void **state)
{
	struct fixture f = fit(assertion, APP "client-id = c\n");
	const struct profile *p = f.profile;
	size_t at = 0;

	(void)state;
	assert_url(&f, ENDPOINT "/oauth/token");
	assert_int_equal(profile_exchange(p), PROFILE_ASSERTION);
	assert_int_equal(profile_jwt_ttl_s(p), 3600);
	assert_int_equal(profile_jwt_backdate_s(p), 30);
	assert_int_equal(profile_expiry_form(p), PROFILE_IN_SECONDS);
	assert_int_equal(profile_default_ttl_s(p, f.app), 900);
	assert_int_equal(profile_min_ttl_s(p, f.app), 225);
	assert_span(profile_text(p, f.app, "title"), "acme");
	assert_span(profile_text(p, f.app, "token-path"), "access_token");
	assert_span(profile_text(p, f.app, "expiry-path"), "expires_in");
	assert_span(profile_text(p, f.app, "assertion-param"), "assertion");
	assert_span(profile_text(p, f.app, "scheme"), "token");
	assert_item(&f, PROFILE_CLAIM, &at, "iss", PROFILE_STRING,
		    "{client-id}");
	assert_item(&f, PROFILE_CLAIM, &at, "aud", PROFILE_STRING, "{url}");
	assert_item(&f, PROFILE_CLAIM, &at, "https://acme.example/admin",
		    PROFILE_BOOL, "true");
	assert_item(&f, PROFILE_CLAIM, &at, "nbf", PROFILE_NUMBER, "{now}");
	assert_item(&f, PROFILE_CLAIM, &at, "exp", PROFILE_NONE, "");
	assert_end(&f, PROFILE_CLAIM, &at);
	at = 0;
	assert_item(&f, PROFILE_PARAM, &at, "grant_type", PROFILE_NONE, "");
	assert_end(&f, PROFILE_PARAM, &at);
	at = 0;
	assert_end(&f, PROFILE_HEADER, &at);
	release(&f);
}

static void
optional_lines_appear_with_their_variables(void **state)
{
	struct fixture f = fit(assertion,
			       APP "client-id = c\nkey-id = k\nsubject = s\n"
				   "audience = https://a.example\nlevel = -3\n"
				   "scope = a,b\nsession-seconds = 86400\n");
	size_t at = 0;

	(void)state;
	assert_int_equal(profile_default_ttl_s(f.profile, f.app), 86400);
	assert_item(&f, PROFILE_HEADER, &at, "kid", PROFILE_STRING, "{key-id}");
	assert_end(&f, PROFILE_HEADER, &at);
	at = 0;
	assert_item(&f, PROFILE_CLAIM, &at, "iss", PROFILE_STRING,
		    "{client-id}");
	assert_item(&f, PROFILE_CLAIM, &at, "sub", PROFILE_STRING, "{subject}");
	assert_item(&f, PROFILE_CLAIM, &at, "aud", PROFILE_STRING,
		    "{audience}");
	release(&f);
}

static void
what_is_not_written_has_its_default(void **state)
{
	struct fixture f = fit(URL, APP);
	struct fixture g = fit(URL "exchange = client-assertion\n", APP);

	(void)state;
	assert_int_equal(profile_exchange(f.profile), PROFILE_BEARER);
	assert_int_equal(profile_jwt_ttl_s(f.profile), 600);
	assert_int_equal(profile_jwt_backdate_s(f.profile), 30);
	assert_int_equal(profile_expiry_form(f.profile), PROFILE_IN_SECONDS);
	assert_span(profile_text(f.profile, f.app, "scheme"), "Bearer");
	assert_span(profile_text(f.profile, NULL, "username"), "apptoken");
	assert_false(
		span_is_set(profile_text(f.profile, f.app, "assertion-param")));
	assert_false(span_is_set(profile_text(f.profile, NULL, "url")));
	assert_false(span_is_set(profile_text(f.profile, f.app, "claim.x")));
	assert_span(profile_text(g.profile, g.app, "assertion-param"),
		    "client_assertion");
	release(&f);
	release(&g);
}

static void
each_expiry_form_is_known(void **state)
{
	static const char *const words[] = {
		[PROFILE_IN_SECONDS] = "in-seconds",
		[PROFILE_IN_MILLISECONDS] = "in-milliseconds",
		[PROFILE_UNIX] = "unix",
		[PROFILE_UNIX_MS] = "unix-ms",
		[PROFILE_RFC3339] = "rfc3339",
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct profile *p;

		snprintf(text, sizeof(text), URL "expiry-form = %s\n",
			 words[i]);
		p = parse(text);
		assert_int_equal(profile_expiry_form(p), i);
		profile_free(p);
	}
}

static void
variables_are_those_named_somewhere(void **state)
{
	struct profile *p = parse(assertion);
	static const char *const known[] = { "endpoint", "client-id", "key-id",
					     "scope", "session-seconds" };
	static const char *const unknown[] = { "",	"url",	 "now",
					       "scop",	"title", "endpoint ",
					       "secret" };

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++)
		assert_true(profile_knows(p, span_of(known[i])));
	for (size_t i = 0; i < COUNT(unknown); i++)
		assert_false(profile_knows(p, span_of(unknown[i])));
	profile_free(p);
}

static void
variables_are_sorted_and_leave_settings_out(void **state)
{
	struct fixture f = fit(
		assertion, "[acme]\nsubject = s=t\ngit = https://g.example\n"
			   "client-id = c\ntimeout = 5\nusername = me\n"
			   "endpoint = https://api.acme.example\n");
	struct safebuf *out = NULL;
	static const char want[] = "client-id=c\n"
				   "endpoint=https://api.acme.example\n"
				   "subject=s=t";

	(void)state;
	assert_int_equal(safebuf_new(sizeof(want) - 1, &out), RC_OK);
	assert_int_equal(profile_variables(f.profile, f.app, out), RC_OK);
	assert_span(safebuf_view(out), want);
	safebuf_free(out);
	assert_int_equal(safebuf_new(sizeof(want) - 2, &out), RC_OK);
	assert_int_equal(profile_variables(f.profile, f.app, out),
			 RC_TOO_LARGE);
	safebuf_free(out);
	release(&f);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			unifize_with_an_organisation_uses_its_installation),
		cmocka_unit_test(
			unifize_without_an_organisation_uses_the_short_route),
		cmocka_unit_test(a_forge_profile_reads_as_written),
		cmocka_unit_test(of_several_lines_the_first_that_is_set_counts),
		cmocka_unit_test(an_assertion_profile_reads_as_written),
		cmocka_unit_test(optional_lines_appear_with_their_variables),
		cmocka_unit_test(what_is_not_written_has_its_default),
		cmocka_unit_test(each_expiry_form_is_known),
		cmocka_unit_test(variables_are_those_named_somewhere),
		cmocka_unit_test(variables_are_sorted_and_leave_settings_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
