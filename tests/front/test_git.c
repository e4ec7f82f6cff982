/* Tests of helpers/git.c: requests in, answers out, byte for byte. */
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
#define ACME "[acme]\n" FACTS "git = https://git.a.example\n"
#define HOST "protocol=https\nhost=git.a.example\n"
/* FAKE_WALL + the life left */
#define CACHED                                                                 \
	"username=apptoken\npassword=cached.token\n"                           \
	"password_expiry_utc=1700003000\n"
#define MINTED                                                                 \
	"username=apptoken\npassword=minted.1\n"                               \
	"password_expiry_utc=1700003600\n"

static void
run(const char *operation, const char *request)
{
	const char *const args[] = { operation, NULL };

	helper_run(&protocol_git, args, span_of(request));
}

static void
run_bytes(const char *operation, struct span request)
{
	const char *const args[] = { operation, NULL };

	helper_run(&protocol_git, args, request);
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
assert_answer(const char *want)
{
	helper_out_is(want);
	assert_int_equal(helper.rc, RC_OK);
	assert_int_equal(helper.status, 0);
	assert_string_equal(helper.warning.text, "");
}

/* Nobody's: silent, and nothing touched. */
static void
assert_not_ours(const char *request)
{
	fake_start();
	fake_cache(3600, 3000);
	run("get", request);
	helper_was_silent();
	assert_false(fake_was_touched());
}

static void
g1_g2_a_token_is_minted_once(void **state)
{
	(void)state;
	run("get", HOST "\n");
	assert_answer(MINTED);
	assert_int_equal(fake.mints, 1);
	assert_int_equal(fake.caller, TOKEN_FOR_GIT);
	run("get", HOST "\n");
	assert_answer(MINTED);
	assert_int_equal(fake.mints, 1);
	assert_int_equal(fake.asks, 1);
}

static void
g3_g4_g5_other_places_are_not_ours(void **state)
{
	static const char *const hosts[] = {
		"git.b.example",
		"git.a.example.evil.tld",
		"evil-git.a.example",
		"xgit.a.example",
		"git.a.example:8443",
		"git.a.example:0443",
		"git.a.example:",
		"git.a.example.",
		"sub.git.a.example",
		"a.example",
		"*.a.example",
		"git.a.exampl",
		"git.a.example%00.evil",
		"user@git.a.example",
		"git.a.example@evil.tld",
		"evil.tld#@git.a.example",
		"git.a.example/team",
		"evil.tld?git.a.example",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		snprintf(text, sizeof(text), "protocol=https\nhost=%s\n\n",
			 hosts[i]);
		assert_not_ours(text);
	}
	assert_not_ours("protocol=http\nhost=git.a.example\n\n");
	assert_not_ours("protocol=HTTPS\nhost=git.a.example\n\n");
	assert_not_ours("protocol=ssh\nhost=git.a.example\n\n");
}

static void
g6_other_spellings_of_the_host_are_ours(void **state)
{
	static const char *const hosts[] = { "GIT.A.EXAMPLE",
					     "git.a.example:443",
					     "Git.a.Example:443" };
	char text[256];

	(void)state;
	fake_cache(3600, 3000);
	for (size_t i = 0; i < COUNT(hosts); i++) {
		snprintf(text, sizeof(text), "protocol=https\nhost=%s\n\n",
			 hosts[i]);
		run("get", text);
		assert_answer(CACHED);
	}
}

static void
g7_a_missing_scheme_or_host_is_nobodys(void **state)
{
	(void)state;
	assert_not_ours("protocol=https\nhost=\n\n");
	assert_not_ours("protocol=https\n\n");
	assert_not_ours("host=git.a.example\n\n");
	assert_not_ours("protocol=\nhost=git.a.example\n\n");
	assert_not_ours("");
	assert_not_ours("\n");
}

static void
g8_g9_g15_what_git_never_sends_is_nobodys(void **state)
{
	(void)state;
	assert_not_ours("protocol=https\nhost=git.a.example\r\n\n");
	assert_not_ours("protocol=https\r\nhost=git.a.example\r\n\r\n");
	assert_not_ours(HOST "host=git.a.example\n\n");
	assert_not_ours(HOST "protocol=https\n\n");
	assert_not_ours(HOST "path=a\x01/b\n\n");
	assert_not_ours(HOST "path=a?b\n\n");
	fake_start();
	run_bytes("get", SPAN("protocol=https\nhost=git.a.example\0\n\n"));
	helper_was_silent();
	assert_false(fake_was_touched());
}

static void
g10_g13_g14_the_rest_of_a_request_does_not_matter(void **state)
{
	static char text[REQUEST_MAX];
	size_t used;

	(void)state;
	fake_cache(3600, 3000);
	run("get", HOST "foo=bar\nx[]=y\ncapability[]=future\n\n");
	assert_answer(CACHED);
	run("get", HOST "\nhost=evil.example\nnonsense\n");
	assert_answer(CACHED);
	run("get", "protocol=https\nhost=git.a.example");
	assert_answer(CACHED);
	used = (size_t)snprintf(text, sizeof(text), "wwwauth[]=Basic ");
	memset(text + used, 'x', GIT_LINE_MAX - 1 - used);
	snprintf(text + GIT_LINE_MAX - 1, sizeof(text) - GIT_LINE_MAX, "\n%s\n",
		 HOST);
	run("get", text);
	assert_answer(CACHED);
}

static void
g11_g12_a_malformed_request_is_told(void **state)
{
	static char text[2 * REQUEST_MAX];
	const char *const args[] = { "get", NULL };

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, HOST "x=", sizeof(HOST "x=") - 1);
	helper_run(&protocol_git, args, (struct span){ text, 70000 });
	helper_failed(1, "line 3 of the request is longer than 65535 bytes");
	run("get", HOST "hunter2\n\n");
	helper_failed(1, "line 3 of the request is not key=value");
	assert_null(strstr(helper.why.text, "hunter2"));
	for (size_t i = 1000; i < sizeof(text); i += 1000)
		memcpy(text + i, "\nx=", 3);
	helper_run(&protocol_git, args, (struct span){ text, sizeof(text) });
	helper_failed(1, "the request is larger than 1048576 bytes");
	assert_false(fake_was_touched());
}

