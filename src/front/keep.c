#include "front/keep.h"

#include "core/base64.h"
#include "core/jscan.h"

#include "core/banned.h"

#define WAIT_MS (LOCK_WAIT_MS + CALL_EXTRA_MS)

/* Ask the keeper, and once more with a prompt when that is what it takes. */
static enum rc
ask_keeper(const struct front_ports *p, struct wire_request *request,
	   const struct front_ask *ask, struct safebuf *room,
	   struct wire_answer *answer, struct why *why)
{
	enum rc rc;

	rc = p->ask_keeper(request, -1, WAIT_MS, room, answer, why);
	if (rc == RC_TIMEOUT)
		return why_set(why, RC_KEYRING_TIMEOUT,
			       "the keyring did not answer in time; see "
			       "whether its daemon hangs, and try again");
	if (rc != RC_LOCKED || ask == NULL || !front_may_prompt(ask))
		return rc;
	request->may_prompt = true;
	safebuf_clear(room);
	return p->ask_keeper(request, -1, WAIT_MS + 2 * PROMPT_MS, room, answer,
			     why);
}

static enum rc
get_by_keeper(const struct front_ports *p, const struct login *asked,
	      const struct front_ask *ask, struct keep_found *f,
	      struct why *why)
{
	struct wire_request request = { .verb = WIRE_LOGIN_GET,
					.caller = ask->caller,
					.login = *asked };
	struct wire_answer answer = { 0 };
	struct safebuf *text = NULL;
	size_t at;
	enum rc rc;

	if ((rc = safebuf_new(WIRE_MAX, &text)) != RC_OK)
		return rc;
	if ((rc = ask_keeper(p, &request, ask, text, &answer, why)) != RC_OK)
		goto out;
	f->login = (struct login){ .kind = asked->kind };
	at = safebuf_len(f->room);
	if (span_is_set(answer.username)) {
		safebuf_put(f->room, answer.username);
		f->login.user = span_from(safebuf_view(f->room), at);
		at = safebuf_len(f->room);
	}
	if ((rc = base64_get_url(answer.secret, f->room)) != RC_OK)
		goto out;
	login_take_secret(&f->login, span_from(safebuf_view(f->room), at));
out:
	safebuf_free(text);
	return rc;
}

enum rc
keep_get(const struct front_ports *p, const struct login *asked,
	 const struct front_ask *ask, struct keep_found *ret, struct why *why)
{
	struct keep_found f = { 0 };
	enum rc rc;

	if ((rc = safebuf_new(LOGIN_ROOM, &f.room)) != RC_OK)
		return rc;
	rc = p->find_login(asked,
			   p->clock->mono_ms(p->clock->self) + KEYRING_CALL_MS,
			   f.room, &f.login, why);
	if (rc == RC_UNAVAILABLE || rc == RC_LOCKED || rc == RC_TOO_LARGE) {
		safebuf_clear(f.room);
		rc = get_by_keeper(p, asked, ask, &f, why);
	}
	/* No keyring holds no login: the client must be able to go on. */
	if (rc == RC_UNAVAILABLE)
		rc = RC_NOT_FOUND;
	if (rc == RC_OK) {
		*ret = f;
		f.room = NULL;
	}
	safebuf_free(f.room);
	return rc;
}

void
keep_found_clear(struct keep_found *f)
{
	f->room = safebuf_free(f->room);
}

/* A login with its secrets, as the wire carries them. */
static enum rc
change(const struct front_ports *p, enum wire_verb verb, const struct login *l,
       bool with_secret, const struct front_ask *ask, struct why *why)
{
	struct wire_request request = { .verb = verb,
					.caller = TOKEN_FOR_COMMAND,
					.login = *l };
	struct wire_answer answer = { 0 };
	struct safebuf *secret = NULL;
	struct safebuf *text = NULL;
	struct safebuf *room = NULL;
	enum rc rc;

	if ((rc = safebuf_new(LOGIN_SECRET_MAX, &secret)) != RC_OK ||
	    (rc = safebuf_new(WIRE_MAX, &text)) != RC_OK ||
	    (rc = safebuf_new(WIRE_MAX, &room)) != RC_OK)
		goto out;
	if (with_secret) {
		if (login_put_secret(l, secret) != RC_OK) {
			rc = why_set(why, RC_BAD_REQUEST,
				     "the login is larger than %d bytes or "
				     "holds a line break; it was not kept",
				     LOGIN_SECRET_MAX);
			goto out;
		}
		base64_put_url(text, safebuf_view(secret));
		if ((rc = safebuf_check(text)) != RC_OK)
			goto out;
		request.secret = safebuf_view(text);
	}
	rc = ask_keeper(p, &request, ask, room, &answer, why);
out:
	safebuf_free(room);
	safebuf_free(text);
	safebuf_free(secret);
	return rc;
}

