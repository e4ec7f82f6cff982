/* git's credential helper protocol: gitcredentials(7), git-credential(1). */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/num.h"
#include "core/place.h"
#include "front/keep.h"
#include "front/served.h"
#include "helpers/git_request.h"
#include "helpers/protocol.h"
#include "platform/clock.h"
#include "platform/confine.h"
#include "platform/fdio.h"
#include "platform/userprog.h"

#include "core/banned.h"

/* git writes its request at once; a person at a terminal needs longer. */
#define READ_MS 20000

/* Reads until git's empty line: git may keep its end open after it. */
static enum rc
read_request(struct helper_call *c, struct safebuf *room,
	     struct git_request *ret)
{
	int64_t deadline_ms = clock_mono_ms() + READ_MS;
	size_t seen = 0;
	bool end = false;
	enum rc rc;

	while (!end && !git_request_is_whole(safebuf_view(room), seen)) {
		seen = safebuf_len(room);
		rc = fdio_read_some(c->in_fd, deadline_ms, room, &end, &c->why);
		if (rc == RC_TOO_LARGE)
			return why_set(&c->why, RC_BAD_REQUEST,
				       "the request is larger than %d bytes; "
				       "git sends none like it",
				       REQUEST_MAX);
		if (rc == RC_TIMEOUT)
			return why_set(&c->why, RC_BAD_REQUEST,
				       "the request on stdin did not end; "
				       "close it with an empty line");
		if (rc != RC_OK)
			return rc;
	}
	return git_request_parse(safebuf_view(room), ret, &c->why);
}

/* The app that serves the request; another account than ours is not ours. */
static enum rc
find_app(struct helper_call *c, const struct git_request *r, struct served *ret)
{
	struct place place;
	enum rc rc;

	if ((rc = place_from_git(r->protocol, r->host, r->path, &place)) !=
		    RC_OK ||
	    (rc = served_find(CONF_GIT, &place, ret, &c->why)) != RC_OK)
		return rc;
	if (span_is_set(r->username) &&
	    !span_eq(r->username,
		     profile_username(ret->app->profile, ret->app->app)))
		return RC_NOT_OURS;
	return RC_OK;
}

static bool
may_prompt(void)
{
	const char *wish = getenv("GIT_TERMINAL_PROMPT");

	return confine_has_display() &&
	       (wish == NULL || strcmp(wish, "0") != 0);
}

/* git 2.47 knows credential.interactive, and does not pass it on. */
static bool
prompt_is_welcome(void *self)
{
	static const char *const argv[] = { "git", "config", "--get",
					    "credential.interactive", NULL };
	struct helper_call *c = self;
	struct safebuf *out = NULL;
	bool welcome = true;
	struct span value;
	int status;

	if (safebuf_new(4096, &out) != RC_OK)
		return false;
	if (userprog_run(c->confine, argv, out, &status, NULL) == RC_OK &&
	    status == 0) {
		value = span_trim_space(safebuf_view(out));
		welcome = !span_is(value, "false") && !span_is(value, "never");
	}
	safebuf_free(out);
	return welcome;
}

static struct front_ask
make_ask(struct helper_call *c)
{
	return (struct front_ask){ .caller = TOKEN_FOR_GIT,
				   .may_prompt = may_prompt(),
				   .prompt_is_welcome = prompt_is_welcome,
				   .self = c };
}

static void
put_expiry(struct helper_call *c, const struct front_token *t)
{
	struct moment now;

	/* git compares it with its own clock: local time plus life left. */
	c->ports->clock->now(c->ports->clock->self, &now);
	safebuf_puts(c->answer, "password_expiry_utc=");
	safebuf_put_i64(c->answer, now.wall_s + t->left_s);
	safebuf_putc(c->answer, '\n');
}

/*
 * state[] names the token, so that a second get of the same git command can
 * tell us that a server refused it; continue=1 asks for that second get.
 * Only for a token from the cache: minting again would not help a new one.
 */
static void
put_state(struct helper_call *c, const struct git_request *r,
	  const struct front_token *t)
{
	safebuf_puts(c->answer, "state[]=apptoken:1:");
	safebuf_put(c->answer, t->serial);
	safebuf_putc(c->answer, '\n');
	if (!t->minted && !span_is_set(r->state))
		safebuf_put_line(c->answer, "continue", SPAN("1"));
}

