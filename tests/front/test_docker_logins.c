/* Tests of helpers/docker.c: kept logins, for registries that no app serves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/kept_logins.h"

#include "core/banned.h"

#define NOT_FOUND "credentials not found in native keychain\n"
#define LOGIN(server, user, secret)                                            \
	"{\"ServerURL\":\"" server "\",\"Username\":\"" user                   \
	"\",\"Secret\":\"" secret "\"}\n"

static int
run(const char *verb, const char *request)
{
	const char *const args[] = { verb, NULL };

	return kept_run(&protocol_docker, args, span_of(request));
}

static void
assert_done(int status)
{
	assert_int_equal(status, 0);
	kept_answered("");
	kept_silent();
}

static void
assert_not_found(const char *server)
{
	assert_int_equal(run("get", server), 1);
	kept_answered(NOT_FOUND);
	kept_silent();
}

static void
a_stored_login_is_answered(void **state)
{
	(void)state;
	assert_done(run("store", LOGIN("reg.b.example", "u", "pw")));
	assert_int_equal(run("get", "reg.b.example"), 0);
	kept_answered(LOGIN("reg.b.example", "u", "pw"));
	kept_silent();
}

static void
odd_bytes_make_valid_json(void **state)
{
	static const char login[] =
		LOGIN("reg.b.example", "u\\\"\\\\", "\\u0001\\n\xc3\xa9<");

	(void)state;
	assert_done(run("store", login));
	assert_true(span_is(kept_secret(&kept.rows[0]), "\x01\n\xc3\xa9<"));
	assert_int_equal(run("get", "reg.b.example\n"), 0);
	kept_answered(login);
}

static void
a_login_stands_under_its_exact_server(void **state)
{
	static const char *const others[] = {
		"https://reg.b.example", "reg.b.example:443", "REG.B.EXAMPLE",
		"reg.b.example/",	 "reg.b.exampl",
	};

	(void)state;
	assert_done(run("store", LOGIN("reg.b.example", "u", "pw")));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_not_found(others[i]);
}

static void
what_the_grammar_refuses_can_still_be_kept(void **state)
{
	(void)state;
	assert_done(
		run("store", LOGIN("http://u@reg.b.example/%41?x", "u", "pw")));
	assert_int_equal(run("get", "http://u@reg.b.example/%41?x"), 0);
	kept_answered(LOGIN("http://u@reg.b.example/%41?x", "u", "pw"));
}

static void
a_second_user_replaces_the_first(void **state)
{
	(void)state;
	assert_done(run("store", LOGIN("reg.b.example", "u", "1")));
	assert_done(run("store", LOGIN("reg.b.example", "v", "2")));
	assert_int_equal(run("get", "reg.b.example"), 0);
	kept_answered(LOGIN("reg.b.example", "v", "2"));
	assert_int_equal(run("list", ""), 0);
	kept_answered("{\"reg.b.example\":\"v\"}\n");
}

static void
other_forms_of_the_request_are_kept(void **state)
{
	static const char *const requests[] = {
		"{\"Secret\":\"pw\",\"Username\":\"u\",\"ServerURL\":"
		"\"reg.b.example\"}",
		"{\"ServerURL\":\"reg.b.example\",\"Username\":\"u\","
		"\"Secret\":\"pw\",\"More\":{\"a\":[1]}}\n",
		"{\n\"ServerURL\" : \"reg.b.example\",\n\"Username\" : \"u\","
		"\n\"Secret\" : \"pw\"\n}\n\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		assert_done(run("store", requests[i]));
		assert_int_equal(run("get", "reg.b.example"), 0);
		kept_answered(LOGIN("reg.b.example", "u", "pw"));
		assert_done(run("erase", "reg.b.example"));
		assert_int_equal(kept_count(), 0);
	}
}

static void
a_huge_secret_is_refused(void **state)
{
	static const char head[] = "{\"ServerURL\":\"reg.b.example\","
				   "\"Username\":\"u\",\"Secret\":\"";
	static char big[1200000];

	(void)state;
	memset(big, 'x', sizeof(big));
	memcpy(big, head, sizeof(head) - 1);
	memcpy(big + sizeof(big) - 3, "\"}", 3);
	assert_int_equal(run("store", big), 1);
	assert_string_equal(kept.why.text, "the request is larger than "
					   "1048576 bytes; shorten it");
	/* As large as the request may be, but not a login. */
	memcpy(big + 100000, "\"}", 3);
	assert_int_equal(run("store", big), 1);
	kept_answered("apptoken: the login was not kept: the login is larger "
		      "than 32768 bytes or holds a line break; it was not "
		      "kept\n");
	assert_int_equal(kept.calls, 0);
}

static void
a_server_with_control_bytes_is_not_kept(void **state)
{
	(void)state;
	assert_int_equal(run("store", LOGIN("reg\\u0007.b.example", "u", "pw")),
			 1);
	assert_int_equal(kept_count(), 0);
	assert_not_found("reg\x07.b.example");
	assert_int_equal(kept.finds, 0);
}

static void
an_erased_login_is_gone(void **state)
{
	(void)state;
	assert_done(run("store", LOGIN("reg.b.example", "u", "pw")));
	assert_done(run("erase", "reg.b.example"));
	assert_int_equal(kept_count(), 0);
	assert_not_found("reg.b.example");
}

