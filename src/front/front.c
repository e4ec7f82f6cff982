#include "front/front.h"

#include "front/kclient.h"
#include "platform/lockfile.h"

#include "core/banned.h"

const struct front_ports front_system = {
	.clock = &clock_system,
	.find_store = cache_find,
	.ask_keeper = kclient_ask,
	.start_refresh = kclient_refresh,
	.find_login = logins_find,
	.list_logins = logins_list,
	.peek_note = lockfile_peek,
};

static struct moment
now(const struct front_ports *p)
{
	struct moment m;

	p->clock->now(p->clock->self, &m);
	return m;
}

static struct token_key
key_of(const struct appload_app *a)
{
	return (struct token_key){
		.app = a->app->name,
		.provider = a->app->provider,
		.variables = safebuf_view(a->variables),
	};
}

int64_t
front_wait_ms(const struct conf_app *app, bool may_prompt)
{
	return (int64_t)app->timeout_s * 1000 + CALL_EXTRA_MS +
	       (may_prompt ? 2 * PROMPT_MS : 0);
}

static enum rc
store_of(const struct front_ports *p, const struct appload_app *a,
	 const struct cache_store **ret, struct why *why)
{
	const struct conf_entry *e;
	size_t at = 0;

	*ret = p->find_store(a->app->cache);
	if (*ret != NULL)
		return RC_OK;
	e = conf_next(a->app, "cache", &at);
	return why_set(why, RC_CONFIG,
		       "'%s' line %u: unknown 'cache' in [%.*s]; use "
		       "'keyring' or 'none'",
		       a->app->path, e == NULL ? a->app->line : e->line,
		       (int)a->app->name.len, a->app->name.at);
}

static enum rc
read_cache(const struct front_ports *p, const struct appload_app *a,
	   struct token **ret, struct why *why)
{
	const struct cache_store *store;
	struct token_key key = key_of(a);
	enum rc rc;

	if ((rc = store_of(p, a, &store, why)) != RC_OK)
		return rc;
	return store->get(&key,
			  p->clock->mono_ms(p->clock->self) + KEYRING_CALL_MS,
			  ret, why);
}

static int64_t
minimum_s(const struct appload_app *a, const struct front_ask *ask,
	  int64_t life_s)
{
	if (ask->min_life_s > 0)
		return ask->min_life_s;
	return token_minimum_s(ask->caller, life_s,
			       profile_min_ttl_s(a->profile, a->app));
}

/* After a failed refresh the next one waits, whoever comes by. */
static bool
may_refresh(const struct front_ports *p, const struct appload_app *a,
	    const struct moment *t)
{
	struct note n;

	p->peek_note(a->app->name, t->boot_id, &n);
	return n.refresh_failed_ms == 0 ||
	       t->boot_ms - n.refresh_failed_ms >= REFRESH_RETRY_MS;
}

/* Whether the cached token answers the call; starts a refresh when due. */
static bool
use_cached(const struct front_ports *p, const struct appload_app *a,
	   const struct front_ask *ask, struct token **cached,
	   struct front_token *ret)
{
	struct token *t = *cached;
	struct moment t_now = now(p);
	enum token_state state =
		token_state(t, minimum_s(a, ask, t->life_s), &t_now);
	const struct wire_request refresh = { .verb = WIRE_REFRESH,
					      .app = a->app->name,
					      .caller = ask->caller };

	if (state == TOKEN_STALE ||
	    (span_is_set(ask->refused) && span_is(ask->refused, t->serial)))
		return false;
	if (state == TOKEN_DUE && may_refresh(p, a, &t_now))
		p->start_refresh(&refresh);
	ret->cached = t;
	ret->token = t->token;
	ret->serial = span_of(t->serial);
	ret->username = profile_username(a->profile, a->app);
	ret->left_s = token_left_s(t, &t_now);
	ret->life_s = t->life_s;
	ret->expiry_known = t->expiry_known;
	*cached = NULL;
	return true;
}

