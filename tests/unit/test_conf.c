#include "core/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/banned.h"

#define FILE_NAME "/home/u/.config/apptoken/config"
#define SYSTEM_NAME "/etc/apptoken/config"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct conf
one(struct span text)
{
	return (struct conf){ .sources = { { text, FILE_NAME } }, .count = 1 };
}

static struct conf
two(const char *own, const char *general)
{
	return (struct conf){ .sources = { { span_of(own), FILE_NAME },
					   { span_of(general), SYSTEM_NAME } },
			      .count = 2 };
}

static struct place
git_place(const char *host, const char *path)
{
	struct place p;

	assert_int_equal(place_from_git(SPAN("https"), span_of(host),
					span_of(path), &p),
			 RC_OK);
	return p;
}

static void
assert_span(struct span got, const char *want)
{
	assert_true(span_is_set(got));
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.at, want, got.len);
}

static void
assert_finds(const struct conf *c, enum conf_kind kind, struct place asked,
	     enum rc rc, const char *text)
{
	struct conf_app *untouched = NULL;
	struct why why = { "" };

	assert_int_equal(conf_find(c, kind, &asked, &untouched, &why), rc);
	assert_null(untouched);
	assert_string_equal(why.text, text);
}

static void
assert_refuses(const struct conf *c, const char *name, const char *text)
{
	struct conf_app *untouched = NULL;
	struct why why = { "" };

	assert_int_equal(conf_app(c, span_of(name), &untouched, &why),
			 RC_CONFIG);
	assert_null(untouched);
	assert_string_equal(why.text, text);
}

static void
an_app_without_settings_has_the_defaults(void **state)
{
	struct conf c = one(SPAN("\n[acme]\n"));
	struct conf_app *a = NULL;

	(void)state;
	assert_int_equal(conf_app(&c, SPAN("acme"), &a, NULL), RC_OK);
	assert_span(a->name, "acme");
	assert_string_equal(a->path, FILE_NAME);
	assert_int_equal(a->line, 2);
	assert_span(a->provider, "unifize");
	assert_span(a->cache, "keyring");
	assert_false(span_is_set(a->username));
	assert_false(span_is_set(a->ca_file));
	assert_false(span_is_set(a->proxy));
	assert_int_equal(a->timeout_s, 15);
	assert_false(a->git_bearer);
	assert_true(a->unlock_ask);
	assert_true(a->git_retry);
	assert_false(a->anonymous);
	assert_int_equal(a->count, 0);
	a = conf_app_free(a);
	assert_null(a);
	assert_null(conf_app_free(NULL));
}

static void
every_setting_is_read(void **state)
{
	struct conf c = one(SPAN("[acme]\n"
				 "provider = github\n"
				 "endpoint = https://api.acme.example\n"
				 "git = https://git.acme.example\n"
				 "git = https://[::1]:8443/team\n"
				 "docker = registry.acme.example:5000\n"
				 "key = keyring\n"
				 "key = pkcs11:token=acme\n"
				 "cache = kernel\n"
				 "username = o'neil\n"
				 "git-auth = bearer\n"
				 "unlock = never\n"
				 "git-retry = no\n"
				 "on-error = anonymous\n"
				 "ca-file = /etc/ssl/acme.pem\n"
				 "timeout = 120\n"
				 "proxy = http://proxy.acme.example:3128\n"
				 "[beta]\nkey = keyring\n"));
	const struct conf_entry *e;
	struct conf_app *a = NULL;
	size_t at = 0;

	(void)state;
	assert_int_equal(conf_app(&c, SPAN("acme"), &a, NULL), RC_OK);
	assert_span(a->provider, "github");
	assert_span(a->cache, "kernel");
	assert_span(a->username, "o'neil");
	assert_span(a->ca_file, "/etc/ssl/acme.pem");
	assert_span(a->proxy, "http://proxy.acme.example:3128");
	assert_int_equal(a->timeout_s, 120);
	assert_true(a->git_bearer);
	assert_false(a->unlock_ask);
	assert_false(a->git_retry);
	assert_true(a->anonymous);
	assert_int_equal(a->count, 16);
	assert_span(a->entries[1].key, "endpoint");
	assert_int_equal(a->entries[1].line, 3);
	assert_span(conf_value(a, "endpoint"), "https://api.acme.example");
	assert_span(conf_value(a, "git"), "https://git.acme.example");
	assert_false(span_is_set(conf_value(a, "org-id")));

	e = conf_next(a, "key", &at);
	assert_span(e->value, "keyring");
	assert_int_equal(e->line, 7);
	e = conf_next(a, "key", &at);
	assert_span(e->value, "pkcs11:token=acme");
	assert_null(conf_next(a, "key", &at));
	assert_null(conf_next(a, "key", &at));
	conf_app_free(a);
}

