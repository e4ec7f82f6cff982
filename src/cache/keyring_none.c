/* The keyring store of a build without libsystemd: always the keeper. */
#include "cache/keyring.h"

#include "core/banned.h"

enum rc
cache_keyring_get(const struct token_key *key, int64_t deadline_ms,
		  struct token **ret, struct why *why)
{
	(void)key;
	(void)deadline_ms;
	(void)ret;
	return why_set(why, RC_UNAVAILABLE, "built without sd-bus");
}

enum rc
cache_keyring_has(const struct token_key *key, int64_t deadline_ms,
		  struct why *why)
{
	(void)key;
	(void)deadline_ms;
	return why_set(why, RC_UNAVAILABLE, "built without sd-bus");
}
