/*
 * What the fronts ask the keeper and what it answers: a version line, then
 * key=value lines, then end of file. Values never hold CR, LF or NUL. The
 * request names an app, never an endpoint.
 */
#ifndef CORE_WIRE_H
#define CORE_WIRE_H

#include <stdint.h>

#include "core/login.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"
#include "core/token.h"

enum wire_verb {
	WIRE_TOKEN,   /* a token with enough life: cache, else mint */
	WIRE_REFRESH, /* renew a due token; nobody reads the answer */
	WIRE_DROP,    /* drop the cached token if it is the presented one */
	WIRE_FORGET,  /* drop every cached token of the app */
	WIRE_IMPORT,  /* prove and keep the private key on descriptor 3 */
	WIRE_REMOVE,  /* delete key and cached tokens */
	WIRE_INSPECT, /* tell about key and cached token; no secret */
	WIRE_ROTATE,  /* prove the key on descriptor 3, put it in place of
		       * the stored one */
	/* Kept logins; no app is concerned. */
	WIRE_LOGIN_GET,
	WIRE_LOGIN_STORE,
	WIRE_LOGIN_ERASE,
	WIRE_LOGIN_LIST,
	WIRE_VERBS
};

/* The private key's file, handed over open. */
#define WIRE_KEY_FD 3

struct wire_request {
	enum wire_verb verb;
	struct span app;
	enum token_caller caller;
	int64_t min_life_s;    /* 0: the caller's own minimum */
	bool force;	       /* mint even if a fresh token is cached */
	bool may_prompt;       /* the keyring may raise its prompt (R8) */
	struct span presented; /* DROP: secret; unset: whatever is cached */
	bool can_look;	       /* TOKEN: the caller can read the cache itself
				* and has found nothing usable there */
	struct span refused;   /* TOKEN: serial of a token that a server
				* refused; unset: none */
	/* IMPORT: the proposed section's lines, LF-separated; each line
	 * travels as one "conf=" line. Owned by the caller of decode. */
	struct span conf;
	bool verify; /* IMPORT: mint once to prove the key */
	/*
	 * LOGIN_*: the question, or what to keep. Secrets are not in login:
	 * they travel as login_put_secret() writes them, in base64url.
	 */
	struct login login;
	struct span secret; /* base64url; unset: none */
};

struct wire_answer {
	enum rc rc;
	struct span why;     /* failure: cause; next step */
	struct span warning; /* success with a word: one sentence */
	struct span token;   /* secret; TOKEN */
	struct span username;
	struct span serial; /* names the token, no part of it */
	int64_t left_s;	    /* life left at the time of the answer */
	int64_t life_s;
	bool expiry_known;
	bool minted; /* made for this call, not from the cache */
	/* To who can look, in place of a token: another process has minted
	 * meanwhile, and the cache has it. */
	bool look_again;
	/* INSPECT and IMPORT */
	struct span key_source;
	struct span key_fingerprint; /* SHA256:… */
	int64_t key_bits;
	bool key_present; /* IMPORT: it was in the keyring before */
	enum rc key_rc;	  /* RC_OK, or why there is no usable key */
	struct span key_why;
	enum token_state state;
	/*
	 * LOGIN_GET: username, and the secret as login_put_secret() writes
	 * it. LOGIN_LIST: the members of a JSON object. In base64url.
	 */
	struct span secret;
	int64_t hidden; /* LOGIN_LIST: items without a readable name */
};

/* Append the text. RC_INVALID: a value that a line cannot hold. */
NODISCARD enum rc wire_put_request(const struct wire_request *r,
				   struct safebuf *out);
NODISCARD enum rc wire_put_answer(const struct wire_answer *a,
				  struct safebuf *out);
/*
 * Decode; the spans point into text. conf_room: receives the joined lines of
 * "conf" (may be NULL when the caller never imports).
 * RC_INVALID: other version, unknown or repeated key, missing verb or app,
 * text after the end, cut text (no closing "end" line).
 */
NODISCARD enum rc wire_get_request(struct span text, struct safebuf *conf_room,
				   struct wire_request *ret);
NODISCARD enum rc wire_get_answer(struct span text, struct wire_answer *ret);

#endif