#define BAD(line, want)                                                        \
	{                                                                      \
		"[acme]\n" line "\n", "'" FILE_NAME "' line 2: " want          \
	}
#define BAD_VALUE(key, value, want)                                            \
	BAD(key " = " value, "bad value of '" key "' in [acme]; " want)
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A255                                                                   \
	A64 A64 A64                                                            \
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define WANT_PROVIDER "use a name of letters, digits, '.', '_' and '-'"
#define WANT_KEY                                                               \
	"use 'keyring', or a word of [a-z0-9] with ':' and its argument"
#define WANT_CACHE "use 'keyring', 'kernel' or 'none'"
#define WANT_USER "use 1 to 255 bytes without control bytes"
#define WANT_TIMEOUT "use whole seconds from 1 to 120"
#define WANT_PROXY "use http://host:port"

static void
bad_values_name_file_and_line(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} rows[] = {
		BAD_VALUE("provider", "", WANT_PROVIDER),
		BAD_VALUE("provider", "../evil", WANT_PROVIDER),
		BAD_VALUE("provider", "a b", WANT_PROVIDER),
		BAD_VALUE("provider", A64 "a", WANT_PROVIDER),
		BAD_VALUE("key", "", WANT_KEY),
		BAD_VALUE("key", "Keyring", WANT_KEY),
		BAD_VALUE("key", "file:", WANT_KEY),
		BAD_VALUE("key", ":x", WANT_KEY),
		BAD_VALUE("key", "file /x", WANT_KEY),
		BAD_VALUE("cache", "", WANT_CACHE),
		BAD_VALUE("cache", "Keyring", WANT_CACHE),
		BAD_VALUE("cache", "key ring", WANT_CACHE),
		BAD_VALUE("username", "", WANT_USER),
		BAD_VALUE("username", "a\tb", WANT_USER),
		BAD_VALUE("username", A255 "a", WANT_USER),
		BAD_VALUE("git-auth", "Basic", "use 'basic' or 'bearer'"),
		BAD_VALUE("git-auth", "", "use 'basic' or 'bearer'"),
		BAD_VALUE("unlock", "yes", "use 'ask' or 'never'"),
		BAD_VALUE("git-retry", "true", "use 'yes' or 'no'"),
		BAD_VALUE("on-error", "ignore", "use 'fail' or 'anonymous'"),
		BAD_VALUE("ca-file", "acme.pem", "use an absolute path"),
		BAD_VALUE("ca-file", "", "use an absolute path"),
		BAD_VALUE("timeout", "0", WANT_TIMEOUT),
		BAD_VALUE("timeout", "121", WANT_TIMEOUT),
		BAD_VALUE("timeout", "015", WANT_TIMEOUT),
		BAD_VALUE("timeout", "-1", WANT_TIMEOUT),
		BAD_VALUE("timeout", "15s", WANT_TIMEOUT),
		BAD_VALUE("timeout", "99999999999999999999", WANT_TIMEOUT),
		BAD_VALUE("proxy", "proxy.acme.example", WANT_PROXY),
		BAD_VALUE("proxy", "https://proxy.acme.example", WANT_PROXY),
		BAD_VALUE("proxy", "http://", WANT_PROXY),
		BAD_VALUE("proxy", "http://u:p@proxy.acme.example", WANT_PROXY),
		BAD_VALUE("proxy", "http://proxy.acme.example/", WANT_PROXY),
		BAD_VALUE("proxy", "http://https://x", WANT_PROXY),
		BAD_VALUE("proxy", "http://proxy.acme.example:0", WANT_PROXY),
		BAD("End Point = x", "unknown key 'End Point' in [acme]; "
				     "correct or remove the line"),
		BAD("-x = y", "unknown key '-x' in [acme]; "
			      "correct or remove the line"),
		BAD("word", "a line in [acme] is not 'key = value'; "
			    "correct or remove it"),
		BAD("timeout = 5\r", "a control byte in [acme]; "
				     "write plain text with LF line ends"),
		BAD("# comment\r", "a control byte in [acme]; "
				   "write plain text with LF line ends"),
		BAD("git = http://git.acme.example",
		    "'git' in [acme]: http is for a loopback address only, "
		    "like 'http://127.0.0.1'; write 'https://'"),
		BAD("docker = registry.acme.example/team",
		    "'docker' in [acme]: a registry has no path; "
		    "write HOST[:PORT]"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf c = one(span_of(rows[i].text));

		assert_refuses(&c, "acme", rows[i].why);
	}
}