bool
front_may_prompt(const struct front_ask *ask)
{
	return ask->may_prompt && (ask->prompt_is_welcome == NULL ||
				   ask->prompt_is_welcome(ask->self));
}

static enum rc
ask_for_token(const struct front_ports *p, const struct appload_app *a,
	      const struct front_ask *ask, bool can_look,
	      struct front_token *ret, struct why *why)
{
	struct wire_request request = {
		.verb = WIRE_TOKEN,
		.app = a->app->name,
		.caller = ask->caller,
		.min_life_s = ask->min_life_s,
		.force = ask->force,
		.can_look = can_look,
		.refused = ask->refused,
	};
	struct safebuf *room = NULL;
	struct wire_answer answer = { 0 };
	enum rc rc;

	if ((rc = safebuf_new(WIRE_MAX, &room)) != RC_OK)
		return rc;
	rc = p->ask_keeper(&request, -1, front_wait_ms(a->app, false), room,
			   &answer, why);
	/* Whether a prompt is welcome is asked only when one is needed. */
	if (rc == RC_LOCKED && a->app->unlock_ask && front_may_prompt(ask)) {
		request.may_prompt = true;
		safebuf_clear(room);
		rc = p->ask_keeper(&request, -1, front_wait_ms(a->app, true),
				   room, &answer, why);
	}
	if (rc == RC_OK && answer.look_again && can_look) {
		safebuf_free(room);
		return RC_NOT_FOUND;
	}
	if (rc == RC_OK && !span_is_set(answer.token))
		rc = why_set(why, RC_INTERNAL,
			     "apptoken-keeper gave no token; reinstall "
			     "apptoken");
	if (rc != RC_OK) {
		safebuf_free(room);
		return rc;
	}
	ret->room = room;
	ret->token = answer.token;
	ret->serial = answer.serial;
	ret->username = profile_username(a->profile, a->app);
	ret->left_s = answer.left_s;
	ret->life_s = answer.life_s;
	ret->expiry_known = answer.expiry_known;
	ret->minted = answer.minted;
	if (span_is_set(answer.warning))
		why_set(&ret->warning, RC_OK, "%.*s", (int)answer.warning.len,
			answer.warning.at);
	return RC_OK;
}

/*
 * The cached token, if it will do. can_look: the cache can be read here, and
 * what it has will not do.
 */
static enum rc
answer_cached(const struct front_ports *p, const struct appload_app *a,
	      const struct front_ask *ask, bool *can_look,
	      struct front_token *ret, struct why *why)
{
	struct token *cached = NULL;
	enum rc rc;

	rc = read_cache(p, a, &cached, why);
	*can_look = rc == RC_OK || rc == RC_NOT_FOUND;
	if (rc == RC_OK && !use_cached(p, a, ask, &cached, ret))
		rc = RC_NOT_FOUND;
	token_free(cached);
	return rc;
}

enum rc
front_get(const struct front_ports *p, const struct appload_app *a,
	  const struct front_ask *ask, struct front_token *ret, struct why *why)
{
	bool can_look = false;
	enum rc rc;

	if (!ask->force) {
		rc = answer_cached(p, a, ask, &can_look, ret, why);
		if (rc == RC_OK || rc == RC_KEYRING_TIMEOUT || rc == RC_CONFIG)
			return rc;
	}
	rc = ask_for_token(p, a, ask, can_look, ret, why);
	if (rc != RC_NOT_FOUND)
		return rc;
	/* Another process has minted while the keeper waited for it. */
	rc = answer_cached(p, a, ask, &can_look, ret, why);
	if (rc == RC_OK || rc == RC_KEYRING_TIMEOUT)
		return rc;
	return ask_for_token(p, a, ask, false, ret, why);
}

void
front_token_clear(struct front_token *t)
{
	t->cached = token_free(t->cached);
	t->room = safebuf_free(t->room);
	t->token = (struct span){ 0 };
}

