/* Verbs about private keys: import, rotate, remove. */
#include "keeper/ask.h"
#include "keeper/call.h"
#include "platform/fdio.h"
#include "platform/lockfile.h"

#include "core/banned.h"

enum rc
call_remove(struct call *c)
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
	if ((rc = call_delete_tokens(c, k)) == RC_OK)
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
	rc = fdio_read_all(WIRE_KEY_FD, clock_mono_ms() + (int64_t)PROMPT_MS,
			   pem, &c->why);
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
put_key(struct call *c, struct keyring *k, bool replace)
{
	struct safebuf *pem = NULL;
	enum rc rc;

	if ((rc = safebuf_new(PEM_MAX, &pem)) != RC_OK)
		return rc;
	if ((rc = sign_key_encode(c->key, pem, &c->why)) == RC_OK)
		rc = keyring_put_key(k, c->request->app, safebuf_view(pem),
				     replace, &c->why);
	safebuf_free(pem);
	return rc;
}

/* The proof is a token like any other: the first get finds it. */
static void
keep_token(struct call *c)
{
	struct why why;

	if (c->result.token != NULL &&
	    mint_keep(&c->mint, c->result.token, &why) != RC_OK)
		why_set(&c->result.warning, RC_OK,
			"the token was not cached: %s", why.text);
}

static enum rc
store_key(struct call *c, struct keyring *k, bool replace)
{
	enum rc rc = put_key(c, k, replace);

	if (rc == RC_OK)
		keep_token(c);
	return rc;
}

/* What an import and a rotation have in common: a token made with it. */
static enum rc
prove(struct call *c)
{
	const struct jwt_signer signer = { .sign = sign_with_imported_key,
					   .self = c->key };

	return mint_prove(&c->mint, &signer, &c->result, &c->why);
}

static void
answer_key(struct call *c)
{
	c->answer.key_fingerprint = span_of(c->fingerprint);
	c->answer.key_bits = sign_key_bits(c->key);
	if (c->result.token != NULL)
		call_answer_token(c, c->result.token);
}

/* Is there a key, does the new one work, into the keyring: one at a time. */
static enum rc
import_locked(struct call *c, struct keyring *k)
{
	bool present;
	enum rc rc;

	if ((rc = check_present_key(c, k, &present)) != RC_OK ||
	    (c->request->verify && (rc = prove(c)) != RC_OK) ||
	    (rc = store_key(c, k, present)) != RC_OK)
		return rc;
	c->answer.key_present = present;
	answer_key(c);
	return RC_OK;
}

enum rc
call_import(struct call *c)
{
	struct lockfile *lock = NULL;
	struct keyring *k;
	bool waited;
	enum rc rc;

	if ((rc = appload_propose(c->request->app, c->request->conf, &c->conf,
				  &c->why)) != RC_OK ||
	    (rc = appload_named(c->conf, c->request->app, &c->mint.app,
				&c->why)) != RC_OK ||
	    (rc = read_key(c)) != RC_OK ||
	    (rc = sign_key_fingerprint(c->key, c->fingerprint, &c->why)) !=
		    RC_OK ||
	    (rc = mint_keyring_open(&c->mint.keyring, &k, &c->why)) != RC_OK)
		return rc;
	/* Two at once must not leave two keys, which no call could use. */
	(void)!lockfile_take(c->request->app,
			     c->mint.clock->mono_ms(c->mint.clock->self) +
				     LOCK_WAIT_MS,
			     &lock, &waited);
	rc = import_locked(c, k);
	lockfile_release(lock);
	return rc;
}

/*
 * The new key must work before the old one goes, and goes in place of it in
 * one call: at every instant a working key is stored. Tokens of the old key
 * are dropped, since the endpoint may refuse them from now on.
 */
enum rc
call_rotate(struct call *c)
{
	struct lockfile *lock = NULL;
	struct safebuf *old = NULL;
	struct keyring *k;
	bool waited;
	enum rc rc;

	if ((rc = call_load_app(c)) != RC_OK || (rc = read_key(c)) != RC_OK ||
	    (rc = sign_key_fingerprint(c->key, c->fingerprint, &c->why)) !=
		    RC_OK ||
	    (rc = mint_keyring_open(&c->mint.keyring, &k, &c->why)) != RC_OK ||
	    (rc = safebuf_new(PEM_MAX, &old)) != RC_OK)
		return rc;
	rc = keyring_get_key(k, c->request->app, old, &c->why);
	safebuf_free(old);
	if (rc == RC_NOT_FOUND)
		return why_set(&c->why, RC_KEY_MISSING,
			       "the keyring holds no key to replace; import "
			       "one with 'apptoken add'");
	if (rc != RC_OK || (rc = prove(c)) != RC_OK)
		return rc;
	(void)!lockfile_take(c->request->app,
			     c->mint.clock->mono_ms(c->mint.clock->self) +
				     LOCK_WAIT_MS,
			     &lock, &waited);
	if ((rc = put_key(c, k, true)) == RC_OK &&
	    (rc = call_delete_tokens(c, k)) == RC_OK)
		keep_token(c);
	lockfile_release(lock);
	if (rc == RC_OK)
		answer_key(c);
	return rc;
}