static void
a_logout_of_nothing_is_quiet(void **state)
{
	static const char *const spellings[] = { "reg.b.example",
						 "reg.b.example",
						 "http://reg.b.example",
						 "https://reg.b.example" };

	(void)state;
	for (size_t i = 0; i < COUNT(spellings); i++)
		assert_done(run("erase", spellings[i]));
	assert_int_equal(kept.calls, 0);
}

static void
a_login_that_stays_is_told(void **state)
{
	(void)state;
	assert_done(run("store", LOGIN("reg.b.example", "u", "pw")));
	kept.keeper_rc[1] = RC_LOCKED;
	assert_int_equal(run("erase", "reg.b.example"), 1);
	kept_answered("apptoken: the kept login stays: the cause; the next "
		      "step\n");
	assert_false(kept.call[1].may_prompt);
}

static void
the_list_joins_logins_and_registries(void **state)
{
	(void)state;
	assert_int_equal(run("list", "unused"), 0);
	kept_answered("{}\n");
	assert_done(run("store", LOGIN("reg.b.example", "u", "pw")));
	kept.has_token = true;
	assert_int_equal(run("list", "unused"), 0);
	kept_answered("{\"registry.a.example\":\"apptoken\","
		      "\"reg.b.example\":\"u\"}\n");
	kept_silent();
}

static void
every_key_of_the_list_is_answered(void **state)
{
	(void)state;
	assert_done(run("store", LOGIN("reg.b.example", "u", "pw")));
	kept.has_token = true;
	assert_int_equal(run("get", "reg.b.example"), 0);
	kept_answered(LOGIN("reg.b.example", "u", "pw"));
	assert_int_equal(run("get", "registry.a.example"), 0);
	kept_answered(LOGIN("registry.a.example", "apptoken", KEPT_TOKEN));
}

static void
a_login_for_our_registry_is_never_looked_at(void **state)
{
	const struct login l = { .kind = LOGIN_DOCKER,
				 .server = SPAN("registry.a.example"),
				 .user = SPAN("u") };

	(void)state;
	kept_put(&l, SPAN("pw"));
	kept.has_token = true;
	assert_int_equal(run("get", "registry.a.example"), 0);
	kept_answered(LOGIN("registry.a.example", "apptoken", KEPT_TOKEN));
	assert_int_equal(run("list", ""), 0);
	kept_answered("{\"registry.a.example\":\"apptoken\"}\n");
	assert_int_equal(kept.finds, 0);
}

static void
what_a_locked_keyring_hides_is_told(void **state)
{
	(void)state;
	kept.hidden = 2;
	assert_int_equal(run("list", ""), 0);
	kept_answered("{}\n");
	assert_string_equal(kept.warning.text,
			    "the list is not complete: a locked keyring hides "
			    "2 logins; unlock it to see them");
	assert_int_equal(kept.calls, 0);
}

static void
no_keyring_holds_no_login(void **state)
{
	(void)state;
	kept.find_rc = RC_UNAVAILABLE;
	kept.list_rc = RC_UNAVAILABLE;
	for (size_t i = 0; i < KEPT_CALLS_MAX; i++)
		kept.keeper_rc[i] = RC_UNAVAILABLE;
	assert_not_found("reg.b.example");
	assert_int_equal(run("list", ""), 0);
	kept_answered("{}\n");
	kept_silent();
	assert_done(run("erase", "reg.b.example"));
	assert_int_equal(run("store", LOGIN("reg.b.example", "u", "pw")), 1);
	kept_answered("apptoken: the login was not kept: the cause; the next "
		      "step\n");
}

static void
a_locked_login_is_not_the_not_found_text(void **state)
{
	(void)state;
	kept.find_rc = RC_LOCKED;
	kept.keeper_rc[0] = RC_LOCKED;
	assert_int_equal(run("get", "reg.b.example"), 1);
	kept_answered("apptoken: no login for this registry: the cause; the "
		      "next step\n");
	assert_string_equal(kept.why.text, "no login for this registry: the "
					   "cause; the next step");
}

static void
an_empty_secret_is_no_login(void **state)
{
	const struct login l = { .kind = LOGIN_DOCKER,
				 .server = SPAN("reg.b.example"),
				 .user = SPAN("u") };

	(void)state;
	kept_put(&l, SPAN(""));
	assert_not_found("reg.b.example");
}

#define T(name) cmocka_unit_test_setup_teardown(name, kept_make, kept_drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_stored_login_is_answered),
		T(odd_bytes_make_valid_json),
		T(a_login_stands_under_its_exact_server),
		T(what_the_grammar_refuses_can_still_be_kept),
		T(a_second_user_replaces_the_first),
		T(other_forms_of_the_request_are_kept),
		T(a_huge_secret_is_refused),
		T(a_server_with_control_bytes_is_not_kept),
		T(an_erased_login_is_gone),
		T(a_logout_of_nothing_is_quiet),
		T(a_login_that_stays_is_told),
		T(the_list_joins_logins_and_registries),
		T(every_key_of_the_list_is_answered),
		T(a_login_for_our_registry_is_never_looked_at),
		T(what_a_locked_keyring_hides_is_told),
		T(no_keyring_holds_no_login),
		T(a_locked_login_is_not_the_not_found_text),
		T(an_empty_secret_is_no_login),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("docker_logins", tests, NULL, NULL);
}
