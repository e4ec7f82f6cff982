/*
 * Kept logins in the keyring, the half that may unlock and write: the
 * items of docker's and git's own helpers, read, replaced and erased as if
 * they were ours, and ours as if they were theirs.
 */
#ifndef KEEPER_LOGINS_H
#define KEEPER_LOGINS_H

#include "core/login.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "keeper/items.h"

/*
 * The first login that answers. room: receives what ret lends from.
 * RC_NOT_FOUND, RC_LOCKED, RC_DISMISSED, RC_UNAVAILABLE, …
 */
NODISCARD enum rc logins_get(struct items *s, const struct login *asked,
			     struct safebuf *room, struct login *ret,
			     struct why *why);

/*
 * Keep one. docker: one entry a server, a new user replaces the old. git:
 * one entry for each protocol, host, port, path and user. The new entry is
 * there before an old one goes.
 */
NODISCARD enum rc logins_put(struct items *s, const struct login *l,
			     struct why *why);

/*
 * Erase what answers; with asked->password or asked->credential set only an
 * entry that holds it. RC_OK also when there is none. RC_LOCKED: something
 * that may be meant is locked; nothing has changed then.
 */
NODISCARD enum rc logins_delete(struct items *s, const struct login *asked,
				struct why *why);

/*
 * Append docker's kept logins as members of a JSON object, server to user,
 * without braces. Loads no secret. hidden: how many have no readable name.
 */
NODISCARD enum rc logins_put_list(struct items *s, struct safebuf *out,
				  size_t *hidden, struct why *why);

#endif
