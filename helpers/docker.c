/*
 * docker's credential helper protocol, as its client library and those of
 * podman, skopeo and others speak it.
 */
#include <string.h>

#include "core/jput.h"
#include "core/jscan.h"
#include "core/limits.h"
#include "core/place.h"
#include "front/keep.h"
#include "front/served.h"
#include "helpers/docker_list.h"
#include "helpers/protocol.h"
#include "platform/clock.h"
#include "platform/confine.h"
#include "platform/fdio.h"
#include "platform/say.h"

#include "core/banned.h"

/* Clients compare these texts; they count on stdout alone, with exit 1. */
#define NOT_FOUND_TEXT "credentials not found in native keychain"
#define NO_SERVER_TEXT "no credentials server URL"
#define NO_USERNAME_TEXT "no credentials username"

#define READ_MS 20000

static enum rc
read_all(struct helper_call *c, struct safebuf *room)
{
	enum rc rc = fdio_read_all(c->in_fd, clock_mono_ms() + READ_MS, room,
				   &c->why);

	if (rc == RC_TOO_LARGE)
		return why_set(&c->why, RC_BAD_REQUEST,
			       "the request is larger than %d bytes; shorten "
			       "it",
			       REQUEST_MAX);
	if (rc == RC_TIMEOUT)
		return why_set(&c->why, RC_BAD_REQUEST,
			       "the request on stdin did not end; close it");
	return rc;
}

static enum rc
no_server(struct helper_call *c)
{
	return why_set(&c->why, RC_BAD_REQUEST, "%s", NO_SERVER_TEXT);
}

/* What may stand around a server; a CR is no margin, it is refused. */
static struct span
trim_server(struct span server)
{
	while (server.len > 0 && span_find(SPAN(" \t\n"), server.at[0]) < 3)
		server = span_from(server, 1);
	while (server.len > 0 &&
	       span_find(SPAN(" \t\n"), server.at[server.len - 1]) < 3)
		server.len--;
	return server;
}

/* A server URL, its place, the app that serves it. */
static enum rc
find_app(struct helper_call *c, struct span server, struct served *ret)
{
	struct place place;
	enum rc rc;

	rc = place_from_docker(server, &place);
	if (rc == RC_INVALID)
		return no_server(c);
	if (rc != RC_OK)
		return rc;
	/* The answer repeats it, and has to hold it. */
	if (trim_server(server).len > SERVER_MAX)
		return RC_NOT_OURS;
	return served_find(CONF_DOCKER, &place, ret, &c->why);
}

static enum rc
put_credentials(struct helper_call *c, struct span server, struct span user,
		struct span secret)
{
	safebuf_putc(c->answer, '{');
	jput_member(c->answer, "ServerURL", trim_server(server));
	safebuf_putc(c->answer, ',');
	jput_member(c->answer, "Username", user);
	safebuf_putc(c->answer, ',');
	jput_member(c->answer, "Secret", secret);
	safebuf_puts(c->answer, "}\n");
	return safebuf_check(c->answer);
}

static struct front_ask
make_ask(void)
{
	return (struct front_ask){ .caller = TOKEN_FOR_DOCKER,
				   .may_prompt = confine_has_display() };
}

static enum rc
get_token(struct helper_call *c, struct span server,
	  const struct served *served)
{
	const struct front_ask ask = make_ask();
	struct front_token token = { 0 };
	enum rc rc;

	rc = front_get(c->ports, served->app, &ask, &token, &c->why);
	if (rc == RC_OK)
		rc = put_credentials(c, server, token.username, token.token);
	if (rc == RC_OK) {
		c->warning = token.warning;
		goto out;
	}
	served_wrap(served, &c->why);
	/* By the person's own wish: the client goes on without. */
	if (served->app->app->anonymous) {
		c->warning = c->why;
		rc = RC_NOT_OURS;
	}
out:
	front_token_clear(&token);
	return rc;
}

/* A kept login stands under the server's exact bytes; RC_NOT_OURS: none can.
 */
static enum rc
make_login(struct span server, struct login *ret)
{
	server = trim_server(server);
	if (!span_has_no_control(server) || server.len > SERVER_MAX)
		return RC_NOT_OURS;
	*ret = (struct login){ .kind = LOGIN_DOCKER, .server = server };
	return RC_OK;
}

