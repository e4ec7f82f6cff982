/* Tests of helpers/docker.c: store, erase, list and what is no verb. */
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
d11_our_own_token_is_stored_in_silence(void **state)
{
	static const char *const requests[] = {
		"{\"ServerURL\":\"registry.a.example\",\"Username\":"
		"\"apptoken\",\"Secret\":\"cached.token\"}\n",
		"{\"Secret\":\"cached.token\",\n\t\"More\":{\"x\":[1]},\n"
		"\"Username\" : \"u\",\"ServerURL\":"
		"\"https:\\/\\/registry.a.example\\/v2\\/\"}",
	};

	(void)state;
	fake_cache(3600, 3600);
	for (size_t i = 0; i < COUNT(requests); i++) {
		run("store", requests[i]);
		helper_was_silent();
	}
	assert_int_equal(fake.asks, 0);
}

static void
d11_another_secret_is_refused_and_the_app_named(void **state)
{
	char want[1024];

	(void)state;
	fake_cache(3600, 3600);
	run("store", "{\"ServerURL\":\"registry.a.example\",\"Username\":"
		     "\"u\",\"Secret\":\"hunter2\"}");
	snprintf(want, sizeof(want),
		 "apptoken: the login was not kept: app 'acme' serves this "
		 "registry; remove its 'docker' line from '%s' to use a login "
		 "of your own\n",
		 helper.config);
	assert_told(want);
	assert_int_equal(fake.asks, 0);
	assert_null(strstr(want, "hunter2"));
}

static void
d13_empty_server_and_user_have_their_own_texts(void **state)
{
	(void)state;
	run("store", "{\"ServerURL\":\"\",\"Username\":\"u\","
		     "\"Secret\":\"s\"}");
	assert_told(NO_SERVER);
	run("store", "{\"ServerURL\":\" \\n\",\"Username\":\"u\","
		     "\"Secret\":\"s\"}");
	assert_told(NO_SERVER);
	run("store", "{\"Username\":\"u\",\"Secret\":\"s\"}");
	assert_told(NO_SERVER);
	run("store", "{\"ServerURL\":\"registry.a.example\","
		     "\"Username\":\"\",\"Secret\":\"s\"}");
	assert_told(NO_USERNAME);
	run("store", "{\"ServerURL\":\"registry.a.example\","
		     "\"Secret\":\"s\"}");
	assert_told(NO_USERNAME);
	assert_false(fake_was_touched());
}

static void
d14_what_is_no_login_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"garbage",
		"{\"ServerURL\":\"registry.a.example\",\"Username\":\"u\","
		"\"Secret\":\"hunter2\"",
		"{\"ServerURL\":\"registry.a.example\",\"Username\":\"u\","
		"\"Secret\":\"hunter2\"}{}",
		"null",
		"[]",
		"\"hunter2\"",
		"{\"ServerURL\":\"registry.a.example\",\"Username\":\"u\","
		"\"Secret\":\"\"}",
		"{\"ServerURL\":\"registry.a.example\",\"Username\":\"u\"}",
		"{\"ServerURL\":\"registry.a.example\",\"Username\":\"u\","
		"\"Secret\":42}",
		"{\"ServerURL\":[],\"Username\":\"u\",\"Secret\":"
		"\"hunter2\"}",
		"{\"ServerURL\":\"registry.a.example\",\"Username\":\"u\","
		"\"Secret\":\"hunter2\",\"Secret\":\"cached.token\"}",
	};

	(void)state;
	fake_cache(3600, 3600);
	for (size_t i = 0; i < COUNT(rows); i++) {
		run("store", rows[i]);
		assert_int_equal(helper.status, 1);
		assert_int_equal(helper.rc, RC_BAD_REQUEST);
		assert_true(
			span_starts(safebuf_view(helper.out), "apptoken: "));
		assert_null(strstr(helper.why.text, "hunter2"));
	}
	assert_false(fake_was_touched());
}

