/* Typed values of profile lines, written as JSON or as a form field. */
#ifndef KEEPER_VALUE_H
#define KEEPER_VALUE_H

#include "core/profile.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

/*
 * Append text as JSON: string; number (1 to 15 digits, an optional minus);
 * bool (true, false); list (array of strings, split at commas, blanks around
 * each off); auto (a number when 1 to 15 digits without a leading zero, else
 * a string). PROFILE_NONE must not come here.
 * RC_CONFIG: not of that type; why names the item.
 */
NODISCARD enum rc value_put_json(const struct profile_item *item,
				 struct span text, struct safebuf *out,
				 struct why *why);

/* Append as application/x-www-form-urlencoded; a list with blanks between. */
NODISCARD enum rc value_put_form(const struct profile_item *item,
				 struct span text, struct safebuf *out,
				 struct why *why);

#endif
