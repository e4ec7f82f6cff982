/* Tests of core/stamp.c. The other calendar is libc's timegm(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/stamp.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UNTOUCHED INT64_C(-77)
#define DAY_S INT64_C(86400)
#define LAST_S INT64_C(253402300799)

static int64_t
parse(struct span s)
{
	int64_t got = UNTOUCHED;

	if (stamp_parse_rfc3339(s, &got) != RC_OK)
		assert_int_equal(got, UNTOUCHED);
	else
		assert_true(got >= 0);
	return got;
}

static const struct {
	const char *text;
	int64_t unix_s;
} accepted[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2026-01-02T03:04:05Z", 1767323045 },
	{ "2026-01-02T03:04:05z", 1767323045 },
	{ "2026-01-02t03:04:05Z", 1767323045 },
	{ "2026-01-02t03:04:05z", 1767323045 },
	{ "2026-01-02T03:04:05+00:00", 1767323045 },
	{ "2026-01-02T03:04:05-00:00", 1767323045 },
	{ "2026-01-02T03:04:05+01:00", 1767319445 },
	{ "2026-01-02T03:04:05-01:00", 1767326645 },
	{ "2026-01-02T03:04:05+05:45", 1767302345 },
	{ "2026-01-02T03:04:05+14:00", 1767272645 },
	{ "2026-01-02T03:04:05-14:00", 1767373445 },
	{ "2026-01-02T03:04:05+23:59", 1767236705 },
	{ "2026-01-02T03:04:05-23:59", 1767409385 },
	{ "2026-01-02T03:04:05.1Z", 1767323045 },
	{ "2026-01-02T03:04:05.999999999Z", 1767323045 },
	{ "2026-01-02T03:04:05.99999999999999999999Z", 1767323045 },
	{ "2026-01-02T03:04:05.5+01:00", 1767319445 },
	{ "2016-12-31T23:59:60Z", 1483228799 },
	{ "2016-12-31T23:59:60.9Z", 1483228799 },
	{ "2016-12-31T23:59:59Z", 1483228799 },
	{ "2017-01-01T00:00:00Z", 1483228800 },
	{ "2024-02-29T00:00:00Z", 1709164800 },
	{ "2000-02-29T12:00:00Z", 951825600 },
	{ "2026-12-31T23:59:59Z", 1798761599 },
	{ "2038-01-19T03:14:07Z", INT32_MAX },
	{ "2038-01-19T03:14:08Z", INT64_C(1) << 31 },
	{ "2106-02-07T06:28:16Z", INT64_C(1) << 32 },
	{ "2100-03-01T00:00:00Z", 4107542400 },
	{ "9999-12-31T23:59:59Z", LAST_S },
	{ "9999-12-31T23:59:59+00:01", LAST_S - 60 },
	{ "1970-01-01T00:01:00+00:01", 0 },
};

static const struct span refused[] = {
	{ 0 },
	SPAN(""),
	/* not a date-time at all */
	SPAN("now"),
	SPAN("0"),
	SPAN("1767323045"),
	SPAN("2026-01-02"),
	SPAN("03:04:05Z"),
	SPAN("20260102T030405Z"),
	SPAN("2026-002T03:04:05Z"),
	SPAN("2026-W01-5T03:04:05Z"),
	SPAN("Fri, 02 Jan 2026 03:04:05 GMT"),
	/* no offset, half an offset, odd offsets */
	SPAN("2026-01-02T03:04:05"),
	SPAN("2026-01-02T03:04:05."),
	SPAN("2026-01-02T03:04:05.5"),
	SPAN("2026-01-02T03:04:05+"),
	SPAN("2026-01-02T03:04:05+1"),
	SPAN("2026-01-02T03:04:05+01"),
	SPAN("2026-01-02T03:04:05+0100"),
	SPAN("2026-01-02T03:04:05+1:00"),
	SPAN("2026-01-02T03:04:05+01:0"),
	SPAN("2026-01-02T03:04:05+01-00"),
	SPAN("2026-01-02T03:04:05+24:00"),
	SPAN("2026-01-02T03:04:05+01:60"),
	SPAN("2026-01-02T03:04:05-24:00"),
	SPAN("2026-01-02T03:04:05 01:00"),
	SPAN("2026-01-02T03:04:05UTC"),
	SPAN("2026-01-02T03:04:05GMT"),
	SPAN("2026-01-02T03:04:05+01:00Z"),
	SPAN("2026-01-02T03:04:05ZZ"),
	SPAN("2026-01-02T03:04:05\xe2\x88\x92"
	     "01:00"),
	/* the separator */
	SPAN("2026-01-02 03:04:05Z"),
	SPAN("2026-01-02_03:04:05Z"),
	SPAN("2026-01-02T 3:04:05Z"),
	SPAN("2026-01-0203:04:05Z"),
	SPAN("2026-01-02TT3:04:05Z"),
	SPAN("2026/01/02T03:04:05Z"),
	SPAN("2026-01/02T03:04:05Z"),
	SPAN("2026-01-02T03.04.05Z"),
	SPAN("2026-01-02T03:04.05Z"),
	SPAN("2026-01-02T03:04Z"),
	/* impossible dates and times */
	SPAN("2026-00-02T03:04:05Z"),
	SPAN("2026-13-02T03:04:05Z"),
	SPAN("2026-01-00T03:04:05Z"),
	SPAN("2026-01-32T03:04:05Z"),
	SPAN("2026-04-31T03:04:05Z"),
	SPAN("2026-02-29T03:04:05Z"),
	SPAN("2024-02-30T03:04:05Z"),
	SPAN("2100-02-29T03:04:05Z"),
	SPAN("2026-01-02T24:00:00Z"),
	SPAN("2026-01-02T23:60:00Z"),
	SPAN("2026-01-02T23:59:61Z"),
	SPAN("2026-01-02T99:99:99Z"),
	/* years outside 1970..9999, also by way of the offset */
	SPAN("0000-01-01T00:00:00Z"),
	SPAN("0001-01-01T00:00:00Z"),
	SPAN("1969-12-31T23:59:59Z"),
	SPAN("1970-01-01T00:00:00+00:01"),
	SPAN("9999-12-31T23:59:59-00:01"),
	SPAN("10000-01-01T00:00:00Z"),
	SPAN("1969-12-31T23:59:59-01:00"),
	SPAN("99999-01-01T00:00:00Z"),
	SPAN("026-01-02T03:04:05Z"),
	SPAN("-026-01-02T03:04:05Z"),
	SPAN("+2026-01-02T03:04:05Z"),
	/* the fraction */
	SPAN("2026-01-02T03:04:05.Z"),
	SPAN("2026-01-02T03:04:05,5Z"),
	SPAN("2026-01-02T03:04:05.5.5Z"),
	SPAN("2026-01-02T03:04:05.-5Z"),
	SPAN("2026-01-02T03:04:05.123456789012345678901Z"),
	SPAN("2026-01-02T03:04:05.5aZ"),
	/* blanks, signs, bytes around and inside */
	SPAN(" 2026-01-02T03:04:05Z"),
	SPAN("2026-01-02T03:04:05Z "),
	SPAN("2026-01-02T03:04:05Z\n"),
	SPAN("2026-01-02T03:04:05Z\0"),
	SPAN("2026-01-02T03:04:05 Z"),
	SPAN("2026- 1-02T03:04:05Z"),
	SPAN("2026-01-+2T03:04:05Z"),
	SPAN("2026-01-02T03:04:-5Z"),
	SPAN("2026-1-2T3:4:5Z"),
	SPAN("2026-01-02T03:04:5Z"),
	SPAN("2026-01-02T03:04:0\x00Z"),
	SPAN("2026-01-02T03:04:05\0Z"),
	SPAN("\xef\xbb\xbf"
	     "2026-01-02T03:04:05Z"),
	SPAN("2026-01-02T03:04:0\xd9\xa5Z"),
	SPAN("202a-01-02T03:04:05Z"),
	SPAN("2026-01-02T03:04:05Z trailing"),
};

