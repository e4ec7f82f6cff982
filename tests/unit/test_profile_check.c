#include "core/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/banned.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PATH "/usr/share/apptoken/providers/acme.conf"
#define URL "url = {endpoint}/token\n"
#define APP "[acme]\nendpoint = https://api.acme.example\n"

/* Needs an installation. */
static const char forge[] =
	"require = endpoint app-id installation-id\n"
	"url = {endpoint}/app/installations/{installation-id}/access_tokens\n";

static const char numbers[] = URL "claim.level = number {level}\n"
				  "default-ttl = {session-seconds}\n";

struct fixture {
	struct profile *profile;
	struct conf_app *app;
};

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
assert_misfit(const char *profile, const char *app, const char *want)
{
	struct fixture f = { parse(profile), app_of(app) };
	struct why why = { "" };

	assert_int_equal(profile_check(f.profile, f.app, &why), RC_CONFIG);
	assert_string_equal(why.text, want);
	release(&f);
}

#define MISFIT(n, text) "'config' line " #n ": " text

static void
apps_that_do_not_fit_are_named_with_file_and_line(void **state)
{
	static const struct {
		const char *profile;
		const char *app;
		const char *why;
	} rows[] = {
		{ URL, "[acme]\nendpont = https://api.acme.example\n",
		  MISFIT(2, "unknown key 'endpont' in [acme]; "
			    "correct or remove the line") },
		{ forge, APP "app-id = 1\n",
		  MISFIT(1, "[acme] has no 'installation-id', which provider "
			    "'unifize' requires; "
			    "add the line 'installation-id = ...'") },
		{ URL, "[acme]\nprovider = x\n",
		  MISFIT(1, "[acme] sets too few variables for any url of "
			    "provider 'x'; add what its profile names") },
		{ URL, "[acme]\nendpoint =\n",
		  MISFIT(2, "no value for 'endpoint' in [acme]; "
			    "write one or remove the line") },
		{ URL, "[acme]\nendpoint = a\tb\n",
		  MISFIT(2, "a control byte in 'endpoint' in [acme]; "
			    "write blanks instead of tabs") },
		{ URL, "[acme]\n\nendpoint = http://api.acme.example\n",
		  MISFIT(3, "'endpoint' in [acme]: http is for a loopback "
			    "address only, like 'http://127.0.0.1'; "
			    "write 'https://'") },
		{ URL, "[acme]\nendpoint = https://u:p@api.acme.example\n",
		  MISFIT(2, "'endpoint' in [acme]: there is user info before "
			    "the host; write the host alone") },
		{ URL, "[acme]\nendpoint = https://\xc3\xa9.example\n",
		  MISFIT(2, "'endpoint' in [acme]: the host holds a byte that "
			    "is not ASCII; "
			    "write the form that begins with 'xn--'") },
		{ numbers, APP "session-seconds = 86401\n",
		  MISFIT(3, "bad value of 'session-seconds' in [acme]; "
			    "use whole seconds from 0 to 86400") },
		{ numbers, APP "level = 1e3\n",
		  MISFIT(3, "bad value of 'level' in [acme]; "
			    "use a number of at most 15 digits") },
		{ URL "param.x = bool {flag}\n", APP "flag = yes\n",
		  MISFIT(3, "bad value of 'flag' in [acme]; "
			    "use 'true' or 'false'") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_misfit(rows[i].profile, rows[i].app, rows[i].why);
}

static void
a_variable_has_at_most_1024_bytes(void **state)
{
	char app[2048];
	char value[VARIABLE_MAX + 2];
	struct fixture f;

	(void)state;
	memset(value, 'x', sizeof(value));
	value[VARIABLE_MAX] = '\0';
	snprintf(app, sizeof(app), APP "scope = %s\n", value);
	f = fit(URL "param.scope = string {scope}\n", app);
	release(&f);

	value[VARIABLE_MAX] = 'x';
	value[VARIABLE_MAX + 1] = '\0';
	snprintf(app, sizeof(app), APP "scope = %s\n", value);
	assert_misfit(URL "param.scope = string {scope}\n", app,
		      MISFIT(3, "too long a value of 'scope' in [acme]; "
				"use at most 1024 bytes"));
}

static void
all_variables_have_at_most_16_kib(void **state)
{
	char *app = calloc(1, 20 * 1100);
	char profile[1024] = URL;
	char value[VARIABLE_MAX + 1];

	(void)state;
	assert_non_null(app);
	memset(value, 'x', VARIABLE_MAX);
	value[VARIABLE_MAX] = '\0';
	snprintf(app, 1100, APP);
	for (unsigned i = 0; i < 16; i++) {
		size_t used = strlen(app);
		size_t named = strlen(profile);

		snprintf(app + used, 1100, "v%u = %s\n", i, value);
		snprintf(profile + named, sizeof(profile) - named,
			 "claim.v%u = string {v%u}\n", i, i);
	}
	assert_misfit(profile, app,
		      MISFIT(18, "too much text up to 'v15' in [acme]; "
				 "use at most 16 KiB in all"));
	free(app);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			apps_that_do_not_fit_are_named_with_file_and_line),
		cmocka_unit_test(a_variable_has_at_most_1024_bytes),
		cmocka_unit_test(all_variables_have_at_most_16_kib),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
