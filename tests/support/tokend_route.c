/*
 * The routes of the data listeners: token endpoints of three kinds, token
 * information, look-ups of an installation, and the way to what the tokens
 * guard.
 */
#include "tokend.h"

#include <ctype.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/banned.h"

#define JSON_TYPE "application/json"
#define GRANT "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define ASSERTION "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

enum kind {
	KIND_NONE,
	KIND_UNIFIZE,
	KIND_INSTALLATION,
	KIND_OAUTH,
	KIND_TOKENINFO,
	KIND_LOOKUP
};

struct route {
	enum kind kind;
	struct text org; /* of the path; empty when it names none */
};

/* path is start, then one segment, then end; the segment goes to ret. */
static bool
between(const char *path, const char *start, const char *end, struct text *ret)
{
	size_t from = strlen(start);
	size_t n;

	if (strncmp(path, start, from) != 0)
		return false;
	n = strcspn(path + from, "/");
	if (n == 0 || strcmp(path + from + n, end) != 0)
		return false;
	text_add(ret, path + from, n);
	return true;
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s);
	size_t m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static void
find_route(const char *path, struct route *ret)
{
	if (strcmp(path, "/application/token") == 0 ||
	    between(path, "/application/installation/", "/token", &ret->org))
		ret->kind = KIND_UNIFIZE;
	else if (strcmp(path, "/application/tokeninfo") == 0)
		ret->kind = KIND_TOKENINFO;
	else if (strncmp(path, "/application/", 13) == 0)
		ret->kind = KIND_NONE;
	else if (between(path, "/app/installations/", "/access_tokens",
			 &ret->org))
		ret->kind = KIND_INSTALLATION;
	else if (ends_with(path, "/token"))
		ret->kind = KIND_OAUTH;
	else if (ends_with(path, "/installation") &&
		 (strncmp(path, "/repos/", 7) == 0 ||
		  strncmp(path, "/orgs/", 6) == 0 ||
		  strncmp(path, "/users/", 7) == 0))
		ret->kind = KIND_LOOKUP;
}

static enum MHD_Result
collect_header(void *cls, enum MHD_ValueKind kind, const char *key,
	       const char *value)
{
	struct json_object *o = cls;
	struct json_object *old;
	struct text name = { 0 };
	struct text line = { 0 };

	(void)kind;
	for (const char *p = key; *p; p++) {
		char c = (char)tolower((unsigned char)*p);

		text_add(&name, &c, 1);
	}
	if (json_object_object_get_ex(o, text_str(&name), &old))
		text_printf(&line, "%s, ", json_object_get_string(old));
	if (!value)
		value = "";
	if (!text_is(&name, "authorization"))
		text_puts(&line, value);
	else if (strchr(value, ' '))
		text_add(&line, value, strcspn(value, " "));
	else
		text_puts(&line, "?");
	json_object_object_add(o, text_str(&name),
			       json_object_new_string(text_str(&line)));
	text_free(&line);
	text_free(&name);
	return MHD_YES;
}

