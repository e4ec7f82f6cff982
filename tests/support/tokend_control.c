/*
 * The control listener of tokend: plain HTTP on loopback, for the tests.
 */
#include "tokend.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "core/banned.h"

#define JSON_TYPE "application/json"
#define TEXT_TYPE "text/plain"

static const char *const counter_names[COUNTERS] = {
	[COUNT_TOKEN_REQUESTS] = "token_requests",
	[COUNT_MINTS] = "mints",
	[COUNT_TOKENINFO] = "tokeninfo",
	[COUNT_LOOKUPS] = "lookups",
	[COUNT_GIT_REQUESTS] = "git_requests",
	[COUNT_GIT_DENIED] = "git_denied",
	[COUNT_REGISTRY_REQUESTS] = "registry_requests",
	[COUNT_REGISTRY_DENIED] = "registry_denied",
	[COUNT_CONNECTIONS] = "connections",
	[COUNT_REQUESTS] = "requests",
	[COUNT_BEARER_SEEN_HTTP] = "bearer_seen_http",
};

struct command {
	const char *path;
	const char *method;
	enum MHD_Result (*run)(struct request *req, const struct form *f);
};

static enum MHD_Result
ok(struct request *req)
{
	return answer_text(req, 200, TEXT_TYPE, "ok\n");
}

static enum MHD_Result
stats(struct request *req, const struct form *f)
{
	struct answer a = { .status = 200, .type = JSON_TYPE };
	struct server *srv = req->srv;

	(void)f;
	text_puts(&a.body, "{");
	pthread_mutex_lock(&srv->lock);
	for (size_t i = 0; i < COUNTERS; i++)
		text_printf(&a.body, "\"%s\":%" PRIu64 ",", counter_names[i],
			    srv->counts[i]);
	text_puts(&a.body, "\"last_jwt_error\":");
	text_json(&a.body, srv->jwt_error, strlen(srv->jwt_error));
	pthread_mutex_unlock(&srv->lock);
	text_puts(&a.body, "}\n");
	return answer_send(req, &a, NULL);
}

static enum MHD_Result
one_stat(struct request *req, const char *name)
{
	struct answer a = { .status = 200, .type = TEXT_TYPE };
	struct server *srv = req->srv;

	pthread_mutex_lock(&srv->lock);
	for (size_t i = 0; i < COUNTERS; i++)
		if (strcmp(name, counter_names[i]) == 0)
			text_printf(&a.body, "%" PRIu64 "\n", srv->counts[i]);
	if (strcmp(name, "last_jwt_error") == 0)
		text_printf(&a.body, "%s\n", srv->jwt_error);
	pthread_mutex_unlock(&srv->lock);
	if (!a.body.n)
		return answer_text(req, 404, TEXT_TYPE, "no such counter\n");
	return answer_send(req, &a, NULL);
}

static enum MHD_Result
reset(struct request *req, const struct form *f)
{
	(void)f;
	pthread_mutex_lock(&req->srv->lock);
	memset(req->srv->counts, 0, sizeof(req->srv->counts));
	req->srv->jwt_error[0] = '\0';
	pthread_mutex_unlock(&req->srv->lock);
	return ok(req);
}

static enum MHD_Result
fail(struct request *req, const struct form *f)
{
	fault_set(req->srv, f);
	return ok(req);
}

static enum MHD_Result
clear(struct request *req, const struct form *f)
{
	(void)f;
	fault_clear(req->srv);
	return ok(req);
}

static enum MHD_Result
revoke_all(struct request *req, const struct form *f)
{
	const struct text *app = form_get(f, "app");

	store_revoke(req->srv, app ? text_str(app) : NULL);
	return ok(req);
}

static enum MHD_Result
set_life(struct request *req, const struct form *f)
{
	pthread_mutex_lock(&req->srv->lock);
	req->srv->life_s = form_number(f, "s", req->srv->life_s);
	pthread_mutex_unlock(&req->srv->lock);
	return ok(req);
}

static enum MHD_Result
set_clock(struct request *req, const struct form *f)
{
	struct server *srv = req->srv;
	const struct text *date = form_get(f, "date");
	const struct text *said = form_get(f, "date_text");

	pthread_mutex_lock(&srv->lock);
	srv->clock_offset_s = form_number(f, "offset", srv->clock_offset_s);
	free(srv->date_text);
	srv->date_text = said ? text_dup(text_str(said), said->n) : NULL;
	srv->date = said                          ? DATE_TEXT :
		    date && text_is(date, "none") ? DATE_NONE :
						    DATE_CLOCK;
	pthread_mutex_unlock(&srv->lock);
	return ok(req);
}

static enum MHD_Result
set_mode(struct request *req, const struct form *f)
{
	int64_t status = form_number(f, "jwt_status", -1);

	if (status != 0 && (status < 400 || status > 599))
		return answer_text(req, 400, TEXT_TYPE, "jwt_status?\n");
	pthread_mutex_lock(&req->srv->lock);
	req->srv->jwt_status = (unsigned)status;
	pthread_mutex_unlock(&req->srv->lock);
	return ok(req);
}

