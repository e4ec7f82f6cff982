/*
 * Everything below /git/: git http-backend as a CGI program, for requests
 * that bear a valid token.
 */
#include "tokend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/banned.h"

#define ENV_MAX 32
#define STEP_MS 100

struct env {
	char *v[ENV_MAX + 1];
	size_t n;
};

struct child {
	pid_t pid;
	int in;
	int out;
};

static void
env_add(struct env *e, const char *name, const char *value)
{
	struct text line = { 0 };

	if (!value || e->n == ENV_MAX)
		return;
	text_printf(&line, "%s=%s", name, value);
	e->v[e->n++] = line.p;
}

static void
env_build(struct env *e, const struct request *req)
{
	static const struct {
		const char *variable;
		const char *header;
	} headers[] = {
		{ "CONTENT_TYPE", "Content-Type" },
		{ "HTTP_CONTENT_ENCODING", "Content-Encoding" },
		{ "HTTP_ACCEPT", "Accept" },
		{ "HTTP_ACCEPT_ENCODING", "Accept-Encoding" },
		{ "HTTP_ACCEPT_LANGUAGE", "Accept-Language" },
		{ "HTTP_USER_AGENT", "User-Agent" },
		{ "GIT_PROTOCOL", "Git-Protocol" },
	};
	char length[32];

	env_add(e, "PATH", getenv("PATH"));
	env_add(e, "TMPDIR", getenv("TMPDIR"));
	env_add(e, "LANG", "C.UTF-8");
	env_add(e, "GIT_CONFIG_NOSYSTEM", "1");
	env_add(e, "GIT_CONFIG_GLOBAL", "/dev/null");
	/* The repositories may belong to whoever runs the test. */
	env_add(e, "GIT_CONFIG_COUNT", "1");
	env_add(e, "GIT_CONFIG_KEY_0", "safe.directory");
	env_add(e, "GIT_CONFIG_VALUE_0", "*");
	env_add(e, "GIT_PROJECT_ROOT", req->srv->git_root);
	env_add(e, "GIT_HTTP_EXPORT_ALL", "1");
	env_add(e, "REMOTE_USER", "app");
	env_add(e, "REMOTE_ADDR", "127.0.0.1");
	env_add(e, "SERVER_PROTOCOL", "HTTP/1.1");
	env_add(e, "GATEWAY_INTERFACE", "CGI/1.1");
	env_add(e, "PATH_INFO", req->path + 4);
	env_add(e, "QUERY_STRING", req->query);
	env_add(e, "REQUEST_METHOD", req->method);
	if (req->body.n) {
		snprintf(length, sizeof(length), "%zu", req->body.n);
		env_add(e, "CONTENT_LENGTH", length);
	}
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		env_add(e, headers[i].variable,
			request_header(req, headers[i].header));
}

