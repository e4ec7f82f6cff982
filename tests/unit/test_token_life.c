/* Tests of core/token.c: the life that is left, and the windows in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/token.h"

#include "core/banned.h"

#define BOOT "5f2a9a52-0c0f-4d0a-8a5c-3a1f5f0a7b11"
#define OTHER_BOOT "99999999-0c0f-4d0a-8a5c-3a1f5f0a7b11"
#define WALL INT64_C(1700000000)
#define BOOT_MS INT64_C(5000000)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct token *
make(int64_t life_s, const char *boot_id)
{
	struct moment minted = { WALL, BOOT_MS, "" };
	struct token *t = NULL;

	assert_true(span_copy(span_of(boot_id), minted.boot_id,
			      sizeof(minted.boot_id)));
	assert_int_equal(token_new(SPAN("abc"), SPAN("bot"), life_s, true,
				   &minted, "0123456789abcdef", &t),
			 RC_OK);
	return t;
}

static void
assert_left(const struct token *t, int64_t wall_s, int64_t boot_ms,
	    const char *boot_id, int64_t want_s)
{
	struct moment now = { wall_s, boot_ms, "" };

	assert_true(
		span_copy(span_of(boot_id), now.boot_id, sizeof(now.boot_id)));
	assert_int_equal(token_left_s(t, &now), want_s);
}

static void
a_jump_of_the_wall_clock_changes_nothing(void **state)
{
	static const int64_t walls[] = {
		0, 1, WALL - 3600, WALL, WALL + 3600, 4102444800, 253402300799,
	};
	struct token *t = make(600, BOOT);

	(void)state;
	for (size_t i = 0; i < COUNT(walls); i++) {
		assert_left(t, walls[i], BOOT_MS + 100000, BOOT, 500);
		assert_left(t, walls[i], BOOT_MS + 600000, BOOT, 0);
	}
	token_free(t);
}

static void
an_age_counts_from_its_first_millisecond(void **state)
{
	struct token *t = make(600, BOOT);

	(void)state;
	assert_left(t, WALL, BOOT_MS, BOOT, 600);
	assert_left(t, WALL, BOOT_MS + 1, BOOT, 599);
	assert_left(t, WALL, BOOT_MS + 1000, BOOT, 599);
	assert_left(t, WALL, BOOT_MS + 1001, BOOT, 598);
	assert_left(t, WALL, BOOT_MS + 599000, BOOT, 1);
	assert_left(t, WALL, BOOT_MS + 599001, BOOT, 0);
	assert_left(t, WALL, BOOT_MS + 10 * 3600 * 1000, BOOT, 0);
	token_free(t);
}

static void
a_boot_clock_before_the_mint_ends_the_token(void **state)
{
	struct token *t = make(600, BOOT);

	(void)state;
	assert_left(t, WALL, BOOT_MS - 1, BOOT, 0);
	assert_left(t, WALL, 0, BOOT, 0);
	token_free(t);
}

static void
after_a_reboot_the_wall_clock_counts(void **state)
{
	struct token *t = make(600, BOOT);

	(void)state;
	assert_left(t, WALL + 100, 1, OTHER_BOOT, 500);
	assert_left(t, WALL + 599, BOOT_MS, OTHER_BOOT, 1);
	assert_left(t, WALL + 600, BOOT_MS, OTHER_BOOT, 0);
	assert_left(t, WALL + 3600, BOOT_MS, OTHER_BOOT, 0);
	token_free(t);
}

static void
after_a_reboot_a_clock_before_the_mint_ends_the_token(void **state)
{
	struct token *t = make(600, BOOT);

	(void)state;
	assert_left(t, WALL, 1, OTHER_BOOT, 600);
	assert_left(t, WALL - 1, 1, OTHER_BOOT, 0);
	assert_left(t, WALL - 3600, 1, OTHER_BOOT, 0);
	assert_left(t, 0, 1, OTHER_BOOT, 0);
	token_free(t);
}

static void
an_unknown_boot_equals_no_other(void **state)
{
	struct token *t = make(600, "");

	(void)state;
	assert_left(t, WALL + 100, BOOT_MS, "", 500);
	assert_left(t, WALL - 1, BOOT_MS, "", 0);
	assert_left(t, WALL + 100, BOOT_MS, BOOT, 500);
	token_free(t);
	t = make(600, BOOT);
	assert_left(t, WALL + 100, BOOT_MS, "", 500);
	token_free(t);
}

/* m, and the life left below which a token is due: the documented numbers. */
static const struct {
	enum token_caller caller;
	int64_t life_s, minimum_s, due_s;
} windows[] = {
	{ TOKEN_FOR_GIT, 10, 2, 3 },
	{ TOKEN_FOR_GIT, 60, 15, 21 },
	{ TOKEN_FOR_GIT, 61, 15, 21 },
	{ TOKEN_FOR_GIT, 240, 60, 84 },
	{ TOKEN_FOR_GIT, 600, 60, 150 },
	{ TOKEN_FOR_GIT, 3600, 60, 900 },
	{ TOKEN_FOR_GIT, 86400, 60, 8700 },
	{ TOKEN_FOR_COMMAND, 10, 2, 3 },
	{ TOKEN_FOR_COMMAND, 60, 15, 21 },
	{ TOKEN_FOR_COMMAND, 61, 15, 21 },
	{ TOKEN_FOR_COMMAND, 240, 60, 84 },
	{ TOKEN_FOR_COMMAND, 600, 60, 150 },
	{ TOKEN_FOR_COMMAND, 3600, 60, 900 },
	{ TOKEN_FOR_COMMAND, 86400, 60, 8700 },
	{ TOKEN_FOR_DOCKER, 10, 5, 6 },
	{ TOKEN_FOR_DOCKER, 60, 30, 36 },
	{ TOKEN_FOR_DOCKER, 61, 30, 36 },
	{ TOKEN_FOR_DOCKER, 240, 120, 144 },
	{ TOKEN_FOR_DOCKER, 600, 300, 360 },
	{ TOKEN_FOR_DOCKER, 3600, 300, 900 },
	{ TOKEN_FOR_DOCKER, 86400, 300, 8940 },
};

