/* Command lines: long options only, before, between or after operands. */
#ifndef CLI_OPTS_H
#define CLI_OPTS_H

#include "core/rc.h"

struct opts_row {
	const char *name;  /* without "--"; NULL ends the table */
	const char *value; /* what its value is called; NULL: a switch */
	const char *help;
};

/* A last row of this name takes every other option, with a value. */
#define OPTS_ANY "*"

struct opts {
	const struct opts_row *rows;
	const char *const *args; /* NULL at the end */
	int at;
	bool only_operands; /* "--" was seen */
};

/* One argument: an option (name set) or an operand (name NULL). */
struct opts_item {
	const char *name;  /* as in the table, or as typed for OPTS_ANY */
	const char *value; /* NULL for a switch */
};

/*
 * The next argument. ret_end: there is none.
 * RC_USAGE: unknown option, a value missing, or one given to a switch; why
 * names the option, never its value.
 */
NODISCARD enum rc opts_next(struct opts *o, struct opts_item *ret,
			    bool *ret_end, struct why *why);

#endif
