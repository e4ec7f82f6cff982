/* Tests of front/front.c: dropping, comparing and seeing a cached token. */
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
#define PROFILE "url = {endpoint}/token\n"
#define APP "[acme]\nprovider = test\nendpoint = https://api.acme.example\n"

static struct appload_app *app;
static struct why why;

static int
make(void **state)
{
	(void)state;
	fake_start();
	app = app_make(APP, SPAN(PROFILE));
	why = (struct why){ "" };
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	app = appload_app_free(app);
	return 0;
}

static enum rc
drop_token(struct span presented)
{
	return front_drop(&fake_ports, app, TOKEN_FOR_GIT, presented, &why);
}

static void
a_presented_token_is_dropped_if_it_is_the_cached_one(void **state)
{
	(void)state;
	fake_cache(3600, 3600);
	assert_int_equal(drop_token(SPAN("another.token")), RC_OK);
	assert_int_equal(fake.asks, 0);
	assert_int_equal(drop_token(SPAN(FAKE_CACHED)), RC_OK);
	assert_int_equal(fake.verb, WIRE_DROP);
	assert_string_equal(fake.presented, FAKE_CACHED);
	assert_int_equal(fake.drops, 1);
	assert_false(fake.may_prompt);
	/* Gone: nothing to drop, nobody to ask. */
	assert_int_equal(drop_token(SPAN(FAKE_CACHED)), RC_OK);
	assert_int_equal(fake.asks, 1);
}

static void
without_a_secret_whatever_is_cached_is_dropped(void **state)
{
	(void)state;
	fake_cache(3600, 1);
	assert_int_equal(drop_token((struct span){ 0 }), RC_OK);
	assert_int_equal(fake.drops, 1);
	assert_false(fake.has_presented);
}

static void
what_is_no_token_drops_nothing(void **state)
{
	(void)state;
	fake_cache(3600, 3600);
	assert_int_equal(drop_token(SPAN("correct horse")), RC_OK);
	assert_int_equal(drop_token(SPAN("")), RC_OK);
	/* Not even where the cache could not tell. */
	fake.get_rc = RC_LOCKED;
	assert_int_equal(drop_token(SPAN("correct horse")), RC_OK);
	assert_int_equal(fake.asks, 0);
	assert_true(fake.cached);
}

static void
a_cache_that_cannot_be_read_leaves_the_drop_to_the_keeper(void **state)
{
	static const enum rc rows[] = { RC_LOCKED, RC_UNAVAILABLE,
					RC_CACHE_BAD };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake_start();
		fake.get_rc = rows[i];
		assert_int_equal(drop_token(SPAN("abc")), RC_OK);
		assert_int_equal(fake.asks, 1);
		assert_string_equal(fake.presented, "abc");
		fake.locked = true;
		assert_int_equal(drop_token(SPAN("abc")), RC_LOCKED);
		assert_false(fake.any_prompt);
	}
	fake_start();
	fake.get_rc = RC_KEYRING_TIMEOUT;
	assert_int_equal(drop_token(SPAN("abc")), RC_KEYRING_TIMEOUT);
	assert_int_equal(fake.asks, 0);
}

static void
a_token_is_ours_if_it_is_the_cached_one(void **state)
{
	bool ours = false;

	(void)state;
	fake_cache(3600, 3600);
	assert_int_equal(front_is_ours(&fake_ports, app, SPAN(FAKE_CACHED),
				       &ours, &why),
			 RC_OK);
	assert_true(ours);
	assert_int_equal(front_is_ours(&fake_ports, app, SPAN("cached.toke"),
				       &ours, &why),
			 RC_OK);
	assert_false(ours);
	ours = true;
	fake.cached = false;
	assert_int_equal(front_is_ours(&fake_ports, app, SPAN(FAKE_CACHED),
				       &ours, &why),
			 RC_OK);
	assert_false(ours);
	assert_int_equal(fake.asks, 0);
	fake.get_rc = RC_KEYRING_TIMEOUT;
	assert_int_equal(front_is_ours(&fake_ports, app, SPAN("x"), &ours,
				       &why),
			 RC_KEYRING_TIMEOUT);
}

static void
whether_a_token_is_there_needs_no_secret(void **state)
{
	(void)state;
	assert_int_equal(front_has(&fake_ports, app, &why), RC_NOT_FOUND);
	fake_cache(3600, 0);
	assert_int_equal(front_has(&fake_ports, app, &why), RC_OK);
	fake.has_rc = RC_KEYRING_TIMEOUT;
	assert_int_equal(front_has(&fake_ports, app, &why), RC_KEYRING_TIMEOUT);
	assert_int_equal(fake.asks, 0);
	assert_int_equal(fake.reads, 0);
}

static void
the_keeper_tells_what_the_cache_cannot(void **state)
{
	(void)state;
	fake.has_rc = RC_UNAVAILABLE;
	fake.inspected = TOKEN_STALE;
	assert_int_equal(front_has(&fake_ports, app, &why), RC_OK);
	assert_int_equal(fake.verb, WIRE_INSPECT);
	assert_false(fake.any_prompt);
	fake.inspected = TOKEN_NONE;
	assert_int_equal(front_has(&fake_ports, app, &why), RC_NOT_FOUND);
	fake.key_rc = RC_KEY_MISSING;
	assert_int_equal(front_has(&fake_ports, app, &why), RC_NOT_FOUND);
	fake.key_rc = RC_LOCKED;
	fake.key_why = "it is locked";
	assert_int_equal(front_has(&fake_ports, app, &why), RC_LOCKED);
	assert_string_equal(why.text, "it is locked");
	fake.keeper_rc = RC_TIMEOUT;
	assert_int_equal(front_has(&fake_ports, app, &why), RC_TIMEOUT);
}

static void
an_unknown_store_is_the_configurations_fault(void **state)
{
	bool ours = false;

	(void)state;
	fake.no_store = true;
	assert_int_equal(front_has(&fake_ports, app, &why), RC_CONFIG);
	assert_int_equal(drop_token(SPAN("abc")), RC_CONFIG);
	assert_int_equal(front_is_ours(&fake_ports, app, SPAN("abc"), &ours,
				       &why),
			 RC_CONFIG);
	assert_int_equal(fake.asks, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_presented_token_is_dropped_if_it_is_the_cached_one),
		TEST(without_a_secret_whatever_is_cached_is_dropped),
		TEST(what_is_no_token_drops_nothing),
		TEST(a_cache_that_cannot_be_read_leaves_the_drop_to_the_keeper),
		TEST(a_token_is_ours_if_it_is_the_cached_one),
		TEST(whether_a_token_is_there_needs_no_secret),
		TEST(the_keeper_tells_what_the_cache_cannot),
		TEST(an_unknown_store_is_the_configurations_fault),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
