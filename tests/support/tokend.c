/*
 * tokend: the service that tests and the demo talk to. It stands in for a
 * token endpoint and guards a git server and a container registry with the
 * tokens it gives out. It shares no code with the keeper.
 *
 * START
 *   tokend --dir DIR [option]…
 * It makes a CA and a server certificate (ECDSA; localhost, 127.0.0.1, ::1)
 * valid from an hour ago to a day ahead, listens on 127.0.0.1 at ports that
 * the kernel chooses, writes DIR/ca.pem, DIR/port, DIR/control and (--http)
 * DIR/http (port numbers), and prints one line to stdout when ready:
 *   ready https://127.0.0.1:PORT [http://127.0.0.1:P2] control=http://127.0.0.1:P3
 * It ends on SIGTERM, SIGINT or SIGHUP, when its parent dies, and when its
 * stdin, if that is a pipe or socket, ends. Status 0; 1 cannot start; 2 usage.
 *
 *   --app ID:PUBKEY.pem[:ORG]  an app; repeatable. An all-digit id must come
 *                              as a JSON number in iss on the Unifize routes;
 *                              ORG is digits: the only installation it has
 *   --git ROOT            serve the repositories below ROOT under /git/
 *   --git-bearer          offer Bearer too in the 401 of /git/
 *   --http                also listen without TLS, for the same routes
 *   --life SECONDS        life of a token (3600)
 *   --name HOST           further subjectAltName, name or address; repeatable
 *   --prefix PATH         token routes stand below this path
 *   --registry-realm URL  the registry's 401 says Bearer realm="URL"
 *   --skew SECONDS        how far iat may be off (30)
 *   --tls-cert FILE, --tls-key FILE  PEM to serve instead of its own
 *   --tls-priority TEXT   GnuTLS priority string of the server
 *   --verbose             a line per request on stderr, and git's own stderr
 *
 * TOKEN ROUTES (POST, else 405)
 *   /application/token, /application/installation/ORG/token
 *       Bearer JWT: RS256, header exactly alg and typ, claims exactly iss,
 *       iat, exp; exp = iat + 600; iat within the skew; empty body. Another
 *       ORG than the app's: 404. 200 {"accessToken","expiresAt"}; bad JWT:
 *       400 {"message":"Error validating JWT: …"}.
 *   /app/installations/ID/access_tokens
 *       as above but iss string or number, iat 60 s further back, exp - iat
 *       at most 660, a JSON object as body allowed. 201 {"token",
 *       "expires_at"}; bad JWT: 401.
 *   any other path that ends in /token (/oauth/token)
 *       form, grant_type …:jwt-bearer with assertion, or client_credentials
 *       with client_assertion_type and client_assertion. RS, PS, ES256/384,
 *       EdDSA; further header members and claims are fine; aud is needed,
 *       exp - iat at most 3600. 200 {"access_token","expires_in",
 *       "token_type"}; bad JWT: 400 {"error":"invalid_grant",…}.
 *   /application/tokeninfo
 *       JSON {"token"}: 200 {"uid","appId","expiry" (ms),"orgId"}, else 400.
 *       uid is the X-Unifize-User of the token request, or bot-ID.
 *   GET …/installation below /repos/, /orgs/, /users/
 *       look-up with the JWT as bearer: {"id":ORG} (1 without ORG).
 * GUARDED BY A TOKEN, as Basic password of a non-empty user, or as Bearer
 *   /git/REPO…            git http-backend; push is allowed
 *   /v2/…                 a registry with the image team/hello:latest
 *   GET /docker/token     a registry's token service (Basic only): {"token"}
 *
 * CONTROL (plain HTTP, no key needed; fields in the query or as a form)
 *   GET /stats            JSON: token_requests mints tokeninfo lookups
 *                         git_requests git_denied registry_requests
 *                         registry_denied connections (TCP, TLS port)
 *                         requests (all on TLS and http) bearer_seen_http
 *                         (Authorization seen without TLS) last_jwt_error
 *   GET /stats/NAME       the one value and LF
 *   POST /reset           counters to 0
 *   GET /last             last token request: method path headers (names in
 *                         lower case; of Authorization the scheme only)
 *                         jwt_header jwt_claims (texts, null if none) body
 *                         (JWT replaced by REMOVED); 404 before the first
 *   GET /jwt              its compact JWT, no LF
 *   GET /guarded          last git or registry request: method path scheme
 *                         user ok
 *   POST /mint?app=ID     a token as text, no LF; token=TEXT chooses it
 *   POST /revoke[?app=ID] all tokens (of an app) become invalid
 *   POST /life?s=N        life of the tokens given out from now on
 *   POST /clock?offset=N  the server's clock is N s off; date=none: no Date
 *                         header; date_text=TEXT: that one; neither: its own
 *   POST /mode?jwt_status=N   status for a bad JWT; 0: the route's own
 *   POST /ok              drop all rules
 *   POST /fail            a rule for the next token requests, in place of
 *                         those before; append=1: after them
 *     times=N             how many requests (default: for ever)
 *     on=KIND             token, tokeninfo, lookup, git, registry; repeatable
 *     status=N body=TEXT type=T header=NAME:VALUE location=URL retry_after=T
 *                         the last three may be repeated. status above 299,
 *                         body, body_size or raw: the JWT is not looked at.
 *                         @JWT@ in body: the JWT received; @TOKEN@: a valid
 *                         token of the first app
 *     body_size=N         N bytes: body, then filled up
 *     delay_ms=N          before the answer
 *     date=N|none, date_text=TEXT   as /clock, for these requests, on top
 *     token=TEXT          the token in a good answer, as a JSON string (and
 *                         valid afterwards); token_raw=JSON: as it stands
 *     expires=JSON        the expiry value as it stands
 *     omit=token|expiry   leave it out; repeatable
 *     chunked=1           chunked framing
 *     truncate=1          promise more than is sent, then close
 *     raw=1               body is all that is sent, status line included;
 *                         empty: close without an answer. byte_ms=N: pause
 *                         after each byte; stall_after=N: send N bytes, then
 *                         hold the line; no_bye=1: no TLS goodbye
 *     On tokeninfo, lookup, git and registry only whole answers, delay_ms.
 */
