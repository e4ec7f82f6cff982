/* Tests of platform/appload.c: configuration and profiles where they lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/appload.h"
#include "tests/support/private.h"

#include "core/banned.h"

static char dir[PRIVATE_MAX];
static char config[PRIVATE_MAX];

static const char profile[] = "title = Demo\n"
			      "require = endpoint app-id\n"
			      "url = {endpoint}/token\n"
			      "exchange = bearer\n"
			      "claim.iss = auto {app-id}\n"
			      "claim.org = string {org-id}\n"
			      "jwt-ttl = 600\n"
			      "token-path = accessToken\n"
			      "username = demo\n";

#define APP(name, host)                                                        \
	"[" name "]\n"                                                         \
	"provider = demo\n"                                                    \
	"endpoint = https://api.example\n"                                     \
	"app-id = 42\n"                                                        \
	"git = https://" host "\n"

static int
make(void **state)
{
	(void)state;
	private_make(dir);
	private_dir(dir, "apptoken", 0700);
	private_dir(dir, "apptoken/providers", 0700);
	private_write(dir, "apptoken/providers/demo.conf", profile,
		      sizeof(profile) - 1, 0600);
	private_path(dir, "apptoken/config", config);
	unsetenv("APPTOKEN_CONFIG");
	unsetenv("HOME");
	return setenv("XDG_CONFIG_HOME", dir, 1);
}

static int
drop(void **state)
{
	(void)state;
	private_remove(dir);
	return 0;
}

static void
write_config(const char *text)
{
	private_write(dir, "apptoken/config", text, strlen(text), 0600);
}

static struct appload *
load(void)
{
	struct appload *l = NULL;
	struct why why = { "" };

	if (appload_read(false, &l, &why) != RC_OK)
		fail_msg("%s", why.text);
	return l;
}

/* Reading must fail with RC_CONFIG and these words. */
static void
assert_unreadable(bool may_be_missing, const char *words)
{
	struct appload *l = NULL;
	struct why why = { "" };

	assert_int_equal(appload_read(may_be_missing, &l, &why), RC_CONFIG);
	assert_null(l);
	assert_non_null(strstr(why.text, words));
}

/* Is path a source? (The system's own file may be another one.) */
static bool
has_source(const struct appload *l, const char *path)
{
	for (size_t i = 0; i < l->conf.count; i++) {
		if (strcmp(l->conf.sources[i].path, path) == 0)
			return true;
	}
	return false;
}

static void
assert_unusable(const struct appload *l, const char *name, enum rc rc,
		const char *words)
{
	struct appload_app *a = NULL;
	struct why why = { "" };

	assert_int_equal(appload_named(l, span_of(name), &a, &why), rc);
	assert_null(a);
	if (strstr(why.text, words) == NULL)
		assert_string_equal(why.text, words);
}

static void
the_own_file_is_read(void **state)
{
	struct appload *l;

	(void)state;
	write_config(APP("acme", "git.example"));
	l = load();
	assert_true(has_source(l, config));
	assert_true(
		span_is(l->conf.sources[0].text, APP("acme", "git.example")));
	assert_string_equal(l->own_path, config);
	assert_null(appload_free(l));
}

static void
a_missing_file_is_an_empty_one(void **state)
{
	struct appload *l;

	(void)state;
	l = load();
	assert_false(has_source(l, config));
	assert_string_equal(l->own_path, config);
	assert_unusable(l, "acme", RC_NO_APP, "");
	appload_free(l);
	assert_null(appload_free(NULL));
}

static void
a_named_file_replaces_both(void **state)
{
	char path[PRIVATE_MAX];
	struct appload *l;

	(void)state;
	write_config(APP("acme", "git.example"));
	private_write(dir, "other", APP("beta", "git.example"),
		      strlen(APP("beta", "git.example")), 0600);
	setenv("APPTOKEN_CONFIG", private_path(dir, "other", path), 1);
	l = load();
	assert_int_equal(l->conf.count, 1);
	assert_true(has_source(l, path));
	assert_string_equal(l->own_path, path);
	assert_unusable(l, "acme", RC_NO_APP, "");
	appload_free(l);
}

static void
an_empty_name_is_no_name(void **state)
{
	struct appload *l;

	(void)state;
	setenv("APPTOKEN_CONFIG", "", 1);
	write_config(APP("acme", "git.example"));
	l = load();
	assert_true(has_source(l, config));
	appload_free(l);
}