static enum rc
compare_cached(const struct front_ports *p, const struct appload_app *a,
	       struct span presented, bool *ret, struct why *why)
{
	struct token *cached = NULL;
	enum rc rc;

	rc = read_cache(p, a, &cached, why);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	*ret = rc == RC_OK && span_eq_secret(cached->token, presented);
	token_free(cached);
	return RC_OK;
}

enum rc
front_is_ours(const struct front_ports *p, const struct appload_app *a,
	      struct span presented, bool *ret, struct why *why)
{
	const struct front_ask ask = { .caller = TOKEN_FOR_DOCKER };
	struct front_token token = { 0 };
	enum rc rc;

	rc = compare_cached(p, a, presented, ret, why);
	if (rc == RC_OK || rc == RC_KEYRING_TIMEOUT || rc == RC_CONFIG)
		return rc;
	/* The keeper reads what the cache can't, or says why it can't. */
	if ((rc = ask_for_token(p, a, &ask, false, &token, why)) == RC_OK)
		*ret = span_eq_secret(token.token, presented);
	front_token_clear(&token);
	return rc;
}

enum rc
front_drop(const struct front_ports *p, const struct appload_app *a,
	   enum token_caller caller, struct span presented, struct why *why)
{
	const struct wire_request request = { .verb = WIRE_DROP,
					      .app = a->app->name,
					      .caller = caller,
					      .presented = presented };
	struct safebuf *room = NULL;
	struct wire_answer answer;
	bool ours = true;
	enum rc rc;

	/* A token cannot hold what this does: it is another secret. */
	if (span_is_set(presented) && !token_is_wellformed(presented))
		return RC_OK;
	if (span_is_set(presented)) {
		rc = compare_cached(p, a, presented, &ours, why);
		if (rc == RC_KEYRING_TIMEOUT || rc == RC_CONFIG)
			return rc;
		if (rc == RC_OK && !ours)
			return RC_OK;
	}
	/* The keeper compares again, under the lock. */
	if ((rc = safebuf_new(WIRE_MAX, &room)) != RC_OK)
		return rc;
	rc = p->ask_keeper(&request, -1, front_wait_ms(a->app, false), room,
			   &answer, why);
	safebuf_free(room);
	return rc;
}

static bool
hides_tokens(enum rc rc)
{
	return rc == RC_LOCKED || rc == RC_DISMISSED || rc == RC_UNAVAILABLE ||
	       rc == RC_KEYRING_TIMEOUT;
}

enum rc
front_has(const struct front_ports *p, const struct appload_app *a,
	  struct why *why)
{
	const struct wire_request request = { .verb = WIRE_INSPECT,
					      .app = a->app->name,
					      .caller = TOKEN_FOR_COMMAND };
	const struct cache_store *store;
	struct token_key key = key_of(a);
	struct safebuf *room = NULL;
	struct wire_answer answer;
	enum rc rc;

	if ((rc = store_of(p, a, &store, why)) != RC_OK)
		return rc;
	rc = store->has(
		&key, p->clock->mono_ms(p->clock->self) + KEYRING_CALL_MS, why);
	if (rc == RC_OK || rc == RC_NOT_FOUND || rc == RC_KEYRING_TIMEOUT)
		return rc;
	if ((rc = safebuf_new(WIRE_MAX, &room)) != RC_OK)
		return rc;
	rc = p->ask_keeper(&request, -1, front_wait_ms(a->app, false), room,
			   &answer, why);
	/* A keyring that can't be reached: the same happened to the key. */
	if (rc == RC_OK && answer.state == TOKEN_NONE)
		rc = hides_tokens(answer.key_rc)
			     ? why_set(why, answer.key_rc, "%.*s",
				       (int)answer.key_why.len,
				       answer.key_why.at)
			     : RC_NOT_FOUND;
	safebuf_free(room);
	return rc;
}
