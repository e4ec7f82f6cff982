/* The one function that reads numbers: decimal digits within a range. */
#ifndef CORE_NUM_H
#define CORE_NUM_H

#include <stdint.h>

#include "core/rc.h"
#include "core/span.h"

/*
 * Digits only: no sign, no blank, no leading zero but for "0" itself.
 * RC_INVALID: another form. RC_TOO_LARGE: outside min..max (or 64 bits).
 */
NODISCARD enum rc num_parse_u64(struct span s, uint64_t min, uint64_t max,
				uint64_t *ret);
/* The same with an optional "-" ("-0" is RC_INVALID). */
NODISCARD enum rc num_parse_i64(struct span s, int64_t min, int64_t max,
				int64_t *ret);
/* Lower- or upper-case hexadecimal digits, 1 to 16 of them. */
NODISCARD enum rc num_parse_hex(struct span s, uint64_t *ret);

#endif
