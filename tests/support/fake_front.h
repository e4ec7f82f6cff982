/*
 * For tests of the fronts: a cache, a keeper and a clock behind front_ports.
 * The keeper mints, drops and tells as the real one does; who asked for what
 * is kept for the test to see.
 */
#ifndef SUPPORT_FAKE_FRONT_H
#define SUPPORT_FAKE_FRONT_H

#include <stdio.h>
#include <string.h>

#include "front/front.h"

#define FAKE_WALL INT64_C(1700000000)
#define FAKE_BOOT_MS INT64_C(9000000)
#define FAKE_MONO_MS INT64_C(123456)
#define FAKE_BOOT "5f2a9a52-0c0f-4d0a-8a5c-3a1f5f0a7b11"
#define FAKE_CACHED "cached.token"
#define FAKE_SERIAL "00000000000000aa"
#define FAKE_MINTED_SERIAL "00000000000000bb"
#define FAKE_TEXT_MAX 256

static struct {
	/* the cache */
	bool no_store;	/* the configured store does not exist */
	enum rc get_rc; /* RC_OK: the token below, if there is one */
	bool cached;
	char token[FAKE_TEXT_MAX];
	char serial[TOKEN_SERIAL_MAX];
	int64_t life_s;
	int64_t left_s;
	bool expiry_unknown;
	enum rc has_rc;
	/* the keeper */
	enum rc keeper_rc; /* RC_OK: it works */
	bool locked;	   /* … only when it may prompt */
	const char *warning;
	enum token_state inspected;
	enum rc key_rc;
	const char *key_why;
	bool without_token;
	int64_t refresh_failed_ms;
	/* kept logins */
	enum rc login_rc;
	/* what was asked */
	unsigned reads, hases, asks, mints, drops, refreshes, peeks, logins;
	enum wire_verb verb;
	enum token_caller caller;
	int64_t min_life_s;
	bool force, may_prompt, any_prompt;
	int key_fd;
	int64_t wait_ms;
	int64_t deadline_ms;
	bool has_presented;
	char app[FAKE_TEXT_MAX];
	char presented[FAKE_TEXT_MAX];
	char refused[FAKE_TEXT_MAX];
	char variables[FAKE_TEXT_MAX];
	struct wire_request refresh;
	char refresh_app[FAKE_TEXT_MAX];
} fake;

static inline void
fake_copy(struct span s, char out[FAKE_TEXT_MAX])
{
	assert_true(span_copy(s, out, FAKE_TEXT_MAX));
}

static inline void
fake_now(void *self, struct moment *ret)
{
	(void)self;
	*ret = (struct moment){ FAKE_WALL, FAKE_BOOT_MS, FAKE_BOOT };
}

static inline int64_t
fake_mono_ms(void *self)
{
	(void)self;
	return FAKE_MONO_MS;
}

static inline void
fake_sleep_ms(void *self, int64_t ms)
{
	(void)self;
	(void)ms;
	fail_msg("a front never sleeps");
}

static inline enum rc
fake_get(const struct token_key *key, int64_t deadline_ms, struct token **ret,
	 struct why *why)
{
	struct moment minted = { FAKE_WALL, FAKE_BOOT_MS, FAKE_BOOT };

	fake.reads++;
	fake.deadline_ms = deadline_ms;
	fake_copy(key->variables, fake.variables);
	if (fake.get_rc != RC_OK)
		return why_set(why, fake.get_rc, "the cache says no");
	if (!fake.cached)
		return RC_NOT_FOUND;
	minted.boot_ms -= (fake.life_s - fake.left_s) * 1000;
	return token_new(span_of(fake.token), SPAN("recorded"), fake.life_s,
			 !fake.expiry_unknown, &minted, fake.serial, ret);
}

static inline enum rc
fake_has(const struct token_key *key, int64_t deadline_ms, struct why *why)
{
	(void)key;
	fake.hases++;
	fake.deadline_ms = deadline_ms;
	if (fake.has_rc != RC_OK)
		return why_set(why, fake.has_rc, "the cache says no");
	return fake.cached ? RC_OK : RC_NOT_FOUND;
}

static inline const struct cache_store *
fake_find_store(struct span name)
{
	static const struct cache_store store = { .name = "keyring",
						  .get = fake_get,
						  .has = fake_has };

	return !fake.no_store && span_is(name, store.name) ? &store : NULL;
}

/* The token of this moment, in room, as the pipe would bring it. */
static inline void
fake_give(bool minted, struct safebuf *room, struct wire_answer *ret)
{
	size_t at = safebuf_len(room);

	safebuf_puts(room, fake.token);
	*ret = (struct wire_answer){
		.token = span_from(safebuf_view(room), at),
		.serial = span_of(fake.serial),
		.username = SPAN("of the record"),
		.warning = span_of(fake.warning),
		.left_s = fake.left_s,
		.life_s = fake.life_s,
		.expiry_known = !fake.expiry_unknown,
		.minted = minted,
	};
	if (fake.without_token)
		ret->token = (struct span){ 0 };
}

