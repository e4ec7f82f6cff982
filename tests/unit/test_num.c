/* Tests of core/num.c: the one reader of numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/num.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct span malformed[] = {
	{ 0 },
	SPAN(""),
	SPAN("+1"),
	SPAN(" 1"),
	SPAN("1 "),
	SPAN("01"),
	SPAN("00"),
	SPAN("1.0"),
	SPAN("1e3"),
	SPAN("0x10"),
	SPAN("1\0"),
	SPAN("\0"
	     "1"),
	SPAN("1_000"),
	SPAN("1,0"),
	SPAN("a"),
	SPAN("1a"),
	SPAN("--1"),
	SPAN("-"),
	SPAN("-0"),
	SPAN("-01"),
	SPAN("1-"),
	SPAN("1\n"),
	SPAN("/"),
	SPAN(":"),
	SPAN("- 1"),
	SPAN("\xd9\xa1"),
	/* The form is judged before the size. */
	SPAN("99999999999999999999999999999999999x"),
};

static void
malformed_numbers_are_invalid(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(malformed); i++) {
		uint64_t u = 7;
		int64_t n = 7;

		assert_int_equal(num_parse_u64(malformed[i], 0, UINT64_MAX, &u),
				 RC_INVALID);
		assert_int_equal(num_parse_i64(malformed[i], INT64_MIN,
					       INT64_MAX, &n),
				 RC_INVALID);
		assert_int_equal(u, 7);
		assert_int_equal(n, 7);
	}
	assert_int_equal(num_parse_u64(SPAN("-1"), 0, 9, &(uint64_t){ 0 }),
			 RC_INVALID);
}

static void
unsigned_numbers_obey_their_range(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		enum rc rc;
		uint64_t value;
	} table[] = {
		{ "0", 0, 0, RC_OK, 0 },
		{ "0", 1, 9, RC_TOO_LARGE, 0 },
		{ "1", 1, 9, RC_OK, 1 },
		{ "9", 1, 9, RC_OK, 9 },
		{ "10", 1, 9, RC_TOO_LARGE, 0 },
		{ "65535", 1, 65535, RC_OK, 65535 },
		{ "65536", 1, 65535, RC_TOO_LARGE, 0 },
		{ "18446744073709551614", 0, UINT64_MAX, RC_OK,
		  UINT64_MAX - 1 },
		{ "18446744073709551615", 0, UINT64_MAX, RC_OK, UINT64_MAX },
		{ "18446744073709551616", 0, UINT64_MAX, RC_TOO_LARGE, 0 },
		{ "18446744073709551625", 0, UINT64_MAX, RC_TOO_LARGE, 0 },
		{ "184467440737095516150", 0, UINT64_MAX, RC_TOO_LARGE, 0 },
		{ "340282366920938463463374607431768211456", 0, UINT64_MAX,
		  RC_TOO_LARGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		uint64_t got = 0;

		assert_int_equal(num_parse_u64(span_of(table[i].text),
					       table[i].min, table[i].max,
					       &got),
				 table[i].rc);
		assert_int_equal(got, table[i].value);
	}
}

static void
signed_numbers_obey_their_range(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max;
		enum rc rc;
		int64_t value;
	} table[] = {
		{ "0", INT64_MIN, INT64_MAX, RC_OK, 0 },
		{ "-1", INT64_MIN, INT64_MAX, RC_OK, -1 },
		{ "-1", 0, 9, RC_TOO_LARGE, 0 },
		{ "-5", -5, -3, RC_OK, -5 },
		{ "-6", -5, -3, RC_TOO_LARGE, 0 },
		{ "-2", -5, -3, RC_TOO_LARGE, 0 },
		{ "9223372036854775807", INT64_MIN, INT64_MAX, RC_OK,
		  INT64_MAX },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, RC_TOO_LARGE,
		  0 },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, RC_OK,
		  INT64_MIN },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, RC_TOO_LARGE,
		  0 },
		{ "18446744073709551616", INT64_MIN, INT64_MAX, RC_TOO_LARGE,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		int64_t got = 0;

		assert_int_equal(num_parse_i64(span_of(table[i].text),
					       table[i].min, table[i].max,
					       &got),
				 table[i].rc);
		assert_int_equal(got, table[i].value);
	}
}

static void
hexadecimal_takes_one_to_sixteen_digits(void **state)
{
	static const struct {
		struct span text;
		enum rc rc;
		uint64_t value;
	} table[] = {
		{ SPAN("0"), RC_OK, 0 },
		{ SPAN("09af"), RC_OK, 0x9af },
		{ SPAN("9AF"), RC_OK, 0x9af },
		{ SPAN("ffffffffffffffff"), RC_OK, UINT64_MAX },
		{ SPAN("0000000000000001"), RC_OK, 1 },
		{ SPAN("00000000000000001"), RC_INVALID, 7 },
		{ SPAN(""), RC_INVALID, 7 },
		{ { 0 }, RC_INVALID, 7 },
		{ SPAN("g"), RC_INVALID, 7 },
		{ SPAN("G"), RC_INVALID, 7 },
		{ SPAN("`"), RC_INVALID, 7 },
		{ SPAN("@"), RC_INVALID, 7 },
		{ SPAN("0x1"), RC_INVALID, 7 },
		{ SPAN("-1"), RC_INVALID, 7 },
		{ SPAN("1 "), RC_INVALID, 7 },
		{ SPAN("1\0"), RC_INVALID, 7 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		uint64_t got = 7;

		assert_int_equal(num_parse_hex(table[i].text, &got),
				 table[i].rc);
		assert_int_equal(got, table[i].value);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_numbers_are_invalid),
		cmocka_unit_test(unsigned_numbers_obey_their_range),
		cmocka_unit_test(signed_numbers_obey_their_range),
		cmocka_unit_test(hexadecimal_takes_one_to_sixteen_digits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
