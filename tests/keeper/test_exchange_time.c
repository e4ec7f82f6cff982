/* Tests of keeper/exchange.c: clocks that differ, and the token's life. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/fake_http.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PROFILE "url = {endpoint}/token\njwt-backdate = 0\n"
#define RFC3339 PROFILE "expiry-path = expiresAt\nexpiry-form = rfc3339\n"
#define APP "[acme]\nprovider = test\nendpoint = https://api.acme.example\n"
/* FAKE_WALL + 1000 s, which is where fake_start() sets the clock. */
#define START (FAKE_WALL + 1000)

static struct exchange_result result;
static struct why why;

static enum rc
run_with(const char *profile, const struct fake_step *steps, size_t count)
{
	struct appload_app *a = app_make(APP, span_of(profile));
	int64_t hold_s = 0;
	enum rc rc;

	fake_start(steps, count);
	exchange_result_clear(&result);
	result = (struct exchange_result){ 0 };
	why = (struct why){ "" };
	rc = exchange_run(a, &fake_ports, &result, &hold_s, &why);
	appload_app_free(a);
	return rc;
}

static enum rc
run(const struct fake_step *steps, size_t count)
{
	return run_with(PROFILE, steps, count);
}

static int
drop(void **state)
{
	(void)state;
	exchange_result_clear(&result);
	return 0;
}

static void
assert_iat(size_t post, int64_t iat)
{
	char want[64];

	snprintf(want, sizeof(want), "{\"iat\":%lld,\"exp\":%lld}",
		 (long long)iat, (long long)iat + 600);
	assert_string_equal(fake.post[post].claims, want);
}

static void
a_clock_that_is_off_is_repaired_once(void **state)
{
	static const int64_t offs_s[] = { 31,	-31,   120,   -120,
					  3600, -3600, 86400, -86400 };

	(void)state;
	for (size_t i = 0; i < COUNT(offs_s); i++) {
		for (int status = 400; status <= 401; status++) {
			const struct fake_step steps[] = {
				{ .status = status, .date_off_s = offs_s[i] },
				{ .date_off_s = offs_s[i] },
			};

			assert_int_equal(run(steps, 2), RC_OK);
			assert_int_equal(fake.posts, 2);
			assert_int_equal(fake.sleeps, 0);
			assert_iat(0, START);
			assert_iat(1, START + offs_s[i]);
			assert_int_equal(result.clock_off_s, -offs_s[i]);
			assert_int_equal(result.life_s, 600);
		}
	}
}

static void
a_small_difference_is_no_reason(void **state)
{
	static const int64_t offs_s[] = { 0, 1, -1, 30, -30 };

	(void)state;
	for (size_t i = 0; i < COUNT(offs_s); i++) {
		const struct fake_step steps[] = {
			{ .status = 401, .date_off_s = offs_s[i] },
			{ 0 },
		};

		assert_int_equal(run(steps, 2), RC_REFUSED);
		assert_int_equal(fake.posts, 1);
	}
}

static void
more_than_a_day_is_for_a_person(void **state)
{
	static const struct {
		int64_t off_s;
		const char *words;
	} rows[] = {
		{ 86401, "clock is 86401 s behind the endpoint's: set it" },
		{ -86401, "clock is 86401 s ahead of the endpoint's: set it" },
		{ -START, "ahead of the endpoint's: set it right" },
		{ 4291747200 - START, "behind the endpoint's: set it right" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fake_step steps[] = {
			{ .status = 401, .date_off_s = rows[i].off_s },
			{ 0 },
		};

		assert_int_equal(run(steps, 2), RC_CLOCK);
		assert_int_equal(fake.posts, 1);
		assert_non_null(strstr(why.text, rows[i].words));
	}
}

static void
without_a_date_a_refusal_is_one(void **state)
{
	static const struct fake_step steps[] = {
		{ .status = 401, .no_date = true }, { 0 }
	};

	(void)state;
	assert_int_equal(run(steps, 2), RC_REFUSED);
	assert_int_equal(fake.posts, 1);
}

static void
other_refusals_repair_no_clock(void **state)
{
	static const int statuses[] = { 302, 403, 404, 422 };

	(void)state;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		const struct fake_step steps[] = {
			{ .status = statuses[i], .date_off_s = 3600 }, { 0 }
		};

		assert_int_equal(run(steps, 2), RC_REFUSED);
		assert_int_equal(fake.posts, 1);
	}
}

