/* Tests of front/front.c: what the cache answers, and what the keeper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/app.h"
#include "tests/support/fake_front.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PROFILE "url = {endpoint}/token\nusername = profile-user\n"
#define APP "[acme]\nprovider = test\nendpoint = https://api.acme.example\n"

static struct appload_app *app;
static struct front_token token;
static struct why why;

static void
use(const char *conf, const char *profile)
{
	appload_app_free(app);
	app = app_make(conf, span_of(profile));
}

static int
make(void **state)
{
	(void)state;
	fake_start();
	use(APP, PROFILE);
	token = (struct front_token){ 0 };
	why = (struct why){ "" };
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	front_token_clear(&token);
	app = appload_app_free(app);
	return 0;
}

static enum rc
get(const struct front_ask *ask)
{
	front_token_clear(&token);
	token = (struct front_token){ 0 };
	return front_get(&fake_ports, app, ask, &token, &why);
}

static enum rc
get_for(enum token_caller caller)
{
	const struct front_ask ask = { .caller = caller };

	return get(&ask);
}

static void
assert_cached(int64_t left_s)
{
	assert_true(span_is(token.token, FAKE_CACHED));
	assert_true(span_is(token.serial, FAKE_SERIAL));
	assert_true(span_is(token.username, "profile-user"));
	assert_int_equal(token.left_s, left_s);
	assert_false(token.minted);
	assert_string_equal(token.warning.text, "");
	assert_int_equal(fake.asks, 0);
}

static void
assert_minted(void)
{
	assert_true(span_is(token.token, "minted.1"));
	assert_true(span_is(token.serial, FAKE_MINTED_SERIAL));
	assert_true(span_is(token.username, "profile-user"));
	assert_int_equal(token.left_s, token.life_s);
	assert_true(token.minted);
	assert_int_equal(fake.asks, 1);
	assert_int_equal(fake.verb, WIRE_TOKEN);
	assert_string_equal(fake.app, "acme");
	assert_int_equal(fake.key_fd, -1);
	assert_int_equal(fake.refreshes, 0);
}

static void
a_fresh_token_is_answered_without_the_keeper(void **state)
{
	(void)state;
	fake_cache(3600, 3000);
	assert_int_equal(get_for(TOKEN_FOR_GIT), RC_OK);
	assert_cached(3000);
	assert_int_equal(token.life_s, 3600);
	assert_true(token.expiry_known);
	assert_int_equal(fake.refreshes, 0);
	assert_int_equal(fake.peeks, 0);
	assert_string_equal(fake.variables,
			    "endpoint=https://api.acme.example");
	assert_int_equal(fake.deadline_ms, FAKE_MONO_MS + 5000);
}

static void
a_due_token_is_answered_and_renewed_behind(void **state)
{
	(void)state;
	fake_cache(3600, 899);
	assert_int_equal(get_for(TOKEN_FOR_GIT), RC_OK);
	assert_cached(899);
	assert_int_equal(fake.refreshes, 1);
	assert_int_equal(fake.refresh.verb, WIRE_REFRESH);
	assert_int_equal(fake.refresh.caller, TOKEN_FOR_GIT);
	assert_string_equal(fake.refresh_app, "acme");
	assert_false(fake.refresh.may_prompt);
	assert_false(fake.refresh.force);
	/* One second earlier nobody is troubled. */
	fake_start();
	fake_cache(3600, 900);
	assert_int_equal(get_for(TOKEN_FOR_GIT), RC_OK);
	assert_int_equal(fake.refreshes, 0);
}

static void
a_stale_or_absent_token_is_the_keepers(void **state)
{
	(void)state;
	fake_cache(3600, 59);
	assert_int_equal(get_for(TOKEN_FOR_GIT), RC_OK);
	assert_minted();
	assert_int_equal(fake.caller, TOKEN_FOR_GIT);
	assert_int_equal(fake.min_life_s, 0);
	assert_false(fake.force);
	fake_start();
	assert_int_equal(get_for(TOKEN_FOR_COMMAND), RC_OK);
	assert_minted();
	assert_int_equal(fake.caller, TOKEN_FOR_COMMAND);
	assert_int_equal(fake.wait_ms, 20000);
}

