#include "core/stamp.h"

#include "core/banned.h"

#define DAY_S 86400
#define HOUR_S 3600
#define MINUTE_S 60
/* 9999-12-31T23:59:59Z */
#define LAST_S INT64_C(253402300799)
#define FRACTION_MAX 20

struct civil {
	unsigned year, month, day, hour, minute, second;
};

/* s has at least at + count bytes. */
static bool
read_digits(struct span s, size_t at, size_t count, unsigned *ret)
{
	unsigned n = 0;

	for (size_t i = at; i < at + count; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
		n = n * 10 + (unsigned)(s.at[i] - '0');
	}
	*ret = n;
	return true;
}

static bool
is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned
days_of_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30,
					      31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year) ? 1U : 0U);
}

/* Days since 1970-01-01. */
static int64_t
days_from_civil(const struct civil *c)
{
	unsigned y = c->year - 1;
	unsigned leaps = y / 4 - y / 100 + y / 400;
	/* 1969 / 4 - 1969 / 100 + 1969 / 400 = 477 */
	int64_t days = (int64_t)(c->year - 1970) * 365 + leaps - 477;

	for (unsigned m = 1; m < c->month; m++)
		days += days_of_month(c->year, m);
	return days + c->day - 1;
}

static bool
civil_is_valid(const struct civil *c)
{
	return c->year >= 1970 && c->year <= 9999 && c->month >= 1 &&
	       c->month <= 12 && c->day >= 1 &&
	       c->day <= days_of_month(c->year, c->month) && c->hour <= 23 &&
	       c->minute <= 59 && c->second <= 60;
}

static int64_t
unix_from_civil(const struct civil *c)
{
	/* Unix time has no name for a leap second. */
	unsigned second = c->second == 60 ? 59 : c->second;

	return days_from_civil(c) * DAY_S + (int64_t)c->hour * HOUR_S +
	       (int64_t)c->minute * MINUTE_S + second;
}

/* "Z", "z", "+hh:mm" or "-hh:mm", and nothing after it. */
static bool
read_offset(struct span s, int64_t *ret_s)
{
	unsigned hour, minute;
	int64_t offset_s;

	if (span_is(s, "Z") || span_is(s, "z")) {
		*ret_s = 0;
		return true;
	}
	if (s.len != 6 || (s.at[0] != '+' && s.at[0] != '-') ||
	    s.at[3] != ':' || !read_digits(s, 1, 2, &hour) ||
	    !read_digits(s, 4, 2, &minute) || hour > 23 || minute > 59)
		return false;
	offset_s = (int64_t)hour * HOUR_S + (int64_t)minute * MINUTE_S;
	*ret_s = s.at[0] == '-' ? -offset_s : offset_s;
	return true;
}

enum rc
stamp_parse_rfc3339(struct span s, int64_t *ret_unix_s)
{
	struct civil c;
	size_t at = 19; /* "2026-01-02T03:04:05" */
	int64_t offset_s, unix_s;

	if (s.len < at || !read_digits(s, 0, 4, &c.year) || s.at[4] != '-' ||
	    !read_digits(s, 5, 2, &c.month) || s.at[7] != '-' ||
	    !read_digits(s, 8, 2, &c.day) ||
	    (s.at[10] != 'T' && s.at[10] != 't') ||
	    !read_digits(s, 11, 2, &c.hour) || s.at[13] != ':' ||
	    !read_digits(s, 14, 2, &c.minute) || s.at[16] != ':' ||
	    !read_digits(s, 17, 2, &c.second))
		return RC_INVALID;
	if (s.len > at && s.at[at] == '.') {
		size_t first = ++at;

		while (at < s.len && s.at[at] >= '0' && s.at[at] <= '9')
			at++;
		if (at == first || at - first > FRACTION_MAX)
			return RC_INVALID;
	}
	if (!civil_is_valid(&c) || !read_offset(span_from(s, at), &offset_s))
		return RC_INVALID;
	unix_s = unix_from_civil(&c) - offset_s;
	/* An offset can still lead out of the years that we serve. */
	if (unix_s < 0 || unix_s > LAST_S)
		return RC_INVALID;
	*ret_unix_s = unix_s;
	return RC_OK;
}

/* Index of the three letters at s[at] in names, or count. */
static unsigned
find_name(struct span s, size_t at, const char *names, unsigned count)
{
	struct span all = span_of(names);
	unsigned i = 0;

	while (i < count &&
	       !span_eq(span_cut(s, at, 3), span_cut(all, (size_t)i * 3, 3)))
		i++;
	return i;
}

enum rc
stamp_parse_http(struct span s, int64_t *ret_unix_s)
{
	/* 1970-01-01 was a Thursday. */
	unsigned weekday = find_name(s, 0, "ThuFriSatSunMonTueWed", 7);
	struct civil c;

	/* 0    5  8   12   17 20 23 26 */
	/* Sun, 06 Nov 1994 08:49:37 GMT */
	if (s.len != 29 || weekday == 7 || !span_is(span_cut(s, 3, 2), ", ") ||
	    !read_digits(s, 5, 2, &c.day) || s.at[7] != ' ' ||
	    s.at[11] != ' ' || !read_digits(s, 12, 4, &c.year) ||
	    s.at[16] != ' ' || !read_digits(s, 17, 2, &c.hour) ||
	    s.at[19] != ':' || !read_digits(s, 20, 2, &c.minute) ||
	    s.at[22] != ':' || !read_digits(s, 23, 2, &c.second) ||
	    !span_is(span_from(s, 25), " GMT"))
		return RC_INVALID;
	c.month = find_name(s, 8, "JanFebMarAprMayJunJulAugSepOctNovDec", 12);
	c.month++;
	if (!civil_is_valid(&c) || days_from_civil(&c) % 7 != weekday)
		return RC_INVALID;
	*ret_unix_s = unix_from_civil(&c);
	return RC_OK;
}

static char *
put_number(char *at, unsigned n, unsigned width)
{
	for (unsigned i = width; i > 0; i--) {
		at[i - 1] = (char)('0' + n % 10);
		n /= 10;
	}
	return at + width;
}

void
stamp_format(int64_t unix_s, char out[STAMP_TEXT_MAX])
{
	struct civil c = { .year = 1970, .month = 1 };
	unsigned second_of_day;
	int64_t days;
	char *at = out;

	if (unix_s < 0)
		unix_s = 0;
	if (unix_s > LAST_S)
		unix_s = LAST_S;
	days = unix_s / DAY_S;
	second_of_day = (unsigned)(unix_s % DAY_S);
	while (days >= (is_leap(c.year) ? 366 : 365)) {
		days -= is_leap(c.year) ? 366 : 365;
		c.year++;
	}
	while (days >= days_of_month(c.year, c.month)) {
		days -= days_of_month(c.year, c.month);
		c.month++;
	}
	c.day = (unsigned)days + 1;

	at = put_number(at, c.year, 4);
	*at++ = '-';
	at = put_number(at, c.month, 2);
	*at++ = '-';
	at = put_number(at, c.day, 2);
	*at++ = 'T';
	at = put_number(at, second_of_day / HOUR_S, 2);
	*at++ = ':';
	at = put_number(at, second_of_day % HOUR_S / MINUTE_S, 2);
	*at++ = ':';
	at = put_number(at, second_of_day % MINUTE_S, 2);
	*at++ = 'Z';
	*at = '\0';
}