static void
the_expiry_table_is_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(accepted); i++) {
		int64_t got = parse(span_of(accepted[i].text));

		if (got != accepted[i].unix_s)
			print_error("%s\n", accepted[i].text);
		assert_int_equal(got, accepted[i].unix_s);
	}
}

static void
the_expiry_table_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		int64_t got = parse(refused[i]);

		if (got != UNTOUCHED)
			print_error("accepted: row %zu\n", i);
		assert_int_equal(got, UNTOUCHED);
	}
}

static void
fractions_of_1_to_20_digits_are_cut(void **state)
{
	(void)state;
	for (int digits = 1; digits <= 22; digits++) {
		char text[64];

		snprintf(text, sizeof(text), "2026-01-02T03:04:05.%.*sZ",
			 digits, "9999999999999999999999");
		assert_int_equal(parse(span_of(text)),
				 digits <= 20 ? 1767323045 : UNTOUCHED);
	}
}

static void
every_cut_of_a_stamp_is_refused(void **state)
{
	struct span whole = SPAN("2026-01-02T03:04:05.25+01:00");

	(void)state;
	for (size_t len = 0; len < whole.len; len++)
		assert_int_equal(parse(span_cut(whole, 0, len)), UNTOUCHED);
}

/* Every byte of a good stamp replaced by others that do not belong. */
static void
every_byte_of_a_stamp_counts(void **state)
{
	struct span rfc3339 = SPAN("2026-01-02T03:04:05+01:00");
	struct span http = SPAN("Fri, 02 Jan 2026 03:04:05 GMT");
	struct span bytes = SPAN("/;\0 xZ"), others = SPAN("/;\0-xZ");
	char text[32];

	(void)state;
	for (size_t at = 0; at < rfc3339.len; at++) {
		for (size_t i = 0; i < bytes.len; i++) {
			memcpy(text, rfc3339.at, rfc3339.len);
			text[at] = bytes.at[i];
			assert_int_equal(
				parse((struct span){ text, rfc3339.len }),
				UNTOUCHED);
		}
	}
	for (size_t at = 0; at < http.len; at++) {
		for (size_t i = 0; i < others.len; i++) {
			int64_t got = UNTOUCHED;

			memcpy(text, http.at, http.len);
			text[at] = others.at[i];
			assert_int_equal(
				stamp_parse_http(
					(struct span){ text, http.len }, &got),
				RC_INVALID);
			assert_int_equal(got, UNTOUCHED);
		}
	}
}

