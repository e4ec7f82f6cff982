/* Tests of keeper/exchange.c: attempts, pauses, the budget over all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/fake_http.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HELD_MARK 77
#define PROFILE                                                                \
	"url = {endpoint}/token\nclaim.jti = string {uuid}\njwt-backdate = 0\n"
#define APP "[acme]\nprovider = test\nendpoint = https://api.acme.example/v3\n"
#define BUSY_500 "'https://api.acme.example' answered 500; try again later"

static struct exchange_result result;
static int64_t hold_s;
static struct why why;

static enum rc
run_app(const char *conf, const char *profile, const struct fake_step *steps,
	size_t count)
{
	struct appload_app *a = app_make(conf, span_of(profile));
	bool most = fake.draw_most;
	enum rc sign_rc = fake.sign_rc;
	enum rc rc;

	fake_start(steps, count);
	fake.draw_most = most;
	fake.sign_rc = sign_rc;
	exchange_result_clear(&result);
	result = (struct exchange_result){ 0 };
	hold_s = HELD_MARK;
	why = (struct why){ "" };
	rc = exchange_run(a, &fake_ports, &result, &hold_s, &why);
	/* On failure nothing is given, on success no hold. */
	if (rc != RC_OK)
		assert_null(result.token);
	if (rc != RC_BUSY)
		assert_int_equal(hold_s, HELD_MARK);
	appload_app_free(a);
	return rc;
}

static enum rc
run(const struct fake_step *steps, size_t count)
{
	return run_app(APP, PROFILE, steps, count);
}

static int
make(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	exchange_result_clear(&result);
	return 0;
}

static void
assert_token(void)
{
	assert_true(span_is(safebuf_view(result.token), "tok.en"));
	assert_true(result.expiry_known);
	assert_true(result.may_cache);
	assert_int_equal(result.life_s, 600);
}

static void
a_good_answer_ends_it(void **state)
{
	static const int statuses[] = { 200, 201, 202, 299 };

	(void)state;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		const struct fake_step steps[] = { { .status = statuses[i] } };

		assert_int_equal(run(steps, 1), RC_OK);
		assert_token();
		assert_int_equal(result.clock_off_s, 0);
		assert_int_equal(fake.posts, 1);
		assert_int_equal(fake.sleeps, 0);
		assert_int_equal(fake.post[0].budget_ms, 15000);
		assert_false(fake.post[0].allow_http);
		assert_string_equal(fake.post[0].url,
				    "https://api.acme.example/v3/token");
	}
}

static void
http_is_allowed_for_a_loopback_endpoint_only(void **state)
{
	static const struct fake_step steps[] = { { 0 } };

	(void)state;
	assert_int_equal(run_app("[acme]\nprovider = test\n"
				 "endpoint = http://127.0.0.1:8080\n",
				 PROFILE, steps, 1),
			 RC_OK);
	assert_true(fake.post[0].allow_http);
	assert_int_equal(run_app("[acme]\nprovider = test\n"
				 "endpoint = https://127.0.0.1:8080\n",
				 PROFILE, steps, 1),
			 RC_OK);
	assert_false(fake.post[0].allow_http);
}

static void
a_flaky_endpoint_is_tried_again(void **state)
{
	static const int statuses[] = { 408, 429, 500, 502, 503, 504, 599 };

	(void)state;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		const struct fake_step once[] = { { .status = statuses[i] },
						  { 0 } };
		const struct fake_step twice[] = { { .status = statuses[i] },
						   { .status = statuses[i] },
						   { 0 } };

		assert_int_equal(run(once, 2), RC_OK);
		assert_token();
		assert_int_equal(fake.posts, 2);
		assert_int_equal(run(twice, 3), RC_OK);
		assert_token();
		assert_int_equal(fake.posts, 3);
	}
}

static void
three_failures_are_enough(void **state)
{
	static const struct fake_step steps[] = { { .status = 500 } };

	(void)state;
	assert_int_equal(run(steps, 1), RC_BUSY);
	assert_int_equal(fake.posts, 3);
	assert_int_equal(hold_s, 0);
	assert_string_equal(why.text, BUSY_500);
}

