/*
 * The listeners of tokend, the life of one request, and sending its answer.
 * Every connection has a thread of its own, so handlers may wait.
 */
#include "tokend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/banned.h"

#define CONNECTIONS_MAX 1000U
#define CONNECTION_MEMORY 131072UL /* a header may hold a token of 8 KiB */
#define IDLE_S 60U
#define BLOCK 16384U

/* What a response reads its body from when it is not just a buffer. */
struct stream {
	struct text body;
	uint64_t total; /* filled up with 'fill' to this */
	char fill;
	bool cut; /* then break off */
};

void
server_count(struct server *srv, enum counter c)
{
	pthread_mutex_lock(&srv->lock);
	srv->counts[c]++;
	pthread_mutex_unlock(&srv->lock);
}

bool
server_sleep(struct server *srv, int64_t ms)
{
	int64_t end = clock_mono_ms() + ms;
	struct timespec until = { .tv_sec = (time_t)(end / 1000),
				  .tv_nsec = (long)(end % 1000) * 1000000 };
	bool stopping;

	pthread_mutex_lock(&srv->lock);
	while (!srv->stopping && clock_mono_ms() < end)
		if (pthread_cond_timedwait(&srv->wake, &srv->lock, &until) ==
		    ETIMEDOUT)
			break;
	stopping = srv->stopping;
	pthread_mutex_unlock(&srv->lock);
	return !stopping;
}

int64_t
server_now_ms(struct server *srv, const struct fault *f)
{
	int64_t offset;

	pthread_mutex_lock(&srv->lock);
	offset = srv->clock_offset_s;
	pthread_mutex_unlock(&srv->lock);
	return clock_wall_ms() + (offset + (f ? f->offset_s : 0)) * 1000;
}

const char *
request_header(const struct request *req, const char *name)
{
	return MHD_lookup_connection_value(req->conn, MHD_HEADER_KIND, name);
}

void
answer_header(struct answer *a, const char *name, const char *value)
{
	if (a->headers == HEADERS_MAX)
		return;
	a->names[a->headers] = text_dup(name, strlen(name));
	a->values[a->headers] = text_dup(value, strlen(value));
	a->headers++;
}

static void
answer_free(struct answer *a)
{
	for (size_t i = 0; i < a->headers; i++) {
		free(a->names[i]);
		free(a->values[i]);
	}
	text_free(&a->body);
	a->headers = 0;
}

static ssize_t
stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	const struct stream *s = cls;
	size_t n;

	if (pos < s->body.n && pos < s->total) {
		n = s->body.n - (size_t)pos;
		if (n > s->total - pos)
			n = (size_t)(s->total - pos);
		if (n > max)
			n = max;
		memcpy(buf, s->body.p + pos, n);
		return (ssize_t)n;
	}
	if (pos < s->total) {
		n = s->total - pos > max ? max : (size_t)(s->total - pos);
		memset(buf, s->fill, n);
		return (ssize_t)n;
	}
	return s->cut ? MHD_CONTENT_READER_END_WITH_ERROR :
			MHD_CONTENT_READER_END_OF_STREAM;
}

static void
stream_free(void *cls)
{
	struct stream *s = cls;

	text_free(&s->body);
	free(s);
}

static struct MHD_Response *
stream_response(struct answer *a, const struct fault *f)
{
	struct stream *s = calloc(1, sizeof(*s));
	uint64_t size;

	if (!s)
		text_oom();
	s->total = f->has_size ? f->body_size : a->body.n;
	s->fill = a->body.n ? ' ' : 'x';
	s->body = a->body;
	s->cut = f->truncate;
	a->body = (struct text){ 0 }; /* the stream owns it now */
	size = s->total + (f->truncate ? 100 : 0);
	return MHD_create_response_from_callback(
	    f->chunked ? MHD_SIZE_UNKNOWN : size, BLOCK, stream_read, s,
	    stream_free);
}

static void
add_date(struct request *req, struct MHD_Response *r, const struct fault *f)
{
	struct server *srv = req->srv;
	struct text date = { 0 };
	enum date_mode mode;

	pthread_mutex_lock(&srv->lock);
	mode = srv->date;
	if (mode == DATE_TEXT)
		text_puts(&date, srv->date_text);
	pthread_mutex_unlock(&srv->lock);
	if (f && f->date != DATE_CLOCK) {
		mode = f->date;
		text_free(&date);
		if (mode == DATE_TEXT)
			text_puts(&date, f->date_text);
	}
	if (mode == DATE_CLOCK)
		time_http(server_now_ms(srv, f), &date);
	if (mode != DATE_NONE)
		(void)MHD_add_response_header(r, "Date", text_str(&date));
	text_free(&date);
}