#include "tokend.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/banned.h"

#define PARENT_POLL_MS 1000

enum option_id {
	OPT_DIR = 256,
	OPT_APP,
	OPT_GIT,
	OPT_GIT_BEARER,
	OPT_HTTP,
	OPT_LIFE,
	OPT_NAME,
	OPT_PREFIX,
	OPT_REALM,
	OPT_SKEW,
	OPT_CERT,
	OPT_KEY,
	OPT_PRIORITY,
	OPT_VERBOSE
};

static const struct option options[] = {
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "app", required_argument, NULL, OPT_APP },
	{ "git", required_argument, NULL, OPT_GIT },
	{ "git-bearer", no_argument, NULL, OPT_GIT_BEARER },
	{ "http", no_argument, NULL, OPT_HTTP },
	{ "life", required_argument, NULL, OPT_LIFE },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "prefix", required_argument, NULL, OPT_PREFIX },
	{ "registry-realm", required_argument, NULL, OPT_REALM },
	{ "skew", required_argument, NULL, OPT_SKEW },
	{ "tls-cert", required_argument, NULL, OPT_CERT },
	{ "tls-key", required_argument, NULL, OPT_KEY },
	{ "tls-priority", required_argument, NULL, OPT_PRIORITY },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ NULL, 0, NULL, 0 },
};

