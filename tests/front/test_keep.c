/* Tests of front/keep.c: kept logins, read fast or by the keeper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "front/keep.h"
#include "tests/support/kept_logins.h"

#include "core/banned.h"

#define WAIT_MS (LOCK_WAIT_MS + CALL_EXTRA_MS)

static struct keep_found found;
static struct why why;

static const struct login docker_login = { .kind = LOGIN_DOCKER,
					   .server = { "reg.b.example", 13 },
					   .user = { "u", 1 },
					   .password = { "p w\"", 4 } };
static const struct login git_login = { .kind = LOGIN_GIT,
					.protocol = { "https", 5 },
					.server = { "git.b.example", 13 },
					.user = { "u", 1 },
					.password = { "pw", 2 },
					.expiry = { "1800000000", 10 },
					.refresh = { "again", 5 } };

static int
make(void **state)
{
	found = (struct keep_found){ 0 };
	why = (struct why){ "" };
	return kept_make(state);
}

static int
drop(void **state)
{
	keep_found_clear(&found);
	return kept_drop(state);
}

static enum rc
get_login(const struct login *l, bool may_prompt)
{
	const struct front_ask ask = { .caller = TOKEN_FOR_DOCKER,
				       .may_prompt = may_prompt };

	keep_found_clear(&found);
	return keep_get(&kept_ports, l, &ask, &found, &why);
}

static void
a_kept_login_is_read_without_the_keeper(void **state)
{
	(void)state;
	kept_put(&docker_login, docker_login.password);

	assert_int_equal(get_login(&docker_login, false), RC_OK);

	assert_true(span_is(found.login.user, "u"));
	assert_true(span_is(found.login.password, "p w\""));
	assert_int_equal(kept.calls, 0);
	assert_int_equal(kept.deadline_ms, KEPT_MONO_MS + KEYRING_CALL_MS);
}

static void
the_keeper_reads_what_the_fast_way_cannot(void **state)
{
	static const enum rc odd[] = { RC_UNAVAILABLE, RC_LOCKED,
				       RC_TOO_LARGE };

	(void)state;
	for (size_t i = 0; i < COUNT(odd); i++) {
		kept.calls = 0;
		kept_put(&git_login, SPAN("pw\npassword_expiry_utc=1800000000"
					  "\noauth_refresh_token=again"));
		kept.find_rc = odd[i];
		assert_int_equal(get_login(&git_login, false), RC_OK);
		assert_true(span_is(found.login.user, "u"));
		assert_true(span_is(found.login.password, "pw"));
		assert_true(span_is(found.login.expiry, "1800000000"));
		assert_true(span_is(found.login.refresh, "again"));
		assert_int_equal(kept.calls, 1);
		assert_int_equal(kept.call[0].verb, WIRE_LOGIN_GET);
		assert_int_equal(kept.call[0].wait_ms, WAIT_MS);
	}
}

static void
no_keyring_holds_no_login(void **state)
{
	(void)state;
	assert_int_equal(get_login(&docker_login, false), RC_NOT_FOUND);
	assert_int_equal(kept.calls, 0);
	kept.find_rc = RC_UNAVAILABLE;
	kept.keeper_rc[0] = RC_UNAVAILABLE;
	assert_int_equal(get_login(&docker_login, false), RC_NOT_FOUND);
	kept.find_rc = RC_KEYRING_TIMEOUT;
	assert_int_equal(get_login(&docker_login, false), RC_KEYRING_TIMEOUT);
	assert_int_equal(kept.calls, 1);
	assert_null(found.room);
}

static void
a_locked_login_prompts_only_where_allowed(void **state)
{
	(void)state;
	kept_put(&docker_login, docker_login.password);
	kept.find_rc = RC_LOCKED;
	kept.keeper_rc[0] = RC_LOCKED;
	kept.keeper_rc[1] = RC_LOCKED;
	assert_int_equal(get_login(&docker_login, false), RC_LOCKED);
	assert_int_equal(kept.calls, 1);
	assert_int_equal(get_login(&docker_login, true), RC_OK);
	assert_int_equal(kept.calls, 3);
	assert_false(kept.call[1].may_prompt);
	assert_true(kept.call[2].may_prompt);
	assert_int_equal(kept.call[2].wait_ms, WAIT_MS + 2 * PROMPT_MS);
}

static void
a_login_goes_to_the_keeper_with_its_secrets(void **state)
{
	const struct front_ask ask = { .caller = TOKEN_FOR_GIT };

	(void)state;
	assert_int_equal(keep_put(&kept_ports, &git_login, &ask, &why), RC_OK);

	assert_int_equal(kept.calls, 1);
	assert_int_equal(kept.call[0].verb, WIRE_LOGIN_STORE);
	assert_int_equal(kept_count(), 1);
	assert_true(span_is(kept_secret(&kept.rows[0]),
			    "pw\npassword_expiry_utc=1800000000\n"
			    "oauth_refresh_token=again"));
}

static void
a_missing_keyring_keeps_no_login(void **state)
{
	(void)state;
	kept.keeper_rc[0] = RC_UNAVAILABLE;
	assert_int_equal(keep_put(&kept_ports, &docker_login, NULL, &why),
			 RC_UNAVAILABLE);
	assert_string_equal(why.text, "the cause; the next step");
}

static void
a_login_that_is_too_large_is_not_sent(void **state)
{
	static char big[LOGIN_SECRET_MAX + 1];
	struct login l = docker_login;

	(void)state;
	memset(big, 'x', sizeof(big));
	l.password = (struct span){ big, sizeof(big) };
	assert_int_equal(keep_put(&kept_ports, &l, NULL, &why), RC_BAD_REQUEST);
	l = git_login;
	l.password = SPAN("a\nb");
	assert_int_equal(keep_put(&kept_ports, &l, NULL, &why), RC_BAD_REQUEST);
	assert_int_equal(kept.calls, 0);
}

static void
erasing_nothing_does_not_start_the_keeper(void **state)
{
	(void)state;
	assert_int_equal(keep_erase(&kept_ports, &docker_login, &why), RC_OK);
	assert_int_equal(kept.calls, 0);
	kept.find_rc = RC_KEYRING_TIMEOUT;
	assert_int_equal(keep_erase(&kept_ports, &docker_login, &why),
			 RC_KEYRING_TIMEOUT);
	assert_int_equal(kept.calls, 0);
}

static void
only_the_presented_login_is_erased(void **state)
{
	struct login l = git_login;

	(void)state;
	kept_put(&git_login, SPAN("pw"));
	l.password = SPAN("other");
	assert_int_equal(keep_erase(&kept_ports, &l, &why), RC_OK);
	assert_int_equal(kept_count(), 1);
	l.password = SPAN("pw");
	l.expiry = l.refresh = (struct span){ 0 };
	assert_int_equal(keep_erase(&kept_ports, &l, &why), RC_OK);
	assert_int_equal(kept_count(), 0);
	assert_int_equal(kept.call[1].verb, WIRE_LOGIN_ERASE);
}

static void
an_erase_never_prompts(void **state)
{
	(void)state;
	kept_put(&docker_login, docker_login.password);
	kept.keeper_rc[0] = RC_LOCKED;
	assert_int_equal(keep_erase(&kept_ports, &docker_login, &why),
			 RC_LOCKED);
	assert_int_equal(kept.calls, 1);
	assert_false(kept.call[0].may_prompt);
}

static void
note_entry(void *self, struct span server, struct span user)
{
	struct safebuf *out = self;

	safebuf_put(out, server);
	safebuf_putc(out, ' ');
	safebuf_put(out, user);
	safebuf_putc(out, '\n');
}

static void
the_list_is_the_same_both_ways(void **state)
{
	const enum rc ways[] = { RC_OK, RC_UNAVAILABLE, RC_TOO_LARGE };
	struct login odd = docker_login;

	(void)state;
	odd.server = SPAN("a\"b\\c.example");
	odd.user = SPAN("\xc3\xa9");
	kept_put(&docker_login, SPAN("x"));
	kept_put(&odd, SPAN("y"));
	kept.hidden = 3;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct safebuf *out = NULL;
		size_t hidden = 0;

		assert_int_equal(safebuf_new(1024, &out), RC_OK);
		kept.list_rc = ways[i];
		assert_int_equal(keep_list(&kept_ports, note_entry, out,
					   &hidden, &why),
				 RC_OK);
		assert_true(span_is(safebuf_view(out),
				    "reg.b.example u\na\"b\\c.example \xc3\xa9"
				    "\n"));
		assert_int_equal(hidden, 3);
		assert_int_equal(kept.calls, i);
		safebuf_free(out);
	}
	assert_int_equal(kept.call[0].verb, WIRE_LOGIN_LIST);
}

static void
a_list_that_cannot_be_read_says_so(void **state)
{
	size_t hidden = 0;

	(void)state;
	kept.list_rc = RC_KEYRING_TIMEOUT;
	assert_int_equal(keep_list(&kept_ports, note_entry, NULL, &hidden,
				   &why),
			 RC_KEYRING_TIMEOUT);
	kept.list_rc = RC_UNAVAILABLE;
	kept.keeper_rc[0] = RC_UNAVAILABLE;
	assert_int_equal(keep_list(&kept_ports, note_entry, NULL, &hidden,
				   &why),
			 RC_UNAVAILABLE);
	assert_int_equal(kept.calls, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_kept_login_is_read_without_the_keeper),
		T(the_keeper_reads_what_the_fast_way_cannot),
		T(no_keyring_holds_no_login),
		T(a_locked_login_prompts_only_where_allowed),
		T(a_login_goes_to_the_keeper_with_its_secrets),
		T(a_missing_keyring_keeps_no_login),
		T(a_login_that_is_too_large_is_not_sent),
		T(erasing_nothing_does_not_start_the_keeper),
		T(only_the_presented_login_is_erased),
		T(an_erase_never_prompts),
		T(the_list_is_the_same_both_ways),
		T(a_list_that_cannot_be_read_says_so),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("keep", tests, NULL, NULL);
}
