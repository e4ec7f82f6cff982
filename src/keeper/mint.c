#include "keeper/mint.h"

#include <sys/random.h>

#include "keeper/history.h"
#include "keeper/sign.h"
#include "keeper/source.h"
#include "platform/lockfile.h"

#include "core/banned.h"

static struct token_key
key_of(const struct mint *m)
{
	return (struct token_key){
		.app = m->app->app->name,
		.provider = m->app->app->provider,
		.variables = safebuf_view(m->app->variables),
	};
}

static bool
caches(const struct mint *m)
{
	return !span_is(m->app->app->cache, "none");
}

static struct moment
now(const struct mint *m)
{
	struct moment t;

	m->clock->now(m->clock->self, &t);
	return t;
}

enum rc
mint_cached(struct mint *m, struct token **ret, struct why *why)
{
	struct token_key key = key_of(m);
	struct keyring *k;
	enum rc rc;

	if (!caches(m))
		return RC_NOT_FOUND;
	if ((rc = mint_keyring_open(&m->keyring, &k, why)) != RC_OK)
		return rc;
	return keyring_get_token(k, &key, ret, why);
}

enum rc
mint_keep(struct mint *m, const struct token *t, struct why *why)
{
	struct token_key key = key_of(m);
	struct keyring *k;
	enum rc rc;

	if (!caches(m))
		return RC_OK;
	if ((rc = mint_keyring_open(&m->keyring, &k, why)) != RC_OK)
		return rc;
	return keyring_put_token(k, &key, t, why);
}

static uint32_t
random_below(uint32_t limit)
{
	uint32_t n = 0;

	/* Jitter only: without entropy a pause of 0 does as well. */
	if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
		return 0;
	return n % limit;
}

/*
 * The signer of ordinary calls: the key is read for each signature and gone
 * before anything is connected.
 */
static enum rc
sign_with_stored_key(void *self, struct span data, struct safebuf *out,
		     struct why *why)
{
	struct mint *m = self;
	struct source_world world = { 0 };
	struct sign_key *key = NULL;
	struct safebuf *pem = NULL;
	struct span source;
	enum rc rc;

	world.keyring_rc = mint_keyring_open(&m->keyring, &world.keyring,
					     &world.keyring_why);
	if ((rc = safebuf_new(PEM_MAX, &pem)) != RC_OK ||
	    (rc = source_get_key(&world, m->app->app, pem, &source, why)) !=
		    RC_OK ||
	    (rc = sign_key_parse(safebuf_view(pem), NULL, NULL, &key, why)) !=
		    RC_OK ||
	    (rc = sign_rs256(key, data, out, why)) != RC_OK)
		goto out;
out:
	sign_key_free(key);
	safebuf_free(pem);
	return rc;
}

/* From an exchange to a token of ours. */
static enum rc
exchange(struct mint *m, const struct jwt_signer *signer, int64_t *hold_s,
	 bool *may_cache, struct mint_result *ret, struct why *why)
{
	struct exchange_ports ports = {
		.clock = m->clock,
		.http = m->http,
		.signer = *signer,
		.uuid = sign_random_uuid,
		.random_below = random_below,
	};
	struct exchange_result result = { 0 };
	char serial[TOKEN_SERIAL_MAX];
	struct moment minted;
	enum rc rc;

	if ((rc = sign_random_serial(serial, why)) != RC_OK ||
	    (rc = exchange_run(m->app, &ports, &result, hold_s, why)) != RC_OK)
		return rc;
	minted = now(m);
	rc = token_new(safebuf_view(result.token),
		       profile_username(m->app->profile, m->app->app),
		       result.life_s, result.expiry_known, &minted, serial,
		       &ret->token);
	if (rc == RC_OK && result.clock_off_s != 0)
		why_set(&ret->warning, RC_OK,
			"this computer's clock is %lld s %s the endpoint's; "
			"set it right",
			(long long)(result.clock_off_s < 0
					    ? -result.clock_off_s
					    : result.clock_off_s),
			result.clock_off_s < 0 ? "behind" : "ahead of");
	ret->minted = true;
	*may_cache = result.may_cache;
	exchange_result_clear(&result);
	return rc;
}

enum rc
mint_prove(struct mint *m, const struct jwt_signer *signer,
	   struct mint_result *ret, struct why *why)
{
	bool may_cache;
	int64_t hold_s;

	return exchange(m, signer, &hold_s, &may_cache, ret, why);
}

/* How much life the caller wants of a token of that lifetime. */
static int64_t
wanted_s(const struct mint *m, const struct wire_request *r, int64_t life_s)
{
	if (r->min_life_s > 0)
		return r->min_life_s;
	return token_minimum_s(r->caller, life_s,
			       profile_min_ttl_s(m->app->profile, m->app->app));
}

