/*
 * A token for a caller: the app's lock, the cache again, then the exchange,
 * the cache, the note for the next holder of the lock.
 */
#ifndef KEEPER_MINT_H
#define KEEPER_MINT_H

#include <stdint.h>

#include "core/rc.h"
#include "core/token.h"
#include "core/wire.h"
#include "keeper/exchange.h"
#include "keeper/keyring.h"
#include "platform/appload.h"
#include "platform/clock.h"
#include "platform/lockfile.h"

/*
 * The keyring of one call, opened at the first need, so that nothing that
 * can do without touches the bus. Start with may_prompt set, the rest 0.
 */
struct mint_keyring {
	bool may_prompt;
	bool tried;
	struct lockfile *prompt_lock;
	struct keyring *keyring;
	enum rc rc;
	struct why why;
};

struct mint {
	const struct clock_port *clock;
	const struct http_port *http;
	struct mint_keyring keyring;
	struct appload_app *app; /* lent */
};

/* RC_OK and the open keyring, or why there is none. */
NODISCARD enum rc mint_keyring_open(struct mint_keyring *k,
				    struct keyring **ret, struct why *why);
/* ended: how the call ended; a refused prompt is told to who waits for it. */
void mint_keyring_close(struct mint_keyring *k, enum rc ended);

/* A token as the answer needs it. */
struct mint_result {
	struct token *token; /* owned */
	bool minted;
	bool look_again; /* no token: the caller finds it in the cache */
	struct why warning; /* "" when there is nothing to say */
};

/*
 * caller, min_life_s (0: the caller's own), force: as the request says.
 * A mint that fails while the cached token still lives is a success with a
 * warning. RC_LIFE: even a new token lives shorter than min_life_s.
 * RC_BUSY: no mint now (Retry-After, or a rejected replacement).
 */
NODISCARD enum rc mint_token(struct mint *m, const struct wire_request *r,
			     struct mint_result *ret, struct why *why);

/* Renew a due token unless somebody else is at it. */
NODISCARD enum rc mint_refresh(struct mint *m, const struct wire_request *r,
			       struct why *why);

/*
 * Drop the cached token if it equals presented (unset: whatever it is).
 * RC_OK also when there was none or another one.
 */
NODISCARD enum rc mint_drop(struct mint *m, struct span presented,
			    struct why *why);

/*
 * Exchange once with a key that is not stored yet, to prove it.
 * ret: owned token, not cached yet.
 */
NODISCARD enum rc mint_prove(struct mint *m, const struct jwt_signer *signer,
			     struct mint_result *ret, struct why *why);

/* The cached token as it is, whatever its age. RC_NOT_FOUND, … */
NODISCARD enum rc mint_cached(struct mint *m, struct token **ret,
			      struct why *why);
/* Put it into the app's store; RC_OK at once when it keeps none. */
NODISCARD enum rc mint_keep(struct mint *m, const struct token *t,
			    struct why *why);

#endif