static void
pauses_are_drawn_below_half_a_second_then_below_one(void **state)
{
	static const struct fake_step steps[] = { { .status = 500 } };

	(void)state;
	for (int most = 0; most < 2; most++) {
		fake.draw_most = most == 1;
		assert_int_equal(run(steps, 1), RC_BUSY);
		assert_int_equal(fake.draws, 2);
		assert_int_equal(fake.limits[0], 500);
		assert_int_equal(fake.limits[1], 1000);
		assert_int_equal(fake.sleeps, 2);
		assert_int_equal(fake.slept_ms[0], most * 499);
		assert_int_equal(fake.slept_ms[1], most * 999);
	}
}

static void
only_a_failure_to_connect_is_tried_again(void **state)
{
	static const struct fake_step connect[] = { { .rc = RC_NET,
						      .again = true } };
	static const enum rc final[] = { RC_NET, RC_TLS, RC_TIMEOUT,
					 RC_BAD_ANSWER, RC_INTERNAL };

	(void)state;
	assert_int_equal(run(connect, 1), RC_NET);
	assert_int_equal(fake.posts, 3);
	assert_int_equal(fake.sleeps, 2);
	assert_string_equal(why.text, "no connection; check the network");
	for (size_t i = 0; i < COUNT(final); i++) {
		const struct fake_step steps[] = { { .rc = final[i] } };

		assert_int_equal(run(steps, 1), final[i]);
		assert_int_equal(fake.posts, 1);
		assert_int_equal(fake.sleeps, 0);
	}
}

static void
the_last_cause_is_the_one_that_is_told(void **state)
{
	static const struct fake_step steps[] = { { .rc = RC_NET,
						    .again = true },
						  { .status = 503 },
						  { .status = 401 } };

	(void)state;
	assert_int_equal(run(steps, 3), RC_REFUSED);
	assert_int_equal(fake.posts, 3);
	assert_non_null(strstr(why.text, "answered 401"));
}