static void
each_caller_has_its_minimum(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(windows); i++)
		assert_int_equal(token_minimum_s(windows[i].caller,
						 windows[i].life_s, 0),
				 windows[i].minimum_s);
}

static void
the_minimum_changes_where_the_smaller_half_does(void **state)
{
	(void)state;
	assert_int_equal(token_minimum_s(TOKEN_FOR_GIT, 239, 0), 59);
	assert_int_equal(token_minimum_s(TOKEN_FOR_GIT, 244, 0), 60);
	assert_int_equal(token_minimum_s(TOKEN_FOR_DOCKER, 599, 0), 299);
	assert_int_equal(token_minimum_s(TOKEN_FOR_DOCKER, 602, 0), 300);
}

static void
a_profile_raises_the_minimum_up_to_half_the_life(void **state)
{
	(void)state;
	assert_int_equal(token_minimum_s(TOKEN_FOR_GIT, 3600, 225), 225);
	assert_int_equal(token_minimum_s(TOKEN_FOR_GIT, 3600, 59), 60);
	assert_int_equal(token_minimum_s(TOKEN_FOR_GIT, 3600, 61), 61);
	assert_int_equal(token_minimum_s(TOKEN_FOR_DOCKER, 3600, 225), 300);
	assert_int_equal(token_minimum_s(TOKEN_FOR_GIT, 300, 225), 150);
	assert_int_equal(token_minimum_s(TOKEN_FOR_GIT, 600, 300), 300);
	assert_int_equal(token_minimum_s(TOKEN_FOR_GIT, 600, 301), 300);
	assert_int_equal(token_minimum_s(TOKEN_FOR_DOCKER, 600, 86400), 300);
}

