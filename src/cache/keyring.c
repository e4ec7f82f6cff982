#include "cache/keyring.h"

#include "cache/secretread.h"

#include "core/banned.h"

#define TOKEN_SCHEMA "org.apptoken.Token"
#define ITEM_VERSION "1"

static enum rc
search(const struct token_key *key, int64_t deadline_ms,
       struct secretread **ret, struct why *why)
{
	/* All of them: one that is left out would match any value. */
	const struct secretread_attribute attributes[] = {
		{ "app", key->app },
		{ "provider", key->provider },
		{ "variables", key->variables },
		{ "version", SPAN(ITEM_VERSION) },
	};

	return secretread_search(TOKEN_SCHEMA, attributes,
				 sizeof(attributes) / sizeof(attributes[0]),
				 SECRETREAD_ITEMS, deadline_ms, ret, why);
}

enum rc
cache_keyring_get(const struct token_key *key, int64_t deadline_ms,
		  struct token **ret, struct why *why)
{
	struct secretread *r = NULL;
	struct span bytes;
	enum rc rc;

	if ((rc = search(key, deadline_ms, &r, why)) != RC_OK)
		return rc;
	if (secretread_unlocked(r) == 0)
		rc = secretread_locked(r) == 0 ? RC_NOT_FOUND : RC_LOCKED;
	/* Which of several is the newest is for the keeper to find out. */
	else if (secretread_unlocked(r) + secretread_locked(r) > 1)
		rc = RC_CACHE_BAD;
	else if ((rc = secretread_secret(r, 0, &bytes)) == RC_OK)
		rc = token_decode(bytes, key, ret);
	secretread_free(r);
	return rc;
}

enum rc
cache_keyring_has(const struct token_key *key, int64_t deadline_ms,
		  struct why *why)
{
	struct secretread *r = NULL;
	enum rc rc;

	if ((rc = search(key, deadline_ms, &r, why)) != RC_OK)
		return rc;
	if (secretread_unlocked(r) + secretread_locked(r) == 0)
		rc = RC_NOT_FOUND;
	secretread_free(r);
	return rc;
}
