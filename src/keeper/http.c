/*
 * Nothing MUST be sent before the server is verified; no redirect, other
 * proxy or decompression MUST happen whatever the environment or the answer
 * says; what a server sends MUST be counted before it is kept.
 */
#include "keeper/http.h"

#include <curl/curl.h>

#include "keeper/http_head.h"
#include "keeper/wipemem.h"

#include "core/banned.h"

/* Where the system keeps the certificates it trusts. */
#ifndef CA_BUNDLE
#define CA_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#endif

/* One header line of ours; the longest carries the JWT. */
#define LINE_MAX_OWN (JWT_MAX + 64)
/* Bits of CURLINFO_SSL_VERIFYRESULT, as GnuTLS 3 defines them for ever. */
#define CERT_NOT_YET 0x200
#define CERT_EXPIRED 0x400

/* What the callbacks note; bad is set once and ends the transfer. */
struct state {
	struct safebuf *body;
	struct http_head head;
	const char *bad; /* what is wrong with the answer */
};

/* Collects options: once one is refused, the rest does nothing. */
struct setup {
	CURL *curl;
	CURLcode code;
};

enum rc
http_start(struct why *why)
{
	const curl_version_info_data *v;

	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipemem_new, wipemem_free,
				 wipemem_resize, wipemem_copy,
				 wipemem_zero) != CURLE_OK)
		return why_set(why, RC_INTERNAL,
			       "libcurl does not start; close other programs");
	v = curl_version_info(CURLVERSION_NOW);
	if (v->ssl_version == NULL ||
	    !span_starts(span_of(v->ssl_version), "GnuTLS/")) {
		curl_global_cleanup();
		return why_set(why, RC_INTERNAL,
			       "this libcurl does not use GnuTLS; install the "
			       "GnuTLS flavour of libcurl");
	}
	return RC_OK;
}

void
http_stop(void)
{
	curl_global_cleanup();
}

void
http_answer_clear(struct http_answer *a)
{
	a->body = safebuf_free(a->body);
	a->status = 0;
}

static size_t
on_header(char *at, size_t size, size_t count, void *self)
{
	struct state *st = self;
	struct span line = { .at = at, .len = size * count };

	st->bad = http_head_take(&st->head, line);
	return st->bad == NULL ? line.len : 0;
}

static size_t
on_body(char *at, size_t size, size_t count, void *self)
{
	struct state *st = self;
	size_t n = size * count;

	safebuf_put(st->body, (struct span){ .at = at, .len = n });
	if (safebuf_check(st->body) != RC_OK) {
		st->bad = "it is too large";
		return 0;
	}
	return n;
}

static void
set_long(struct setup *s, CURLoption option, long value)
{
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->curl, option, value);
}

static void
set_at(struct setup *s, CURLoption option, const void *value)
{
	if (s->code == CURLE_OK)
		s->code = curl_easy_setopt(s->curl, option, value);
}