static void
every_day_agrees_with_the_other_calendar(void **state)
{
	int64_t day = 0;

	(void)state;
	for (int year = 1970; year <= 9999; year++) {
		for (int month = 1; month <= 12; month++) {
			for (int mday = 1; mday <= 31; mday++) {
				struct tm tm = { .tm_year = year - 1900,
						 .tm_mon = month - 1,
						 .tm_mday = mday };
				int64_t want = timegm(&tm);
				char text[64];

				snprintf(text, sizeof(text),
					 "%04d-%02d-%02dT00:00:00Z", year,
					 month, mday);
				/* timegm repaired it: there is no such day. */
				if (tm.tm_mday != mday)
					want = UNTOUCHED;
				else
					assert_int_equal(want, day++ * DAY_S);
				if (parse(span_of(text)) != want)
					fail_msg("%s", text);
			}
		}
	}
	assert_int_equal(day * DAY_S, LAST_S + 1);
}

static void
a_larger_offset_is_an_earlier_moment(void **state)
{
	int64_t last = INT64_MAX;

	(void)state;
	for (int minutes = -1439; minutes <= 1439; minutes++) {
		int size = minutes < 0 ? -minutes : minutes;
		char text[40];
		int64_t got;

		snprintf(text, sizeof(text), "2026-01-02T03:04:05%c%02d:%02d",
			 minutes < 0 ? '-' : '+', size / 60, size % 60);
		got = parse(span_of(text));
		assert_int_equal(got, 1767323045 - (int64_t)minutes * 60);
		assert_true(got < last);
		last = got;
	}
}

static void
formatted_stamps_are_read_back(void **state)
{
	static const int64_t moments[] = {
		0,	    1,		59,	    60,
		86399,	    86400,	951782399,  951782400,
		951868799,  951868800,	1767323045, 4107542399,
		4107542400, 4294967296, LAST_S - 1, LAST_S,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(moments); i++) {
		char text[STAMP_TEXT_MAX];

		stamp_format(moments[i], text);
		assert_int_equal(strlen(text), 20);
		assert_int_equal(parse(span_of(text)), moments[i]);
	}
	/* A step of about 97 days and a bit reaches all months and hours. */
	for (int64_t at = 0; at <= LAST_S; at += 8380801) {
		char text[STAMP_TEXT_MAX];

		stamp_format(at, text);
		assert_int_equal(parse(span_of(text)), at);
	}
}