static void
docker_gets_300_seconds_or_half_of_the_life(void **state)
{
	static const struct {
		int64_t life_s, least_s;
	} rows[] = { { 3600, 300 }, { 86400, 300 }, { 600, 300 },
		     { 400, 200 },  { 60, 30 },	    { 61, 30 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake_start();
		fake_cache(rows[i].life_s, rows[i].least_s);
		assert_int_equal(get_for(TOKEN_FOR_DOCKER), RC_OK);
		assert_cached(rows[i].least_s);
		assert_int_equal(fake.refreshes, 1);
		fake_start();
		fake_cache(rows[i].life_s, rows[i].least_s - 1);
		assert_int_equal(get_for(TOKEN_FOR_DOCKER), RC_OK);
		assert_minted();
	}
}

static void
the_profile_can_ask_for_more_life(void **state)
{
	(void)state;
	use(APP, PROFILE "min-ttl = 225\n");
	fake_cache(3600, 225);
	assert_int_equal(get_for(TOKEN_FOR_GIT), RC_OK);
	assert_cached(225);
	fake_start();
	fake_cache(3600, 224);
	assert_int_equal(get_for(TOKEN_FOR_GIT), RC_OK);
	assert_int_equal(fake.asks, 1);
}

static void
the_caller_can_ask_for_more_life(void **state)
{
	const struct front_ask ask = { .caller = TOKEN_FOR_COMMAND,
				       .min_life_s = 2000 };

	(void)state;
	fake_cache(3600, 2000);
	assert_int_equal(get(&ask), RC_OK);
	assert_cached(2000);
	fake_start();
	fake_cache(3600, 1999);
	assert_int_equal(get(&ask), RC_OK);
	assert_int_equal(fake.asks, 1);
	assert_int_equal(fake.min_life_s, 2000);
}

static void
what_the_cache_cannot_read_is_the_keepers(void **state)
{
	static const enum rc rows[] = { RC_NOT_FOUND, RC_LOCKED, RC_UNAVAILABLE,
					RC_CACHE_BAD, RC_INTERNAL };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake_start();
		fake.get_rc = rows[i];
		assert_int_equal(get_for(TOKEN_FOR_GIT), RC_OK);
		assert_minted();
	}
}

static void
a_time_out_of_the_keyring_ends_the_call(void **state)
{
	(void)state;
	fake.get_rc = RC_KEYRING_TIMEOUT;
	assert_int_equal(get_for(TOKEN_FOR_GIT), RC_KEYRING_TIMEOUT);
	assert_string_equal(why.text, "the cache says no");
	assert_int_equal(fake.asks, 0);
	assert_null(token.room);
	assert_null(token.cached);
}

static void
an_unknown_store_is_the_configurations_fault(void **state)
{
	(void)state;
	use(APP "cache = kernel\n", PROFILE);
	assert_int_equal(get_for(TOKEN_FOR_GIT), RC_CONFIG);
	assert_string_equal(why.text,
			    "'/etc/test/config' line 4: unknown 'cache' in "
			    "[acme]; use 'keyring' or 'none'");
	assert_int_equal(fake.asks, 0);
}

static void
the_keepers_failure_is_passed_on(void **state)
{
	static const enum rc rows[] = { RC_KEY_MISSING, RC_REFUSED, RC_NET,
					RC_TIMEOUT,	RC_BUSY,    RC_CLOCK };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake.keeper_rc = rows[i];
		assert_int_equal(get_for(TOKEN_FOR_GIT), rows[i]);
		assert_string_equal(why.text, "the cause; the next step");
		assert_null(token.room);
	}
	fake_start();
	fake.without_token = true;
	assert_int_equal(get_for(TOKEN_FOR_GIT), RC_INTERNAL);
	assert_null(token.room);
}

static void
a_warning_of_the_keeper_arrives(void **state)
{
	(void)state;
	fake.warning = "a word";
	assert_int_equal(get_for(TOKEN_FOR_GIT), RC_OK);
	assert_string_equal(token.warning.text, "a word");
}

static void
after_a_failed_refresh_the_next_one_waits_a_minute(void **state)
{
	static const struct {
		int64_t ago_ms;
		unsigned refreshes;
	} rows[] = {
		{ 0, 0 }, { 1, 0 }, { 59999, 0 }, { 60000, 1 }, { 3600000, 1 }
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake_start();
		fake_cache(3600, 500);
		fake.refresh_failed_ms = FAKE_BOOT_MS - rows[i].ago_ms;
		assert_int_equal(get_for(TOKEN_FOR_GIT), RC_OK);
		assert_cached(500);
		assert_int_equal(fake.refreshes, rows[i].refreshes);
	}
}