static bool
is_number(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

/* ID:FILE or ID:FILE:ORG */
static bool
add_app(struct server *srv, const char *arg)
{
	const char *colon = strchr(arg, ':');
	const char *last = strrchr(arg, ':');
	struct app app = { 0 };
	struct app *grown;
	char *file;
	bool read;

	if (!colon || colon == arg || srv->app_count == APPS_MAX)
		return false;
	if (last == colon || !is_number(last + 1))
		last = NULL;
	file = last ? text_dup(colon + 1, (size_t)(last - colon) - 1) :
		      text_dup(colon + 1, strlen(colon + 1));
	read = cert_read_pubkey(file, &app.key);
	free(file);
	if (!read)
		return false;
	app.id = text_dup(arg, (size_t)(colon - arg));
	app.org = last ? text_dup(last + 1, strlen(last + 1)) : NULL;
	app.numeric = is_number(app.id) && strlen(app.id) <= 15 &&
		      app.id[0] != '0';
	grown = reallocarray(srv->apps, srv->app_count + 1, sizeof(app));
	if (!grown)
		text_oom();
	grown[srv->app_count++] = app;
	srv->apps = grown;
	return true;
}

static bool
take_option(struct server *srv, int id, const char *arg)
{
	switch (id) {
	case OPT_DIR:
		srv->dir = arg;
		return true;
	case OPT_APP:
		return add_app(srv, arg);
	case OPT_GIT:
		srv->git_root = arg;
		return true;
	case OPT_GIT_BEARER:
		srv->git_bearer = true;
		return true;
	case OPT_HTTP:
		srv->with_http = true;
		return true;
	case OPT_LIFE:
		return number_parse(arg, strlen(arg), &srv->life_s);
	case OPT_NAME:
		if (srv->name_count == NAMES_MAX)
			return false;
		srv->names[srv->name_count++] = arg;
		return true;
	case OPT_PREFIX:
		srv->prefix = arg;
		return true;
	case OPT_REALM:
		srv->registry_realm = arg;
		return true;
	case OPT_SKEW:
		return number_parse(arg, strlen(arg), &srv->skew_s);
	case OPT_CERT:
		srv->cert_file = arg;
		return true;
	case OPT_KEY:
		srv->key_file = arg;
		return true;
	case OPT_PRIORITY:
		srv->priority = arg;
		return true;
	case OPT_VERBOSE:
		srv->verbose = true;
		return true;
	default:
		return false;
	}
}

static bool
parse_options(struct server *srv, int argc, char **argv)
{
	int id;
	int index = 0;

	while ((id = getopt_long(argc, argv, "", options, &index)) != -1) {
		if (id == '?')
			return false;
		if (!take_option(srv, id, optarg)) {
			fprintf(stderr, "tokend: bad value of --%s\n",
				options[index].name);
			return false;
		}
	}
	return optind == argc && srv->dir && !srv->cert_file == !srv->key_file;
}

/* Appears under its name only when complete. */
static bool
write_file(const struct server *srv, const char *name, const char *p, size_t n)
{
	struct text path = { 0 };
	struct text part = { 0 };
	bool done = false;
	int fd;

	text_printf(&path, "%s/%s", srv->dir, name);
	text_printf(&part, "%s.part", path.p);
	fd = open(part.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		  0644);
	if (fd >= 0) {
		done = write(fd, p, n) == (ssize_t)n;
		done = close(fd) == 0 && done && rename(part.p, path.p) == 0;
	}
	if (!done)
		fprintf(stderr, "tokend: cannot write '%s'\n", path.p);
	text_free(&part);
	text_free(&path);
	return done;
}

static bool
write_port(const struct server *srv, const char *name, enum listener_kind kind)
{
	struct text t = { 0 };
	bool done;

	text_printf(&t, "%u\n", srv->listeners[kind].port);
	done = write_file(srv, name, t.p, t.n);
	text_free(&t);
	return done;
}

static bool
start(struct server *srv)
{
	struct text ca = { 0 };
	struct text cert = { 0 };
	struct text key = { 0 };
	bool done = false;

	if (!cert_make(srv, &ca, &cert, &key)) {
		fprintf(stderr, "tokend: cannot make certificates\n");
		goto out;
	}
	if (srv->cert_file) {
		text_free(&cert);
		text_free(&key);
		if (!cert_read_file(srv->cert_file, &cert) ||
		    !cert_read_file(srv->key_file, &key)) {
			fprintf(stderr, "tokend: cannot read certificate\n");
			goto out;
		}
	}
	if (!server_listen(srv, LISTENER_TLS, text_str(&cert),
			   text_str(&key)) ||
	    !server_listen(srv, LISTENER_CONTROL, NULL, NULL) ||
	    (srv->with_http &&
	     !server_listen(srv, LISTENER_HTTP, NULL, NULL))) {
		fprintf(stderr, "tokend: cannot listen\n");
		goto out;
	}
	done = write_file(srv, "ca.pem", ca.p, ca.n) &&
	       write_port(srv, "port", LISTENER_TLS) &&
	       write_port(srv, "control", LISTENER_CONTROL) &&
	       (!srv->with_http || write_port(srv, "http", LISTENER_HTTP));
out:
	text_free(&key);
	text_free(&cert);
	text_free(&ca);
	return done;
}

static void
say_ready(const struct server *srv)
{
	printf("ready https://127.0.0.1:%u", srv->listeners[LISTENER_TLS].port);
	if (srv->with_http)
		printf(" http://127.0.0.1:%u",
		       srv->listeners[LISTENER_HTTP].port);
	printf(" control=http://127.0.0.1:%u\n",
	       srv->listeners[LISTENER_CONTROL].port);
	fflush(stdout);
}

static bool
is_stream(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

/* Until a signal, the end of stdin, or the parent's death. */
static void
wait_for_end(int signals, pid_t parent)
{
	struct pollfd fds[2] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = is_stream(0) ? 0 : -1, .events = POLLIN },
	};
	char buf[512];

	while (getppid() == parent) {
		int n = poll(fds, 2, PARENT_POLL_MS);

		if (n < 0 && errno != EINTR)
			return;
		if (n <= 0)
			continue;
		if (fds[0].revents)
			return;
		if (fds[1].revents && read(0, buf, sizeof(buf)) <= 0)
			return;
	}
}