static void
g16_g17_the_account_is_the_apps(void **state)
{
	(void)state;
	assert_not_ours(HOST "username=somebody\n\n");
	assert_not_ours(HOST "username=\n\n");
	assert_not_ours(HOST "username=Apptoken\n\n");
	run("get", HOST "username=apptoken\n\n");
	assert_answer(CACHED);
	helper_configure(ACME "username = bot\n");
	run("get", HOST "username=bot\n\n");
	assert_answer("username=bot\npassword=cached.token\n"
		      "password_expiry_utc=1700003000\n");
	assert_not_ours(HOST "username=apptoken\n\n");
}

static void
g18_g19_bearer_is_answered_where_it_is_known(void **state)
{
	(void)state;
	helper_configure(ACME "git-auth = bearer\n");
	fake_cache(3600, 3000);
	run("get", HOST "capability[]=authtype\n\n");
	assert_answer("capability[]=authtype\n"
		      "authtype=Bearer\ncredential=cached.token\n"
		      "password_expiry_utc=1700003000\nephemeral=1\n");
	run("get", HOST "\n");
	assert_answer(CACHED);
	run("get", HOST "capability[]=state\n\n");
	assert_answer("capability[]=state\n" CACHED
		      "state[]=apptoken:1:" FAKE_SERIAL "\ncontinue=1\n");
}

static void
g20_a_cached_token_asks_to_be_called_again(void **state)
{
	(void)state;
	fake_cache(3600, 3000);
	run("get", HOST "capability[]=authtype\ncapability[]=state\n\n");
	assert_answer("capability[]=authtype\ncapability[]=state\n" CACHED
		      "ephemeral=1\nstate[]=apptoken:1:" FAKE_SERIAL
		      "\ncontinue=1\n");
	fake_start();
	run("get", HOST "capability[]=state\n\n");
	assert_answer("capability[]=state\n" MINTED
		      "state[]=apptoken:1:" FAKE_MINTED_SERIAL "\n");
}

static void
g21_a_refused_token_is_replaced_once(void **state)
{
	(void)state;
	fake_cache(3600, 3000);
	run("get", HOST "capability[]=state\n"
			"state[]=apptoken:1:" FAKE_SERIAL "\n\n");
	assert_answer("capability[]=state\n" MINTED
		      "state[]=apptoken:1:" FAKE_MINTED_SERIAL "\n");
	assert_string_equal(fake.refused, FAKE_SERIAL);
	assert_int_equal(fake.mints, 1);
	/* Another process was faster. */
	fake_start();
	fake_cache(3600, 3000);
	run("get", HOST "capability[]=state\n"
			"state[]=apptoken:1:ffffffffffffffff\n\n");
	assert_answer("capability[]=state\n" CACHED
		      "state[]=apptoken:1:" FAKE_SERIAL "\n");
	assert_int_equal(fake.asks, 0);
}

static void
g22_other_states_count_as_none(void **state)
{
	static const char *const states[] = { "other:1:" FAKE_SERIAL,
					      "apptoken:1:short",
					      "apptoken:9:" FAKE_SERIAL };
	char text[256];

	(void)state;
	fake_cache(3600, 3000);
	for (size_t i = 0; i < COUNT(states); i++) {
		snprintf(text, sizeof(text),
			 HOST "capability[]=state\nstate[]=%s\n\n", states[i]);
		run("get", text);
		assert_answer("capability[]=state\n" CACHED
			      "state[]=apptoken:1:" FAKE_SERIAL
			      "\ncontinue=1\n");
	}
}

