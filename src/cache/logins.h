/*
 * Kept logins, read over the session bus like tokens. Whatever is unusual
 * is the keeper's to answer.
 */
#ifndef CACHE_LOGINS_H
#define CACHE_LOGINS_H

#include <stdint.h>

#include "core/limits.h"
#include "core/login.h"
#include "core/rc.h"
#include "core/safebuf.h"

/*
 * The first unlocked login that answers the question.
 * room: receives what ret lends from, secrets included; of LOGIN_ROOM.
 * RC_NOT_FOUND: surely none. RC_LOCKED: what might be one is locked.
 * RC_KEYRING_TIMEOUT ends the call; RC_UNAVAILABLE, RC_TOO_LARGE,
 * RC_INTERNAL: ask the keeper.
 */
NODISCARD enum rc logins_find(const struct login *asked, int64_t deadline_ms,
			      struct safebuf *room, struct login *ret,
			      struct why *why);
#define LOGIN_ROOM (LOGIN_SECRET_MAX + RECORD_MAX)

/*
 * Visit docker's kept logins: server and user. ret_hidden: how many items a
 * locked keyring will not name. Loads no secret. Errors as above.
 */
NODISCARD enum rc logins_list(int64_t deadline_ms,
			      void (*each)(void *self, struct span server,
					   struct span user),
			      void *self, size_t *ret_hidden, struct why *why);

#endif