static void
a_named_file_may_be_missing_for_writers_alone(void **state)
{
	struct appload *l = NULL;
	char path[PRIVATE_MAX];

	(void)state;
	setenv("APPTOKEN_CONFIG", private_path(dir, "other", path), 1);
	assert_unreadable(false, "APPTOKEN_CONFIG: '");
	assert_int_equal(appload_read(true, &l, NULL), RC_OK);
	assert_int_equal(l->conf.count, 0);
	assert_string_equal(l->own_path, path);
	appload_free(l);
}

static void
a_named_file_has_an_absolute_path(void **state)
{
	(void)state;
	assert_int_equal(chdir(dir), 0);
	private_write(dir, "other", "", 0, 0600);
	setenv("APPTOKEN_CONFIG", "other", 1);
	assert_unreadable(false, "APPTOKEN_CONFIG is no absolute path");
	assert_unreadable(true, "APPTOKEN_CONFIG is no absolute path");
	assert_int_equal(chdir("/"), 0);
}

static void
without_a_home_the_configuration_cannot_be_found(void **state)
{
	(void)state;
	unsetenv("XDG_CONFIG_HOME");
	assert_unreadable(false, "neither XDG_CONFIG_HOME nor HOME");
}

static void
a_file_that_cannot_be_trusted_ends_the_call(void **state)
{
	char want[PRIVATE_MAX * 2];
	char other[PRIVATE_MAX];

	(void)state;
	private_write(dir, "apptoken/config", "", 0, 0666);
	private_format(want, sizeof(want), "'%s' is writable by others",
		       config);
	assert_unreadable(true, want);
	unlink(config);
	private_write(dir, "other", "", 0, 0600);
	assert_int_equal(symlink(private_path(dir, "other", other), config), 0);
	assert_unreadable(true, "is a symbolic link");
	unlink(config);
	assert_int_equal(mkfifo(config, 0600), 0);
	assert_unreadable(true, "is not a regular file");
	unlink(config);
	private_write(dir, "apptoken/config", "", 0, 0600);
	assert_int_equal(truncate(config, CONF_MAX), 0);
	appload_free(load());
	assert_int_equal(truncate(config, CONF_MAX + 1), 0);
	assert_unreadable(true, "is larger than 4194304 bytes");
}

static void
an_app_is_completed(void **state)
{
	struct appload_app *a = NULL;
	struct why why = { "" };
	char path[PRIVATE_MAX];
	struct appload *l;

	(void)state;
	write_config(APP("acme", "git.example") "org-id = 7\n");
	l = load();
	assert_int_equal(appload_named(l, SPAN("acme"), &a, &why), RC_OK);
	assert_true(span_is(a->app->name, "acme"));
	assert_string_equal(a->profile_path,
			    private_path(dir, "apptoken/providers/demo.conf",
					 path));
	assert_true(span_is(safebuf_view(a->profile_text), profile));
	assert_true(span_is(profile_username(a->profile, a->app), "demo"));
	assert_true(span_is(safebuf_view(a->variables),
			    "app-id=42\nendpoint=https://api.example\n"
			    "org-id=7"));
	assert_null(appload_app_free(a));
	assert_null(appload_app_free(NULL));
	appload_free(l);
}

static void
a_place_finds_its_app(void **state)
{
	struct appload_app *a = NULL;
	struct place asked;
	struct appload *l;

	(void)state;
	write_config(APP("acme", "git.example") APP("beta", "b.example"));
	l = load();
	assert_int_equal(place_from_git(SPAN("https"), SPAN("b.example"),
					(struct span){ 0 }, &asked),
			 RC_OK);
	assert_int_equal(appload_find(l, CONF_GIT, &asked, &a, NULL), RC_OK);
	assert_true(span_is(a->app->name, "beta"));
	a = appload_app_free(a);
	assert_int_equal(place_from_git(SPAN("https"), SPAN("c.example"),
					(struct span){ 0 }, &asked),
			 RC_OK);
	assert_int_equal(appload_find(l, CONF_GIT, &asked, &a, NULL),
			 RC_NOT_OURS);
	assert_null(a);
	appload_free(l);
}

static void
an_unknown_provider_names_both_directories(void **state)
{
	char want[PRIVATE_MAX * 3];
	struct appload *l;

	(void)state;
	write_config("# a comment\n[acme]\nprovider = nowhere\n");
	l = load();
	private_format(want, sizeof(want),
		       "'%s' line 2: unknown provider: neither "
		       "'%s/apptoken/providers/nowhere.conf' nor '" PKGDATADIR
		       "/providers/nowhere.conf' exists; correct 'provider'",
		       config, dir);
	assert_unusable(l, "acme", RC_CONFIG, want);
	appload_free(l);
}