static void
redirects_and_refusals_are_final(void **state)
{
	static const struct {
		int status;
		const char *next;
	} rows[] = {
		{ 301, "redirects are not followed: correct 'endpoint'" },
		{ 302, "redirects are not followed: correct 'endpoint'" },
		{ 303, "redirects are not followed: correct 'endpoint'" },
		{ 307, "redirects are not followed: correct 'endpoint'" },
		{ 308, "redirects are not followed: correct 'endpoint'" },
		{ 400, "the key belongs to this app" },
		{ 401, "the key belongs to this app" },
		{ 403, "the key belongs to this app" },
		{ 404, "check 'endpoint' and the ids of the app" },
		{ 405, "the key belongs to this app" },
		{ 410, "the key belongs to this app" },
		{ 418, "the key belongs to this app" },
		{ 451, "the key belongs to this app" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fake_step steps[] = {
			{ .status = rows[i].status,
			  .body = "{\"message\":\"no\\u001b[1m way\"}" }
		};
		char begin[64];

		assert_int_equal(run(steps, 1), RC_REFUSED);
		assert_int_equal(fake.posts, 1);
		snprintf(begin, sizeof(begin),
			 "'https://api.acme.example' answered %d: no [1m way; ",
			 rows[i].status);
		assert_int_equal(strncmp(why.text, begin, strlen(begin)), 0);
		assert_non_null(strstr(why.text, rows[i].next));
	}
}

/* The first answer names a wait; what follows is good. */
static enum rc
run_retry_after(int status, int64_t wait_s)
{
	const struct fake_step steps[] = { { .status = status,
					     .has_retry_after = true,
					     .retry_after_s = wait_s },
					   { 0 } };

	return run(steps, 2);
}

static void
a_short_retry_after_is_waited_for(void **state)
{
	static const int64_t waits_s[] = { 0, 1, 2, 5 };

	(void)state;
	for (size_t i = 0; i < COUNT(waits_s); i++) {
		for (int status = 429; status <= 503; status += 503 - 429) {
			assert_int_equal(run_retry_after(status, waits_s[i]),
					 RC_OK);
			assert_int_equal(fake.posts, 2);
			assert_int_equal(fake.draws, 0);
			assert_int_equal(fake.sleeps, 1);
			assert_int_equal(fake.slept_ms[0], waits_s[i] * 1000);
		}
	}
}

static void
a_long_retry_after_ends_the_call_and_names_the_wait(void **state)
{
	static const int64_t waits_s[] = { 6, 3600, 1000000000 };

	(void)state;
	for (size_t i = 0; i < COUNT(waits_s); i++) {
		char want[128];

		assert_int_equal(run_retry_after(429, waits_s[i]), RC_BUSY);
		assert_int_equal(fake.posts, 1);
		assert_int_equal(fake.sleeps, 0);
		assert_int_equal(hold_s, waits_s[i]);
		snprintf(want, sizeof(want),
			 "'https://api.acme.example' answered 429; try again "
			 "in %lld s",
			 (long long)waits_s[i]);
		assert_string_equal(why.text, want);
		assert_int_equal(run_retry_after(503, waits_s[i]), RC_BUSY);
		assert_int_equal(hold_s, waits_s[i]);
	}
}

static void
an_odd_retry_after_is_none(void **state)
{
	(void)state;
	fake.draw_most = true;
	assert_int_equal(run_retry_after(429, -1), RC_OK);
	assert_int_equal(fake.slept_ms[0], 499);
}

static void
a_retry_after_beyond_the_budget_is_not_waited_for(void **state)
{
	static const struct fake_step steps[] = {
		{ .status = 429, .has_retry_after = true, .retry_after_s = 3 },
		{ 0 }
	};
	static const struct fake_step once_more[] = {
		{ .status = 503 },
		{ .status = 503, .has_retry_after = true, .retry_after_s = 3 },
		{ 0 }
	};

	(void)state;
	assert_int_equal(run_app(APP "timeout = 3\n", PROFILE, steps, 2),
			 RC_BUSY);
	assert_int_equal(fake.posts, 1);
	assert_int_equal(fake.sleeps, 0);
	assert_int_equal(hold_s, 3);
	assert_non_null(strstr(why.text, "; try again in 3 s"));
	assert_int_equal(run_app(APP "timeout = 4\n", PROFILE, steps, 2),
			 RC_OK);
	assert_int_equal(run_app(APP "timeout = 3\n", PROFILE, once_more, 3),
			 RC_BUSY);
	assert_int_equal(fake.posts, 2);
	assert_int_equal(hold_s, 3);
}

static void
a_wait_named_by_the_last_answer_is_told(void **state)
{
	static const struct fake_step steps[] = {
		{ .status = 429, .has_retry_after = true, .retry_after_s = 5 }
	};

	(void)state;
	assert_int_equal(run(steps, 1), RC_BUSY);
	assert_int_equal(fake.posts, 3);
	assert_int_equal(hold_s, 0);
	assert_string_equal(why.text, "'https://api.acme.example' answered "
				      "429; try again in 5 s");
}

static void
other_answers_do_not_wait_for_retry_after(void **state)
{
	static const struct fake_step steps[] = {
		{ .status = 403, .has_retry_after = true, .retry_after_s = 1 },
		{ 0 }
	};

	(void)state;
	assert_int_equal(run(steps, 2), RC_REFUSED);
	assert_int_equal(fake.posts, 1);
}

static void
every_attempt_signs_anew(void **state)
{
	static const struct fake_step steps[] = { { .status = 500,
						    .takes_ms = 2000 } };

	(void)state;
	assert_int_equal(run(steps, 1), RC_BUSY);
	assert_int_equal(fake.signs, 3);
	for (int i = 0; i < 3; i++) {
		char want[256];

		snprintf(want, sizeof(want),
			 "{\"jti\":\"%08d-2222-4333-8444-555555555555\","
			 "\"iat\":%lld,\"exp\":%lld}",
			 i + 1, (long long)(FAKE_WALL + 1000 + 2 * i),
			 (long long)(FAKE_WALL + 1000 + 2 * i + 600));
		assert_string_equal(fake.post[i].claims, want);
	}
}

static void
each_attempt_gets_what_is_left_of_the_budget(void **state)
{
	static const struct fake_step steps[] = { { .status = 500,
						    .takes_ms = 4000 } };

	(void)state;
	fake.draw_most = true;
	assert_int_equal(run(steps, 1), RC_BUSY);
	assert_int_equal(fake.posts, 3);
	assert_int_equal(fake.post[0].budget_ms, 15000);
	assert_int_equal(fake.post[1].budget_ms, 15000 - 4499);
	assert_int_equal(fake.post[2].budget_ms, 15000 - 9498);
	assert_int_equal(run_app(APP "timeout = 4\n", PROFILE, steps, 1),
			 RC_TIMEOUT);
	assert_int_equal(fake.posts, 1);
	assert_int_equal(fake.post[0].budget_ms, 4000);
}

static void
nothing_ever_passes_the_budget_or_four_tries(void **state)
{
	uint32_t seed = 12345;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		static const int statuses[] = { 200, 400, 401, 429,
						500, 503, 302, 408 };
		struct fake_step steps[6] = { 0 };
		char conf[160];
		int timeout_s;

		for (size_t i = 0; i < COUNT(steps); i++) {
			seed = seed * 1664525 + 1013904223;
			steps[i].status = statuses[seed >> 29];
			steps[i].takes_ms = (seed >> 12) % 6000;
			steps[i].date_off_s =
				(int64_t)((seed >> 7) % 200) - 100;
			steps[i].has_retry_after = (seed & 0x40) != 0;
			steps[i].retry_after_s = (seed >> 9) % 8;
			if ((seed & 0x700) == 0)
				steps[i].rc = RC_NET;
			steps[i].again = (seed & 0x800) != 0;
		}
		timeout_s = 1 + (int)(seed >> 16) % 20;
		snprintf(conf, sizeof(conf), APP "timeout = %d\n", timeout_s);
		fake.draw_most = round % 2 == 0;
		(void)!run_app(conf, PROFILE, steps, COUNT(steps));
		assert_true(fake.posts <= 4);
		assert_true(fake.posts >= 1);
		assert_true(fake.mono_ms - 1000000 <= timeout_s * 1000);
	}
}

