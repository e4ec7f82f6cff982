/* Inside of conf: the keys of an app and the values that each may have. */
#ifndef CORE_CONF_CHECK_H
#define CORE_CONF_CHECK_H

#include "core/conf.h"

/* May the key stand several times in a section? */
bool conf_check_repeats(struct span key);
/*
 * Check the entry and set the app's member of that key. A key that is not
 * of the table is a variable: only its name is checked.
 * RC_CONFIG: "cause; next step", without file and line.
 */
NODISCARD enum rc conf_check_entry(struct conf_app *a,
				   const struct conf_entry *e, struct why *why);

/* The place that a git or docker entry claims. */
NODISCARD enum rc conf_check_place(enum conf_kind kind, struct span value,
				   struct place *ret, struct why *why);

#endif