static void
without_git_retry_there_is_no_second_call(void **state)
{
	(void)state;
	helper_configure(ACME "git-retry = no\n");
	fake_cache(3600, 3000);
	run("get", HOST "capability[]=state\n"
			"state[]=apptoken:1:" FAKE_SERIAL "\n\n");
	assert_answer(CACHED);
	assert_int_equal(fake.asks, 0);
}

static void
g37_an_unknown_expiry_is_not_invented(void **state)
{
	(void)state;
	fake_cache(3600, 3000);
	fake.expiry_unknown = true;
	run("get", HOST "\n");
	assert_answer("username=apptoken\npassword=cached.token\n");
	fake.cached = false;
	run("get", HOST "capability[]=authtype\n\n");
	assert_answer("capability[]=authtype\nusername=apptoken\n"
		      "password=minted.1\nephemeral=1\n");
}

static void
assert_app(const char *path, const char *app)
{
	char text[256];

	fake_start();
	snprintf(text, sizeof(text), HOST "%s\n", path);
	run("get", text);
	if (app == NULL) {
		helper_was_silent();
		assert_false(fake_was_touched());
	} else {
		assert_answer(MINTED);
		assert_string_equal(fake.app, app);
	}
}

static void
g39_g40_the_longest_path_wins(void **state)
{
	static const char paths[] =
		"[one]\n" FACTS "git = https://git.a.example/org\n"
		"[two]\n" FACTS "git = https://git.a.example/org2\n";
	char text[512];

	(void)state;
	helper_configure(paths);
	assert_app("path=org/a.git\n", "one");
	assert_app("path=org\n", "one");
	assert_app("path=org2/x\n", "two");
	assert_app("path=org-evil/x\n", NULL);
	assert_app("path=Org/x\n", NULL);
	assert_app("path=org/../org2/x\n", NULL);
	assert_app("path=/org/x\n", NULL);
	assert_app("path=\n", NULL);
	assert_app("", NULL);
	snprintf(text, sizeof(text), "%s%s", paths, ACME);
	helper_configure(text);
	assert_app("path=org/a.git\n", "one");
	assert_app("path=org-evil/x\n", "acme");
	assert_app("", "acme");
}

static void
g41_two_apps_of_one_place_are_both_wrong(void **state)
{
	(void)state;
	helper_configure(ACME "[other]\n" FACTS
			      "git = https://GIT.a.example:443/\n");
	run("get", HOST "\n");
	helper_failed(7, "acme");
	assert_non_null(strstr(helper.why.text, "other"));
	assert_false(fake_was_touched());
	run("store", HOST "password=x\n\n");
	helper_was_silent();
}

static void
a_broken_app_stops_no_other(void **state)
{
	(void)state;
	helper_configure("[bad]\nunheard-of = 1\n" FACTS
			 "git = https://git.b.example\n" ACME);
	run("get", HOST "\n");
	assert_answer(MINTED);
	run("get", "protocol=https\nhost=git.b.example\n\n");
	helper_failed(7, helper.config);
	assert_non_null(strstr(helper.why.text, "'unheard-of'"));
}

static void
git_may_leave_its_end_open(void **state)
{
	const char *const args[] = { "get", NULL };
	int ends[2];

	(void)state;
	fake_cache(3600, 3000);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], HOST "\n", sizeof(HOST)), sizeof(HOST));
	helper_run_fd(&protocol_git, args, ends[0]);
	assert_answer(CACHED);
	close(ends[0]);
	close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, helper_drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(g1_g2_a_token_is_minted_once),
		TEST(g3_g4_g5_other_places_are_not_ours),
		TEST(g6_other_spellings_of_the_host_are_ours),
		TEST(g7_a_missing_scheme_or_host_is_nobodys),
		TEST(g8_g9_g15_what_git_never_sends_is_nobodys),
		TEST(g10_g13_g14_the_rest_of_a_request_does_not_matter),
		TEST(g11_g12_a_malformed_request_is_told),
		TEST(g16_g17_the_account_is_the_apps),
		TEST(g18_g19_bearer_is_answered_where_it_is_known),
		TEST(g20_a_cached_token_asks_to_be_called_again),
		TEST(g21_a_refused_token_is_replaced_once),
		TEST(g22_other_states_count_as_none),
		TEST(without_git_retry_there_is_no_second_call),
		TEST(g37_an_unknown_expiry_is_not_invented),
		TEST(g39_g40_the_longest_path_wins),
		TEST(g41_two_apps_of_one_place_are_both_wrong),
		TEST(a_broken_app_stops_no_other),
		TEST(git_may_leave_its_end_open),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