static enum token_state
state_with(const struct token *t, int64_t minimum_s, int64_t left_s)
{
	/* The wall clock stands where it must not decide. */
	const struct moment now = { WALL + 3600,
				    BOOT_MS + (t->life_s - left_s) * 1000,
				    BOOT };

	return token_state(t, minimum_s, &now);
}

static void
each_window_begins_at_its_very_second(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(windows); i++) {
		int64_t m = windows[i].minimum_s;
		int64_t due_s = windows[i].due_s;
		struct token *t = make(windows[i].life_s, BOOT);

		assert_int_equal(state_with(t, m, t->life_s), TOKEN_FRESH);
		assert_int_equal(state_with(t, m, due_s + 1), TOKEN_FRESH);
		assert_int_equal(state_with(t, m, due_s), TOKEN_FRESH);
		assert_int_equal(state_with(t, m, due_s - 1), TOKEN_DUE);
		assert_int_equal(state_with(t, m, m + 1) == TOKEN_STALE, 0);
		assert_int_equal(state_with(t, m, m), TOKEN_DUE);
		assert_int_equal(state_with(t, m, m - 1), TOKEN_STALE);
		assert_int_equal(state_with(t, m, 0), TOKEN_STALE);
		token_free(t);
	}
}

static void
a_minimum_of_the_caller_makes_its_own_windows(void **state)
{
	struct token *t = make(3600, BOOT);

	(void)state;
	/* m + L/10 = 1160 */
	assert_int_equal(state_with(t, 800, 1160), TOKEN_FRESH);
	assert_int_equal(state_with(t, 800, 1159), TOKEN_DUE);
	assert_int_equal(state_with(t, 800, 800), TOKEN_DUE);
	assert_int_equal(state_with(t, 800, 799), TOKEN_STALE);
	/* More than a new token has. */
	assert_int_equal(state_with(t, 3601, 3600), TOKEN_STALE);
	token_free(t);
}

static void
a_dead_token_is_stale_whatever_the_minimum(void **state)
{
	struct token *t = make(1, BOOT);

	(void)state;
	assert_int_equal(state_with(t, 0, 1), TOKEN_FRESH);
	assert_int_equal(state_with(t, 0, 0), TOKEN_STALE);
	assert_int_equal(state_with(t, 0, -3600), TOKEN_STALE);
	token_free(t);
}

static void
states_have_the_names_that_people_see(void **state)
{
	(void)state;
	assert_string_equal(token_state_name(TOKEN_NONE), "none");
	assert_string_equal(token_state_name(TOKEN_FRESH), "fresh");
	assert_string_equal(token_state_name(TOKEN_DUE), "due");
	assert_string_equal(token_state_name(TOKEN_STALE), "stale");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_jump_of_the_wall_clock_changes_nothing),
		cmocka_unit_test(an_age_counts_from_its_first_millisecond),
		cmocka_unit_test(a_boot_clock_before_the_mint_ends_the_token),
		cmocka_unit_test(after_a_reboot_the_wall_clock_counts),
		cmocka_unit_test(
			after_a_reboot_a_clock_before_the_mint_ends_the_token),
		cmocka_unit_test(an_unknown_boot_equals_no_other),
		cmocka_unit_test(each_caller_has_its_minimum),
		cmocka_unit_test(
			the_minimum_changes_where_the_smaller_half_does),
		cmocka_unit_test(
			a_profile_raises_the_minimum_up_to_half_the_life),
		cmocka_unit_test(each_window_begins_at_its_very_second),
		cmocka_unit_test(a_minimum_of_the_caller_makes_its_own_windows),
		cmocka_unit_test(a_dead_token_is_stale_whatever_the_minimum),
		cmocka_unit_test(states_have_the_names_that_people_see),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