static int
spawn(int in, int out, bool verbose, char *const env[], pid_t *ret)
{
	char git[] = "git";
	char backend[] = "http-backend";
	char *const argv[] = { git, backend, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	sigset_t all;
	int err;

	sigemptyset(&none);
	sigemptyset(&all);
	sigaddset(&all, SIGPIPE);
	sigaddset(&all, SIGTERM);
	sigaddset(&all, SIGINT);
	sigaddset(&all, SIGHUP);
	if ((err = posix_spawn_file_actions_init(&files)) != 0)
		return err;
	if ((err = posix_spawnattr_init(&attr)) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return err;
	}
	if ((err = posix_spawn_file_actions_adddup2(&files, in, 0)) == 0 &&
	    (err = posix_spawn_file_actions_adddup2(&files, out, 1)) == 0 &&
	    (verbose || (err = posix_spawn_file_actions_addopen(
			     &files, 2, "/dev/null", O_WRONLY, 0)) == 0) &&
	    (err = posix_spawnattr_setsigmask(&attr, &none)) == 0 &&
	    (err = posix_spawnattr_setsigdefault(&attr, &all)) == 0 &&
	    (err = posix_spawnattr_setflags(
		 &attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)) == 0)
		err = posix_spawnp(ret, "git", &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return err;
}

/* All pipe ends are close-on-exec, so no other child holds one open. */
static bool
child_start(struct child *c, const struct request *req)
{
	struct env env = { 0 };
	int in[2] = { -1, -1 };
	int out[2] = { -1, -1 };
	bool done = false;

	env_build(&env, req);
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
	    fcntl(in[1], F_SETFL, O_NONBLOCK) != 0 ||
	    spawn(in[0], out[1], req->srv->verbose, env.v, &c->pid) != 0)
		goto out;

	c->in = in[1];
	c->out = out[0];
	in[1] = -1;
	out[0] = -1;
	done = true;
out:
	for (size_t i = 0; i < 2; i++) {
		if (in[i] >= 0)
			close(in[i]);
		if (out[i] >= 0)
			close(out[i]);
	}
	for (size_t i = 0; i < env.n; i++)
		free(env.v[i]);
	return done;
}

static void
close_in(struct child *c)
{
	if (c->in >= 0)
		close(c->in);
	c->in = -1;
}

/* Both directions at once; false when the answer is too large or cut. */
static bool
child_talk(struct child *c, struct server *srv, const struct text *body,
	   struct text *ret)
{
	size_t sent = 0;

	if (body->n == 0)
		close_in(c);
	while (server_sleep(srv, 0)) {
		struct pollfd fds[2] = {
			{ .fd = c->out, .events = POLLIN },
			{ .fd = c->in, .events = POLLOUT },
		};
		char buf[65536];
		ssize_t n;

		if (poll(fds, 2, STEP_MS) < 0 && errno != EINTR)
			return false;
		if (fds[1].revents) {
			n = write(c->in, body->p + sent, body->n - sent);
			if (n > 0)
				sent += (size_t)n;
			if (sent == body->n ||
			    (n < 0 && errno != EAGAIN && errno != EINTR))
				close_in(c);
		}
		if (fds[0].revents) {
			n = read(c->out, buf, sizeof(buf));
			if (n == 0)
				return true;
			if (n < 0 && errno != EINTR)
				return false;
			if (n > 0 && (size_t)n > BODY_MAX - ret->n)
				return false;
			if (n > 0)
				text_add(ret, buf, (size_t)n);
		}
	}
	return false;
}

static bool
child_end(struct child *c, bool kill_it)
{
	int status = 0;

	close_in(c);
	close(c->out);
	if (kill_it)
		kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
take_line(struct answer *a, const char *line, size_t n)
{
	struct text copy = { 0 };
	int64_t status;
	char *colon;
	char *value;

	text_add(&copy, line, n);
	colon = strchr(copy.p, ':');
	if (colon) {
		*colon = '\0';
		value = colon + 1 + strspn(colon + 1, " \t");
		if (strcasecmp(copy.p, "Status") != 0)
			answer_header(a, copy.p, value);
		else if (number_parse(value, strcspn(value, " "), &status) &&
			 status >= 200 && status <= 599)
			a->status = (unsigned)status;
	}
	text_free(&copy);
}

/* CGI header lines up to the empty one, then the body. */
static bool
parse_cgi(const struct text *out, struct answer *a)
{
	size_t at = 0;

	while (at < out->n) {
		const char *line = out->p + at;
		const char *lf = memchr(line, '\n', out->n - at);
		size_t n;

		if (!lf)
			return false;
		n = (size_t)(lf - line);
		at += n + 1;
		if (n > 0 && line[n - 1] == '\r')
			n--;
		if (n == 0) {
			text_add(&a->body, out->p + at, out->n - at);
			return true;
		}
		take_line(a, line, n);
	}
	return false;
}

static enum MHD_Result
run(struct request *req)
{
	struct child c = { .in = -1, .out = -1 };
	struct answer a = { .status = 200 };
	struct text out = { 0 };
	enum MHD_Result result;
	bool good;

	if (!child_start(&c, req))
		return answer_text(req, 500, "text/plain",
				   "cannot start git\n");
	good = child_talk(&c, req->srv, &req->body, &out);
	good = child_end(&c, !good) && good;
	if (good && parse_cgi(&out, &a)) {
		result = answer_send(req, &a, NULL);
	} else {
		struct answer bad = { .status = 500, .type = "text/plain" };

		/* a keeps what it took from the headers: send it emptied */
		while (a.headers > 0) {
			a.headers--;
			free(a.names[a.headers]);
			free(a.values[a.headers]);
		}
		text_free(&a.body);
		text_puts(&bad.body, "git http-backend failed\n");
		result = answer_send(req, &bad, NULL);
	}
	text_free(&out);
	return result;
}

static enum MHD_Result
deny(struct request *req)
{
	struct answer a = { .status = 401, .type = "text/plain" };

	server_count(req->srv, COUNT_GIT_DENIED);
	text_puts(&a.body, "authentication required\n");
	answer_header(&a, "WWW-Authenticate", "Basic realm=\"git\"");
	if (req->srv->git_bearer)
		answer_header(&a, "WWW-Authenticate", "Bearer realm=\"git\"");
	return answer_send(req, &a, NULL);
}

enum MHD_Result
git_handle(struct request *req)
{
	bool allowed = store_guard(req, false) != NULL;
	enum MHD_Result result;
	struct fault *f;

	server_count(req->srv, COUNT_GIT_REQUESTS);
	f = fault_take(req->srv, ON_GIT);
	if (f && f->delay_ms > 0)
		(void)server_sleep(req->srv, f->delay_ms);
	if (fault_is_whole(f))
		result = fault_answer(req, f, NULL, "Basic realm=\"git\"");
	else if (!allowed)
		result = deny(req);
	else if (!req->srv->git_root || strstr(req->path, "/../"))
		result = answer_text(req, 404, "text/plain", "not found\n");
	else
		result = run(req);
	fault_drop(req->srv, f);
	return result;
}
