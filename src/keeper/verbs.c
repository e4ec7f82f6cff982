#include "keeper/verbs.h"

#include "core/lines.h"
#include "core/wire.h"
#include "keeper/ask.h"
#include "keeper/mint.h"
#include "keeper/sign.h"
#include "keeper/source.h"
#include "platform/appload.h"
#include "platform/fdio.h"
#include "platform/lockfile.h"

#include "core/banned.h"

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
};

static enum rc
load_app(struct call *c)
{
	enum rc rc;

	if ((rc = appload_read(false, &c->conf, &c->why)) != RC_OK)
		return rc;
	return appload_named(c->conf, c->request->app, &c->mint.app, &c->why);
}

static void
answer_token(struct call *c, const struct token *t)
{
	struct moment now;

	c->mint.clock->now(c->mint.clock->self, &now);
	c->answer.left_s = token_left_s(t, &now);
	c->answer.life_s = t->life_s;
	c->answer.expiry_known = t->expiry_known;
	c->answer.minted = c->result.minted;
	c->answer.username = profile_username(c->mint.app->profile,
					      c->mint.app->app);
	if (c->result.warning.text[0] != '\0')
		c->answer.warning = span_of(c->result.warning.text);
}

static enum rc
serve_token(struct call *c)
{
	enum rc rc;

	if ((rc = load_app(c)) != RC_OK ||
	    (rc = mint_token(&c->mint, c->request, &c->result, &c->why)) !=
		    RC_OK)
		return rc;
	c->answer.token = c->result.token->token;
	c->answer.serial = span_of(c->result.token->serial);
	answer_token(c, c->result.token);
	return RC_OK;
}

static enum rc
serve_refresh(struct call *c)
{
	enum rc rc;

	if ((rc = load_app(c)) != RC_OK)
		return rc;
	return mint_refresh(&c->mint, c->request, &c->why);
}

static enum rc
serve_drop(struct call *c)
{
	enum rc rc;

	if ((rc = load_app(c)) != RC_OK)
		return rc;
	return mint_drop(&c->mint, c->request->presented, &c->why);
}

static enum rc
delete_tokens(struct call *c, struct keyring *k)
{
	struct token_key key = { .app = c->request->app };
	unsigned count;

	return keyring_delete_tokens(k, &key, &count, &c->why);
}

/* No configuration needed: what is to be forgotten may be left over. */
static enum rc
serve_forget(struct call *c)
{
	struct lockfile *lock = NULL;
	struct keyring *k;
	bool waited;
	enum rc rc;

	if ((rc = mint_keyring_open(&c->mint.keyring, &k, &c->why)) != RC_OK)
		return rc;
	(void)!lockfile_take(c->request->app,
			     c->mint.clock->mono_ms(c->mint.clock->self) +
				     LOCK_WAIT_MS,
			     &lock, &waited);
	rc = delete_tokens(c, k);
	lockfile_release(lock);
	return rc;
}

static enum rc
serve_remove(struct call *c)
{
	struct lockfile *lock = NULL;
	struct keyring *k;
	unsigned count;
	bool waited;
	enum rc rc;

	if ((rc = mint_keyring_open(&c->mint.keyring, &k, &c->why)) != RC_OK)
		return rc;
	(void)!lockfile_take(c->request->app,
			     c->mint.clock->mono_ms(c->mint.clock->self) +
				     LOCK_WAIT_MS,
			     &lock, &waited);
	/* Tokens first: a key without them is what a retry can start from. */
	if ((rc = delete_tokens(c, k)) == RC_OK)
		rc = keyring_delete_key(k, c->request->app, &count, &c->why);
	lockfile_release(lock);
	return rc;
}

static enum rc
ask_for_key(void *self, struct safebuf *out, struct why *why)
{
	(void)self;
	return ask_passphrase("Passphrase of the private key: ", out, why);
}

static enum rc
sign_with_imported_key(void *self, struct span data, struct safebuf *out,
		       struct why *why)
{
	return sign_rs256(self, data, out, why);
}