static inline void
fake_mint(const struct wire_request *r, struct safebuf *room,
	  struct wire_answer *ret)
{
	/* Somebody else may have renewed it meanwhile. */
	bool good = fake.get_rc == RC_OK && fake.cached && !r->force &&
		    fake.left_s >= token_minimum_s(r->caller, fake.life_s, 0) &&
		    !span_is(r->refused, fake.serial);

	if (!good) {
		fake.mints++;
		fake.cached = true;
		fake.left_s = fake.life_s;
		snprintf(fake.token, sizeof(fake.token), "minted.%u",
			 fake.mints);
		snprintf(fake.serial, sizeof(fake.serial), "%s",
			 FAKE_MINTED_SERIAL);
	}
	fake_give(!good, room, ret);
}

static inline enum rc
fake_ask_keeper(const struct wire_request *r, int key_fd, int64_t wait_ms,
		struct safebuf *room, struct wire_answer *ret, struct why *why)
{
	fake.asks++;
	fake.verb = r->verb;
	fake.caller = r->caller;
	fake.min_life_s = r->min_life_s;
	fake.force = r->force;
	fake.may_prompt = r->may_prompt;
	fake.any_prompt = fake.any_prompt || r->may_prompt;
	fake.key_fd = key_fd;
	fake.wait_ms = wait_ms;
	fake.has_presented = span_is_set(r->presented);
	fake_copy(r->app, fake.app);
	fake_copy(r->presented, fake.presented);
	fake_copy(r->refused, fake.refused);
	assert_int_equal(safebuf_len(room), 0);
	if (fake.keeper_rc != RC_OK)
		return why_set(why, fake.keeper_rc, "the cause; the next step");
	if (fake.locked && !r->may_prompt)
		return why_set(why, RC_LOCKED,
			       "the keyring is locked; unlock it");
	*ret = (struct wire_answer){ 0 };
	switch (r->verb) {
	case WIRE_TOKEN:
		fake_mint(r, room, ret);
		break;
	case WIRE_DROP:
		if (!span_is_set(r->presented) ||
		    span_is(r->presented, fake.token)) {
			fake.drops++;
			fake.cached = false;
		}
		break;
	case WIRE_INSPECT:
		ret->state = fake.inspected;
		ret->key_rc = fake.key_rc;
		ret->key_why = span_of(fake.key_why);
		break;
	default:
		fail_msg("nobody asks for verb %d here", (int)r->verb);
	}
	return RC_OK;
}

static inline void
fake_start_refresh(const struct wire_request *r)
{
	fake.refreshes++;
	fake.refresh = *r;
	fake_copy(r->app, fake.refresh_app);
}

static inline void
fake_peek_note(struct span app, const char *boot_id, struct note *ret)
{
	fake.peeks++;
	fake_copy(app, fake.app);
	assert_string_equal(boot_id, FAKE_BOOT);
	*ret = (struct note){ .refresh_failed_ms = fake.refresh_failed_ms };
}

static inline enum rc
fake_find_login(const struct login *asked, int64_t deadline_ms,
		struct safebuf *room, struct login *ret, struct why *why)
{
	(void)asked;
	(void)deadline_ms;
	(void)room;
	(void)ret;
	fake.logins++;
	return why_set(why, fake.login_rc, "the logins say no");
}

static inline enum rc
fake_list_logins(int64_t deadline_ms,
		 void (*each)(void *self, struct span server, struct span user),
		 void *self, size_t *ret_hidden, struct why *why)
{
	(void)deadline_ms;
	(void)each;
	(void)self;
	(void)why;
	*ret_hidden = 0;
	return RC_OK;
}

static const struct clock_port fake_clock = { .now = fake_now,
					      .mono_ms = fake_mono_ms,
					      .sleep_ms = fake_sleep_ms };
static const struct front_ports fake_ports = {
	.clock = &fake_clock,
	.find_store = fake_find_store,
	.ask_keeper = fake_ask_keeper,
	.start_refresh = fake_start_refresh,
	.find_login = fake_find_login,
	.list_logins = fake_list_logins,
	.peek_note = fake_peek_note,
};

/* Nothing is cached, nothing kept; tokens live an hour. */
static inline void
fake_start(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.life_s = 3600;
	fake.login_rc = RC_NOT_FOUND;
}

/* A token is cached that has left_s of life_s left. */
static inline void
fake_cache(int64_t life_s, int64_t left_s)
{
	fake.cached = true;
	fake.life_s = life_s;
	fake.left_s = left_s;
	snprintf(fake.token, sizeof(fake.token), "%s", FAKE_CACHED);
	snprintf(fake.serial, sizeof(fake.serial), "%s", FAKE_SERIAL);
}

/* Has anything but the configuration been touched? */
static inline bool
fake_was_touched(void)
{
	return fake.reads + fake.hases + fake.asks + fake.refreshes +
		       fake.logins + fake.peeks >
	       0;
}

#endif