static void
boundary_values_are_accepted(void **state)
{
	static const char *const lines[] = {
		"timeout = 1",	    "timeout = 120",
		"username = a",	    "username = " A255,
		"key = x",	    "key = file:/a",
		"key = 1:2:3",	    "provider = " A64,
		"cache = x",	    "proxy = http://127.0.0.1",
		"ca-file = /",	    "proxy = http://[::1]:65535",
		"endpoint =",	    "docker = https://r.acme.example/",
		"unlock = ask",	    "git = HTTPS://Git.Acme.Example:443/",
		"on-error = fail",  "git-retry = yes",
		"git-auth = basic", "docker = docker.io",
		A64 " = x",
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct conf_app *a = NULL;
		struct why why = { "" };
		struct conf c;

		snprintf(text, sizeof(text), "[acme]\n%s\n", lines[i]);
		c = one(span_of(text));
		if (conf_app(&c, SPAN("acme"), &a, &why) != RC_OK)
			fail_msg("%s: %s", lines[i], why.text);
		conf_app_free(a);
	}
}

static void
a_nul_in_a_section_is_refused(void **state)
{
	struct conf c = one(SPAN("[acme]\ntimeout = 5\0\n"));

	(void)state;
	assert_refuses(&c, "acme",
		       "'" FILE_NAME "' line 2: a control byte in [acme]; "
		       "write plain text with LF line ends");
}

static void
a_single_key_must_not_be_repeated(void **state)
{
	struct conf c = one(SPAN("[acme]\ntimeout = 5\n\ntimeout = 5\n"));
	struct conf d = one(SPAN("[acme]\nend = 1\ngit = https://a.example\n"
				 "git = https://a.example\nend = 1\n"));

	(void)state;
	assert_refuses(&c, "acme",
		       "'" FILE_NAME "' line 4: 'timeout' stands in [acme] "
		       "twice, first in line 2; keep one of the two lines");
	assert_refuses(&d, "acme",
		       "'" FILE_NAME "' line 5: 'end' stands in [acme] "
		       "twice, first in line 2; keep one of the two lines");
}

static void
a_section_given_twice_is_refused(void **state)
{
	struct conf_app *a = NULL;
	struct conf c = one(SPAN("[acme]\ngit = https://a.example\n"
				 "[beta]\ngit = https://b.example\n"
				 "[acme]\ngit = https://c.example\n"));
	static const char why[] = "'" FILE_NAME
				  "' line 5: [acme] stands in line 1 already; "
				  "make one section of the two";

	(void)state;
	assert_refuses(&c, "acme", why);
	assert_finds(&c, CONF_GIT, git_place("a.example", NULL), RC_CONFIG,
		     why);
	assert_finds(&c, CONF_GIT, git_place("c.example", NULL), RC_CONFIG,
		     why);
	assert_int_equal(conf_app(&c, SPAN("beta"), &a, NULL), RC_OK);
	conf_app_free(a);
}

static void
names_of_apps_are_checked(void **state)
{
	static const char want[] =
		"'" FILE_NAME "' line 1: '%s' is no name for an app; use at "
		"most 64 letters, digits, '.', '_' and '-', a letter or digit "
		"first";
	static const struct {
		const char *name;
		const char *shown;
	} rows[] = {
		{ "", "" },	{ "ac me", "ac me" }, { "../x", "../x" },
		{ ".x", ".x" }, { "a\xc3\xa9", "a" }, { A64 "a", A64 "a" },
	};
	char text[512];
	char why[512];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf c;

		snprintf(text, sizeof(text), "[%s]\ngit = https://a.example\n",
			 rows[i].name);
		snprintf(why, sizeof(why), want, rows[i].shown);
		c = one(span_of(text));
		assert_refuses(&c, rows[i].name, why);
		assert_finds(&c, CONF_GIT, git_place("a.example", NULL),
			     RC_CONFIG, why);
	}
	{
		struct conf c = one(SPAN("[" A64 "]\n"));
		struct conf_app *a = NULL;

		assert_int_equal(conf_app(&c, SPAN(A64), &a, NULL), RC_OK);
		conf_app_free(a);
	}
}

