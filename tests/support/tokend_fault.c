/*
 * Rules that make tokend answer wrongly, slowly or not at all: POST /fail.
 */
#include "tokend.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "core/banned.h"

#define PEER_POLL_MS 100

static char *
field_dup(const struct form *f, const char *name)
{
	const struct text *t = form_get(f, name);

	return t ? text_dup(text_str(t), t->n) : NULL;
}

static void
add_header(struct fault *r, const char *name, size_t n, const char *value)
{
	if (r->headers == HEADERS_MAX)
		return;
	r->header_names[r->headers] = text_dup(name, n);
	r->header_values[r->headers] = text_dup(value, strlen(value));
	r->headers++;
}

/* Fields that may come more than once. */
static void
add_repeated(struct fault *r, const char *name, const struct text *value)
{
	static const struct {
		const char *name;
		unsigned bit;
	} kinds[] = {
		{ "token", ON_TOKEN },       { "tokeninfo", ON_TOKENINFO },
		{ "lookup", ON_LOOKUP },     { "git", ON_GIT },
		{ "registry", ON_REGISTRY },
	};
	const char *v = text_str(value);

	if (strcmp(name, "on") == 0) {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strcmp(v, kinds[i].name) == 0)
				r->on |= kinds[i].bit;
	} else if (strcmp(name, "omit") == 0) {
		r->omit_token |= strcmp(v, "token") == 0;
		r->omit_expiry |= strcmp(v, "expiry") == 0;
	} else if (strcmp(name, "retry_after") == 0) {
		add_header(r, "Retry-After", 11, v);
	} else if (strcmp(name, "location") == 0) {
		add_header(r, "Location", 8, v);
	} else if (strcmp(name, "header") == 0) {
		const char *colon = strchr(v, ':');

		if (colon)
			add_header(r, v, (size_t)(colon - v),
				   colon + 1 + strspn(colon + 1, " "));
	}
}

static void
parse_date(struct fault *r, const struct form *f)
{
	const struct text *date = form_get(f, "date");

	r->date_text = field_dup(f, "date_text");
	if (r->date_text)
		r->date = DATE_TEXT;
	else if (date && text_is(date, "none"))
		r->date = DATE_NONE;
	else
		r->offset_s = form_number(f, "date", 0);
}

static struct fault *
fault_new(const struct form *f)
{
	struct fault *r = calloc(1, sizeof(*r));
	const struct text *body = form_get(f, "body");
	const struct text *token = form_get(f, "token");
	int64_t status = form_number(f, "status", 0);

	if (!r)
		text_oom();
	r->refs = 1;
	r->times = form_number(f, "times", -1);
	r->status = status >= 200 && status <= 999 ? (unsigned)status : 0;
	r->delay_ms = form_number(f, "delay_ms", 0);
	r->byte_ms = form_number(f, "byte_ms", 0);
	r->stall_after = form_number(f, "stall_after", -1);
	r->type = field_dup(f, "type");
	r->token_raw = field_dup(f, "token_raw");
	r->expires = field_dup(f, "expires");
	r->chunked = form_flag(f, "chunked");
	r->truncate = form_flag(f, "truncate");
	r->raw = form_flag(f, "raw");
	r->no_bye = form_flag(f, "no_bye");
	r->has_size = form_get(f, "body_size") != NULL;
	r->body_size = (uint64_t)form_number(f, "body_size", 0);
	r->has_body = body != NULL;
	if (body)
		text_add(&r->body, text_str(body), body->n);
	r->has_token = token != NULL;
	if (token)
		text_add(&r->token, text_str(token), token->n);
	parse_date(r, f);
	for (size_t i = 0; i < f->count; i++)
		add_repeated(r, text_str(&f->names[i]), &f->values[i]);
	if (!r->on)
		r->on = ON_TOKEN;
	return r;
}

static void
fault_free(struct fault *r)
{
	for (size_t i = 0; i < r->headers; i++) {
		free(r->header_names[i]);
		free(r->header_values[i]);
	}
	text_free(&r->body);
	text_free(&r->token);
	free(r->type);
	free(r->date_text);
	free(r->token_raw);
	free(r->expires);
	free(r);
}

static void
drop_locked(struct fault *r)
{
	if (--r->refs == 0)
		fault_free(r);
}

static void
clear_locked(struct server *srv)
{
	while (srv->faults) {
		struct fault *r = srv->faults;

		srv->faults = r->next;
		drop_locked(r);
	}
}

void
fault_set(struct server *srv, const struct form *f)
{
	struct fault *r = fault_new(f);
	struct fault **end = &srv->faults;

	pthread_mutex_lock(&srv->lock);
	if (!form_flag(f, "append"))
		clear_locked(srv);
	while (*end)
		end = &(*end)->next;
	*end = r;
	pthread_mutex_unlock(&srv->lock);
}