static enum rc
get_login(struct helper_call *c, struct span server)
{
	const struct front_ask ask = make_ask();
	struct keep_found found = { 0 };
	struct login asked;
	enum rc rc;

	if ((rc = make_login(server, &asked)) != RC_OK)
		return rc;
	rc = keep_get(c->ports, &asked, &ask, &found, &c->why);
	/* Clients take an empty secret for no login at all: so do we. */
	if (rc == RC_NOT_FOUND ||
	    (rc == RC_OK && found.login.password.len == 0))
		rc = RC_NOT_OURS;
	else if (rc == RC_OK)
		rc = put_credentials(c, server, found.login.user,
				     found.login.password);
	else
		why_wrap(&c->why, "no login for this registry");
	keep_found_clear(&found);
	return rc;
}

static enum rc
get(struct helper_call *c, struct span server)
{
	struct served served = { 0 };
	enum rc rc;

	rc = find_app(c, server, &served);
	if (rc == RC_OK)
		rc = get_token(c, server, &served);
	else if (rc == RC_NOT_OURS)
		rc = get_login(c, server);
	served_clear(&served);
	return rc;
}

/* A string member of a store request, decoded. Absent is empty. */
static enum rc
read_member(struct helper_call *c, struct jscan_value object, const char *name,
	    struct safebuf *room, struct span *ret)
{
	struct jscan_value value;
	size_t start = safebuf_len(room);

	*ret = (struct span){ 0 };
	if (jscan_member(object, name, &value) == RC_NOT_FOUND)
		return RC_OK;
	if (jscan_string(value, room) != RC_OK)
		return why_set(&c->why, RC_BAD_REQUEST,
			       "'%s' is not a usable string; store what the "
			       "client's login sends",
			       name);
	*ret = span_from(safebuf_view(room), start);
	return RC_OK;
}

static enum rc
keep_login(struct helper_call *c, struct span server, struct span user,
	   struct span secret)
{
	const struct front_ask ask = make_ask();
	struct login l;
	enum rc rc;

	if (make_login(server, &l) != RC_OK)
		return why_set(&c->why, RC_BAD_REQUEST,
			       "the server holds a control character or is "
			       "longer than %d bytes; correct it",
			       SERVER_MAX);
	l.user = user;
	l.password = secret;
	rc = keep_put(c->ports, &l, &ask, &c->why);
	if (rc != RC_OK)
		why_wrap(&c->why, "the login was not kept");
	return rc;
}

/* An app's registry needs no login; a login of another kind is refused. */
static enum rc
store_login(struct helper_call *c, struct span server, struct span user,
	    struct span secret)
{
	struct served served = { 0 };
	bool ours = false;
	enum rc rc;

	rc = find_app(c, server, &served);
	if (rc == RC_NOT_OURS) {
		rc = keep_login(c, server, user, secret);
		goto out;
	}
	if (rc != RC_OK)
		goto out;
	rc = front_is_ours(c->ports, served.app, secret, &ours, &c->why);
	if (rc != RC_OK)
		why_wrap(&c->why, "the login was not kept");
	else if (!ours)
		rc = why_set(&c->why, RC_BAD_REQUEST,
			     "the login was not kept: app '%.*s' serves this "
			     "registry; remove its 'docker' line from '%s' to "
			     "use a login of your own",
			     (int)served.app->app->name.len,
			     served.app->app->name.at, served.app->app->path);
out:
	served_clear(&served);
	return rc;
}

static enum rc
store(struct helper_call *c, struct span request)
{
	struct safebuf *room = NULL;
	struct jscan_value object;
	struct span username;
	struct span server;
	struct span secret;
	struct why ignored;
	enum rc rc;

	if (jscan_check(request, JSON_DEPTH_MAX, &object, &ignored) != RC_OK ||
	    object.kind != JSCAN_OBJECT)
		return why_set(&c->why, RC_BAD_REQUEST,
			       "the request is not a JSON object; store what "
			       "the client's login sends");
	if ((rc = safebuf_new(REQUEST_MAX, &room)) != RC_OK)
		return rc;
	if ((rc = read_member(c, object, "ServerURL", room, &server)) !=
		    RC_OK ||
	    (rc = read_member(c, object, "Username", room, &username)) !=
		    RC_OK ||
	    (rc = read_member(c, object, "Secret", room, &secret)) != RC_OK)
		goto out;
	if (trim_server(server).len == 0)
		rc = no_server(c);
	else if (username.len == 0)
		rc = why_set(&c->why, RC_BAD_REQUEST, "%s", NO_USERNAME_TEXT);
	else if (secret.len == 0)
		rc = why_set(&c->why, RC_BAD_REQUEST,
			     "the secret is empty; log in again with one");
	else
		rc = store_login(c, server, username, secret);
out:
	safebuf_free(room);
	return rc;
}

