/*
 * From a signed JWT to an access token: the request that the profile
 * describes, the attempts, the clock repair. One budget over all of it.
 */
#ifndef KEEPER_EXCHANGE_H
#define KEEPER_EXCHANGE_H

#include <stdint.h>

#include "core/rc.h"
#include "core/safebuf.h"
#include "keeper/http.h"
#include "keeper/jwt.h"
#include "platform/appload.h"
#include "platform/clock.h"

struct exchange_ports {
	const struct clock_port *clock;
	const struct http_port *http;
	struct jwt_signer signer;
	/* A random version 4 UUID; a random number below limit (> 0). */
	enum rc (*uuid)(char out[37], struct why *why);
	uint32_t (*random_below)(uint32_t limit);
};

struct exchange_result {
	struct safebuf *token; /* owned */
	bool expiry_known;
	int64_t life_s;	     /* LIFE_MIN_S..LIFE_MAX_S */
	bool may_cache;	     /* the answer, or default-ttl, says how long */
	int64_t clock_off_s; /* ours minus the server's, when repaired */
};

/*
 * A token for the app, within its timeout. A new JWT for every attempt;
 * connect errors, 408, 429 and 5xx are tried again, ATTEMPTS_MAX in all; a
 * 400 or 401 whose Date is more than SKEW_MIN_S and at most SKEW_MAX_S off
 * is tried once more with the server's time.
 * ret_hold_s: a Retry-After that is longer than we wait; else 0. Set on
 * RC_BUSY only.
 * Classes: RC_REFUSED, RC_CLOCK, RC_BAD_ANSWER, RC_BUSY, RC_NET, RC_TLS,
 * RC_TIMEOUT, RC_CONFIG, and what the signer gives. why names the endpoint,
 * never a part of JWT or token.
 */
NODISCARD enum rc exchange_run(const struct appload_app *a,
			       const struct exchange_ports *ports,
			       struct exchange_result *ret, int64_t *ret_hold_s,
			       struct why *why);
void exchange_result_clear(struct exchange_result *r);

#endif
