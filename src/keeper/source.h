/*
 * Where a private key comes from: a table, one row a source. An app's "key"
 * lines are tried in order; only "not found" falls through to the next.
 */
#ifndef KEEPER_SOURCE_H
#define KEEPER_SOURCE_H

#include "core/conf.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "keeper/keyring.h"

/* What a source may need to do its work. */
struct source_world {
	/* The open keyring, or NULL with keyring_rc and its why. */
	struct keyring *keyring;
	enum rc keyring_rc;
	struct why keyring_why;
};

struct source {
	const char *name; /* the word of "key = name" or "key = name:rest" */
	/*
	 * Append the PEM. rest: what follows the colon, unset without one.
	 * RC_NOT_FOUND: the next source may have it. Others end the search.
	 */
	enum rc (*get)(const struct source_world *w, struct span app,
		       struct span rest, struct safebuf *pem, struct why *why);
};

/* Visit the table; NULL after the last row. */
const struct source *source_at(size_t index);

/*
 * The app's key from the first source that has it.
 * ret_source: the value of that "key" line, lent from the app or a literal.
 * RC_KEY_MISSING: none has it; why tells how to import. RC_CONFIG: an
 * unknown source, with file and line.
 */
NODISCARD enum rc source_get_key(const struct source_world *w,
				 const struct conf_app *app,
				 struct safebuf *pem, struct span *ret_source,
				 struct why *why);

#endif