static void
a_key_that_cannot_sign_connects_nowhere(void **state)
{
	static const struct fake_step steps[] = { { 0 } };

	(void)state;
	fake.sign_rc = RC_LOCKED;
	assert_int_equal(run(steps, 1), RC_LOCKED);
	assert_string_equal(why.text, "the keyring is locked");
	assert_int_equal(fake.posts, 0);
}

static void
no_message_repeats_the_jwt(void **state)
{
	static const struct fake_step steps[] = { { .status = 400,
						    .body = "JWT" } };
	char piece[33];

	(void)state;
	assert_int_equal(run(steps, 1), RC_REFUSED);
	assert_non_null(strstr(why.text, "answered 400: bad "));
	for (size_t i = 0; i + 32 < strlen(fake.post[0].jwt); i++) {
		memcpy(piece, fake.post[0].jwt + i, 32);
		piece[32] = '\0';
		assert_null(strstr(why.text, piece));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_answer_ends_it),
		TEST(http_is_allowed_for_a_loopback_endpoint_only),
		TEST(a_flaky_endpoint_is_tried_again),
		TEST(three_failures_are_enough),
		TEST(pauses_are_drawn_below_half_a_second_then_below_one),
		TEST(only_a_failure_to_connect_is_tried_again),
		TEST(the_last_cause_is_the_one_that_is_told),
		TEST(redirects_and_refusals_are_final),
		TEST(a_short_retry_after_is_waited_for),
		TEST(a_long_retry_after_ends_the_call_and_names_the_wait),
		TEST(an_odd_retry_after_is_none),
		TEST(a_retry_after_beyond_the_budget_is_not_waited_for),
		TEST(a_wait_named_by_the_last_answer_is_told),
		TEST(other_answers_do_not_wait_for_retry_after),
		TEST(every_attempt_signs_anew),
		TEST(each_attempt_gets_what_is_left_of_the_budget),
		TEST(nothing_ever_passes_the_budget_or_four_tries),
		TEST(a_key_that_cannot_sign_connects_nowhere),
		TEST(no_message_repeats_the_jwt),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
