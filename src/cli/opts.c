#include "cli/opts.h"

#include <string.h>

#include "core/clean.h"
#include "core/span.h"

#include "core/banned.h"

static const struct opts_row *
find(const struct opts_row *rows, struct span name)
{
	for (; rows->name != NULL; rows++) {
		if (span_is(name, rows->name) ||
		    strcmp(rows->name, OPTS_ANY) == 0)
			return rows;
	}
	return NULL;
}

enum rc
opts_next(struct opts *o, struct opts_item *ret, bool *ret_end, struct why *why)
{
	const char *arg = o->args[o->at];
	const struct opts_row *row;
	struct span name;
	char shown[64]; /* as typed, dashes included */
	size_t equals;

	*ret_end = arg == NULL;
	if (arg == NULL)
		return RC_OK;
	o->at++;
	if (!o->only_operands && strcmp(arg, "--") == 0) {
		o->only_operands = true;
		return opts_next(o, ret, ret_end, why);
	}
	/* A lone "-" is an operand: standard input, by custom. */
	if (o->only_operands || arg[0] != '-' || arg[1] == '\0') {
		*ret = (struct opts_item){ .value = arg };
		return RC_OK;
	}
	name = span_from(span_of(arg), strncmp(arg, "--", 2) == 0 ? 2 : 1);
	equals = span_find(name, '=');
	name = span_cut(name, 0, equals);
	clean_text(span_cut(span_of(arg), 0, (size_t)(name.at - arg) + equals),
		   shown, sizeof(shown));
	row = strncmp(arg, "--", 2) == 0 ? find(o->rows, name) : NULL;
	if (row == NULL)
		return why_set(why, RC_USAGE,
			       "unknown option '%s'; see 'apptoken --help'",
			       shown);
	*ret = (struct opts_item){ .name = row->name };
	if (strcmp(row->name, OPTS_ANY) == 0)
		ret->name = name.at;
	if (row->value == NULL) {
		if (arg[equals + 2] != '\0')
			return why_set(why, RC_USAGE,
				       "option '%s' takes no value; leave "
				       "it out",
				       shown);
		return RC_OK;
	}
	if (arg[equals + 2] == '=') {
		/* An option that is any: its name would run into "=". */
		if (ret->name == name.at)
			return why_set(why, RC_USAGE,
				       "write '%s VALUE', with a blank", shown);
		ret->value = arg + equals + 3;
		return RC_OK;
	}
	ret->value = o->args[o->at];
	if (ret->value == NULL)
		return why_set(why, RC_USAGE, "option '%s' wants a value: %s",
			       shown, row->value);
	o->at++;
	return RC_OK;
}