static enum rc
put_answer(struct helper_call *c, const struct git_request *r,
	   const struct conf_app *app, const struct front_token *t)
{
	bool with_state = r->knows_state && app->git_retry;
	enum rc rc;

	if (r->knows_authtype)
		safebuf_put_line(c->answer, "capability[]", SPAN("authtype"));
	if (with_state)
		safebuf_put_line(c->answer, "capability[]", SPAN("state"));
	if (app->git_bearer && r->knows_authtype) {
		safebuf_put_line(c->answer, "authtype", SPAN("Bearer"));
		safebuf_put_line(c->answer, "credential", t->token);
	} else {
		safebuf_put_line(c->answer, "username", t->username);
		safebuf_put_line(c->answer, "password", t->token);
	}
	if (t->expiry_known)
		put_expiry(c, t);
	/* Asks the other helpers in the chain not to keep it. */
	if (r->knows_authtype)
		safebuf_put_line(c->answer, "ephemeral", SPAN("1"));
	if (with_state)
		put_state(c, r, t);
	if ((rc = safebuf_check(c->answer)) != RC_OK) {
		safebuf_clear(c->answer);
		return why_set(&c->why, RC_INTERNAL,
			       "the answer cannot be written as git wants it; "
			       "check 'username'");
	}
	return RC_OK;
}

static enum rc
get_token(struct helper_call *c, const struct git_request *r,
	  const struct served *served)
{
	struct front_ask ask = make_ask(c);
	struct front_token token = { 0 };
	enum rc rc;

	if (r->knows_state && served->app->app->git_retry)
		ask.refused = r->state;
	rc = front_get(c->ports, served->app, &ask, &token, &c->why);
	if (rc != RC_OK)
		served_wrap(served, &c->why);
	else if ((rc = put_answer(c, r, served->app->app, &token)) == RC_OK)
		c->warning = token.warning;
	front_token_clear(&token);
	return rc;
}

/* The request as a question for a kept login; RC_NOT_OURS: it names none. */
static enum rc
make_login(const struct git_request *r, struct login *ret)
{
	if (r->protocol.len == 0 ||
	    (r->host.len == 0 && !span_is_set(r->path)) ||
	    !span_has_no_control(r->protocol) ||
	    !span_has_no_control(r->host) || !span_has_no_control(r->path) ||
	    !span_has_no_control(r->username))
		return RC_NOT_OURS;
	*ret = (struct login){ .kind = LOGIN_GIT,
			       .protocol = r->protocol,
			       .path = r->path,
			       .user = r->username };
	login_set_host(ret, r->host);
	return RC_OK;
}

/* A secret that a git of today takes: without CR, LF or NUL. */
static void
put_if_set(struct helper_call *c, const char *key, struct span value)
{
	if (span_is_set(value))
		safebuf_put_line(c->answer, key, value);
}

static enum rc
put_login(struct helper_call *c, const struct git_request *r,
	  const struct login *l)
{
	struct moment now;
	bool as_credential = span_is_set(l->credential) &&
			     span_is_set(l->authtype) && r->knows_authtype;
	int64_t expiry_s;

	c->ports->clock->now(c->ports->clock->self, &now);
	if (login_is_expired(l, now.wall_s) ||
	    (!as_credential && !span_is_set(l->password)))
		return RC_NOT_OURS;
	if (as_credential) {
		safebuf_put_line(c->answer, "capability[]", SPAN("authtype"));
		safebuf_put_line(c->answer, "authtype", l->authtype);
		safebuf_put_line(c->answer, "credential", l->credential);
	} else {
		/* Never an empty one: libcurl skips authentication for it. */
		if (l->user.len > 0)
			safebuf_put_line(c->answer, "username", l->user);
		safebuf_put_line(c->answer, "password", l->password);
	}
	/* git takes an odd one for "never": better none at all. */
	if (num_parse_i64(l->expiry, 1, INT64_MAX / 4, &expiry_s) == RC_OK)
		put_if_set(c, "password_expiry_utc", l->expiry);
	put_if_set(c, "oauth_refresh_token", l->refresh);
	if (safebuf_check(c->answer) == RC_OK)
		return RC_OK;
	safebuf_clear(c->answer);
	return why_set(&c->why, RC_INTERNAL,
		       "the kept login holds a line break, which git cannot "
		       "take; erase it with the desktop's password program");
}

static enum rc
get_login(struct helper_call *c, const struct git_request *r)
{
	const struct front_ask ask = make_ask(c);
	struct keep_found found = { 0 };
	struct login asked;
	enum rc rc;

	if ((rc = make_login(r, &asked)) != RC_OK)
		return rc;
	rc = keep_get(c->ports, &asked, &ask, &found, &c->why);
	if (rc == RC_OK)
		rc = put_login(c, r, &found.login);
	else if (rc == RC_NOT_FOUND)
		rc = RC_NOT_OURS;
	keep_found_clear(&found);
	return rc;
}

/* Is the request's place an app's? Then no login is kept or looked up. */
static bool
is_managed(enum rc found, const struct served *served)
{
	return found != RC_NOT_OURS || served->app != NULL;
}

static enum rc
get(struct helper_call *c, const struct git_request *r)
{
	struct served served = { 0 };
	enum rc rc;

	rc = find_app(c, r, &served);
	if (rc == RC_OK)
		rc = get_token(c, r, &served);
	else if (c->keep_logins && !is_managed(rc, &served))
		rc = get_login(c, r);
	served_clear(&served);
	return rc;
}