void
fault_clear(struct server *srv)
{
	pthread_mutex_lock(&srv->lock);
	clear_locked(srv);
	pthread_mutex_unlock(&srv->lock);
}

struct fault *
fault_take(struct server *srv, unsigned on)
{
	struct fault *found = NULL;

	pthread_mutex_lock(&srv->lock);
	for (struct fault *r = srv->faults; r && !found; r = r->next) {
		if (!(r->on & on) || r->times == 0)
			continue;
		if (r->times > 0)
			r->times--;
		r->refs++;
		found = r;
	}
	pthread_mutex_unlock(&srv->lock);
	return found;
}

void
fault_drop(struct server *srv, struct fault *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&srv->lock);
	drop_locked(f);
	pthread_mutex_unlock(&srv->lock);
}

bool
fault_is_whole(const struct fault *f)
{
	return f && (f->raw || f->has_body || f->has_size ||
		     (f->status != 0 && f->status > 299));
}

/* One piece to the peer, past the HTTP library; false when it is gone. */
static bool
wire_write(int fd, gnutls_session_t tls, const char *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		struct pollfd pfd = { .fd = fd, .events = POLLOUT };
		ssize_t got;

		if (tls)
			got = gnutls_record_send(tls, p + done, n - done);
		else
			got = send(fd, p + done, n - done, MSG_NOSIGNAL);
		if (got > 0) {
			done += (size_t)got;
			continue;
		}
		if (tls ? got != GNUTLS_E_AGAIN && got != GNUTLS_E_INTERRUPTED :
			  errno != EAGAIN && errno != EINTR)
			return false;
		(void)poll(&pfd, 1, PEER_POLL_MS);
	}
	return true;
}

static void
wait_for_close(struct server *srv, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLRDHUP };

	while (server_sleep(srv, 0) && poll(&pfd, 1, PEER_POLL_MS) <= 0)
		;
}

/* The rule's bytes are the whole of what the peer gets to see. */
static enum MHD_Result
send_raw(struct request *req, const struct fault *f, const struct text *body)
{
	const union MHD_ConnectionInfo *info;
	gnutls_session_t tls = NULL;
	size_t end = body->n;
	size_t step = f->byte_ms > 0 ? 1 : 16384;
	bool alive = true;
	int fd;

	info = MHD_get_connection_info(req->conn,
				       MHD_CONNECTION_INFO_CONNECTION_FD);
	if (!info)
		return MHD_NO;
	fd = info->connect_fd;
	if (req->listener->kind == LISTENER_TLS) {
		info = MHD_get_connection_info(
		    req->conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
		if (!info)
			return MHD_NO;
		tls = info->tls_session;
	}
	if (f->stall_after >= 0 && (uint64_t)f->stall_after < end)
		end = (size_t)f->stall_after;
	for (size_t at = 0; alive && at < end; at += step) {
		size_t n = end - at < step ? end - at : step;

		alive = wire_write(fd, tls, body->p + at, n);
		if (alive && f->byte_ms > 0)
			alive = server_sleep(req->srv, f->byte_ms);
	}
	if (alive && f->stall_after >= 0)
		wait_for_close(req->srv, fd);
	if (tls && !f->no_bye)
		(void)gnutls_bye(tls, GNUTLS_SHUT_WR);
	(void)shutdown(fd, f->no_bye ? SHUT_RDWR : SHUT_WR);
	return MHD_NO;
}

enum MHD_Result
fault_answer(struct request *req, const struct fault *f, const char *jwt,
	     const char *challenge)
{
	struct server *srv = req->srv;
	struct answer a = { .status = f->status ? f->status : 200 };

	if (f->has_body)
		text_add(&a.body, text_str(&f->body), f->body.n);
	else if (!f->has_size && !f->raw)
		text_printf(&a.body, "{\"message\":\"told to answer %u\"}",
			    a.status);
	text_replace(&a.body, "@JWT@", jwt ? jwt : "");
	if (text_holds(&a.body, "@TOKEN@") && srv->app_count)
		text_replace(&a.body, "@TOKEN@",
			     store_mint(srv, &srv->apps[0], NULL, NULL, NULL,
					server_now_ms(srv, f))
				 ->text);
	if (f->raw) {
		enum MHD_Result result = send_raw(req, f, &a.body);

		text_free(&a.body);
		return result;
	}
	a.type = f->type ? f->type : "application/json";
	for (size_t i = 0; i < f->headers; i++)
		answer_header(&a, f->header_names[i], f->header_values[i]);
	if (a.status == 401 && challenge)
		answer_header(&a, "WWW-Authenticate", challenge);
	return answer_send(req, &a, f);
}
