/* Tests of helpers/git.c: logins kept with --keep-logins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/kept_logins.h"

#include "core/banned.h"

#define OURS "protocol=https\nhost=git.a.example\n"
#define OTHER "protocol=https\nhost=git.b.example\n"

static int
run(const char *operation, const char *request)
{
	const char *const args[] = { operation, NULL };

	return kept_run(&protocol_git, args, span_of(request));
}

static int
run_keeping(const char *operation, const char *request)
{
	const char *const args[] = { "--keep-logins", operation, NULL };

	return kept_run(&protocol_git, args, span_of(request));
}

static void
assert_empty(int status)
{
	assert_int_equal(status, 0);
	kept_answered("");
	kept_silent();
}

static void
a_store_for_our_place_keeps_nothing_with_keep_logins(void **state)
{
	(void)state;
	assert_empty(run_keeping("store",
				 OURS "username=apptoken\npassword=" KEPT_TOKEN
				      "\n\n"));
	assert_empty(run_keeping("store", OURS "username=apptoken\n"
					       "password=other\n\n"));
	assert_empty(run_keeping("store", OURS "username=somebody\n"
					       "password=other\n\n"));
	assert_int_equal(kept.finds + kept.calls, 0);
	assert_int_equal(kept_count(), 0);
}

static void
a_kept_login_makes_a_round_trip(void **state)
{
	(void)state;
	assert_empty(run_keeping("store", OTHER "username=u\npassword=a=b c\n"
						"\n"));
	assert_int_equal(run_keeping("get", OTHER "\n"), 0);
	kept_answered("username=u\npassword=a=b c\n");
	assert_empty(run_keeping("erase", OTHER "username=u\n"
						"password=a=b c\n\n"));
	assert_empty(run_keeping("get", OTHER "\n"));
	assert_int_equal(kept_count(), 0);
}

static void
a_kept_login_stands_under_its_exact_place(void **state)
{
	static const char *const others[] = {
		"protocol=https\nhost=git.b.example:443\n\n",
		"protocol=https\nhost=GIT.B.EXAMPLE\n\n",
		"protocol=http\nhost=git.b.example\n\n",
		OTHER "path=b\n\n",
		OTHER "username=v\n\n",
	};

	(void)state;
	assert_empty(run_keeping("store", OTHER "path=a\nusername=u\n"
						"password=pw\n\n"));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_empty(run_keeping("get", others[i]));
	assert_int_equal(run_keeping("get", OTHER "path=a\n\n"), 0);
	kept_answered("username=u\npassword=pw\n");
	assert_empty(run("get", OTHER "path=a\n\n")); /* not asked to keep */
}

static void
two_users_of_one_host_are_two_logins(void **state)
{
	(void)state;
	assert_empty(run_keeping("store", OTHER "username=u\npassword=1\n\n"));
	assert_empty(run_keeping("store", OTHER "username=v\npassword=2\n\n"));
	assert_int_equal(kept_count(), 2);
	assert_int_equal(run_keeping("get", OTHER "username=v\n\n"), 0);
	kept_answered("username=v\npassword=2\n");
	assert_int_equal(run_keeping("get", OTHER "username=u\n\n"), 0);
	kept_answered("username=u\npassword=1\n");
	assert_empty(run_keeping("erase", OTHER "username=u\n\n"));
	assert_int_equal(kept_count(), 1);
	assert_int_equal(run_keeping("get", OTHER "username=v\n\n"), 0);
	kept_answered("username=v\npassword=2\n");
}

static void
an_erase_with_another_password_keeps_the_login(void **state)
{
	(void)state;
	assert_empty(run_keeping("store", OTHER "username=u\npassword=pw\n\n"));
	assert_empty(
		run_keeping("erase", OTHER "username=u\npassword=other\n\n"));
	assert_int_equal(kept_count(), 1);
	assert_empty(run_keeping("erase", ""));
	assert_empty(run_keeping("erase", "password=pw\n\n"));
	assert_int_equal(kept_count(), 1);
}

static void
short_lived_secrets_are_not_kept(void **state)
{
	static const char *const requests[] = {
		OTHER "username=u\npassword=pw\nephemeral=1\n\n",
		OTHER "username=u\npassword=pw\n"
		      "password_expiry_utc=1700000000\n\n",
		OTHER "password=pw\n\n",
		OTHER "username=u\n\n",
		"username=u\npassword=pw\n\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++)
		assert_empty(run_keeping("store", requests[i]));
	assert_int_equal(kept_count(), 0);
	assert_int_equal(kept.calls, 0);
}

static void
expiry_and_refresh_token_are_kept(void **state)
{
	(void)state;
	assert_empty(run_keeping("store", OTHER "username=u\npassword=pw\n"
						"password_expiry_utc="
						"1700000001\n"
						"oauth_refresh_token=r\n\n"));
	assert_int_equal(run_keeping("get", OTHER "\n"), 0);
	kept_answered("username=u\npassword=pw\npassword_expiry_utc="
		      "1700000001\noauth_refresh_token=r\n");
}

static void
an_expired_login_is_not_answered(void **state)
{
	const struct login l = { .kind = LOGIN_GIT,
				 .protocol = SPAN("https"),
				 .server = SPAN("git.b.example"),
				 .user = SPAN("u") };

	(void)state;
	kept_put(&l, SPAN("pw\npassword_expiry_utc=1700000000"));
	assert_empty(run_keeping("get", OTHER "\n"));
}

static void
a_credential_needs_a_client_that_knows_it(void **state)
{
	(void)state;
	assert_empty(run_keeping("store", OTHER "authtype=Bearer\n"
						"credential=tok\n\n"));
	assert_int_equal(kept_count(), 1);
	assert_empty(run_keeping("get", OTHER "\n"));
	assert_int_equal(run_keeping("get", OTHER "capability[]=authtype\n\n"),
			 0);
	kept_answered("capability[]=authtype\nauthtype=Bearer\n"
		      "credential=tok\n");
}

static void
a_login_that_cannot_be_kept_says_so(void **state)
{
	(void)state;
	kept.keeper_rc[0] = RC_UNAVAILABLE;
	assert_int_equal(run_keeping("store", OTHER "username=u\n"
						    "password=pw\n\n"),
			 4);
	kept_answered("");
	assert_string_equal(kept.why.text, "the login was not kept: the cause; "
					   "the next step");
}

static void
no_keyring_is_no_login(void **state)
{
	(void)state;
	kept.find_rc = RC_UNAVAILABLE;
	kept.keeper_rc[0] = RC_UNAVAILABLE;
	assert_empty(run_keeping("get", OTHER "\n"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, kept_make, kept_drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_store_for_our_place_keeps_nothing_with_keep_logins),
		T(a_kept_login_makes_a_round_trip),
		T(a_kept_login_stands_under_its_exact_place),
		T(two_users_of_one_host_are_two_logins),
		T(an_erase_with_another_password_keeps_the_login),
		T(short_lived_secrets_are_not_kept),
		T(expiry_and_refresh_token_are_kept),
		T(an_expired_login_is_not_answered),
		T(a_credential_needs_a_client_that_knows_it),
		T(a_login_that_cannot_be_kept_says_so),
		T(no_keyring_is_no_login),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("git_logins", tests, NULL, NULL);
}