/* Has the caller just seen a server refuse this very token? */
static bool
is_refused(const struct wire_request *r, const struct token *t)
{
	return span_is_set(r->refused) && span_is(r->refused, t->serial);
}

static bool
is_good(const struct mint *m, const struct wire_request *r,
	const struct token *t)
{
	struct moment t_now = now(m);

	return !is_refused(r, t) &&
	       token_state(t, wanted_s(m, r, t->life_s), &t_now) != TOKEN_STALE;
}

/* Mint, keep, note. The lock is held, or could not be had (NULL). */
static enum rc
mint_locked(struct mint *m, struct lockfile *lock, struct note *n,
	    struct mint_result *ret, struct why *why)
{
	const struct jwt_signer signer = { .sign = sign_with_stored_key,
					   .self = m };
	bool may_cache = false;
	int64_t hold_s = 0;
	struct why kept;
	enum rc rc;

	rc = exchange(m, &signer, &hold_s, &may_cache, ret, why);
	if (rc != RC_OK) {
		history_add_failure(n, now(m).boot_ms, rc, hold_s, why);
		lockfile_set_note(lock, now(m).boot_id, n);
		return rc;
	}
	/* The note comes last: who sees it must find the token, too. */
	if (may_cache && mint_keep(m, ret->token, &kept) != RC_OK)
		why_set(&ret->warning, RC_OK, "the token was not cached: %s",
			kept.text);
	history_add_mint(n, now(m).boot_ms);
	lockfile_set_note(lock, now(m).boot_id, n);
	return RC_OK;
}

/* The caller still gets a living token when no new one can be had. */
static enum rc
serve_old(struct mint *m, struct token **old, enum rc rc,
	  struct mint_result *ret, const struct why *why)
{
	struct moment t_now = now(m);

	if (*old == NULL || token_left_s(*old, &t_now) == 0)
		return rc;
	why_set(&ret->warning, RC_OK,
		"using the cached token, renewing "
		"failed: %s",
		why->text);
	ret->token = *old;
	ret->minted = false;
	*old = NULL;
	return RC_OK;
}

static enum rc
check_life(const struct mint *m, const struct wire_request *r,
	   const struct mint_result *result, struct why *why)
{
	struct moment t_now = now(m);

	if (r->min_life_s <= 0 ||
	    token_left_s(result->token, &t_now) >= r->min_life_s)
		return RC_OK;
	return why_set(why, RC_LIFE,
		       "the provider's tokens live %lld s at most; ask for "
		       "less with --min-life",
		       (long long)result->token->life_s);
}

/* A good token from the cache, unless a new one is wanted whatever it is. */
static bool
look(struct mint *m, const struct wire_request *r, struct token **old,
     struct mint_result *ret, enum rc *rc, struct why *why)
{
	*old = token_free(*old);
	*rc = mint_cached(m, old, why);
	if (*rc != RC_OK || r->force || !is_good(m, r, *old))
		return false;
	ret->token = *old;
	*old = NULL;
	return true;
}

/* The keyring must be open to mint: these classes end the call. */
static bool
ends_call(enum rc rc)
{
	return rc == RC_LOCKED || rc == RC_DISMISSED || rc == RC_UNAVAILABLE ||
	       rc == RC_KEYRING_TIMEOUT;
}

static enum rc
token_under_lock(struct mint *m, const struct wire_request *r,
		 struct lockfile *lock, int64_t waited_since_ms,
		 struct token **old, struct mint_result *ret, struct why *why)
{
	struct note n;
	enum rc rc;

	if (look(m, r, old, ret, &rc, why))
		return RC_OK;
	if (ends_call(rc))
		return rc;
	lockfile_note(lock, now(m).boot_id, &n);
	/* Who waited while the holder failed shares its failure. */
	if (waited_since_ms > 0 && n.failed != RC_OK &&
	    n.failed_ms >= waited_since_ms) {
		rc = why_set(why, n.failed, "%s", n.why.text);
		return serve_old(m, old, rc, ret, why);
	}
	if (*old != NULL && is_refused(r, *old))
		history_add_rejection(&n, now(m).boot_ms);
	rc = r->force ? RC_OK : history_allows_mint(&n, now(m).boot_ms, why);
	if (rc == RC_OK)
		rc = mint_locked(m, lock, &n, ret, why);
	if (rc == RC_OK || r->force || (*old != NULL && is_refused(r, *old)))
		return rc;
	return serve_old(m, old, rc, ret, why);
}