static void
put_field(struct json_object *o, const char *name, const char *s, size_t n)
{
	json_object_object_add(
	    o, name,
	    n || s ? json_object_new_string_len(s ? s : "", (int)n) : NULL);
}

static void
put_text(struct json_object *o, const char *name, const struct text *t)
{
	put_field(o, name, t->p, t->n);
}

static void
put_string(struct json_object *o, const char *name, const char *s)
{
	put_field(o, name, s, s ? strlen(s) : 0);
}

static enum MHD_Result
send_json(struct request *req, struct json_object *o)
{
	struct answer a = { .status = 200, .type = JSON_TYPE };

	text_puts(&a.body, json_object_to_json_string_ext(
			       o, JSON_C_TO_STRING_PLAIN |
				      JSON_C_TO_STRING_NOSLASHESCAPE));
	text_puts(&a.body, "\n");
	json_object_put(o);
	return answer_send(req, &a, NULL);
}

static enum MHD_Result
show_last(struct request *req, const struct form *f)
{
	struct last *l = &req->srv->last;
	struct json_object *o = json_object_new_object();
	bool is_set;

	(void)f;
	pthread_mutex_lock(&req->srv->lock);
	is_set = l->is_set;
	put_string(o, "method", l->method);
	put_string(o, "path", l->path);
	json_object_object_add(o, "headers",
			       json_tokener_parse(text_str(&l->headers)));
	put_text(o, "jwt_header", &l->jwt_header);
	put_text(o, "jwt_claims", &l->jwt_claims);
	put_field(o, "body", text_str(&l->body), l->body.n);
	pthread_mutex_unlock(&req->srv->lock);
	if (is_set)
		return send_json(req, o);
	json_object_put(o);
	return answer_text(req, 404, TEXT_TYPE, "no token request yet\n");
}

static enum MHD_Result
show_guarded(struct request *req, const struct form *f)
{
	struct last *l = &req->srv->last;
	struct json_object *o = json_object_new_object();
	bool is_set;

	(void)f;
	pthread_mutex_lock(&req->srv->lock);
	is_set = l->guarded_set;
	put_string(o, "method", l->guarded_method);
	put_string(o, "path", l->guarded_path);
	put_string(o, "scheme", l->guarded_scheme);
	put_string(o, "user", l->guarded_user);
	json_object_object_add(o, "ok", json_object_new_boolean(l->guarded_ok));
	pthread_mutex_unlock(&req->srv->lock);
	if (is_set)
		return send_json(req, o);
	json_object_put(o);
	return answer_text(req, 404, TEXT_TYPE, "no guarded request yet\n");
}

static enum MHD_Result
show_jwt(struct request *req, const struct form *f)
{
	struct answer a = { .status = 200, .type = TEXT_TYPE };

	(void)f;
	pthread_mutex_lock(&req->srv->lock);
	text_puts(&a.body, text_str(&req->srv->last.jwt));
	pthread_mutex_unlock(&req->srv->lock);
	if (!a.body.n)
		a.status = 404;
	return answer_send(req, &a, NULL);
}

static enum MHD_Result
mint(struct request *req, const struct form *f)
{
	struct answer a = { .status = 200, .type = TEXT_TYPE };
	struct server *srv = req->srv;
	const struct text *id = form_get(f, "app");
	const struct app *app = NULL;
	const struct token *t;

	if (id)
		app = store_app(srv, text_str(id));
	else if (srv->app_count)
		app = &srv->apps[0];
	if (!app)
		return answer_text(req, 404, TEXT_TYPE, "no such app\n");
	t = store_mint(srv, app, NULL, app->org, form_get(f, "token"),
		       server_now_ms(srv, NULL));
	text_add(&a.body, t->text, t->n);
	return answer_send(req, &a, NULL);
}

static const struct command commands[] = {
	{ "/stats", "GET", stats },          { "/last", "GET", show_last },
	{ "/guarded", "GET", show_guarded }, { "/jwt", "GET", show_jwt },
	{ "/fail", "POST", fail },           { "/ok", "POST", clear },
	{ "/revoke", "POST", revoke_all },   { "/life", "POST", set_life },
	{ "/clock", "POST", set_clock },     { "/mode", "POST", set_mode },
	{ "/mint", "POST", mint },           { "/reset", "POST", reset },
};

enum MHD_Result
control_handle(struct request *req)
{
	struct form f = { 0 };
	enum MHD_Result result;

	if (strncmp(req->path, "/stats/", 7) == 0)
		return one_stat(req, req->path + 7);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(req->path, commands[i].path) != 0)
			continue;
		if (strcmp(req->method, commands[i].method) != 0)
			return answer_text(req, 405, TEXT_TYPE,
					   "wrong method\n");
		form_parse(req->query, strlen(req->query), &f);
		form_parse(text_str(&req->body), req->body.n, &f);
		result = commands[i].run(req, &f);
		form_free(&f);
		return result;
	}
	return answer_text(req, 404, TEXT_TYPE, "no such command\n");
}