static enum rc
erase_login(struct helper_call *c, struct span server)
{
	struct login asked;
	enum rc rc;

	/* Absent is as good as erased: skopeo and docker's logout rely on it. */
	if (make_login(server, &asked) != RC_OK)
		return RC_OK;
	rc = keep_erase(c->ports, &asked, &c->why);
	if (rc == RC_UNAVAILABLE)
		return RC_OK; /* no keyring holds no login */
	if (rc != RC_OK)
		why_wrap(&c->why, "the kept login stays");
	return rc;
}

static enum rc
erase(struct helper_call *c, struct span server)
{
	struct served served = { 0 };
	enum rc rc;

	rc = find_app(c, server, &served);
	if (rc == RC_NOT_OURS)
		rc = erase_login(c, server);
	else if (rc == RC_OK &&
		 (rc = front_drop(c->ports, served.app, TOKEN_FOR_DOCKER,
				  (struct span){ 0 }, &c->why)) != RC_OK)
		why_wrap(&c->why, "the cached token of '%.*s' stays",
			 (int)served.app->app->name.len,
			 served.app->app->name.at);
	served_clear(&served);
	return rc;
}

/* Every client shows stdout; docker pull shows stderr alone: say it twice. */
static enum rc
tell(struct helper_call *c, enum rc rc)
{
	char line[LINE_MAX_STDERR];

	if (rc == RC_OK)
		return rc;
	safebuf_clear(c->answer);
	if (rc == RC_NOT_OURS) {
		safebuf_puts(c->answer, NOT_FOUND_TEXT "\n");
		return rc;
	}
	say_text(line, sizeof(line), "%s", c->why.text);
	/* Clients compare the two fixed texts as a whole. */
	if (strcmp(line, NO_SERVER_TEXT) != 0 &&
	    strcmp(line, NO_USERNAME_TEXT) != 0)
		safebuf_puts(c->answer, "apptoken: ");
	safebuf_puts(c->answer, line);
	safebuf_putc(c->answer, '\n');
	return rc;
}

static enum rc
run_with_request(struct helper_call *c,
		 enum rc (*verb)(struct helper_call *c, struct span request))
{
	struct safebuf *room = NULL;
	struct span request;
	enum rc rc;

	if ((rc = safebuf_new(REQUEST_MAX, &room)) != RC_OK)
		return rc;
	if ((rc = read_all(c, room)) == RC_OK) {
		request = safebuf_view(room);
		rc = verb(c, request);
	}
	safebuf_free(room);
	return tell(c, rc);
}

static bool
is_any(const char *word, const char *const *names)
{
	while (*names != NULL && strcmp(word, *names) != 0)
		names++;
	return *names != NULL;
}

static enum rc
run(struct helper_call *c)
{
	static const char *const version[] = { "version", "--version", "-v",
					       NULL };
	static const char *const help[] = { "--help", "-h", NULL };
	const char *verb = c->args_count == 1 ? c->args[0] : "";

	if (strcmp(verb, "get") == 0)
		return run_with_request(c, get);
	if (strcmp(verb, "store") == 0)
		return run_with_request(c, store);
	if (strcmp(verb, "erase") == 0)
		return run_with_request(c, erase);
	if (strcmp(verb, "list") == 0)
		return tell(c, docker_list(c));
	if (is_any(verb, version)) {
		safebuf_puts(c->answer,
			     "docker-credential-apptoken (apptoken) " VERSION
			     "\n");
		return RC_OK;
	}
	if (is_any(verb, help)) {
		safebuf_puts(c->answer, protocol_docker.usage);
		safebuf_putc(c->answer, '\n');
		return RC_OK;
	}
	return tell(c, why_set(&c->why, RC_USAGE, "%s%s",
			       verb[0] == '\0' ? "" : "unknown action; ",
			       protocol_docker.usage));
}

static int
exit_status(enum rc rc)
{
	return rc == RC_OK ? 0 : 1;
}

const struct protocol protocol_docker = {
	.program = "docker-credential-apptoken",
	.run = run,
	.exit_status = exit_status,
	.usage = "usage: docker-credential-apptoken "
		 "get|store|erase|list|version; docker runs it when "
		 "'credHelpers' or 'credsStore' names 'apptoken'",
};