static const struct {
	CURLoption option;
	long value;
} fixed[] = {
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_MAXREDIRS, 0 },
	{ CURLOPT_UNRESTRICTED_AUTH, 0 },
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_HTTPAUTH, CURLAUTH_NONE },
	{ CURLOPT_PROXYAUTH, CURLAUTH_NONE },
	{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
	{ CURLOPT_HSTS_CTRL, 0 },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_HTTP09_ALLOWED, 0 },
	{ CURLOPT_HTTP_CONTENT_DECODING, 0 },
	{ CURLOPT_TRANSFER_ENCODING, 0 },
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_MAXFILESIZE, BODY_MAX },
	{ CURLOPT_FRESH_CONNECT, 1 },
	{ CURLOPT_FORBID_REUSE, 1 },
	{ CURLOPT_DNS_CACHE_TIMEOUT, 0 },
	{ CURLOPT_POST, 1 },
	{ CURLOPT_VERBOSE, 0 },
	/* A ".." of a variable stays what it is: no segment vanishes. */
	{ CURLOPT_PATH_AS_IS, 1 },
	{ CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
	{ CURLOPT_HTTPPROXYTUNNEL, 1 },
	{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
	{ CURLOPT_HEADEROPT, CURLHEADER_SEPARATE },
	/* A silent name server must not hold the process up at its end. */
	{ CURLOPT_QUICK_EXIT, 1 },
};

/*
 * COOKIEFILE, ALTSVC_CTRL, ERRORBUFFER and share objects are off as long as
 * nobody sets them; libcurl refuses a zero for ALTSVC_CTRL.
 */
static CURLcode
set_up(CURL *curl, const struct http_request *r, struct curl_slist *headers,
       struct state *st)
{
	const char *protocols = r->allow_http ? "http,https" : "https";
	int64_t connect = r->budget_ms < CONNECT_MS ? r->budget_ms : CONNECT_MS;
	struct setup s = { .curl = curl };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		set_long(&s, fixed[i].option, fixed[i].value);
	set_at(&s, CURLOPT_PROTOCOLS_STR, protocols);
	set_at(&s, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	set_at(&s, CURLOPT_CAINFO, r->ca_file == NULL ? CA_BUNDLE : r->ca_file);
	set_at(&s, CURLOPT_CAPATH, NULL);
	set_at(&s, CURLOPT_PROXY, r->proxy == NULL ? "" : r->proxy);
	set_at(&s, CURLOPT_NOPROXY, r->proxy == NULL ? "*" : "");
	set_at(&s, CURLOPT_PROXYHEADER, NULL);
	set_at(&s, CURLOPT_ACCEPT_ENCODING, NULL);
	set_long(&s, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
	set_long(&s, CURLOPT_TIMEOUT_MS, (long)r->budget_ms);
	set_at(&s, CURLOPT_USERAGENT, "apptoken/" VERSION);
	set_at(&s, CURLOPT_URL, r->url);
	set_at(&s, CURLOPT_POSTFIELDS, r->body.at == NULL ? "" : r->body.at);
	set_long(&s, CURLOPT_POSTFIELDSIZE, (long)r->body.len);
	set_at(&s, CURLOPT_HTTPHEADER, headers);
	if (s.code == CURLE_OK)
		s.code = curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION,
					  on_header);
	if (s.code == CURLE_OK)
		s.code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	set_at(&s, CURLOPT_HEADERDATA, st);
	set_at(&s, CURLOPT_WRITEDATA, st);
	return s.code;
}

static bool
add_header(struct curl_slist **list, struct safebuf *line)
{
	struct curl_slist *new;

	safebuf_putc(line, '\0');
	if (safebuf_check(line) != RC_OK)
		return false;
	new = curl_slist_append(*list, safebuf_bytes(line));
	safebuf_clear(line);
	if (new == NULL)
		return false;
	*list = new;
	return true;
}

static enum rc
make_headers(const struct http_request *r, struct curl_slist **ret,
	     struct why *why)
{
	struct curl_slist *list = NULL;
	struct safebuf *line = NULL;
	enum rc rc;

	if ((rc = safebuf_new(LINE_MAX_OWN, &line)) != RC_OK)
		goto out;
	rc = RC_INTERNAL;
	safebuf_puts(line, "Expect:");
	if (!add_header(&list, line))
		goto out;
	safebuf_puts(line, "Content-Type:");
	if (r->content_type != NULL) {
		safebuf_putc(line, ' ');
		safebuf_puts(line, r->content_type);
	}
	if (!add_header(&list, line))
		goto out;
	if (span_is_set(r->bearer)) {
		if (!span_is_printable(r->bearer))
			goto out;
		safebuf_puts(line, "Authorization: Bearer ");
		safebuf_put(line, r->bearer);
		if (!add_header(&list, line))
			goto out;
	}
	for (size_t i = 0; i < r->header_count; i++) {
		if (!span_is_printable(span_of(r->headers[i])))
			goto out;
		safebuf_puts(line, r->headers[i]);
		if (!add_header(&list, line))
			goto out;
	}
	*ret = list;
	list = NULL;
	rc = RC_OK;
out:
	if (rc != RC_OK)
		why_set(why, rc,
			"a header of the request cannot be made; check the "
			"profile");
	curl_slist_free_all(list);
	safebuf_free(line);
	return rc;
}

/* "host:port" for messages; out has room for a host and a port. */
static void
name_peer(const char *url, char *out, size_t size)
{
	struct span u = span_of(url);
	bool http = span_starts(u, "http://");
	const char *port = http ? ":80" : ":443";
	struct span host = span_from(u, http ? 7 : 8);
	size_t n = strlen(port);

	host = span_cut(host, 0, span_find(host, '/'));
	host = span_cut(host, 0, span_find(host, '?'));
	if (!span_copy(host, out, size)) {
		span_copy(SPAN("the endpoint"), out, size);
		return;
	}
	/* The colons of an IPv6 address stand before the bracket. */
	if (span_starts(host, "["))
		host = span_from(host, span_find(host, ']'));
	if (span_find(host, ':') == host.len && strlen(out) + n < size)
		memcpy(out + strlen(out), port, n + 1);
}

static enum rc
timed_out(CURL *curl, const char *peer, bool *retry, struct why *why)
{
	curl_off_t ready = 0;
	long port = 0;

	/* The port is known once there is a connection, before any TLS. */
	(void)curl_easy_getinfo(curl, CURLINFO_PRIMARY_PORT, &port);
	(void)curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &ready);
	*retry = port == 0;
	if (port == 0)
		return why_set(why, RC_NET,
			       "no connection to '%s' in time; check the "
			       "network, the name and the proxy",
			       peer);
	if (ready == 0)
		return why_set(why, RC_TIMEOUT,
			       "'%s' does not finish the TLS handshake; try "
			       "again later",
			       peer);
	return why_set(why, RC_TIMEOUT,
		       "no whole answer from '%s' in time; try again later or "
		       "raise 'timeout'",
		       peer);
}

static enum rc
untrusted(CURL *curl, CURLcode code, const char *peer, struct why *why)
{
	long bits = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &bits);
	if (code == CURLE_SSL_CACERT_BADFILE)
		return why_set(why, RC_TLS,
			       "the file of trusted certificates cannot be "
			       "read; check 'ca-file'");
	if (code != CURLE_PEER_FAILED_VERIFICATION)
		return why_set(why, RC_TLS,
			       "no TLS connection to '%s' (%s); check that it "
			       "speaks TLS 1.2 or newer on this port",
			       peer, curl_easy_strerror(code));
	if ((bits & CERT_EXPIRED) != 0)
		return why_set(why, RC_TLS,
			       "the certificate of '%s' has expired; renew it "
			       "there, or check this machine's clock",
			       peer);
	if ((bits & CERT_NOT_YET) != 0)
		return why_set(why, RC_TLS,
			       "the certificate of '%s' is not valid yet; "
			       "check this machine's clock",
			       peer);
	if (bits != 0)
		return why_set(why, RC_TLS,
			       "the certificate of '%s' is not trusted; name "
			       "its authority in 'ca-file', or check the "
			       "endpoint",
			       peer);
	return why_set(why, RC_TLS,
		       "the certificate of '%s' is for another name; check "
		       "the endpoint",
		       peer);
}

