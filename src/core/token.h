/*
 * Tokens: what the cache keeps of one, and when it is still good enough.
 * Pure: the present moment is an argument.
 */
#ifndef CORE_TOKEN_H
#define CORE_TOKEN_H

#include <stdint.h>

#include "core/limits.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

/* A boot id is a UUID in text. */
#define TOKEN_BOOT_ID_MAX 40
/* The name of one minted token, 16 hexadecimal digits; no secret. */
#define TOKEN_SERIAL_MAX 17

/* The present, as one reading of both clocks. */
struct moment {
	int64_t wall_s;	 /* Unix seconds, may jump */
	int64_t boot_ms; /* since boot, suspend included; never jumps */
	char boot_id[TOKEN_BOOT_ID_MAX];
};

/*
 * What shaped a token; a cached one is found only when all of it is equal.
 * All lent.
 */
struct token_key {
	struct span app;
	struct span provider;
	struct span variables; /* profile_variables() */
};

struct token {
	struct safebuf *bytes; /* owns token and username */
	struct span token;     /* secret */
	struct span username;
	int64_t life_s;	   /* at the moment of minting, 1..LIFE_MAX_S */
	bool expiry_known; /* false: life_s is the profile's default */
	struct moment minted;
	char serial[TOKEN_SERIAL_MAX];
};

enum token_state { TOKEN_NONE, TOKEN_FRESH, TOKEN_DUE, TOKEN_STALE };

/* Who asks: decides how much life a token must have left. */
enum token_caller { TOKEN_FOR_GIT, TOKEN_FOR_DOCKER, TOKEN_FOR_COMMAND };

/* R4, RFC 6750 2.1: 1..TOKEN_MAX bytes of b64token. */
bool token_is_wellformed(struct span token);

/*
 * New token owning copies. serial: 16 hexadecimal digits.
 * RC_INVALID: the token is not well formed or username has a control byte.
 */
NODISCARD enum rc token_new(struct span token, struct span username,
			    int64_t life_s, bool expiry_known,
			    const struct moment *minted, const char *serial,
			    struct token **ret);
struct token *token_free(struct token *t);

/*
 * Append the record that the cache keeps: version line, the facts of key,
 * times, token, checksum (against damage, not against forgery).
 * Format: doc/design.md, TOKEN RECORD.
 */
NODISCARD enum rc token_encode(const struct token *t,
			       const struct token_key *key,
			       struct safebuf *out);
/*
 * Decode untrusted bytes, at most RECORD_MAX, and compare what shaped the
 * token with key.
 * RC_CACHE_BAD: other version, order, field, checksum, or another token's
 * facts. RC_INTERNAL: memory.
 */
NODISCARD enum rc token_decode(struct span bytes, const struct token_key *key,
			       struct token **ret);

/*
 * Seconds of life left, 0 when it is over. In the boot that minted the
 * token only the boot clock counts, so no jump of the wall clock decides
 * anything. After a reboot the wall clock counts, and one that stands before
 * the moment of minting ends the token.
 */
int64_t token_left_s(const struct token *t, const struct moment *now);

/*
 * How much life a caller must be given, for a token of lifetime life_s:
 * git and the command min(60, L/4), docker min(300, L/2); at least floor_s
 * (the profile's min-ttl), but that never above L/2.
 */
int64_t token_minimum_s(enum token_caller caller, int64_t life_s,
			int64_t floor_s);

/*
 * FRESH: answer. DUE: answer and renew in the background: less than
 * max(min(15 min, L/4), m + L/10) is left. STALE: less than m is left.
 * minimum_s: m. TOKEN_NONE is never returned for a token.
 */
enum token_state token_state(const struct token *t, int64_t minimum_s,
			     const struct moment *now);
/* "none", "fresh", "due", "stale". */
const char *token_state_name(enum token_state state);

#endif