static void
d17_d18_erase_drops_the_token_and_nothing_is_no_failure(void **state)
{
	static const char *const logout[] = { SERVER, SERVER, "http://" SERVER,
					      "https://" SERVER };

	(void)state;
	fake_cache(3600, 3600);
	for (size_t i = 0; i < COUNT(logout); i++) {
		run("erase", logout[i]);
		helper_was_silent();
		assert_false(fake.cached);
		assert_false(fake.has_presented);
	}
	assert_int_equal(fake.verb, WIRE_DROP);
	fake_start();
	run("erase", "registry.b.example");
	helper_was_silent();
	assert_int_equal(fake.asks, 0);
}

static void
d19_the_list_names_registries_with_a_token(void **state)
{
	(void)state;
	helper_configure(ACME "docker = registry.b.example:5000\n"
			      "username = bot\n"
			      "[git-only]\n" FACTS
			      "git = https://git.a.example\n");
	run("list", "unused");
	helper_out_is("{}\n");
	assert_int_equal(helper.taken, 0);
	fake_cache(3600, 3600);
	run("list", "unused");
	helper_out_is("{\"registry.a.example\":\"bot\","
		      "\"registry.b.example:5000\":\"bot\"}\n");
	assert_int_equal(helper.status, 0);
	assert_int_equal(fake.asks, 0);
	assert_int_equal(fake.reads, 0);
}

static void
d20_a_locked_keyring_shortens_the_list(void **state)
{
	(void)state;
	setenv("DISPLAY", ":0", 1);
	fake.has_rc = RC_LOCKED;
	fake.locked = true;
	run("list", "unused");
	helper_out_is("{}\n");
	assert_int_equal(helper.status, 0);
	assert_non_null(
		strstr(helper.warning.text, "the list is not complete: "));
	assert_non_null(strstr(helper.warning.text, "locked"));
	assert_false(fake.any_prompt);
}

static void
d21_version_and_help_are_answers(void **state)
{
	static const char *const version[] = { "version", "--version", "-v" };
	static const char *const help[] = { "--help", "-h" };

	(void)state;
	for (size_t i = 0; i < COUNT(version); i++) {
		run(version[i], "x");
		helper_out_is("docker-credential-apptoken (apptoken) " VERSION
			      "\n");
		assert_int_equal(helper.status, 0);
		assert_int_equal(helper.taken, 0);
	}
	for (size_t i = 0; i < COUNT(help); i++) {
		run(help[i], "x");
		assert_int_equal(helper.status, 0);
		assert_true(span_starts(safebuf_view(helper.out),
					"usage: docker-credential-apptoken "));
	}
}

static void
d21_other_arguments_are_told(void **state)
{
	const char *const none[] = { NULL };
	const char *const two[] = { "get", "get", NULL };

	(void)state;
	helper_run(&protocol_docker, none, SPAN(SERVER));
	assert_int_equal(helper.status, 1);
	assert_true(span_starts(safebuf_view(helper.out), "apptoken: usage: "));
	helper_run(&protocol_docker, two, SPAN(SERVER));
	assert_int_equal(helper.status, 1);
	run("frobnicate", SERVER);
	assert_int_equal(helper.status, 1);
	assert_true(span_starts(safebuf_view(helper.out),
				"apptoken: unknown action; usage: "));
	assert_int_equal(helper.taken, 0);
	assert_false(fake_was_touched());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, helper_drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(d11_our_own_token_is_stored_in_silence),
		TEST(d11_another_secret_is_refused_and_the_app_named),
		TEST(d13_empty_server_and_user_have_their_own_texts),
		TEST(d14_what_is_no_login_is_refused),
		TEST(d17_d18_erase_drops_the_token_and_nothing_is_no_failure),
		TEST(d19_the_list_names_registries_with_a_token),
		TEST(d20_a_locked_keyring_shortens_the_list),
		TEST(d21_version_and_help_are_answers),
		TEST(d21_other_arguments_are_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
