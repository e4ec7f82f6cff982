/*
 * Where tokens rest between calls: the reading half, used by fronts. A store
 * is one file and one row of the table in stores.c. Writing is the keeper's.
 */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include <stdint.h>

#include "core/rc.h"
#include "core/span.h"
#include "core/token.h"

struct cache_store {
	const char *name; /* value of the configuration's "cache" */
	/*
	 * Read the token of that key. deadline_ms: clock_mono_ms(); it never
	 * prompts, unlocks or writes.
	 * RC_NOT_FOUND: surely absent. RC_KEYRING_TIMEOUT: the deadline
	 * passed, asking the keeper would only wait again. Anything else
	 * (RC_CACHE_BAD, RC_LOCKED, RC_UNAVAILABLE, RC_INTERNAL): not
	 * readable here; the keeper knows more.
	 */
	enum rc (*get)(const struct token_key *key, int64_t deadline_ms,
		       struct token **ret, struct why *why);
	/*
	 * Is there one, locked or not, whatever its age? Loads no secret.
	 * RC_OK, RC_NOT_FOUND, or as get.
	 */
	enum rc (*has)(const struct token_key *key, int64_t deadline_ms,
		       struct why *why);
};

/* The store of that name; NULL: there is none. */
const struct cache_store *cache_find(struct span name);
/* Visit the table; NULL after the last row. */
const struct cache_store *cache_at(size_t index);

#endif