static enum rc
lost(CURL *curl, const struct state *st, const char *peer, struct why *why)
{
	long proxy = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &proxy);
	if (proxy >= 300)
		return why_set(why, RC_NET,
			       "the proxy answers %ld to a connection with "
			       "'%s'; check 'proxy'",
			       proxy, peer);
	/* libcurl has one number for a broken chunk and a broken line. */
	if (st->head.chunked)
		return why_set(why, RC_BAD_ANSWER,
			       "the answer of '%s' is cut or framed wrongly; "
			       "try again later",
			       peer);
	return why_set(why, RC_NET,
		       "the connection to '%s' was lost; try again later",
		       peer);
}

static enum rc
malformed(const char *peer, const char *what, struct why *why)
{
	return why_set(why, RC_BAD_ANSWER,
		       "the answer of '%s' is refused: %s; check that the "
		       "endpoint is the right one",
		       peer, what);
}

/* libcurl's numbers, translated once. */
static enum rc
translate(CURL *curl, CURLcode code, const struct state *st, const char *peer,
	  bool *retry, struct why *why)
{
	curl_off_t first_byte = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_STARTTRANSFER_TIME_T,
				&first_byte);
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		*retry = true;
		return why_set(why, RC_NET,
			       "the name of '%s' or its proxy is unknown; "
			       "check the endpoint and the network",
			       peer);
	case CURLE_COULDNT_CONNECT:
		*retry = true;
		return why_set(why, RC_NET,
			       "no connection to '%s'; check the network, the "
			       "endpoint and the proxy",
			       peer);
	case CURLE_OPERATION_TIMEDOUT:
		return timed_out(curl, peer, retry, why);
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_USE_SSL_FAILED:
		return untrusted(curl, code, peer, why);
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PROXY:
		return lost(curl, st, peer, why);
	case CURLE_FILESIZE_EXCEEDED:
		return malformed(peer, "it is too large", why);
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		return malformed(peer, "it is not HTTP 1.1", why);
	case CURLE_UNSUPPORTED_PROTOCOL: /* an answer without a status line */
	case CURLE_OUT_OF_MEMORY: /* a header line beyond libcurl's cap */
		if (first_byte > 0)
			return malformed(peer, "it is not HTTP 1.1", why);
		break;
	default:
		break;
	}
	return why_set(why, RC_INTERNAL,
		       "the request to '%s' failed: %s (libcurl %d); report "
		       "this",
		       peer, curl_easy_strerror(code), (int)code);
}