/* Blocked here, before any thread exists, so that only the loop sees them. */
static int
take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static bool
init(struct server *srv)
{
	pthread_condattr_t attr;

	return gnutls_global_init() == 0 &&
	       pthread_mutex_init(&srv->lock, NULL) == 0 &&
	       pthread_condattr_init(&attr) == 0 &&
	       pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
	       pthread_cond_init(&srv->wake, &attr) == 0;
}

static void
release(struct server *srv)
{
	struct last *l = &srv->last;
	struct text *texts[] = { &l->headers, &l->jwt, &l->jwt_header,
				 &l->jwt_claims, &l->body };
	char *strings[] = { l->method,         l->path,
			    l->guarded_method, l->guarded_path,
			    l->guarded_scheme, l->guarded_user,
			    srv->date_text };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		text_free(texts[i]);
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		free(strings[i]);
	fault_clear(srv);
	store_free(srv);
	registry_free(srv->registry);
	for (size_t i = 0; i < srv->app_count; i++) {
		free(srv->apps[i].id);
		free(srv->apps[i].org);
		gnutls_pubkey_deinit(srv->apps[i].key);
	}
	free(srv->apps);
}

int
main(int argc, char **argv)
{
	struct server srv = { .life_s = 3600, .skew_s = 30 };
	pid_t parent = getppid();
	int signals = take_signals();
	int status = 1;

	if (signals < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 ||
	    getppid() != parent || !init(&srv))
		return 1;
	if (!parse_options(&srv, argc, argv)) {
		fprintf(stderr, "usage: tokend --dir DIR [--app ID:PUBKEY.pem"
				"[:ORG]]… [option]…; see tokend.c\n");
		status = 2;
		goto out;
	}
	srv.registry = registry_new();
	if (!start(&srv))
		goto out;
	say_ready(&srv);
	wait_for_end(signals, parent);
	status = 0;
out:
	server_close(&srv);
	release(&srv);
	close(signals);
	return status;
}
