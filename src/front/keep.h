/*
 * Kept logins, for the helpers: read fast, else by the keeper; written by
 * the keeper alone.
 */
#ifndef FRONT_KEEP_H
#define FRONT_KEEP_H

#include "core/login.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "front/front.h"

/* A login found. Start as { 0 }; release with keep_found_clear(). */
struct keep_found {
	struct safebuf *room; /* owns what login lends from */
	struct login login;
};

/*
 * The login that answers the question.
 * RC_NOT_FOUND: none, also when there is no keyring to ask at all.
 * RC_LOCKED, RC_DISMISSED, RC_KEYRING_TIMEOUT, RC_INTERNAL.
 */
NODISCARD enum rc keep_get(const struct front_ports *ports,
			   const struct login *asked,
			   const struct front_ask *ask, struct keep_found *ret,
			   struct why *why);
void keep_found_clear(struct keep_found *f);

/* Keep it. RC_BAD_REQUEST: too large. A missing keyring is an error. */
NODISCARD enum rc keep_put(const struct front_ports *ports,
			   const struct login *l, const struct front_ask *ask,
			   struct why *why);

/* Erase what answers; RC_OK also when there is none. Never unlocks. */
NODISCARD enum rc keep_erase(const struct front_ports *ports,
			     const struct login *asked, struct why *why);

/*
 * Visit docker's kept logins: server and user, lent for the call.
 * hidden: how many a locked keyring does not name. Never unlocks.
 */
NODISCARD enum rc keep_list(const struct front_ports *ports,
			    void (*each)(void *self, struct span server,
					 struct span user),
			    void *self, size_t *hidden, struct why *why);

#endif