static void
remember(struct request *req, const char *jwt)
{
	struct last *l = &req->srv->last;
	struct json_object *headers = json_object_new_object();
	struct text body = { 0 };

	(void)MHD_get_connection_values(req->conn, MHD_HEADER_KIND,
					collect_header, headers);
	text_add(&body, text_str(&req->body),
		 req->body.n > LAST_BODY_MAX ? LAST_BODY_MAX : req->body.n);
	if (jwt && *jwt)
		text_replace(&body, jwt, "REMOVED");

	pthread_mutex_lock(&req->srv->lock);
	free(l->method);
	free(l->path);
	text_free(&l->headers);
	text_free(&l->jwt);
	text_free(&l->jwt_header);
	text_free(&l->jwt_claims);
	text_free(&l->body);
	l->is_set = true;
	l->method = text_dup(req->method, strlen(req->method));
	l->path = text_dup(req->path, strlen(req->path));
	text_puts(&l->headers,
		  json_object_to_json_string_ext(
		      headers,
		      JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	l->body = body;
	if (jwt) {
		text_puts(&l->jwt, jwt);
		jwt_open(jwt, &l->jwt_header, &l->jwt_claims);
	}
	pthread_mutex_unlock(&req->srv->lock);
	json_object_put(headers);
}

static const char *
bearer(const struct request *req)
{
	const char *value = request_header(req, "Authorization");

	return value && strncasecmp(value, "Bearer ", 7) == 0 ? value + 7 :
								NULL;
}

static bool
is_form(const struct request *req)
{
	static const char form[] = "application/x-www-form-urlencoded";
	const char *type = request_header(req, "Content-Type");

	return type && strncasecmp(type, form, sizeof(form) - 1) == 0;
}

static bool
field_is(const struct form *f, const char *name, const char *value)
{
	const struct text *t = form_get(f, name);

	return t && text_is(t, value);
}

/* NULL when the request holds no JWT where its route wants it. */
static const char *
find_jwt(const struct request *req, enum kind kind, struct form *f)
{
	const struct text *t = NULL;

	if (kind != KIND_OAUTH)
		return bearer(req);
	form_parse(text_str(&req->body), req->body.n, f);
	if (field_is(f, "grant_type", GRANT))
		t = form_get(f, "assertion");
	else if (field_is(f, "grant_type", "client_credentials") &&
		 field_is(f, "client_assertion_type", ASSERTION))
		t = form_get(f, "client_assertion");
	return t ? text_str(t) : NULL;
}

static bool
is_json_object(const struct text *body)
{
	struct json_object *o = json_tokener_parse(text_str(body));
	bool is = o && json_object_is_type(o, json_type_object);

	json_object_put(o);
	return is;
}

/* What is wrong with the request apart from its JWT, or NULL. */
static const char *
check_form(const struct request *req, enum kind kind)
{
	if (kind == KIND_UNIFIZE && req->body.n)
		return "the body must be empty";
	if (kind == KIND_INSTALLATION && req->body.n &&
	    !is_json_object(&req->body))
		return "the body is not a JSON object";
	if (kind == KIND_OAUTH && !is_form(req))
		return "the body is not a form";
	return NULL;
}

static enum MHD_Result
refuse_jwt(struct request *req, enum kind kind, const struct fault *f,
	   const char *wrong)
{
	struct server *srv = req->srv;
	struct answer a = { .type = JSON_TYPE };

	pthread_mutex_lock(&srv->lock);
	snprintf(srv->jwt_error, sizeof(srv->jwt_error), "%s", wrong);
	a.status = srv->jwt_status;
	pthread_mutex_unlock(&srv->lock);
	if (!a.status)
		a.status = kind == KIND_INSTALLATION || kind == KIND_LOOKUP ?
			       401 :
			       400;
	if (kind == KIND_OAUTH)
		text_puts(&a.body, "{\"error\":\"invalid_grant\","
				   "\"error_description\":");
	else
		text_puts(&a.body, "{\"message\":");
	text_printf(&a.body, "\"Error validating JWT: %s\"}", wrong);
	return answer_send(req, &a, f);
}

static void
write_answer(struct text *body, enum kind kind, const struct token *t,
	     const struct fault *f, int64_t now_ms)
{
	static const char *const names[][2] = {
		[KIND_UNIFIZE] = { "accessToken", "expiresAt" },
		[KIND_INSTALLATION] = { "token", "expires_at" },
		[KIND_OAUTH] = { "access_token", "expires_in" },
	};
	const char *comma = "";

	text_puts(body, "{");
	if (!f || !f->omit_token) {
		text_printf(body, "\"%s\":", names[kind][0]);
		if (f && f->token_raw)
			text_puts(body, f->token_raw);
		else
			text_json(body, t->text, t->n);
		comma = ",";
	}
	if (!f || !f->omit_expiry) {
		text_printf(body, "%s\"%s\":", comma, names[kind][1]);
		if (f && f->expires) {
			text_puts(body, f->expires);
		} else if (kind == KIND_OAUTH) {
			text_printf(body, "%" PRId64,
				    (t->expiry_ms - now_ms) / 1000);
		} else {
			text_puts(body, "\"");
			time_rfc3339(t->expiry_ms, body);
			text_puts(body, "\"");
		}
		comma = ",";
	}
	if (kind == KIND_OAUTH)
		text_printf(body, "%s\"token_type\":\"Bearer\"", comma);
	text_puts(body, "}");
}

static enum MHD_Result
grant(struct request *req, const struct route *route, const struct app *app,
      const struct fault *f, int64_t now_ms)
{
	bool unifize = route->kind == KIND_UNIFIZE;
	struct answer a = { .type = JSON_TYPE };
	const struct token *t;

	t = store_mint(req->srv, app,
		       unifize ? request_header(req, "X-Unifize-User") : NULL,
		       unifize && route->org.n ? text_str(&route->org) :
						 app->org,
		       f && f->has_token ? &f->token : NULL, now_ms);
	a.status = route->kind == KIND_INSTALLATION ? 201 : 200;
	if (f && f->status)
		a.status = f->status;
	if (f && f->type)
		a.type = f->type;
	if (f)
		for (size_t i = 0; i < f->headers; i++)
			answer_header(&a, f->header_names[i],
				      f->header_values[i]);
	write_answer(&a.body, route->kind, t, f, now_ms);
	return answer_send(req, &a, f);
}

static enum MHD_Result
decide(struct request *req, const struct route *route, const char *jwt,
       const struct fault *f)
{
	enum jwt_rule rule = route->kind == KIND_UNIFIZE ? JWT_UNIFIZE :
			     route->kind == KIND_OAUTH   ? JWT_OAUTH :
							   JWT_INSTALLATION;
	int64_t now_ms = server_now_ms(req->srv, f);
	const struct app *app = NULL;
	struct answer a = { .type = JSON_TYPE };
	const char *wrong;

	if (fault_is_whole(f))
		return fault_answer(req, f, jwt, NULL);
	if ((wrong = check_form(req, route->kind)) != NULL) {
		a.status = 400;
		text_printf(&a.body, "{\"message\":\"%s\"}", wrong);
		return answer_send(req, &a, f);
	}
	wrong = "no JWT";
	if (jwt)
		wrong = jwt_check(req->srv, jwt, rule, now_ms / 1000, &app);
	if (wrong || !app)
		return refuse_jwt(req, route->kind, f,
				  wrong ? wrong : "unknown app");
	if (route->kind == KIND_UNIFIZE && route->org.n && app->org &&
	    !text_is(&route->org, app->org)) {
		a.status = 404;
		text_puts(&a.body, "{\"message\":\"no such installation\"}");
		return answer_send(req, &a, f);
	}
	if (route->kind == KIND_LOOKUP) {
		a.status = 200;
		text_printf(&a.body, "{\"id\":%s}", app->org ? app->org : "1");
		return answer_send(req, &a, f);
	}
	return grant(req, route, app, f, now_ms);
}

static enum MHD_Result
token_route(struct request *req, const struct route *route)
{
	struct server *srv = req->srv;
	bool lookup = route->kind == KIND_LOOKUP;
	struct form form = { 0 };
	struct answer a = { .status = 405, .type = JSON_TYPE };
	enum MHD_Result result;
	struct fault *f;
	const char *jwt;

	server_count(srv, lookup ? COUNT_LOOKUPS : COUNT_TOKEN_REQUESTS);
	if (strcmp(req->method, lookup ? "GET" : "POST") != 0) {
		text_puts(&a.body, "{\"message\":\"method not allowed\"}");
		answer_header(&a, "Allow", lookup ? "GET" : "POST");
		return answer_send(req, &a, NULL);
	}
	jwt = find_jwt(req, route->kind, &form);
	if (!lookup)
		remember(req, jwt);
	f = fault_take(srv, lookup ? ON_LOOKUP : ON_TOKEN);
	if (f && f->delay_ms > 0)
		(void)server_sleep(srv, f->delay_ms);
	result = decide(req, route, jwt, f);
	fault_drop(srv, f);
	form_free(&form);
	return result;
}

static void
write_info(struct text *body, const struct token *t)
{
	struct text uid = { 0 };

	if (t->user)
		text_puts(&uid, t->user);
	else
		text_printf(&uid, "bot-%s", t->app->id);
	text_puts(body, "{\"uid\":");
	text_json(body, text_str(&uid), uid.n);
	text_puts(body, ",\"appId\":");
	if (t->app->numeric)
		text_puts(body, t->app->id);
	else
		text_json(body, t->app->id, strlen(t->app->id));
	text_printf(body, ",\"expiry\":%" PRId64 ",\"orgId\":%s}", t->expiry_ms,
		    t->org ? t->org : "null");
	text_free(&uid);
}

static enum MHD_Result
tokeninfo(struct request *req)
{
	struct answer a = { .status = 400, .type = JSON_TYPE };
	struct json_object *o = NULL;
	struct json_object *v = NULL;
	const struct token *t = NULL;
	struct fault *f;
	enum MHD_Result result;

	server_count(req->srv, COUNT_TOKENINFO);
	if (strcmp(req->method, "POST") != 0) {
		a.status = 405;
		answer_header(&a, "Allow", "POST");
		return answer_send(req, &a, NULL);
	}
	f = fault_take(req->srv, ON_TOKENINFO);
	if (f && f->delay_ms > 0)
		(void)server_sleep(req->srv, f->delay_ms);
	if (fault_is_whole(f)) {
		result = fault_answer(req, f, NULL, NULL);
		goto out;
	}
	o = json_tokener_parse(text_str(&req->body));
	if (json_object_object_get_ex(o, "token", &v) &&
	    json_object_is_type(v, json_type_string))
		t = store_find(req->srv, json_object_get_string(v),
			       (size_t)json_object_get_string_len(v));
	if (t) {
		a.status = 200;
		write_info(&a.body, t);
	} else {
		text_puts(&a.body, "{\"message\":\"invalid token\"}");
	}
	result = answer_send(req, &a, f);
out:
	json_object_put(o);
	fault_drop(req->srv, f);
	return result;
}

enum MHD_Result
route_data(struct request *req)
{
	const char *prefix = req->srv->prefix;
	const char *path = req->path;
	struct route route = { 0 };
	enum MHD_Result result;

	if (strncmp(path, "/git/", 5) == 0)
		return git_handle(req);
	if (strcmp(path, "/v2") == 0 || strncmp(path, "/v2/", 4) == 0)
		return registry_handle(req);
	if (strcmp(path, "/docker/token") == 0)
		return registry_token(req);
	if (prefix) {
		size_t n = strlen(prefix);

		path = strncmp(path, prefix, n) == 0 ? path + n : "";
	}
	find_route(path, &route);
	if (route.kind == KIND_NONE)
		result = answer_text(req, 404, JSON_TYPE,
				     "{\"message\":\"not found\"}");
	else if (route.kind == KIND_TOKENINFO)
		result = tokeninfo(req);
	else
		result = token_route(req, &route);
	text_free(&route.org);
	return result;
}
