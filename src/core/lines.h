/*
 * The text form that the configuration and the provider profiles share:
 * "[name]" starts a section, "key = value", comments with "#" or ";" on
 * their own line, no continuation, no quoting. Blanks and tabs around keys
 * and values do not count. A zero-copy iterator.
 */
#ifndef CORE_LINES_H
#define CORE_LINES_H

#include "core/rc.h"
#include "core/span.h"

enum lines_kind {
	LINES_SECTION, /* key holds the name as written between [ and ] */
	LINES_ENTRY,   /* key and value; value may be empty */
	/*
	 * Anything else: no "=", no key before it, a header without its "]",
	 * a control byte (comments too). key holds the line.
	 */
	LINES_BAD
};

struct lines {
	struct span rest; /* set by the caller to the whole text */
	unsigned number;  /* of the line last returned, from 1; starts as 0 */
	enum lines_kind kind;
	struct span key;
	struct span value;
};

/* Next line that is neither empty nor a comment. False at the end. */
bool lines_next(struct lines *l);

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63}: names of apps and providers. */
bool lines_name_is_valid(struct span name);
/* [a-z0-9-]+ up to 64 bytes, not starting with "-": keys and variables. */
bool lines_key_is_valid(struct span key);

#endif
