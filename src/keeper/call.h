/* One call of the keeper, and the verbs that serve it. */
#ifndef KEEPER_CALL_H
#define KEEPER_CALL_H

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/wire.h"
#include "keeper/mint.h"
#include "keeper/sign.h"
#include "platform/appload.h"

/* One call: what every verb gets, and what its answer may lend from. */
struct call {
	const struct wire_request *request;
	struct mint mint;
	struct appload *conf;
	struct mint_result result; /* token and warning of the answer */
	struct sign_key *key;	   /* IMPORT */
	struct wire_answer answer;
	struct why key_why;
	char fingerprint[SIGN_FINGERPRINT_MAX];
	struct why why;
	struct safebuf *room; /* LOGIN_*: what the answer lends from */
};

/* The request's app, from the configuration on disk. */
NODISCARD enum rc call_load_app(struct call *c);
/* Times, username and warning of a token into the answer. */
void call_answer_token(struct call *c, const struct token *t);
/* Every cached token of the request's app. */
NODISCARD enum rc call_delete_tokens(struct call *c, struct keyring *k);

/* verbs_key.c */
NODISCARD enum rc call_import(struct call *c);
NODISCARD enum rc call_rotate(struct call *c);
NODISCARD enum rc call_remove(struct call *c);

/* verbs_login.c */
NODISCARD enum rc call_login_get(struct call *c);
NODISCARD enum rc call_login_store(struct call *c);
NODISCARD enum rc call_login_erase(struct call *c);
NODISCARD enum rc call_login_list(struct call *c);

#endif
