/*
 * For tests of one HTTPS request: a server with a certificate that we trust,
 * and what a request to it led to.
 */
#ifndef SUPPORT_HTTP_CASE_H
#define SUPPORT_HTTP_CASE_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "keeper/http.h"
#include "support/private.h"
#include "support/rawserver.h"

#define NOW_S INT64_C(1767323045) /* 2026-01-02T03:04:05Z */
#define BUDGET_MS 10000
#define JWT "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjQyfQ.c2lnbmF0dXJl"
#define OK_HEAD "HTTP/1.1 200 OK\r\n"

/* Made once: an authority we trust, and a good certificate by it. */
static struct rawserver_pair ca, good;
static char dir[PRIVATE_MAX], ca_file[PRIVATE_MAX];

/* What one request led to. */
struct outcome {
	enum rc rc;
	struct http_answer answer;
	bool retry;
	struct why why;
	int64_t took_ms;
	struct rawserver_seen seen;
};

static inline int64_t
mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static inline void
post(const struct http_request *r, struct outcome *o)
{
	int64_t from = mono_ms();

	memset(o, 0, sizeof(*o));
	o->rc = http_post(r, NOW_S, &o->answer, &o->retry, &o->why);
	o->took_ms = mono_ms() - from;
	assert_true(strlen(o->why.text) <= 220);
	assert_null(strstr(o->why.text, JWT));
	/* On failure no result is touched. */
	assert_true(o->rc == RC_OK || o->answer.body == NULL);
	assert_true(o->rc == RC_OK || o->why.text[0] != '\0');
}

static inline void
make_url(const struct rawserver *s, const char *scheme, char url[PRIVATE_MAX])
{
	private_format(url, PRIVATE_MAX, "%s://127.0.0.1:%d/token", scheme,
		       rawserver_port(s));
}

/* One request to a server with that script. */
static inline void
play(const struct rawserver_script *script, int64_t budget_ms,
     struct outcome *o)
{
	struct rawserver *s = rawserver_start(script);
	char url[PRIVATE_MAX];
	struct http_request r = { .url = url,
				  .ca_file = ca_file,
				  .budget_ms = budget_ms,
				  .bearer = SPAN(JWT) };

	make_url(s, "https", url);
	post(&r, o);
	rawserver_stop(s, &o->seen);
}

static inline void
play_text(const char *text, struct outcome *o)
{
	const struct rawserver_script script = { .tls = &good, .send = text };

	play(&script, BUDGET_MS, o);
}

static inline void
end(struct outcome *o)
{
	http_answer_clear(&o->answer);
}

static inline int
http_set_up(void **state)
{
	const struct rawserver_name name = { .loopback = true,
					     .from_s = -60,
					     .to_s = 3600 };

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	rawserver_make_ca(&ca);
	rawserver_make_cert(&ca, &name, &good);
	private_make(dir);
	private_write(dir, "ca.pem", ca.cert, strlen(ca.cert), 0600);
	private_path(dir, "ca.pem", ca_file);
	return http_start(NULL) == RC_OK ? 0 : -1;
}

static inline int
http_tear_down(void **state)
{
	(void)state;
	http_stop();
	private_remove(dir);
	return 0;
}

#endif