static bool
was_minted_since(const struct mint *m, const struct lockfile *lock,
		 int64_t since_ms)
{
	struct note n;

	lockfile_note(lock, now(m).boot_id, &n);
	return n.minted_ms >= since_ms;
}

enum rc
mint_token(struct mint *m, const struct wire_request *r,
	   struct mint_result *ret, struct why *why)
{
	struct mint_result result = { 0 };
	struct lockfile *lock = NULL;
	struct token *old = NULL;
	int64_t since_ms = 0;
	bool waited = false;
	enum rc rc;

	/*
	 * Without waiting first: whoever holds the lock may be refreshing a
	 * token that is still good, and then nobody has to wait for it. Who
	 * can look has looked.
	 */
	rc = lockfile_take(m->app->app->name, m->clock->mono_ms(m->clock->self),
			   &lock, &waited);
	if (rc == RC_TIMEOUT) {
		since_ms = now(m).boot_ms;
		if (!r->can_look) {
			if (look(m, r, &old, &result, &rc, why))
				goto found;
			if (ends_call(rc))
				goto out;
		}
		(void)!lockfile_take(m->app->app->name,
				     m->clock->mono_ms(m->clock->self) +
					     LOCK_WAIT_MS,
				     &lock, &waited);
		/*
		 * Of 200 that waited each would open the keyring, which has
		 * one thread: the caller's own reading costs it far less.
		 */
		if (r->can_look && !r->force &&
		    was_minted_since(m, lock, since_ms)) {
			ret->look_again = true;
			rc = RC_OK;
			goto out;
		}
	}
	rc = token_under_lock(m, r, lock, since_ms, &old, &result, why);
	if (rc != RC_OK)
		goto out;
found:
	if ((rc = check_life(m, r, &result, why)) != RC_OK)
		goto out;
	*ret = result;
	result.token = NULL;
out:
	lockfile_release(lock);
	token_free(result.token);
	token_free(old);
	return rc;
}

enum rc
mint_refresh(struct mint *m, const struct wire_request *r, struct why *why)
{
	struct mint_result result = { 0 };
	struct lockfile *lock = NULL;
	struct token *t = NULL;
	struct moment t_now;
	struct note n;
	bool waited;
	enum rc rc;

	rc = lockfile_take(m->app->app->name, m->clock->mono_ms(m->clock->self),
			   &lock, &waited);
	if (rc == RC_TIMEOUT)
		return RC_OK; /* somebody is at it */
	if ((rc = mint_cached(m, &t, why)) != RC_OK)
		goto out;
	t_now = now(m);
	if (token_state(t, wanted_s(m, r, t->life_s), &t_now) == TOKEN_FRESH)
		goto out;
	lockfile_note(lock, t_now.boot_id, &n);
	if (n.refresh_failed_ms > 0 &&
	    t_now.boot_ms - n.refresh_failed_ms < REFRESH_RETRY_MS)
		goto out;
	if ((rc = history_allows_mint(&n, t_now.boot_ms, why)) != RC_OK)
		goto out;
	rc = mint_locked(m, lock, &n, &result, why);
	if (rc != RC_OK) {
		n.refresh_failed_ms = now(m).boot_ms;
		lockfile_set_note(lock, t_now.boot_id, &n);
	}
out:
	lockfile_release(lock);
	token_free(result.token);
	token_free(t);
	return rc;
}

enum rc
mint_drop(struct mint *m, struct span presented, struct why *why)
{
	struct token_key key = key_of(m);
	struct lockfile *lock = NULL;
	struct token *t = NULL;
	struct keyring *k;
	struct note n;
	unsigned count;
	bool waited;
	enum rc rc;

	if (!caches(m))
		return RC_OK;
	(void)!lockfile_take(m->app->app->name,
			     m->clock->mono_ms(m->clock->self) + LOCK_WAIT_MS,
			     &lock, &waited);
	rc = mint_cached(m, &t, why);
	if (rc == RC_NOT_FOUND) {
		rc = RC_OK;
		goto out;
	}
	if (rc != RC_OK && rc != RC_CACHE_BAD)
		goto out;
	/* Somebody may have put a newer token there since: it stays. */
	if (rc == RC_OK && span_is_set(presented) &&
	    !span_eq_secret(t->token, presented))
		goto out;
	if ((rc = mint_keyring_open(&m->keyring, &k, why)) != RC_OK ||
	    (rc = keyring_delete_tokens(k, &key, &count, why)) != RC_OK)
		goto out;
	if (span_is_set(presented)) {
		lockfile_note(lock, now(m).boot_id, &n);
		history_add_rejection(&n, now(m).boot_ms);
		lockfile_set_note(lock, now(m).boot_id, &n);
	}
out:
	lockfile_release(lock);
	token_free(t);
	return rc;
}
