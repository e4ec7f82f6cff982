/*
 * Time stamps as text. No clock, no locale, no time zone of the process:
 * the proleptic Gregorian calendar in UTC, computed here.
 */
#ifndef CORE_STAMP_H
#define CORE_STAMP_H

#include <stdint.h>

#include "core/rc.h"
#include "core/span.h"

/* "2026-01-02T03:04:05Z" and a NUL. */
#define STAMP_TEXT_MAX 24

/*
 * RFC 3339 section 5.6 date-time: "T" or "t" ("a space" is refused, we are
 * the strict reader), "Z" or "z" or an offset up to 23:59, fraction of 1 to
 * 20 digits (cut, not rounded), second 60 read as 59. Years 1970 to 9999,
 * as written and in UTC.
 * ret_unix_s: seconds since 1970-01-01 UTC.
 * RC_INVALID: any other text, impossible dates (30 February) included.
 */
NODISCARD enum rc stamp_parse_rfc3339(struct span s, int64_t *ret_unix_s);

/*
 * RFC 9110 section 5.6.7: IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT"), as
 * every server sends it; the two obsolete forms, and a day of the week that
 * is not the date's, are RC_INVALID. Second 60 is read as 59.
 */
NODISCARD enum rc stamp_parse_http(struct span s, int64_t *ret_unix_s);

/*
 * RFC 3339 in UTC without fraction. unix_s outside 1970..9999 is clamped.
 * out: STAMP_TEXT_MAX bytes, NUL-terminated.
 */
void stamp_format(int64_t unix_s, char out[STAMP_TEXT_MAX]);

#endif
