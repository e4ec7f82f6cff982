/* Tests of keeper/history.c: what earlier mints mean for the next one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keeper/history.h"

#include "core/banned.h"

#define T0 INT64_C(1000000)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct why cause = { "the cause; the next step" };

static void
an_empty_note_allows_a_mint(void **state)
{
	struct note n = { 0 };
	struct why why = { "" };

	(void)state;
	assert_int_equal(history_allows_mint(&n, T0, &why), RC_OK);
	assert_string_equal(why.text, "");
}

static void
a_pause_lasts_to_its_end(void **state)
{
	struct note n = { 0 };
	struct why why = { "" };

	(void)state;
	history_add_failure(&n, T0, RC_BUSY, 60, &cause);

	assert_int_equal(history_allows_mint(&n, T0, &why), RC_BUSY);
	assert_string_equal(why.text, "the endpoint asked for a pause; try "
				      "again in 60 s");
	assert_int_equal(history_allows_mint(&n, T0 + 59999, &why), RC_BUSY);
	assert_string_equal(why.text, "the endpoint asked for a pause; try "
				      "again in 1 s");
	assert_int_equal(history_allows_mint(&n, T0 + 60000, &why), RC_OK);
}

static void
a_pause_lasts_15_min_at_most(void **state)
{
	static const int64_t asked_s[] = { 900, 901, 3600, INT64_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT(asked_s); i++) {
		struct note n = { 0 };

		history_add_failure(&n, T0, RC_BUSY, asked_s[i], &cause);
		assert_int_equal(n.hold_until_ms, T0 + 900000);
	}
}

static void
a_failure_without_pause_holds_nobody(void **state)
{
	struct note n = { 0 };
	struct why why = { "" };

	(void)state;
	history_add_failure(&n, T0, RC_REFUSED, 0, &cause);

	assert_int_equal(history_allows_mint(&n, T0, &why), RC_OK);
	assert_int_equal(n.failed, RC_REFUSED);
	assert_int_equal(n.failed_ms, T0);
	assert_string_equal(n.why.text, cause.text);
}

static void
a_failure_keeps_an_earlier_pause(void **state)
{
	struct note n = { 0 };
	struct why why = { "" };

	(void)state;
	history_add_failure(&n, T0, RC_BUSY, 60, &cause);
	history_add_failure(&n, T0 + 1000, RC_NET, 0, &cause);
	assert_int_equal(history_allows_mint(&n, T0 + 1000, &why), RC_BUSY);
}

static void
a_mint_settles_failures(void **state)
{
	struct note n = { 0 };
	struct why why = { "" };

	(void)state;
	history_add_failure(&n, T0, RC_BUSY, 60, &cause);
	n.refresh_failed_ms = T0;

	history_add_mint(&n, T0 + 1);

	assert_int_equal(n.minted_ms, T0 + 1);
	assert_int_equal(n.failed, RC_OK);
	assert_int_equal(n.failed_ms, 0);
	assert_int_equal(n.hold_until_ms, 0);
	assert_int_equal(n.refresh_failed_ms, 0);
	assert_int_equal(history_allows_mint(&n, T0 + 1, &why), RC_OK);
}

static void
one_rejection_allows_a_replacement(void **state)
{
	struct note n = { 0 };
	struct why why = { "" };

	(void)state;
	history_add_mint(&n, T0);
	history_add_rejection(&n, T0 + 100);

	assert_int_equal(history_allows_mint(&n, T0 + 100, &why), RC_OK);
	assert_false(n.rejected_again);
}

static void
a_rejected_replacement_stops_minting(void **state)
{
	struct note n = { 0 };
	struct why why = { "" };

	(void)state;
	history_add_mint(&n, T0);
	history_add_rejection(&n, T0 + 100);
	history_add_mint(&n, T0 + 200);
	history_add_rejection(&n, T0 + 300);

	assert_int_equal(history_allows_mint(&n, T0 + 300, &why), RC_BUSY);
	assert_string_equal(why.text,
			    "the server refused the last two tokens at once; "
			    "check the app's access there, or try again in "
			    "30 s");
	assert_int_equal(history_allows_mint(&n, T0 + 200 + 29999, &why),
			 RC_BUSY);
	assert_int_equal(history_allows_mint(&n, T0 + 200 + 30000, &why),
			 RC_OK);
}

static void
a_replacement_that_worked_a_while_may_be_replaced(void **state)
{
	static const struct {
		int64_t after_ms;
		bool stops;
	} rows[] = { { 29999, true }, { 30000, false } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct note n = { 0 };

		history_add_mint(&n, T0);
		history_add_rejection(&n, T0 + 100);
		history_add_mint(&n, T0 + 200);
		history_add_rejection(&n, T0 + 200 + rows[i].after_ms);
		assert_int_equal(n.rejected_again, rows[i].stops);
	}
}

static void
two_mints_settle_an_old_rejection(void **state)
{
	struct note n = { 0 };
	struct why why = { "" };

	(void)state;
	history_add_mint(&n, T0);
	history_add_rejection(&n, T0 + 100);
	history_add_mint(&n, T0 + 200);
	history_add_mint(&n, T0 + 300);
	history_add_rejection(&n, T0 + 400);

	assert_false(n.rejected_again);
	assert_int_equal(history_allows_mint(&n, T0 + 400, &why), RC_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_note_allows_a_mint),
		cmocka_unit_test(a_pause_lasts_to_its_end),
		cmocka_unit_test(a_pause_lasts_15_min_at_most),
		cmocka_unit_test(a_failure_without_pause_holds_nobody),
		cmocka_unit_test(a_failure_keeps_an_earlier_pause),
		cmocka_unit_test(a_mint_settles_failures),
		cmocka_unit_test(one_rejection_allows_a_replacement),
		cmocka_unit_test(a_rejected_replacement_stops_minting),
		cmocka_unit_test(
			a_replacement_that_worked_a_while_may_be_replaced),
		cmocka_unit_test(two_mints_settle_an_old_rejection),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
