/* Tests of core/rc.c: classes, exit statuses, the sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/rc.h"

#include "core/banned.h"

static const struct {
	enum rc rc;
	const char *name;
	int exit_status;
} table[] = {
	{ RC_OK, "OK", 0 },
	{ RC_NOT_OURS, "NOT_OURS", 0 },
	{ RC_USAGE, "USAGE", 2 },
	{ RC_BAD_REQUEST, "BAD_REQUEST", 1 },
	{ RC_NO_APP, "NO_APP", 3 },
	{ RC_LOCKED, "LOCKED", 4 },
	{ RC_DISMISSED, "DISMISSED", 4 },
	{ RC_UNAVAILABLE, "UNAVAILABLE", 4 },
	{ RC_KEYRING_TIMEOUT, "KEYRING_TIMEOUT", 4 },
	{ RC_KEY_MISSING, "KEY_MISSING", 1 },
	{ RC_KEY_BAD, "KEY_BAD", 1 },
	{ RC_CACHE_BAD, "CACHE_BAD", 1 },
	{ RC_REFUSED, "REFUSED", 5 },
	{ RC_CLOCK, "CLOCK", 5 },
	{ RC_BAD_ANSWER, "BAD_ANSWER", 5 },
	{ RC_BUSY, "BUSY", 5 },
	{ RC_NET, "NET", 6 },
	{ RC_TLS, "TLS", 6 },
	{ RC_TIMEOUT, "TIMEOUT", 6 },
	{ RC_CONFIG, "CONFIG", 7 },
	{ RC_LIFE, "LIFE", 1 },
	{ RC_INTERNAL, "INTERNAL", 1 },
	{ RC_NOT_FOUND, "NOT_FOUND", 1 },
	{ RC_INVALID, "INVALID", 1 },
	{ RC_TOO_LARGE, "TOO_LARGE", 1 },
};

static void
every_class_has_its_name_and_exit_status(void **state)
{
	(void)state;
	assert_int_equal(sizeof(table) / sizeof(table[0]), RC_COUNT);
	for (size_t i = 0; i < RC_COUNT; i++) {
		assert_int_equal(table[i].rc, i);
		assert_string_equal(rc_name(table[i].rc), table[i].name);
		assert_int_equal(rc_exit_status(table[i].rc),
				 table[i].exit_status);
	}
}

static void
every_name_is_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < RC_COUNT; i++) {
		enum rc got = RC_COUNT;

		assert_int_equal(rc_from_name(table[i].name, &got), RC_OK);
		assert_int_equal(got, table[i].rc);
	}
}

static void
unknown_names_are_refused_and_touch_nothing(void **state)
{
	static const char *const bad[] = { "",	    "ok",      "RC_OK", "OK ",
					   "LOCKE", "LOCKEDX", "COUNT" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum rc got = RC_BUSY;

		assert_int_equal(rc_from_name(bad[i], &got), RC_INVALID);
		assert_int_equal(got, RC_BUSY);
	}
}

static void
wrong_numbers_have_no_name(void **state)
{
	(void)state;
	assert_string_equal(rc_name(RC_COUNT), "?");
	assert_string_equal(rc_name((enum rc) - 1), "?");
	assert_int_equal(rc_exit_status(RC_COUNT), 1);
	assert_int_equal(rc_exit_status((enum rc) - 1), 1);
}

static void
why_set_formats_and_returns_the_class(void **state)
{
	struct why why;

	(void)state;
	assert_int_equal(why_set(&why, RC_NET, "no '%s' in %d", "x", 7),
			 RC_NET);
	assert_string_equal(why.text, "no 'x' in 7");
}

static void
why_may_be_null(void **state)
{
	(void)state;
	assert_int_equal(why_set(NULL, RC_TLS, "%s", "x"), RC_TLS);
	why_wrap(NULL, "%s", "x");
}

static void
a_long_why_is_cut_at_its_size(void **state)
{
	char text[WHY_MAX * 2];
	struct why why;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';

	(void)why_set(&why, RC_NET, "%s", text);

	assert_int_equal(strlen(why.text), WHY_MAX - 1);
}

static void
why_wrap_puts_text_in_front(void **state)
{
	struct why why;

	(void)state;
	(void)why_set(&why, RC_NET, "connection refused");

	why_wrap(&why, "cannot ask '%s'", "api.acme.example");

	assert_string_equal(why.text, "cannot ask 'api.acme.example': "
				      "connection refused");
}

static void
why_wrap_cuts_at_the_size(void **state)
{
	char text[WHY_MAX * 2];
	struct why why;

	(void)state;
	/* Both sides of the seam: the colon, and the text after it. */
	for (size_t n = WHY_MAX - 6; n < WHY_MAX + 3; n++) {
		size_t whole = n + 2 + 3;

		memset(text, 'x', n);
		text[n] = '\0';
		(void)why_set(&why, RC_NET, "abc");

		why_wrap(&why, "%s", text);

		assert_int_equal(strlen(why.text),
				 whole < WHY_MAX ? whole : WHY_MAX - 1);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_has_its_name_and_exit_status),
		cmocka_unit_test(every_name_is_read_back),
		cmocka_unit_test(unknown_names_are_refused_and_touch_nothing),
		cmocka_unit_test(wrong_numbers_have_no_name),
		cmocka_unit_test(why_set_formats_and_returns_the_class),
		cmocka_unit_test(why_may_be_null),
		cmocka_unit_test(a_long_why_is_cut_at_its_size),
		cmocka_unit_test(why_wrap_puts_text_in_front),
		cmocka_unit_test(why_wrap_cuts_at_the_size),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
