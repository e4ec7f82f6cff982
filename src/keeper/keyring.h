/*
 * The keyring: private keys, and the writing half of the token cache, as
 * items of the Secret Service. libsecret and GLib stay behind items.h.
 *
 * "Not found" MUST be told apart from locked, no service, died and
 * dismissed; every call has a deadline and a cancellable; a private key
 * travels in an encrypted session only and never goes to a collection that
 * dies with the session; nothing is overwritten that was not found before.
 *
 * Items (doc/design.md section 3): org.apptoken.Key {app, part, version},
 * org.apptoken.Token {app, version, provider, variables}, always with all
 * attributes; the same facts stand in the secret.
 */
#ifndef KEEPER_KEYRING_H
#define KEEPER_KEYRING_H

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"
#include "core/token.h"

struct keyring;

/*
 * Connect. bus_address: as busaddr_get() gave it.
 * may_prompt: a locked collection may raise the service's own prompt, at
 * most PROMPT_MS; else RC_LOCKED at once.
 * RC_UNAVAILABLE: no bus, no service (why names which, and the settings that
 * do without), it died; RC_KEYRING_TIMEOUT: KEYRING_CALL_MS passed.
 */
NODISCARD enum rc keyring_open(const char *bus_address, bool may_prompt,
			       struct keyring **ret, struct why *why);
struct keyring *keyring_close(struct keyring *k);

/* The connection beneath, for items that are no app's. Lent. */
struct items;
struct items *keyring_items(struct keyring *k);

/*
 * Append the PEM of the app's private key.
 * RC_NOT_FOUND: an unlocked keyring without it. RC_KEY_BAD: two of them, the
 * wrong facts inside, larger than PEM_MAX, or the service offers no
 * encrypted session. RC_LOCKED, RC_DISMISSED, RC_UNAVAILABLE,
 * RC_KEYRING_TIMEOUT.
 */
NODISCARD enum rc keyring_get_key(struct keyring *k, struct span app,
				  struct safebuf *pem, struct why *why);
/*
 * Keep it: a new item, or in one call in place of the present one when
 * replace is true (else a present one is RC_KEY_BAD).
 * RC_UNAVAILABLE: no default collection, or only the session's.
 */
NODISCARD enum rc keyring_put_key(struct keyring *k, struct span app,
				  struct span pem, bool replace,
				  struct why *why);
/* Delete every key item of the app; ret_count: how many (0 is fine). */
NODISCARD enum rc keyring_delete_key(struct keyring *k, struct span app,
				     unsigned *ret_count, struct why *why);

/*
 * The newest valid cached token of that key.
 * RC_NOT_FOUND, RC_CACHE_BAD (only odd records there), RC_LOCKED, …
 * Never prompts unless may_prompt was given.
 */
NODISCARD enum rc keyring_get_token(struct keyring *k,
				    const struct token_key *key,
				    struct token **ret, struct why *why);
/* Put it in place of whatever has the same attributes. */
NODISCARD enum rc keyring_put_token(struct keyring *k,
				    const struct token_key *key,
				    const struct token *t, struct why *why);
/*
 * Delete the tokens of key->app; with key->provider unset all of them,
 * whatever shaped them, else those with exactly this key.
 */
NODISCARD enum rc keyring_delete_tokens(struct keyring *k,
					const struct token_key *key,
					unsigned *ret_count, struct why *why);

#endif
