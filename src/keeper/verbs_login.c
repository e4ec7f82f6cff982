/* Verbs about kept logins, which are no app's. */
#include "core/base64.h"
#include "keeper/call.h"
#include "keeper/logins.h"

#include "core/banned.h"

static enum rc
open_items(struct call *c, struct items **ret)
{
	struct keyring *k;
	enum rc rc;

	if ((rc = mint_keyring_open(&c->mint.keyring, &k, &c->why)) != RC_OK)
		return rc;
	*ret = keyring_items(k);
	return RC_OK;
}

/* The request's login, its secrets decoded into room. */
static enum rc
take_login(struct call *c, struct safebuf *room, struct login *ret)
{
	*ret = c->request->login;
	if (!span_is_set(c->request->secret))
		return RC_OK;
	if (base64_get_url(c->request->secret, room) != RC_OK)
		return why_set(&c->why, RC_BAD_REQUEST,
			       "the login cannot be read; report this");
	login_take_secret(ret, safebuf_view(room));
	return RC_OK;
}

enum rc
call_login_get(struct call *c)
{
	struct safebuf *secret = NULL;
	struct safebuf *found = NULL;
	struct login login;
	struct items *s;
	enum rc rc;

	if ((rc = open_items(c, &s)) != RC_OK ||
	    (rc = safebuf_new(LOGIN_SECRET_MAX + RECORD_MAX, &found)) !=
		    RC_OK ||
	    (rc = safebuf_new(LOGIN_SECRET_MAX, &secret)) != RC_OK ||
	    (rc = safebuf_new(WIRE_MAX, &c->room)) != RC_OK ||
	    (rc = logins_get(s, &c->request->login, found, &login, &c->why)) !=
		    RC_OK ||
	    (rc = login_put_secret(&login, secret)) != RC_OK)
		goto out;
	safebuf_put(c->room, login.user);
	c->answer.username = safebuf_view(c->room);
	base64_put_url(c->room, safebuf_view(secret));
	if ((rc = safebuf_check(c->room)) != RC_OK)
		goto out;
	c->answer.secret = span_from(safebuf_view(c->room), login.user.len);
	if (!span_is_set(login.user))
		c->answer.username = (struct span){ 0 };
out:
	safebuf_free(secret);
	safebuf_free(found);
	return rc;
}

static enum rc
change_login(struct call *c,
	     enum rc (*change)(struct items *s, const struct login *l,
			       struct why *why))
{
	struct safebuf *room = NULL;
	struct login login;
	struct items *s;
	enum rc rc;

	if ((rc = safebuf_new(LOGIN_SECRET_MAX, &room)) != RC_OK ||
	    (rc = take_login(c, room, &login)) != RC_OK ||
	    (rc = open_items(c, &s)) != RC_OK)
		goto out;
	rc = change(s, &login, &c->why);
out:
	safebuf_free(room);
	return rc;
}

enum rc
call_login_store(struct call *c)
{
	return change_login(c, logins_put);
}

enum rc
call_login_erase(struct call *c)
{
	return change_login(c, logins_delete);
}

enum rc
call_login_list(struct call *c)
{
	struct safebuf *list = NULL;
	struct items *s;
	size_t hidden = 0;
	enum rc rc;

	if ((rc = open_items(c, &s)) != RC_OK ||
	    (rc = safebuf_new(RECORD_MAX / 2, &list)) != RC_OK ||
	    (rc = safebuf_new(WIRE_MAX, &c->room)) != RC_OK ||
	    (rc = logins_put_list(s, list, &hidden, &c->why)) != RC_OK)
		goto out;
	base64_put_url(c->room, safebuf_view(list));
	if ((rc = safebuf_check(c->room)) != RC_OK)
		goto out;
	c->answer.secret = safebuf_view(c->room);
	c->answer.hidden = (int64_t)hidden;
out:
	safebuf_free(list);
	return rc;
}