enum MHD_Result
answer_send(struct request *req, struct answer *a, const struct fault *f)
{
	struct MHD_Response *r;
	enum MHD_Result result;

	if (f && (f->chunked || f->truncate || f->has_size)) {
		r = stream_response(a, f);
	} else {
		r = MHD_create_response_from_buffer(a->body.n, a->body.p,
						    MHD_RESPMEM_MUST_FREE);
		if (r)
			a->body = (struct text){ 0 };
	}
	if (!r) {
		answer_free(a);
		return MHD_NO;
	}
	if (a->type)
		(void)MHD_add_response_header(r, "Content-Type", a->type);
	for (size_t i = 0; i < a->headers; i++)
		(void)MHD_add_response_header(r, a->names[i], a->values[i]);
	if (req->listener->kind != LISTENER_CONTROL)
		add_date(req, r, f);
	if (req->srv->verbose)
		dprintf(2, "tokend: %s %s %u\n", req->method, req->path,
			a->status);
	result = MHD_queue_response(req->conn, a->status, r);
	MHD_destroy_response(r);
	answer_free(a);
	return result;
}

enum MHD_Result
answer_text(struct request *req, unsigned status, const char *type,
	    const char *body)
{
	struct answer a = { .status = status, .type = type };

	text_puts(&a.body, body);
	return answer_send(req, &a, NULL);
}

static void *
request_new(void *cls, const char *uri, struct MHD_Connection *conn)
{
	struct listener *l = cls;
	struct request *req = calloc(1, sizeof(*req));
	const char *mark = strchr(uri, '?');

	if (!req)
		text_oom();
	req->srv = l->srv;
	req->listener = l;
	req->conn = conn;
	req->query = mark ? text_dup(mark + 1, strlen(mark + 1)) :
			    text_dup("", 0);
	return req;
}

static void
request_done(void *cls, struct MHD_Connection *conn, void **con_cls,
	     enum MHD_RequestTerminationCode why)
{
	struct request *req = *con_cls;

	(void)cls;
	(void)conn;
	(void)why;
	if (!req)
		return;
	free(req->method);
	free(req->path);
	free(req->query);
	text_free(&req->body);
	free(req);
	*con_cls = NULL;
}

static enum MHD_Result
request_run(struct request *req)
{
	struct server *srv = req->srv;

	if (req->listener->kind == LISTENER_CONTROL)
		return control_handle(req);
	server_count(srv, COUNT_REQUESTS);
	if (req->listener->kind == LISTENER_HTTP &&
	    request_header(req, "Authorization"))
		server_count(srv, COUNT_BEARER_SEEN_HTTP);
	if (req->too_large)
		return answer_text(req, 413, "application/json",
				   "{\"message\":\"too large\"}");
	return route_data(req);
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *conn, const char *url,
       const char *method, const char *version, const char *upload,
       size_t *upload_size, void **con_cls)
{
	struct request *req = *con_cls;

	(void)cls;
	(void)conn;
	(void)version;
	if (!req)
		return MHD_NO;
	if (!req->started) {
		req->started = true;
		req->method = text_dup(method, strlen(method));
		req->path = text_dup(url, strlen(url));
		return MHD_YES;
	}
	if (*upload_size) {
		if (*upload_size > BODY_MAX - req->body.n)
			req->too_large = true;
		else
			text_add(&req->body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	return request_run(req);
}

static void
connected(void *cls, struct MHD_Connection *conn, void **socket_cls,
	  enum MHD_ConnectionNotificationCode code)
{
	struct listener *l = cls;

	(void)conn;
	(void)socket_cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED && l->kind == LISTENER_TLS)
		server_count(l->srv, COUNT_CONNECTIONS);
}

bool
server_listen(struct server *srv, enum listener_kind kind, const char *cert_pem,
	      const char *key_pem)
{
	struct listener *l = &srv->listeners[kind];
	unsigned flags = MHD_USE_POLL_INTERNAL_THREAD |
			 MHD_USE_THREAD_PER_CONNECTION |
			 MHD_USE_SUPPRESS_DATE_NO_CLOCK;
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert_pem },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key_pem },
		{ srv->priority ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END,
		  0, (void *)(uintptr_t)srv->priority },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
	const union MHD_DaemonInfo *info;

	l->srv = srv;
	l->kind = kind;
	if (kind == LISTENER_TLS)
		flags |= MHD_USE_TLS;
	l->daemon = MHD_start_daemon(
	    flags, 0, NULL, NULL, handle, l, MHD_OPTION_SOCK_ADDR, &addr,
	    MHD_OPTION_URI_LOG_CALLBACK, request_new, l,
	    MHD_OPTION_NOTIFY_COMPLETED, request_done, NULL,
	    MHD_OPTION_NOTIFY_CONNECTION, connected, l,
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
	    MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_ARRAY,
	    kind == LISTENER_TLS ? tls : none, MHD_OPTION_END);
	if (!l->daemon)
		return false;
	info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_BIND_PORT);
	if (!info)
		return false;
	l->port = info->port;
	return true;
}

void
server_close(struct server *srv)
{
	pthread_mutex_lock(&srv->lock);
	srv->stopping = true;
	pthread_cond_broadcast(&srv->wake);
	pthread_mutex_unlock(&srv->lock);
	for (size_t i = 0; i < 3; i++)
		if (srv->listeners[i].daemon)
			MHD_stop_daemon(srv->listeners[i].daemon);
}
