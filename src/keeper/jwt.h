/*
 * JSON Web Tokens, signed: RFC 7519 in the JWS compact form of RFC 7515.
 * The algorithm comes from the profile alone; "none" does not exist here.
 */
#ifndef KEEPER_JWT_H
#define KEEPER_JWT_H

#include "core/conf.h"
#include "core/expand.h"
#include "core/profile.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

/* Signs data; the key behind it lives no longer than the call. */
struct jwt_signer {
	enum rc (*sign)(void *self, struct span data, struct safebuf *out,
			struct why *why);
	void *self;
};

/*
 * Append one JWT: header alg, typ and what the profile names; claims of the
 * profile in its order, then iat = values->now_s (the caller has taken
 * jwt-backdate off) and exp = iat + jwt-ttl, both integers. A claim.iat or
 * claim.exp line of type none leaves that one out.
 * out: room for JWT_MAX. RC_CONFIG: a value that does not fit its type.
 */
NODISCARD enum rc jwt_build(const struct profile *p,
			    const struct expand_values *values,
			    const struct jwt_signer *signer,
			    struct safebuf *out, struct why *why);

#endif