static enum rc
read_key(struct call *c)
{
	struct safebuf *pem = NULL;
	enum rc rc;

	if ((rc = safebuf_new(PEM_MAX, &pem)) != RC_OK)
		return rc;
	rc = fdio_read_all(WIRE_KEY_FD,
			   clock_mono_ms() + (int64_t)PROMPT_MS, pem, &c->why);
	if (rc == RC_TOO_LARGE)
		rc = why_set(&c->why, RC_KEY_BAD,
			     "the key file is larger than %d bytes; give the "
			     "PEM file of one RSA private key",
			     PEM_MAX);
	else if (rc == RC_OK)
		rc = sign_key_parse(safebuf_view(pem), ask_for_key, NULL,
				    &c->key, &c->why);
	safebuf_free(pem);
	return rc;
}

/*
 * A key that is already there under this name is fine when it is the same
 * one (an add that was cut short); another one is never overwritten.
 */
static enum rc
check_present_key(struct call *c, struct keyring *k, bool *present)
{
	char there[SIGN_FINGERPRINT_MAX];
	struct sign_key *key = NULL;
	struct safebuf *pem = NULL;
	enum rc rc;

	*present = false;
	if ((rc = safebuf_new(PEM_MAX, &pem)) != RC_OK)
		return rc;
	rc = keyring_get_key(k, c->request->app, pem, &c->why);
	if (rc == RC_NOT_FOUND) {
		rc = RC_OK;
		goto out;
	}
	if (rc != RC_OK)
		goto out;
	if (sign_key_parse(safebuf_view(pem), NULL, NULL, &key, NULL) ==
		    RC_OK &&
	    sign_key_fingerprint(key, there, NULL) == RC_OK &&
	    span_is(span_of(there), c->fingerprint))
		*present = true;
	else
		rc = why_set(&c->why, RC_KEY_BAD,
			     "the keyring already holds another key under "
			     "this name; run 'apptoken remove' with the name "
			     "first, or choose another one");
out:
	sign_key_free(key);
	safebuf_free(pem);
	return rc;
}

static enum rc
store_key(struct call *c, struct keyring *k, bool replace)
{
	struct safebuf *pem = NULL;
	struct why kept;
	enum rc rc;

	if ((rc = safebuf_new(PEM_MAX, &pem)) != RC_OK)
		return rc;
	if ((rc = sign_key_encode(c->key, pem, &c->why)) == RC_OK)
		rc = keyring_put_key(k, c->request->app, safebuf_view(pem),
				     replace, &c->why);
	safebuf_free(pem);
	if (rc == RC_OK && c->result.token != NULL &&
	    mint_keep(&c->mint, c->result.token, &kept) != RC_OK)
		why_set(&c->result.warning, RC_OK,
			"the token was not cached: %s", kept.text);
	return rc;
}

static enum rc
serve_import(struct call *c)
{
	struct jwt_signer signer = { .sign = sign_with_imported_key };
	struct keyring *k;
	bool present;
	enum rc rc;

	if ((rc = appload_propose(c->request->app, c->request->conf, &c->conf,
				  &c->why)) != RC_OK ||
	    (rc = appload_named(c->conf, c->request->app, &c->mint.app,
				&c->why)) != RC_OK ||
	    (rc = read_key(c)) != RC_OK ||
	    (rc = sign_key_fingerprint(c->key, c->fingerprint, &c->why)) !=
		    RC_OK ||
	    (rc = mint_keyring_open(&c->mint.keyring, &k, &c->why)) != RC_OK ||
	    (rc = check_present_key(c, k, &present)) != RC_OK)
		return rc;
	signer.self = c->key;
	if (c->request->verify &&
	    (rc = mint_prove(&c->mint, &signer, &c->result, &c->why)) != RC_OK)
		return rc;
	if ((rc = store_key(c, k, present)) != RC_OK)
		return rc;
	c->answer.key_fingerprint = span_of(c->fingerprint);
	c->answer.key_bits = sign_key_bits(c->key);
	if (c->result.token != NULL)
		answer_token(c, c->result.token);
	return RC_OK;
}

