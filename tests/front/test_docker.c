/* Tests of helpers/docker.c: requests in, answers out, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/helper_case.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FACTS "endpoint = https://api.a.example\napp-id = 42\n"
#define ACME "[acme]\n" FACTS "docker = registry.a.example\n"
#define SERVER "registry.a.example"
#define NOT_FOUND "credentials not found in native keychain\n"
#define NO_SERVER "no credentials server URL\n"
#define NO_USERNAME "no credentials username\n"

static void
run_bytes(const char *verb, struct span request)
{
	const char *const args[] = { verb, NULL };

	helper_run(&protocol_docker, args, request);
}

static void
run(const char *verb, const char *request)
{
	run_bytes(verb, span_of(request));
}

static int
make(void **state)
{
	int failed = helper_make(state);

	if (failed == 0)
		helper_configure(ACME);
	return failed;
}

static void
assert_credentials(const char *server, const char *user, const char *secret)
{
	char want[512];

	snprintf(want, sizeof(want),
		 "{\"ServerURL\":\"%s\",\"Username\":\"%s\","
		 "\"Secret\":\"%s\"}\n",
		 server, user, secret);
	helper_out_is(want);
	assert_int_equal(helper.status, 0);
	assert_string_equal(helper.warning.text, "");
}

/* The sentence on stdout and on stderr, exit 1. */
static void
assert_told(const char *text)
{
	helper_out_is(text);
	assert_int_equal(helper.status, 1);
	assert_true(helper.rc != RC_NOT_OURS);
	assert_true(helper.why.text[0] != '\0');
}

static void
assert_not_found(struct span request)
{
	fake_start();
	fake_cache(3600, 3600);
	run_bytes("get", request);
	helper_out_is(NOT_FOUND);
	assert_int_equal(helper.status, 1);
	assert_int_equal(helper.rc, RC_NOT_OURS);
	assert_string_equal(helper.warning.text, "");
	/* A kept login is looked for, and nothing else happens. */
	assert_int_equal(fake.asks + fake.reads + fake.hases, 0);
}

static void
d1_credentials_are_one_line_of_json(void **state)
{
	(void)state;
	run("get", SERVER);
	assert_credentials(SERVER, "apptoken", "minted.1");
	assert_int_equal(fake.caller, TOKEN_FOR_DOCKER);
	run("get", SERVER);
	assert_credentials(SERVER, "apptoken", "minted.1");
	assert_int_equal(fake.asks, 1);
}

static void
d2_white_space_around_the_server_is_cut_off(void **state)
{
	static const char *const rows[] = { SERVER "\n", "  " SERVER "\t",
					    "\n\n" SERVER " \n" };

	(void)state;
	fake_cache(3600, 3600);
	for (size_t i = 0; i < COUNT(rows); i++) {
		run("get", rows[i]);
		assert_credentials(SERVER, "apptoken", FAKE_CACHED);
	}
}

static void
d3_the_server_is_repeated_as_it_was_asked(void **state)
{
	static const char *const rows[] = {
		"https://registry.a.example",
		"https://registry.a.example/",
		"registry.a.example/",
		"https://registry.a.example/v1/",
		"https://registry.a.example/v2/",
		"registry.a.example:443",
		"registry.a.example/team/repo",
		"REGISTRY.A.EXAMPLE",
		"https://REGISTRY.A.EXAMPLE:443/v2/",
	};

	(void)state;
	fake_cache(3600, 3600);
	for (size_t i = 0; i < COUNT(rows); i++) {
		run("get", rows[i]);
		assert_credentials(rows[i], "apptoken", FAKE_CACHED);
	}
}

