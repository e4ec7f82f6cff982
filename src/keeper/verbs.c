#include "keeper/verbs.h"

#include "core/lines.h"
#include "core/wire.h"
#include "keeper/call.h"
#include "keeper/source.h"
#include "platform/lockfile.h"

#include "core/banned.h"

enum rc
call_load_app(struct call *c)
{
	enum rc rc;

	if ((rc = appload_read(false, &c->conf, &c->why)) != RC_OK)
		return rc;
	return appload_named(c->conf, c->request->app, &c->mint.app, &c->why);
}

void
call_answer_token(struct call *c, const struct token *t)
{
	struct moment now;

	c->mint.clock->now(c->mint.clock->self, &now);
	c->answer.left_s = token_left_s(t, &now);
	c->answer.life_s = t->life_s;
	c->answer.expiry_known = t->expiry_known;
	c->answer.minted = c->result.minted;
	c->answer.username =
		profile_username(c->mint.app->profile, c->mint.app->app);
	if (c->result.warning.text[0] != '\0')
		c->answer.warning = span_of(c->result.warning.text);
}

static enum rc
serve_token(struct call *c)
{
	enum rc rc;

	if ((rc = call_load_app(c)) != RC_OK ||
	    (rc = mint_token(&c->mint, c->request, &c->result, &c->why)) !=
		    RC_OK)
		return rc;
	c->answer.look_again = c->result.look_again;
	if (c->result.look_again)
		return RC_OK;
	c->answer.token = c->result.token->token;
	c->answer.serial = span_of(c->result.token->serial);
	call_answer_token(c, c->result.token);
	return RC_OK;
}

static enum rc
serve_refresh(struct call *c)
{
	enum rc rc;

	if ((rc = call_load_app(c)) != RC_OK)
		return rc;
	return mint_refresh(&c->mint, c->request, &c->why);
}

static enum rc
serve_drop(struct call *c)
{
	enum rc rc;

	if ((rc = call_load_app(c)) != RC_OK)
		return rc;
	return mint_drop(&c->mint, c->request->presented, &c->why);
}

enum rc
call_delete_tokens(struct call *c, struct keyring *k)
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
	rc = call_delete_tokens(c, k);
	lockfile_release(lock);
	return rc;
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
	    (rc = sign_key_fingerprint(c->key, c->fingerprint, &c->key_why)) ==
		    RC_OK) {
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

	if ((rc = call_load_app(c)) != RC_OK)
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
			t,
			token_minimum_s(TOKEN_FOR_COMMAND, t->life_s,
					profile_min_ttl_s(c->mint.app->profile,
							  c->mint.app->app)),
			&now);
		call_answer_token(c, t);
	} else if (rc != RC_NOT_FOUND && rc != RC_CACHE_BAD &&
		   c->answer.key_rc == RC_OK) {
		return rc;
	}
	return RC_OK;
}

static enum rc (*const serve[WIRE_VERBS])(struct call *c) = {
	[WIRE_TOKEN] = serve_token,
	[WIRE_REFRESH] = serve_refresh,
	[WIRE_DROP] = serve_drop,
	[WIRE_FORGET] = serve_forget,
	[WIRE_IMPORT] = call_import,
	[WIRE_REMOVE] = call_remove,
	[WIRE_INSPECT] = serve_inspect,
	[WIRE_ROTATE] = call_rotate,
	[WIRE_LOGIN_GET] = call_login_get,
	[WIRE_LOGIN_STORE] = call_login_store,
	[WIRE_LOGIN_ERASE] = call_login_erase,
	[WIRE_LOGIN_LIST] = call_login_list,
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
	    (span_is_set(r.app) && !lines_name_is_valid(r.app))) {
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
	mint_keyring_close(&c.mint.keyring, c.answer.rc);
	appload_app_free(c.mint.app);
	appload_free(c.conf);
	safebuf_free(c.room);
	safebuf_free(conf_room);
	return rc;
}
