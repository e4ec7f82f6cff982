/*
 * What the note in an app's lock file tells about earlier mints, and what
 * follows for the next one. Pure: times are boot-clock milliseconds.
 */
#ifndef KEEPER_HISTORY_H
#define KEEPER_HISTORY_H

#include <stdint.h>

#include "core/note.h"
#include "core/rc.h"

/*
 * RC_BUSY, with the wait in why: the endpoint asked for a pause
 * (Retry-After), or a replacement token was refused within
 * REJECTED_AGAIN_MS of its mint, as the token before it was.
 */
NODISCARD enum rc history_allows_mint(const struct note *n, int64_t now_ms,
				      struct why *why);

/* A server refused the cached token. */
void history_add_rejection(struct note *n, int64_t now_ms);
/* A token was minted and cached. */
void history_add_mint(struct note *n, int64_t now_ms);
/* hold_s: a Retry-After too long to wait for, else 0. */
void history_add_failure(struct note *n, int64_t now_ms, enum rc rc,
			 int64_t hold_s, const struct why *why);

#endif
