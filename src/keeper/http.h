/*
 * One HTTPS request, through libcurl: the only file that includes its
 * headers. Policy (retries, clocks, what a status means) is in exchange.
 */
#ifndef KEEPER_HTTP_H
#define KEEPER_HTTP_H

#include <stdint.h>

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

#define HTTP_EXTRA_HEADERS_MAX 16

struct http_request {
	const char *url;     /* checked by us, ASCII */
	bool allow_http;     /* the endpoint is a loopback address */
	const char *ca_file; /* NULL: the system's bundle */
	const char *proxy;   /* NULL: none; http://host:port */
	int64_t budget_ms;   /* what is left of the app's timeout */
	struct span bearer;  /* JWT for Authorization; unset: none */
	/* "Name: value" lines, NUL-terminated, checked by the caller. */
	const char *headers[HTTP_EXTRA_HEADERS_MAX];
	size_t header_count;
	struct span body;	  /* may hold the JWT; unset: empty body */
	const char *content_type; /* NULL when there is no body */
};

struct http_answer {
	int status;	      /* of the final answer */
	struct safebuf *body; /* at most BODY_MAX; owned */
	int64_t date_s;	      /* Date header as Unix seconds; -1: none */
	/*
	 * Retry-After: seconds (a date is turned into seconds from Date, or
	 * from now_s), -1 when absent or odd, given twice included.
	 */
	int64_t retry_after_s;
	bool request_sent; /* bytes of the request left this machine */
};

/*
 * POST. No redirect is followed, no proxy but the given one, no netrc, no
 * cookies, no decompression; TLS 1.2 at least, peer and host verified; total
 * time at most budget_ms, connecting at most CONNECT_MS.
 * ret: http_answer_clear() it.
 * RC_NET: no connection, a name that is unknown or a silent name server, a
 * connection lost; RC_TLS: the certificate or the handshake; RC_TIMEOUT;
 * RC_BAD_ANSWER: malformed HTTP, too large, an unwanted Content-Encoding;
 * RC_INTERNAL. why: the cause in words, host and port named.
 * ret_retry: the failure is one of connecting (connect, its time-out, name
 * look-up), so another attempt may help.
 */
NODISCARD enum rc http_post(const struct http_request *r, int64_t now_s,
			    struct http_answer *ret, bool *ret_retry,
			    struct why *why);
void http_answer_clear(struct http_answer *a);

/* Once per process, before the first request. RC_INTERNAL: no memory, or a
 * libcurl whose TLS is not GnuTLS. */
NODISCARD enum rc http_start(struct why *why);
void http_stop(void);

/* The request as a port: tests put their own in its place. */
struct http_port {
	enum rc (*post)(void *self, const struct http_request *r, int64_t now_s,
			struct http_answer *ret, bool *ret_retry,
			struct why *why);
	void *self;
};
extern const struct http_port http_system;

#endif