enum rc
keep_put(const struct front_ports *p, const struct login *l,
	 const struct front_ask *ask, struct why *why)
{
	return change(p, WIRE_LOGIN_STORE, l, true, ask, why);
}

enum rc
keep_erase(const struct front_ports *p, const struct login *asked,
	   struct why *why)
{
	bool with_secret = span_is_set(asked->password) ||
			   span_is_set(asked->credential);
	struct keep_found f = { 0 };
	struct login any = *asked;
	enum rc rc;

	/* Mostly there is nothing: the fast read tells without the keeper. */
	any.password = (struct span){ 0 };
	any.credential = (struct span){ 0 };
	if ((rc = safebuf_new(LOGIN_ROOM, &f.room)) != RC_OK)
		return rc;
	rc = p->find_login(&any,
			   p->clock->mono_ms(p->clock->self) + KEYRING_CALL_MS,
			   f.room, &f.login, why);
	keep_found_clear(&f);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_KEYRING_TIMEOUT)
		return rc;
	return change(p, WIRE_LOGIN_ERASE, asked, with_secret, NULL, why);
}

static enum rc
decode_string(struct jscan_value v, struct safebuf *room, struct span *ret)
{
	size_t at = safebuf_len(room);
	enum rc rc = jscan_string(v, room);

	*ret = span_from(safebuf_view(room), at);
	return rc;
}

/* The keeper's list is a JSON object without its braces. */
static enum rc
visit_object(struct span text,
	     void (*each)(void *self, struct span server, struct span user),
	     void *self)
{
	struct jscan_value object, value, key = { .kind = JSCAN_STRING };
	struct safebuf *room = NULL;
	struct span name, server, user;
	struct why why;
	size_t at = 0;
	enum rc rc;

	if ((rc = jscan_check(text, JSON_DEPTH_MAX, &object, &why)) != RC_OK ||
	    (rc = safebuf_new(WIRE_MAX, &room)) != RC_OK)
		return rc;
	while (jscan_next(object, &at, &name, &value)) {
		/* With its quotes, which stand around it. */
		key.text = (struct span){ name.at - 1, name.len + 2 };
		safebuf_clear(room);
		if (decode_string(key, room, &server) == RC_OK &&
		    decode_string(value, room, &user) == RC_OK)
			each(self, server, user);
	}
	safebuf_free(room);
	return RC_OK;
}

static enum rc
list_by_keeper(const struct front_ports *p,
	       void (*each)(void *self, struct span server, struct span user),
	       void *self, size_t *hidden, struct why *why)
{
	struct wire_request request = { .verb = WIRE_LOGIN_LIST,
					.caller = TOKEN_FOR_DOCKER };
	struct wire_answer answer = { 0 };
	struct safebuf *room = NULL;
	struct safebuf *text = NULL;
	enum rc rc;

	if ((rc = safebuf_new(WIRE_MAX, &room)) != RC_OK ||
	    (rc = safebuf_new(WIRE_MAX, &text)) != RC_OK ||
	    (rc = ask_keeper(p, &request, NULL, room, &answer, why)) != RC_OK)
		goto out;
	safebuf_putc(text, '{');
	if ((rc = base64_get_url(answer.secret, text)) != RC_OK)
		goto out;
	safebuf_putc(text, '}');
	*hidden = (size_t)answer.hidden;
	rc = visit_object(safebuf_view(text), each, self);
out:
	safebuf_free(text);
	safebuf_free(room);
	return rc;
}

enum rc
keep_list(const struct front_ports *p,
	  void (*each)(void *self, struct span server, struct span user),
	  void *self, size_t *hidden, struct why *why)
{
	enum rc rc;

	rc = p->list_logins(p->clock->mono_ms(p->clock->self) + KEYRING_CALL_MS,
			    each, self, hidden, why);
	if (rc == RC_UNAVAILABLE || rc == RC_TOO_LARGE)
		rc = list_by_keeper(p, each, self, hidden, why);
	return rc;
}