static void
an_unknown_name_is_no_app(void **state)
{
	struct conf c = one(SPAN("[acme]\n[beta\n"));
	struct conf empty = { .count = 0 };
	struct conf_app *a = NULL;
	struct why why = { "" };

	(void)state;
	assert_int_equal(conf_app(&c, SPAN("beta"), &a, &why), RC_NO_APP);
	assert_string_equal(why.text, "no app 'beta' is configured; "
				      "'apptoken status' lists them");
	assert_int_equal(conf_app(&c, SPAN("acm"), &a, NULL), RC_NO_APP);
	assert_int_equal(conf_app(&c, SPAN("acmee"), &a, NULL), RC_NO_APP);
	assert_int_equal(conf_app(&c, SPAN("Acme"), &a, NULL), RC_NO_APP);
	assert_int_equal(conf_app(&empty, SPAN("acme"), &a, NULL), RC_NO_APP);
	assert_null(a);
}

static void
a_section_has_at_most_256_entries(void **state)
{
	char text[8192];
	size_t used;
	struct conf_app *a = NULL;
	struct conf c;

	(void)state;
	used = (size_t)snprintf(text, sizeof(text), "[acme]\n");
	for (unsigned i = 0; i < APP_ENTRIES_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "v%u = x\n", i);
	c = one((struct span){ text, used });
	assert_int_equal(conf_app(&c, SPAN("acme"), &a, NULL), RC_OK);
	assert_int_equal(a->count, APP_ENTRIES_MAX);
	conf_app_free(a);

	used += (size_t)snprintf(text + used, sizeof(text) - used, "w = x\n");
	c = one((struct span){ text, used });
	assert_refuses(&c, "acme",
		       "'" FILE_NAME "' line 258: more than 256 lines in "
		       "[acme]; make several apps of it");
}

static void
a_very_long_path_loses_its_front(void **state)
{
	char path[300];
	char want[400];
	struct conf c = one(SPAN("[acme]\nword\n"));

	(void)state;
	memset(path, 'd', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memcpy(path + sizeof(path) - 8, "/config", 8);
	c.sources[0].path = path;
	snprintf(want, sizeof(want),
		 "'...%s' line 2: a line in [acme] is not 'key = value'; "
		 "correct or remove it",
		 path + sizeof(path) - 1 - 120);
	assert_refuses(&c, "acme", want);
}

static void
known_keys_are_those_of_the_table(void **state)
{
	static const char *const known[] = {
		"provider", "git",	"docker", "key",       "cache",
		"username", "git-auth", "unlock", "git-retry", "on-error",
		"ca-file",  "timeout",	"proxy",
	};
	static const char *const unknown[] = { "endpoint", "app-id", "gi",
					       "gits",	   "",	     "Git" };

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++)
		assert_true(conf_key_is_known(span_of(known[i])));
	for (size_t i = 0; i < COUNT(unknown); i++)
		assert_false(conf_key_is_known(span_of(unknown[i])));
}

static void
names_are_visited_once_and_without_the_hidden(void **state)
{
	static const char *const want[] = { "b", "a", "a b", "", "c" };
	struct conf c = two("k = v\n[b]\nx = [c]\n[a]\n[b]\n[bad\n[a b]\n[]\n",
			    "[a]\n[c]\n[b]\n[c]");
	struct conf swapped = two("", "[a]\n");
	struct conf none = { .count = 0 };
	struct span name = { 0 };
	size_t cursor = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_true(conf_next_name(&c, &cursor, &name));
		assert_span(name, want[i]);
	}
	assert_false(conf_next_name(&c, &cursor, &name));
	assert_false(conf_next_name(&c, &cursor, &name));

	cursor = 0;
	assert_true(conf_next_name(&swapped, &cursor, &name));
	assert_span(name, "a");
	assert_false(conf_next_name(&swapped, &cursor, &name));
	cursor = 0;
	assert_false(conf_next_name(&none, &cursor, &name));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_app_without_settings_has_the_defaults),
		cmocka_unit_test(every_setting_is_read),
		cmocka_unit_test(bad_values_name_file_and_line),
		cmocka_unit_test(boundary_values_are_accepted),
		cmocka_unit_test(a_nul_in_a_section_is_refused),
		cmocka_unit_test(a_single_key_must_not_be_repeated),
		cmocka_unit_test(a_section_given_twice_is_refused),
		cmocka_unit_test(names_of_apps_are_checked),
		cmocka_unit_test(an_unknown_name_is_no_app),
		cmocka_unit_test(a_section_has_at_most_256_entries),
		cmocka_unit_test(a_very_long_path_loses_its_front),
		cmocka_unit_test(known_keys_are_those_of_the_table),
		cmocka_unit_test(names_are_visited_once_and_without_the_hidden),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