enum rc
http_post(const struct http_request *r, int64_t now_s, struct http_answer *ret,
	  bool *ret_retry, struct why *why)
{
	struct state st = { 0 };
	struct curl_slist *headers = NULL;
	CURL *curl = NULL;
	CURLcode code;
	char peer[HOST_MAX + 8];
	long status = 0, sent = 0;
	bool retry = false;
	enum rc rc;

	name_peer(r->url, peer, sizeof(peer));
	if (r->budget_ms <= 0)
		return why_set(why, RC_TIMEOUT,
			       "no time is left for '%s'; raise 'timeout'",
			       peer);
	if ((rc = safebuf_new(BODY_MAX, &st.body)) != RC_OK) {
		why_set(why, rc, "out of memory; close other programs");
		goto out;
	}
	if ((rc = make_headers(r, &headers, why)) != RC_OK)
		goto out;
	curl = curl_easy_init();
	code = curl == NULL ? CURLE_FAILED_INIT : set_up(curl, r, headers, &st);
	if (code != CURLE_OK) {
		rc = why_set(why, RC_INTERNAL,
			     "libcurl refuses an option: %s (libcurl %d); "
			     "install libcurl 7.88 or newer",
			     curl_easy_strerror(code), (int)code);
		goto out;
	}
	code = curl_easy_perform(curl);
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
	if (st.bad != NULL)
		rc = malformed(peer, st.bad, why);
	else if (code != CURLE_OK)
		rc = translate(curl, code, &st, peer, &retry, why);
	else if (st.head.in_block)
		rc = malformed(peer, "its headers are cut", why);
	else if (!st.head.is_final || status < 200 || status > 599)
		rc = malformed(peer, "it has no final status", why);
	if (rc != RC_OK)
		goto out;
	*ret = (struct http_answer){ .status = (int)status,
				     .body = st.body,
				     .date_s = st.head.date_s,
				     .retry_after_s = http_head_retry_after(
					     &st.head, now_s),
				     .request_sent = sent > 0 };
	st.body = NULL;
out:
	*ret_retry = retry;
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	safebuf_free(st.body);
	return rc;
}

static enum rc
post(void *self, const struct http_request *r, int64_t now_s,
     struct http_answer *ret, bool *ret_retry, struct why *why)
{
	(void)self;
	return http_post(r, now_s, ret, ret_retry, why);
}

const struct http_port http_system = { .post = post };