static void
a_second_refusal_after_the_repair_is_the_clock(void **state)
{
	static const struct fake_step steps[] = { { .status = 401,
						    .date_off_s = 3600 } };

	(void)state;
	assert_int_equal(run(steps, 1), RC_CLOCK);
	assert_int_equal(fake.posts, 2);
	assert_non_null(strstr(why.text, "answered 401; this computer's clock "
					 "is 3600 s behind the endpoint's"));
}

static void
the_repair_comes_on_top_of_three_attempts(void **state)
{
	static const struct fake_step rows[][4] = {
		{ { .status = 401, .date_off_s = 600 },
		  { .status = 500 },
		  { .status = 500 },
		  { .status = 500 } },
		{ { .status = 500 },
		  { .status = 500 },
		  { .status = 401, .date_off_s = 600 },
		  { .status = 500 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(run(rows[i], 4), RC_BUSY);
		assert_int_equal(fake.posts, 4);
	}
}

static void
the_repaired_clock_stays_for_later_attempts(void **state)
{
	static const struct fake_step steps[] = {
		{ .status = 401, .date_off_s = 600 },
		{ .status = 503, .date_off_s = 600 },
		{ .date_off_s = 600 },
	};

	(void)state;
	assert_int_equal(run(steps, 3), RC_OK);
	assert_iat(1, START + 600);
	assert_iat(2, START + 600);
}

static void
a_life_is_measured_against_the_date_of_its_answer(void **state)
{
	/* START is 2023-11-14T22:30:00Z. */
	static const struct fake_step right[] = {
		{ .body = "{\"access_token\":\"a\","
			  "\"expiresAt\":\"2023-11-14T22:40:00Z\"}" }
	};
	static const struct fake_step ahead[] = {
		{ .body = "{\"access_token\":\"a\","
			  "\"expiresAt\":\"2023-11-14T22:40:00Z\"}",
		  .date_off_s = 300 }
	};
	static const struct fake_step none[] = {
		{ .body = "{\"access_token\":\"a\","
			  "\"expiresAt\":\"2023-11-14T22:40:00Z\"}",
		  .no_date = true }
	};

	(void)state;
	assert_int_equal(run_with(RFC3339, right, 1), RC_OK);
	assert_int_equal(result.life_s, 600);
	assert_int_equal(run_with(RFC3339, ahead, 1), RC_OK);
	assert_int_equal(result.life_s, 300);
	assert_int_equal(run_with(RFC3339, none, 1), RC_OK);
	assert_int_equal(result.life_s, 600);
}

static void
a_repaired_clock_measures_an_answer_without_a_date(void **state)
{
	static const struct fake_step steps[] = {
		{ .status = 401, .date_off_s = 500 },
		{ .body = "{\"access_token\":\"a\","
			  "\"expiresAt\":\"2023-11-14T22:40:00Z\"}",
		  .no_date = true },
	};

	(void)state;
	assert_int_equal(run_with(RFC3339, steps, 2), RC_OK);
	assert_int_equal(result.life_s, 100);
}

static void
lives_from_10_seconds_are_believed_and_cut_at_a_day(void **state)
{
	static const struct {
		const char *body;
		int64_t life_s; /* 0: refused */
	} rows[] = {
		{ "{\"access_token\":\"a\",\"expires_in\":9}", 0 },
		{ "{\"access_token\":\"a\",\"expires_in\":10}", 10 },
		{ "{\"access_token\":\"a\",\"expires_in\":11}", 11 },
		{ "{\"access_token\":\"a\",\"expires_in\":86400}", 86400 },
		{ "{\"access_token\":\"a\",\"expires_in\":86401}", 86400 },
		{ "{\"access_token\":\"a\",\"expires_in\":31536000}", 86400 },
		{ "{\"access_token\":\"a\",\"expires_in\":0}", 0 },
		{ "{\"access_token\":\"a\",\"expires_in\":-600}", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fake_step steps[] = { { .body = rows[i].body } };

		assert_int_equal(run(steps, 1),
				 rows[i].life_s == 0 ? RC_BAD_ANSWER : RC_OK);
		assert_int_equal(result.life_s, rows[i].life_s);
		assert_int_equal(fake.posts, 1);
	}
}

static void
without_an_expiry_the_profile_says_how_long(void **state)
{
	static const struct {
		const char *profile;
		int64_t life_s;
		bool may_cache;
	} rows[] = {
		{ PROFILE, LIFE_MIN_S, false },
		{ PROFILE "default-ttl = 0\n", LIFE_MIN_S, false },
		{ PROFILE "default-ttl = 9\n", LIFE_MIN_S, false },
		{ PROFILE "default-ttl = 10\n", 10, true },
		{ PROFILE "default-ttl = 900\n", 900, true },
		{ PROFILE "default-ttl = 86400\n", 86400, true },
	};
	static const char *const bodies[] = {
		"{\"access_token\":\"a\"}",
		"{\"access_token\":\"a\",\"expires_in\":null}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t j = 0; j < COUNT(bodies); j++) {
			const struct fake_step steps[] = {
				{ .body = bodies[j] }
			};

			assert_int_equal(run_with(rows[i].profile, steps, 1),
					 RC_OK);
			assert_false(result.expiry_known);
			assert_int_equal(result.life_s, rows[i].life_s);
			assert_int_equal(result.may_cache, rows[i].may_cache);
		}
	}
}

static void
an_expiry_beats_the_default_of_the_profile(void **state)
{
	static const struct fake_step steps[] = { { 0 } };

	(void)state;
	assert_int_equal(run_with(PROFILE "default-ttl = 0\n", steps, 1),
			 RC_OK);
	assert_true(result.expiry_known && result.may_cache);
	assert_int_equal(result.life_s, 600);
}

static void
an_unusable_answer_is_final_and_shows_no_token(void **state)
{
	static const char *const bodies[] = {
		"",
		"<html>hunter2</html>",
		"[]",
		"{\"access_token\":\"hunter2\\n\",\"expires_in\":600}",
		"{\"access_token\":\"hunter2 x\",\"expires_in\":600}",
		"{\"token\":\"hunter2\",\"expires_in\":600}",
		"{\"access_token\":42,\"expires_in\":600}",
		"{\"access_token\":\"hunter2\",\"expires_in\":\"soon\"}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		const struct fake_step steps[] = { { .body = bodies[i] } };

		assert_int_equal(run(steps, 1), RC_BAD_ANSWER);
		assert_int_equal(fake.posts, 1);
		assert_int_equal(
			strncmp(why.text,
				"unusable answer from "
				"'https://api.acme.example': ",
				strlen("unusable answer from "
				       "'https://api.acme.example': ")),
			0);
		assert_null(strstr(why.text, "hunter2"));
	}
}

#define TEST(name) cmocka_unit_test_teardown(name, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clock_that_is_off_is_repaired_once),
		TEST(a_small_difference_is_no_reason),
		TEST(more_than_a_day_is_for_a_person),
		TEST(without_a_date_a_refusal_is_one),
		TEST(other_refusals_repair_no_clock),
		TEST(a_second_refusal_after_the_repair_is_the_clock),
		TEST(the_repair_comes_on_top_of_three_attempts),
		TEST(the_repaired_clock_stays_for_later_attempts),
		TEST(a_life_is_measured_against_the_date_of_its_answer),
		TEST(a_repaired_clock_measures_an_answer_without_a_date),
		TEST(lives_from_10_seconds_are_believed_and_cut_at_a_day),
		TEST(without_an_expiry_the_profile_says_how_long),
		TEST(an_expiry_beats_the_default_of_the_profile),
		TEST(an_unusable_answer_is_final_and_shows_no_token),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
