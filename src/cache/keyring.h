/*
 * Tokens in the Secret Service, read over the session bus: at most two
 * rounds of calls, no libsecret.
 */
#ifndef CACHE_KEYRING_H
#define CACHE_KEYRING_H

#include "cache/cache.h"

/* Rows of the table; see struct cache_store. */
NODISCARD enum rc cache_keyring_get(const struct token_key *key,
				    int64_t deadline_ms, struct token **ret,
				    struct why *why);
NODISCARD enum rc cache_keyring_has(const struct token_key *key,
				    int64_t deadline_ms, struct why *why);

#endif
