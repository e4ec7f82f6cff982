/* Tests of helpers/git.c: store, erase, failures and other operations. */
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

static void
g25_g26_g27_store_keeps_nothing_and_says_nothing(void **state)
{
	static const char *const requests[] = {
		HOST "username=apptoken\npassword=cached.token\n\n",
		HOST "username=apptoken\npassword=hunter2\n\n",
		HOST "username=u\npassword=correct horse\n\n",
		"protocol=https\nhost=git.b.example\nusername=u\n"
		"password=p\n\n",
		HOST "capability[]=authtype\nauthtype=Bearer\n"
		     "credential=x\nephemeral=1\ncontinue=1\n\n",
	};

	(void)state;
	fake_cache(3600, 3000);
	for (size_t i = 0; i < COUNT(requests); i++) {
		run("store", requests[i]);
		helper_was_silent();
		assert_false(fake_was_touched());
	}
	assert_true(fake.cached);
}

static void
g28_g29_erase_drops_the_token_that_was_refused(void **state)
{
	(void)state;
	fake_cache(3600, 3000);
	run("erase", HOST "username=apptoken\npassword=hunter2\n\n");
	helper_was_silent();
	run("erase", HOST "username=somebody\npassword=cached.token\n\n");
	helper_was_silent();
	run("erase", HOST "authtype=Bearer\ncredential=hunter2\n\n");
	helper_was_silent();
	assert_int_equal(fake.asks, 0);
	assert_true(fake.cached);
	run("erase", HOST "username=apptoken\npassword=cached.token\n\n");
	helper_was_silent();
	assert_int_equal(fake.verb, WIRE_DROP);
	assert_string_equal(fake.presented, "cached.token");
	assert_false(fake.cached);
	fake_cache(3600, 3000);
	run("erase", HOST "authtype=Bearer\ncredential=cached.token\n\n");
	helper_was_silent();
	assert_false(fake.cached);
	fake_cache(3600, 3000);
	run("erase", HOST "\n");
	helper_was_silent();
	assert_false(fake.cached);
	assert_false(fake.has_presented);
	assert_false(fake.any_prompt);
}

static void
g30_erase_of_nothing_erases_nothing(void **state)
{
	(void)state;
	fake_cache(3600, 3000);
	run("erase", "");
	helper_was_silent();
	run("erase", "protocol=https\nhost=git.b.example\n\n");
	helper_was_silent();
	assert_false(fake_was_touched());
}

static void
a_locked_keyring_keeps_the_token_and_is_told(void **state)
{
	(void)state;
	fake_cache(3600, 3000);
	fake.get_rc = RC_LOCKED;
	fake.locked = true;
	run("erase", HOST "password=cached.token\n\n");
	helper_failed(4, "the cached token of 'acme' stays: the keyring is "
			 "locked; unlock it");
	assert_true(fake.cached);
	run("get", HOST "\n");
	helper_failed(4, "no token for 'acme': the keyring is locked");
	assert_false(fake.any_prompt);
}

static void
prompts_need_a_display_and_gits_leave(void **state)
{
	(void)state;
	fake.locked = true;
	setenv("WAYLAND_DISPLAY", "wayland-0", 1);
	setenv("GIT_TERMINAL_PROMPT", "0", 1);
	run("get", HOST "\n");
	helper_failed(4, "locked");
	assert_false(fake.any_prompt);
	setenv("GIT_TERMINAL_PROMPT", "1", 1);
	run("get", HOST "\n");
	assert_answer(MINTED);
	assert_true(fake.may_prompt);
	fake_start();
	fake.locked = true;
	helper_configure(ACME "unlock = never\n");
	run("get", HOST "\n");
	helper_failed(4, "locked");
	assert_false(fake.any_prompt);
}

static void
credential_interactive_forbids_prompts(void **state)
{
	static const char *const wishes[] = { "never", "false", "true", "auto",
					      "" };
	char script[256];

	(void)state;
	setenv("DISPLAY", ":0", 1);
	for (size_t i = 0; i < COUNT(wishes); i++) {
		snprintf(script, sizeof(script),
			 "#!/bin/sh\n"
			 "[ \"$*\" = 'config --get credential.interactive' ] "
			 "&& echo '%s'\n",
			 wishes[i]);
		private_write(helper.dir, "git", script, strlen(script), 0700);
		fake_start();
		fake.locked = true;
		run("get", HOST "\n");
		if (i < 2)
			helper_failed(4, "locked");
		else
			assert_answer(MINTED);
		assert_int_equal(fake.any_prompt, i >= 2);
	}
}

static void
g31_capability_reads_nothing(void **state)
{
	(void)state;
	run("capability", HOST "\n");
	assert_answer("version 0\ncapability authtype\ncapability state\n");
	assert_int_equal(helper.taken, 0);
}

static void
g32_other_operations_are_for_other_gits(void **state)
{
	const char *const none[] = { NULL };
	const char *const odd[] = { "--frobnicate", "get", NULL };

	(void)state;
	run("fill", HOST "\n");
	helper_was_silent();
	run("frobnicate", HOST "\n");
	helper_was_silent();
	assert_int_equal(helper.taken, 0);
	helper_run(&protocol_git, none, SPAN(HOST "\n"));
	helper_failed(2, "usage: git-credential-apptoken");
	helper_run(&protocol_git, odd, SPAN(HOST "\n"));
	helper_failed(2, "usage: git-credential-apptoken");
	assert_int_equal(helper.taken, 0);
	assert_false(fake_was_touched());
}

static void
a_failed_mint_writes_nothing_on_stdout(void **state)
{
	static const struct {
		enum rc rc;
		int status;
	} rows[] = { { RC_REFUSED, 5 }, { RC_BUSY, 5 },	  { RC_BAD_ANSWER, 5 },
		     { RC_CLOCK, 5 },	{ RC_NET, 6 },	  { RC_TIMEOUT, 6 },
		     { RC_TLS, 6 },	{ RC_KEY_BAD, 1 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake.keeper_rc = rows[i].rc;
		run("get", HOST "capability[]=authtype\n\n");
		helper_failed(rows[i].status,
			      "no token for 'acme': the cause; the next step");
	}
	fake_start();
	fake.warning = "a word";
	run("get", HOST "\n");
	helper_out_is(MINTED);
	assert_string_equal(helper.warning.text, "a word");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, helper_drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(g25_g26_g27_store_keeps_nothing_and_says_nothing),
		TEST(g28_g29_erase_drops_the_token_that_was_refused),
		TEST(g30_erase_of_nothing_erases_nothing),
		TEST(a_locked_keyring_keeps_the_token_and_is_told),
		TEST(prompts_need_a_display_and_gits_leave),
		TEST(credential_interactive_forbids_prompts),
		TEST(g31_capability_reads_nothing),
		TEST(g32_other_operations_are_for_other_gits),
		TEST(a_failed_mint_writes_nothing_on_stdout),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