static void
a_refused_token_is_not_answered_again(void **state)
{
	struct front_ask ask = { .caller = TOKEN_FOR_GIT,
				 .refused = SPAN(FAKE_SERIAL) };

	(void)state;
	fake_cache(3600, 3600);
	assert_int_equal(get(&ask), RC_OK);
	assert_minted();
	assert_string_equal(fake.refused, FAKE_SERIAL);
	/* Due as well: no refresh besides. */
	fake_start();
	fake_cache(3600, 500);
	assert_int_equal(get(&ask), RC_OK);
	assert_minted();
	/* Another one is in the cache by now. */
	fake_start();
	fake_cache(3600, 3600);
	ask.refused = SPAN("ffffffffffffffff");
	assert_int_equal(get(&ask), RC_OK);
	assert_cached(3600);
}

static void
force_does_not_even_look(void **state)
{
	const struct front_ask ask = { .caller = TOKEN_FOR_COMMAND,
				       .force = true };

	(void)state;
	fake_cache(3600, 3600);
	assert_int_equal(get(&ask), RC_OK);
	assert_minted();
	assert_true(fake.force);
	assert_int_equal(fake.reads, 0);
}

static bool wish;
static unsigned wishes;

static bool
tell_wish(void *self)
{
	assert_ptr_equal(self, &wish);
	wishes++;
	return wish;
}

static void
a_prompt_needs_everybodys_consent(void **state)
{
	static const char never[] = APP "unlock = never\n";
	static const struct {
		const char *conf;
		bool may, has_wish, wish;
		unsigned asks;
	} rows[] = {
		{ APP, true, false, false, 2 },
		{ APP, true, true, true, 2 },
		{ APP, true, true, false, 1 },
		{ APP, false, true, true, 1 },
		{ never, true, true, true, 1 },
		{ never, true, false, false, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct front_ask ask = {
			.caller = TOKEN_FOR_GIT,
			.may_prompt = rows[i].may,
			.prompt_is_welcome = rows[i].has_wish ? tell_wish
							      : NULL,
			.self = &wish,
		};

		fake_start();
		use(rows[i].conf, PROFILE);
		fake.locked = true;
		wish = rows[i].wish;
		assert_int_equal(get(&ask),
				 rows[i].asks == 2 ? RC_OK : RC_LOCKED);
		assert_int_equal(fake.asks, rows[i].asks);
		assert_int_equal(fake.any_prompt, rows[i].asks == 2);
		if (rows[i].asks == 2)
			assert_int_equal(fake.wait_ms, 20000 + 2 * 120000);
	}
}

static void
an_open_keyring_raises_no_question(void **state)
{
	const struct front_ask ask = { .caller = TOKEN_FOR_GIT,
				       .may_prompt = true,
				       .prompt_is_welcome = tell_wish,
				       .self = &wish };

	(void)state;
	wishes = 0;
	assert_int_equal(get(&ask), RC_OK);
	assert_minted();
	assert_false(fake.any_prompt);
	assert_int_equal(wishes, 0);
}

static void
the_wait_is_the_timeout_and_five_seconds(void **state)
{
	(void)state;
	assert_int_equal(front_wait_ms(app->app, false), 20000);
	use(APP "timeout = 1\n", PROFILE);
	assert_int_equal(front_wait_ms(app->app, false), 6000);
	assert_int_equal(front_wait_ms(app->app, true), 6000 + 2 * 120000);
}

static void
the_username_is_the_apps_before_the_profiles(void **state)
{
	(void)state;
	use(APP "username = bot\n", PROFILE);
	fake_cache(3600, 3600);
	assert_int_equal(get_for(TOKEN_FOR_GIT), RC_OK);
	assert_true(span_is(token.username, "bot"));
	fake.cached = false;
	assert_int_equal(get_for(TOKEN_FOR_GIT), RC_OK);
	assert_true(span_is(token.username, "bot"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fresh_token_is_answered_without_the_keeper),
		TEST(a_due_token_is_answered_and_renewed_behind),
		TEST(a_stale_or_absent_token_is_the_keepers),
		TEST(docker_gets_300_seconds_or_half_of_the_life),
		TEST(the_profile_can_ask_for_more_life),
		TEST(the_caller_can_ask_for_more_life),
		TEST(what_the_cache_cannot_read_is_the_keepers),
		TEST(a_time_out_of_the_keyring_ends_the_call),
		TEST(an_unknown_store_is_the_configurations_fault),
		TEST(the_keepers_failure_is_passed_on),
		TEST(a_warning_of_the_keeper_arrives),
		TEST(after_a_failed_refresh_the_next_one_waits_a_minute),
		TEST(a_refused_token_is_not_answered_again),
		TEST(force_does_not_even_look),
		TEST(a_prompt_needs_everybodys_consent),
		TEST(an_open_keyring_raises_no_question),
		TEST(the_wait_is_the_timeout_and_five_seconds),
		TEST(the_username_is_the_apps_before_the_profiles),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