static enum rc
inspect_key(struct call *c, const struct source_world *w)
{
	struct safebuf *pem = NULL;
	enum rc rc;

	if ((rc = safebuf_new(PEM_MAX, &pem)) != RC_OK)
		return rc;
	if ((rc = source_get_key(w, c->mint.app->app, pem,
				 &c->answer.key_source, &c->key_why)) ==
		    RC_OK &&
	    (rc = sign_key_parse(safebuf_view(pem), NULL, NULL, &c->key,
				 &c->key_why)) == RC_OK &&
	    (rc = sign_key_fingerprint(c->key, c->fingerprint,
				       &c->key_why)) == RC_OK) {
		c->answer.key_fingerprint = span_of(c->fingerprint);
		c->answer.key_bits = sign_key_bits(c->key);
	}
	safebuf_free(pem);
	return rc;
}

static enum rc
serve_inspect(struct call *c)
{
	struct source_world world = { 0 };
	struct moment now;
	enum rc rc;

	if ((rc = load_app(c)) != RC_OK)
		return rc;
	world.keyring_rc = mint_keyring_open(&c->mint.keyring, &world.keyring,
					     &world.keyring_why);
	c->answer.key_rc = inspect_key(c, &world);
	if (c->answer.key_rc != RC_OK)
		c->answer.key_why = span_of(c->key_why.text);
	rc = mint_cached(&c->mint, &c->result.token, &c->why);
	if (rc == RC_OK) {
		const struct token *t = c->result.token;

		c->mint.clock->now(c->mint.clock->self, &now);
		c->answer.state = token_state(
			t, token_minimum_s(TOKEN_FOR_COMMAND, t->life_s,
					   profile_min_ttl_s(
						   c->mint.app->profile,
						   c->mint.app->app)),
			&now);
		answer_token(c, t);
	} else if (rc != RC_NOT_FOUND && rc != RC_CACHE_BAD &&
		   c->answer.key_rc == RC_OK) {
		return rc;
	}
	return RC_OK;
}

static enum rc (*const serve[WIRE_VERBS])(struct call *c) = {
	[WIRE_TOKEN] = serve_token,	[WIRE_REFRESH] = serve_refresh,
	[WIRE_DROP] = serve_drop,	[WIRE_FORGET] = serve_forget,
	[WIRE_IMPORT] = serve_import,	[WIRE_REMOVE] = serve_remove,
	[WIRE_INSPECT] = serve_inspect,
};

enum rc
verbs_serve(const struct verbs_ports *ports, struct span request,
	    struct safebuf *answer)
{
	struct call c = { .mint = { .clock = ports->clock,
				    .http = ports->http } };
	struct wire_request r = { 0 };
	struct safebuf *conf_room = NULL;
	enum rc rc;

	if ((rc = safebuf_new(WIRE_MAX, &conf_room)) != RC_OK)
		return rc;
	c.request = &r;
	if (wire_get_request(request, conf_room, &r) != RC_OK ||
	    !lines_name_is_valid(r.app)) {
		c.answer.rc = why_set(&c.why, RC_INTERNAL,
				      "the keeper was asked what it does not "
				      "know; reinstall apptoken");
	} else {
		c.mint.keyring.may_prompt = r.may_prompt;
		c.answer.rc = serve[r.verb](&c);
	}
	if (c.answer.rc != RC_OK)
		c.answer.why = span_of(c.why.text);
	rc = wire_put_answer(&c.answer, answer);

	sign_key_free(c.key);
	token_free(c.result.token);
	mint_keyring_close(&c.mint.keyring);
	appload_app_free(c.mint.app);
	appload_free(c.conf);
	safebuf_free(conf_room);
	return rc;
}