/* What git asks us to keep: nothing short-lived, nothing half. */
static enum rc
store_login(struct helper_call *c, const struct git_request *r)
{
	struct moment now;
	struct login l;
	enum rc rc;

	c->ports->clock->now(c->ports->clock->self, &now);
	if ((rc = make_login(r, &l)) != RC_OK)
		return rc;
	l.password = r->password;
	l.expiry = r->expiry;
	l.refresh = r->refresh;
	if (span_is_set(r->authtype) && span_is_set(r->credential)) {
		l.authtype = r->authtype;
		l.credential = r->credential;
	}
	if (span_is(r->ephemeral, "1") || login_is_expired(&l, now.wall_s) ||
	    (!span_is_set(l.credential) &&
	     (!span_is_set(l.password) || !span_is_set(l.user))))
		return RC_OK;
	rc = keep_put(c->ports, &l, NULL, &c->why);
	if (rc != RC_OK)
		why_wrap(&c->why, "the login was not kept");
	return rc;
}

/*
 * git sends store to every helper after each success, with whatever secret
 * was used: for an app's place nothing is kept, and nothing is said, or a
 * line would repeat on every fetch.
 */
static enum rc
store(struct helper_call *c, const struct git_request *r)
{
	struct served served = { 0 };
	enum rc rc = RC_NOT_OURS;

	if (c->keep_logins) {
		rc = find_app(c, r, &served);
		if (!is_managed(rc, &served))
			rc = store_login(c, r);
		served_clear(&served);
	}
	return rc == RC_CONFIG ? RC_OK : rc;
}

static enum rc
erase_login(struct helper_call *c, const struct git_request *r)
{
	struct login l;
	enum rc rc;

	if ((rc = make_login(r, &l)) != RC_OK)
		return rc;
	l.password = r->password;
	l.credential = r->credential;
	rc = keep_erase(c->ports, &l, &c->why);
	if (rc != RC_OK)
		why_wrap(&c->why, "the kept login stays");
	return rc;
}

static enum rc
erase(struct helper_call *c, const struct git_request *r)
{
	struct span presented = span_is_set(r->credential) ? r->credential
							   : r->password;
	struct served served = { 0 };
	enum rc rc;

	rc = find_app(c, r, &served);
	if (rc == RC_OK && (rc = front_drop(c->ports, served.app, TOKEN_FOR_GIT,
					    presented, &c->why)) != RC_OK)
		why_wrap(&c->why, "the cached token of '%.*s' stays",
			 (int)served.app->app->name.len,
			 served.app->app->name.at);
	else if (c->keep_logins && !is_managed(rc, &served))
		rc = erase_login(c, r);
	served_clear(&served);
	return rc;
}

static const struct {
	const char *name;
	enum rc (*run)(struct helper_call *c, const struct git_request *r);
} operations[] = {
	{ "get", get },
	{ "store", store },
	{ "erase", erase },
};

static enum rc
run_operation(struct helper_call *c, size_t i)
{
	struct git_request request = { 0 };
	struct safebuf *room = NULL;
	enum rc rc;

	if ((rc = safebuf_new(REQUEST_MAX, &room)) != RC_OK)
		return rc;
	if ((rc = read_request(c, room, &request)) == RC_OK)
		rc = operations[i].run(c, &request);
	safebuf_free(room);
	return rc;
}

/* Options come first, the operation last. */
static enum rc
run(struct helper_call *c)
{
	const char *operation = c->args_count > 0 ? c->args[c->args_count - 1]
						  : NULL;

	for (int i = 0; i + 1 < c->args_count; i++) {
		if (strcmp(c->args[i], "--keep-logins") != 0)
			return why_set(&c->why, RC_USAGE, "%s",
				       protocol_git.usage);
		c->keep_logins = true;
	}
	if (operation == NULL)
		return why_set(&c->why, RC_USAGE, "%s", protocol_git.usage);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]);
	     i++) {
		if (strcmp(operation, operations[i].name) == 0)
			return run_operation(c, i);
	}
	if (strcmp(operation, "--help") == 0 || strcmp(operation, "-h") == 0) {
		safebuf_puts(c->answer, protocol_git.usage);
		safebuf_putc(c->answer, '\n');
	} else if (strcmp(operation, "--version") == 0) {
		safebuf_puts(c->answer,
			     "git-credential-apptoken (apptoken) " VERSION
			     "\n");
	} else if (strcmp(operation, "capability") == 0)
		safebuf_puts(c->answer, "version 0\ncapability authtype\n"
					"capability state\n");
	else if (operation[0] == '-')
		return why_set(&c->why, RC_USAGE, "%s", protocol_git.usage);
	/* Any other word may be an operation of a future git. */
	return RC_OK;
}

const struct protocol protocol_git = {
	.program = "git-credential-apptoken",
	.run = run,
	.exit_status = rc_exit_status,
	.usage =
		"usage: git-credential-apptoken [--keep-logins] "
		"get|store|erase|capability; git runs it when credential.helper is 'apptoken'",
};