static void
without_a_home_the_installed_profiles_are_looked_at(void **state)
{
	char want[PRIVATE_MAX * 3];
	struct appload *l;

	(void)state;
	write_config("[acme]\nprovider = nowhere\n");
	setenv("APPTOKEN_CONFIG", config, 1);
	unsetenv("XDG_CONFIG_HOME");
	l = load();
	private_format(want, sizeof(want),
		       "'%s' line 1: unknown provider: '" PKGDATADIR
		       "/providers/nowhere.conf' does not exist",
		       config);
	assert_unusable(l, "acme", RC_CONFIG, want);
	appload_free(l);
}

static void
a_profile_that_cannot_be_trusted_is_not_passed_over(void **state)
{
	struct appload *l;

	(void)state;
	write_config(APP("acme", "git.example"));
	private_write(dir, "apptoken/providers/demo.conf", profile,
		      sizeof(profile) - 1, 0666);
	l = load();
	assert_unusable(l, "acme", RC_CONFIG,
			"providers/demo.conf' is writable by others");
	appload_free(l);
}

static void
a_bad_profile_names_its_line(void **state)
{
	struct appload *l;

	(void)state;
	write_config(APP("acme", "git.example"));
	private_write(dir, "apptoken/providers/demo.conf", "title = x\nodd\n",
		      14, 0600);
	l = load();
	assert_unusable(l, "acme", RC_CONFIG, "providers/demo.conf' line 2: ");
	appload_free(l);
}

static void
an_app_that_does_not_fit_its_profile_is_unusable(void **state)
{
	struct appload_app *a = NULL;
	struct appload *l;

	(void)state;
	write_config(
		"[acme]\n"
		"provider = demo\n"
		"endpoint = https://a.example\n" APP("beta", "git.example"));
	l = load();
	assert_unusable(l, "acme", RC_CONFIG, "app-id");
	/* The other one goes on working. */
	assert_int_equal(appload_named(l, SPAN("beta"), &a, NULL), RC_OK);
	appload_app_free(a);
	appload_free(l);
}

static void
a_proposed_app_is_checked_like_a_configured_one(void **state)
{
	struct appload_app *a = NULL;
	struct appload *l = NULL;
	struct why why = { "" };

	(void)state;
	assert_int_equal(appload_propose(SPAN("acme"),
					 SPAN("provider = demo\n"
					      "endpoint = https://a.example\n"
					      "app-id = 42"),
					 &l, &why),
			 RC_OK);
	assert_int_equal(l->conf.count, 1);
	assert_string_equal(l->conf.sources[0].path, "the options of add");
	assert_string_equal(l->own_path, "");
	assert_int_equal(appload_named(l, SPAN("acme"), &a, &why), RC_OK);
	appload_app_free(a);
	appload_free(l);
	l = NULL;
	assert_int_equal(appload_propose(SPAN("acme"),
					 SPAN("provider = demo\napp-id = 42"),
					 &l, &why),
			 RC_OK);
	assert_unusable(l, "acme", RC_CONFIG, "endpoint");
	appload_free(l);
}

static void
a_proposal_is_one_section(void **state)
{
	struct appload *l = NULL;
	struct why why = { "" };

	(void)state;
	assert_int_equal(appload_propose(SPAN("acme"),
					 SPAN("app-id = 1\n[other]\n"), &l,
					 &why),
			 RC_CONFIG);
	assert_non_null(strstr(why.text, "the options of add"));
	assert_int_equal(appload_propose(SPAN("a]\n[b"), SPAN(""), &l, &why),
			 RC_USAGE);
	assert_non_null(strstr(why.text, "'a] [b' is no name of an app"));
	assert_int_equal(appload_propose(SPAN(""), SPAN(""), &l, &why),
			 RC_USAGE);
	assert_null(l);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_own_file_is_read),
		TEST(a_missing_file_is_an_empty_one),
		TEST(a_named_file_replaces_both),
		TEST(an_empty_name_is_no_name),
		TEST(a_named_file_may_be_missing_for_writers_alone),
		TEST(a_named_file_has_an_absolute_path),
		TEST(without_a_home_the_configuration_cannot_be_found),
		TEST(a_file_that_cannot_be_trusted_ends_the_call),
		TEST(an_app_is_completed),
		TEST(a_place_finds_its_app),
		TEST(an_unknown_provider_names_both_directories),
		TEST(without_a_home_the_installed_profiles_are_looked_at),
		TEST(a_profile_that_cannot_be_trusted_is_not_passed_over),
		TEST(a_bad_profile_names_its_line),
		TEST(an_app_that_does_not_fit_its_profile_is_unusable),
		TEST(a_proposed_app_is_checked_like_a_configured_one),
		TEST(a_proposal_is_one_section),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
