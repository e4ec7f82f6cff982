/*
 * The Secret Service as plain D-Bus: what libsecret would do without a
 * deadline, or with a prompt of its own. One of the two files that include
 * the headers of libsecret and GLib; no type of theirs crosses this one.
 */
#ifndef KEEPER_SECRETBUS_H
#define KEEPER_SECRETBUS_H

#include <stddef.h>
#include <stdint.h>

#include "core/rc.h"

struct secretbus;

/*
 * Connect to the bus, quietly: GLib prints nothing from here on. The first
 * call of the process MUST come while it has one thread (it sets the
 * environment, which GDBus reads).
 * RC_UNAVAILABLE: nobody there. RC_KEYRING_TIMEOUT.
 */
NODISCARD enum rc secretbus_open(const char *address, bool may_prompt,
				 struct secretbus **ret, struct why *why);
struct secretbus *secretbus_close(struct secretbus *b);

/* A call's time starts: KEYRING_CALL_MS, which all below count down. */
void secretbus_begin(struct secretbus *b);
int64_t secretbus_left_ms(const struct secretbus *b);

/* Remember who serves now, and later: is it still the same one? */
NODISCARD enum rc secretbus_note_owner(struct secretbus *b, struct why *why);
NODISCARD enum rc secretbus_check_owner(struct secretbus *b, struct why *why);

/*
 * Unlock a collection or item; the service's own prompt may come up if
 * may_prompt, at most PROMPT_MS, after which the call's time starts anew.
 * RC_LOCKED: it may not. RC_DISMISSED, RC_UNAVAILABLE, RC_KEYRING_TIMEOUT.
 */
NODISCARD enum rc secretbus_unlock(struct secretbus *b, const char *path,
				   struct why *why);
/* Delete an item; errors as secretbus_unlock(). */
NODISCARD enum rc secretbus_delete(struct secretbus *b, const char *path,
				   struct why *why);

/*
 * The GType of a SecretService that raises no prompt on its own account.
 */
size_t secretbus_service_type(void);

/*
 * Translate an error of theirs: gerror is a GError *, used up; NULL is an
 * odd answer. RC_KEYRING_TIMEOUT (a cancelled call is one), RC_LOCKED,
 * RC_UNAVAILABLE.
 */
enum rc secretbus_error(void *gerror, struct why *why);
/* The sentence for a locked keyring. */
enum rc secretbus_locked(struct why *why);

#endif
