/*
 * A request's way, shared by helpers and command: app, cache, keeper.
 *
 * A fresh token is answered at once; a due one too, and a refresh starts
 * that nobody waits for; a stale or absent one is the keeper's to make. What
 * the cache cannot read is the keeper's to explain; only a time-out of the
 * keyring ends the call here.
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include <stdint.h>

#include "cache/cache.h"
#include "cache/logins.h"
#include "core/note.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "core/token.h"
#include "core/wire.h"
#include "platform/appload.h"
#include "platform/clock.h"

/* What a front reaches the world through; tests put their own there. */
struct front_ports {
	const struct clock_port *clock;
	const struct cache_store *(*find_store)(struct span name);
	enum rc (*ask_keeper)(const struct wire_request *request, int key_fd,
			      int64_t wait_ms, struct safebuf *room,
			      struct wire_answer *ret, struct why *why);
	void (*start_refresh)(const struct wire_request *request);
	/* Kept logins, read fast: cache/logins. */
	enum rc (*find_login)(const struct login *asked, int64_t deadline_ms,
			      struct safebuf *room, struct login *ret,
			      struct why *why);
	enum rc (*list_logins)(int64_t deadline_ms,
			       void (*each)(void *self, struct span server,
					    struct span user),
			       void *self, size_t *ret_hidden, struct why *why);
	/* The note in the app's lock file, without the lock. */
	void (*peek_note)(struct span app, const char *boot_id,
			  struct note *ret);
};
extern const struct front_ports front_system;

struct front_ask {
	enum token_caller caller;
	int64_t min_life_s; /* 0: the caller's own minimum */
	bool force;
	bool may_prompt;
	/*
	 * Asked only when the keyring is locked and may_prompt is set: does
	 * the caller welcome a prompt? NULL: yes.
	 */
	bool (*prompt_is_welcome)(void *self);
	void *self;
	/* Serial of a token that a server has just refused; unset: none. */
	struct span refused;
};

/* Start as { 0 }; release with front_token_clear(). */
struct front_token {
	struct token *cached; /* owns token when it came from the cache */
	struct safebuf *room; /* owns token when the keeper gave it */
	struct span token;    /* secret */
	struct span username; /* lent from the app */
	struct span serial;   /* names the token, no part of it */
	int64_t left_s;	      /* life left */
	int64_t life_s;
	bool expiry_known;
	bool minted;
	struct why warning; /* "" or a word for stderr */
};

/*
 * A token for the app with the life that the caller wants.
 * Classes: those of the keeper (RC_LOCKED, RC_KEY_MISSING, RC_REFUSED, …),
 * RC_KEYRING_TIMEOUT, RC_TIMEOUT, RC_CONFIG (unknown cache), RC_INTERNAL.
 */
NODISCARD enum rc front_get(const struct front_ports *ports,
			    const struct appload_app *app,
			    const struct front_ask *ask,
			    struct front_token *ret, struct why *why);
void front_token_clear(struct front_token *t);

/*
 * A client says that presented (unset: it named none) was refused: drop the
 * cached token if it is that one. RC_OK also when there is nothing to drop.
 */
NODISCARD enum rc front_drop(const struct front_ports *ports,
			     const struct appload_app *app,
			     enum token_caller caller, struct span presented,
			     struct why *why);

/* Is presented the cached token? RC_OK with *ret, or why it can't be told. */
NODISCARD enum rc front_is_ours(const struct front_ports *ports,
				const struct appload_app *app,
				struct span presented, bool *ret,
				struct why *why);

/*
 * Is a token cached for the app, without loading, unlocking or minting one?
 * RC_OK, RC_NOT_FOUND, or why it can't be told.
 */
NODISCARD enum rc front_has(const struct front_ports *ports,
			    const struct appload_app *app, struct why *why);

/* May the keyring raise its prompt for this call (R8)? Look only when it is
 * locked: the answer may cost a process. */
bool front_may_prompt(const struct front_ask *ask);

/*
 * A whole call of a client waits so long for the keeper at most: a prompt,
 * and before it another process's prompt, come on top.
 */
int64_t front_wait_ms(const struct conf_app *app, bool may_prompt);

#endif