static void
d4_d5_other_places_are_not_found(void **state)
{
	static const char *const rows[] = {
		"registry.b.example",
		"http://registry.a.example",
		"https://user@registry.a.example",
		"user@registry.a.example",
		"registry.a.example.evil.tld",
		"evil-registry.a.example",
		"a.example",
		"registry.a.example.",
		"registry.a.example:5000",
		"registry.a.example:0443",
		"registry.a.example:",
		"registry.a.example@evil.tld",
		"evil.tld#@registry.a.example",
		"evil.tld?registry.a.example",
		"registry.a.example%2eevil.tld",
		"registry.a.example\\evil.tld",
		"registry a.example",
		"registry.a.example host=x",
		"registry.a.example\nhost=x",
		"registry.a.example\rhost=x",
		"registry.a.example\r",
		"ftp://registry.a.example",
		"docker.io",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_not_found(span_of(rows[i]));
	assert_not_found(SPAN("registry.a.example\0"));
	assert_not_found(SPAN("registry.a.example\0.evil.tld"));
}

static void
the_hub_has_many_names(void **state)
{
	static const char *const rows[] = {
		"https://index.docker.io/v1/",
		"docker.io",
		"index.docker.io",
		"registry-1.docker.io",
	};

	(void)state;
	helper_configure("[hub]\n" FACTS "docker = docker.io\n");
	fake_cache(3600, 3600);
	for (size_t i = 0; i < COUNT(rows); i++) {
		run("get", rows[i]);
		assert_credentials(rows[i], "apptoken", FAKE_CACHED);
	}
	assert_not_found(SPAN("http://index.docker.io/v1/"));
	assert_not_found(SPAN("auth.docker.io"));
}

static void
a_server_that_no_answer_can_hold_is_not_found(void **state)
{
	static char text[REQUEST_MAX + 1] = "registry.a.example/";
	const size_t start = strlen(text);

	(void)state;
	memset(text + start, '"', SERVER_MAX - start);
	fake_cache(3600, 3600);
	run_bytes("get", (struct span){ text, SERVER_MAX });
	assert_int_equal(helper.status, 0);
	assert_not_found((struct span){ text, SERVER_MAX + 1 });
	memset(text + start, 'x', sizeof(text) - start);
	assert_not_found((struct span){ text, REQUEST_MAX });
	run_bytes("get", (struct span){ text, REQUEST_MAX + 1 });
	assert_told("apptoken: the request is larger than 1048576 bytes; "
		    "shorten it\n");
}

static void
d6_nothing_on_stdin_has_its_own_text(void **state)
{
	static const char *const rows[] = { "", "\n", " \t\n " };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		run("get", rows[i]);
		assert_told(NO_SERVER);
		assert_string_equal(helper.why.text,
				    "no credentials server URL");
		run("erase", rows[i]);
		assert_told(NO_SERVER);
	}
	assert_false(fake_was_touched());
}

static void
d7_a_failure_is_told_on_both_sides(void **state)
{
	static const enum rc rows[] = { RC_REFUSED, RC_NET, RC_LOCKED,
					RC_TIMEOUT, RC_KEY_MISSING };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake.keeper_rc = rows[i];
		run("get", SERVER);
		assert_told("apptoken: no token for 'acme': the cause; the "
			    "next step\n");
		assert_int_equal(helper.rc, rows[i]);
		assert_string_equal(helper.why.text,
				    "no token for 'acme': the cause; the next "
				    "step");
	}
}

static void
on_error_anonymous_hides_the_cause_from_the_client_alone(void **state)
{
	(void)state;
	helper_configure(ACME "on-error = anonymous\n");
	fake.keeper_rc = RC_NET;
	run("get", SERVER);
	helper_out_is(NOT_FOUND);
	assert_int_equal(helper.status, 1);
	assert_string_equal(helper.warning.text,
			    "no token for 'acme': the cause; the next step");
}

static void
d10_the_username_is_the_apps_or_the_profiles(void **state)
{
	(void)state;
	fake_cache(3600, 3600);
	helper_configure(ACME "username = <token>\n");
	run("get", SERVER);
	assert_credentials(SERVER, "<token>", FAKE_CACHED);
	helper_configure(ACME "username = a\"b\\c\n");
	run("get", SERVER);
	assert_credentials(SERVER, "a\\\"b\\\\c", FAKE_CACHED);
}

static void
prompts_need_a_display(void **state)
{
	(void)state;
	fake.locked = true;
	run("get", SERVER);
	assert_told("apptoken: no token for 'acme': the keyring is locked; "
		    "unlock it\n");
	assert_false(fake.any_prompt);
	setenv("DISPLAY", ":0", 1);
	run("get", SERVER);
	assert_credentials(SERVER, "apptoken", "minted.1");
	assert_true(fake.may_prompt);
	/* erase never unlocks */
	fake.any_prompt = false;
	run("erase", SERVER);
	assert_told("apptoken: the cached token of 'acme' stays: the keyring "
		    "is locked; unlock it\n");
	assert_false(fake.any_prompt);
}

static void
two_apps_of_one_registry_are_both_wrong(void **state)
{
	(void)state;
	helper_configure(ACME "[other]\n" FACTS
			      "docker = https://REGISTRY.a.example:443\n");
	run("get", SERVER);
	assert_int_equal(helper.rc, RC_CONFIG);
	assert_int_equal(helper.status, 1);
	assert_non_null(strstr(helper.why.text, "acme"));
	assert_non_null(strstr(helper.why.text, "other"));
	assert_true(span_starts(safebuf_view(helper.out), "apptoken: "));
	assert_false(fake_was_touched());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, helper_drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(d1_credentials_are_one_line_of_json),
		TEST(d2_white_space_around_the_server_is_cut_off),
		TEST(d3_the_server_is_repeated_as_it_was_asked),
		TEST(d4_d5_other_places_are_not_found),
		TEST(the_hub_has_many_names),
		TEST(a_server_that_no_answer_can_hold_is_not_found),
		TEST(d6_nothing_on_stdin_has_its_own_text),
		TEST(d7_a_failure_is_told_on_both_sides),
		TEST(on_error_anonymous_hides_the_cause_from_the_client_alone),
		TEST(d10_the_username_is_the_apps_or_the_profiles),
		TEST(prompts_need_a_display),
		TEST(two_apps_of_one_registry_are_both_wrong),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