static void
formatting_is_exact_and_clamped(void **state)
{
	static const struct {
		int64_t unix_s;
		const char *text;
	} table[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ 1767323045, "2026-01-02T03:04:05Z" },
		{ 951868799, "2000-02-29T23:59:59Z" },
		{ LAST_S, "9999-12-31T23:59:59Z" },
		{ LAST_S + 1, "9999-12-31T23:59:59Z" },
		{ INT64_MAX, "9999-12-31T23:59:59Z" },
		{ -1, "1970-01-01T00:00:00Z" },
		{ INT64_MIN, "1970-01-01T00:00:00Z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char text[STAMP_TEXT_MAX];

		stamp_format(table[i].unix_s, text);
		assert_string_equal(text, table[i].text);
	}
}

static void
http_dates_are_read_in_the_one_form(void **state)
{
	static const struct {
		struct span text;
		int64_t unix_s;
	} table[] = {
		{ SPAN("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777 },
		{ SPAN("Thu, 01 Jan 1970 00:00:00 GMT"), 0 },
		{ SPAN("Fri, 02 Jan 2026 03:04:05 GMT"), 1767323045 },
		{ SPAN("Thu, 29 Feb 2024 00:00:00 GMT"), 1709164800 },
		{ SPAN("Sat, 31 Dec 2016 23:59:60 GMT"), 1483228799 },
		{ SPAN("Sun, 07 Feb 2106 06:28:16 GMT"), 4294967296 },
		{ SPAN("Fri, 31 Dec 9999 23:59:59 GMT"), LAST_S },
		/* RFC 850 and asctime */
		{ SPAN("Sunday, 06-Nov-94 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun Nov  6 08:49:37 1994"), UNTOUCHED },
		/* another day of the week */
		{ SPAN("Mon, 06 Nov 1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 nov 1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("sun, 06 Nov 1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("unM, 06 Nov 1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 ovD 1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994 08:49:37 UTC"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994 08:49:37 gmt"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994 08:49:37 +00"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994 08:49:37"), UNTOUCHED },
		{ SPAN("Sun, 6 Nov 1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun,  6 Nov 1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun. 06 Nov 1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06-Nov 1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov-1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994-08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994 08-49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994 08:49-37 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994 08:49:37-GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994 24:49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994 08:60:37 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994 08:49:61 GMT"), UNTOUCHED },
		{ SPAN("Sun, 00 Nov 1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Thu, 31 Nov 1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Wed, 31 Dec 1969 23:59:59 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994 08:49:37 GMT "), UNTOUCHED },
		{ SPAN(" Sun, 06 Nov 1994 08:49:37 GMT"), UNTOUCHED },
		{ SPAN("Sun, 06 Nov 1994 08:49:37 GMT\0"), UNTOUCHED },
		{ SPAN("2026-01-02T03:04:05Z"), UNTOUCHED },
		{ SPAN("0"), UNTOUCHED },
		{ SPAN(""), UNTOUCHED },
		{ { 0 }, UNTOUCHED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		int64_t got = UNTOUCHED;
		enum rc rc = stamp_parse_http(table[i].text, &got);

		if (got != table[i].unix_s)
			print_error("row %zu\n", i);
		assert_int_equal(got, table[i].unix_s);
		assert_int_equal(rc, got == UNTOUCHED ? RC_INVALID : RC_OK);
	}
}

static void
all_http_dates_of_libc_are_read(void **state)
{
	(void)state;
	for (int64_t at = 0; at < INT64_C(1) << 33; at += 777777) {
		time_t now = (time_t)at;
		int64_t got = UNTOUCHED;
		char text[40];
		struct tm tm;

		assert_non_null(gmtime_r(&now, &tm));
		assert_int_equal(strftime(text, sizeof(text),
					  "%a, %d %b %Y %H:%M:%S GMT", &tm),
				 29);
		assert_int_equal(stamp_parse_http(span_of(text), &got), RC_OK);
		assert_int_equal(got, at);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_expiry_table_is_accepted),
		cmocka_unit_test(the_expiry_table_is_refused),
		cmocka_unit_test(fractions_of_1_to_20_digits_are_cut),
		cmocka_unit_test(every_cut_of_a_stamp_is_refused),
		cmocka_unit_test(every_byte_of_a_stamp_counts),
		cmocka_unit_test(every_day_agrees_with_the_other_calendar),
		cmocka_unit_test(a_larger_offset_is_an_earlier_moment),
		cmocka_unit_test(formatted_stamps_are_read_back),
		cmocka_unit_test(formatting_is_exact_and_clamped),
		cmocka_unit_test(http_dates_are_read_in_the_one_form),
		cmocka_unit_test(all_http_dates_of_libc_are_read),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
