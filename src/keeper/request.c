#include "keeper/request.h"

#include "core/expand.h"
#include "core/jput.h"
#include "keeper/value.h"

#include "core/banned.h"

#define JWT_BEARER_GRANT "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define JWT_BEARER_ASSERTION                                                   \
	"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define BODY_ROOM (JWT_MAX * 2)
#define HEADERS_ROOM (HTTP_EXTRA_HEADERS_MAX * 2048)

enum rc
request_endpoint(const struct appload_app *a, struct place *ret,
		 struct why *why)
{
	struct span template = profile_text(a->profile, a->app, "url");
	struct span variable;
	char name[NAME_LEN_MAX + 1];
	size_t at = 0;

	if (!expand_next_variable(template, &at, &variable) ||
	    !span_copy(variable, name, sizeof(name)))
		return why_set(why, RC_CONFIG,
			       "the profile names no token endpoint; correct "
			       "'%s'",
			       a->profile_path);
	return place_from_url(conf_value(a->app, name), ret, why);
}

/* The same name of another case is the same header: RFC 9110 5.1. */
static bool
is_accept(struct span name)
{
	static const char accept[] = "accept";

	if (name.len != sizeof(accept) - 1)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if ((name.at[i] | 0x20) != accept[i])
			return false;
	}
	return true;
}

/* A NUL-terminated "Name: value" at the end of texts->headers. */
static enum rc
put_header(struct request_texts *texts, struct span name, struct span template,
	   const struct expand_values *values, struct why *why)
{
	struct http_request *h = &texts->http;
	enum rc rc;

	if (h->header_count == HTTP_EXTRA_HEADERS_MAX)
		return why_set(why, RC_CONFIG,
			       "more than %d request headers; shorten the "
			       "profile",
			       HTTP_EXTRA_HEADERS_MAX);
	h->headers[h->header_count++] = safebuf_tail(texts->headers);
	safebuf_put(texts->headers, name);
	safebuf_puts(texts->headers, ": ");
	if ((rc = expand_put(template, values, EXPAND_HEADER, texts->headers,
			     why)) != RC_OK)
		return rc;
	safebuf_putc(texts->headers, '\0');
	return safebuf_check(texts->headers);
}

static enum rc
put_headers(const struct appload_app *a, const struct expand_values *values,
	    struct request_texts *texts, struct why *why)
{
	struct profile_item item;
	bool has_accept = false;
	size_t at = 0;
	enum rc rc;

	while (profile_next(a->profile, a->app, PROFILE_REQUEST, &at, &item)) {
		if (is_accept(item.name))
			has_accept = true;
		if ((rc = put_header(texts, item.name, item.template, values,
				     why)) != RC_OK)
			return rc;
	}
	return has_accept ? RC_OK
			  : put_header(texts, SPAN("Accept"),
				       SPAN("application/json"), values, why);
}

static void
put_field(struct safebuf *out, const char *name, const char *value)
{
	if (safebuf_len(out) > 0)
		safebuf_putc(out, '&');
	safebuf_puts(out, name);
	safebuf_putc(out, '=');
	expand_put_form(out, span_of(value));
}

static bool
has_param(const struct appload_app *a, const char *name)
{
	struct profile_item item;
	size_t at = 0;

	while (profile_next(a->profile, a->app, PROFILE_PARAM, &at, &item)) {
		if (span_is(item.name, name))
			return true;
	}
	return false;
}

/* RFC 7523 section 2.1 (assertion) and 2.2 (client assertion). */
static enum rc
put_form(const struct appload_app *a, const struct expand_values *values,
	 struct request_texts *texts, struct safebuf *room, struct why *why)
{
	bool as_client = profile_exchange(a->profile) ==
			 PROFILE_CLIENT_ASSERTION;
	struct span jwt_name =
		profile_text(a->profile, a->app, "assertion-param");
	struct safebuf *out = texts->body;
	struct profile_item item;
	size_t at = 0;
	enum rc rc;

	if (!has_param(a, "grant_type"))
		put_field(out, "grant_type",
			  as_client ? "client_credentials" : JWT_BEARER_GRANT);
	if (as_client && !has_param(a, "client_assertion_type"))
		put_field(out, "client_assertion_type", JWT_BEARER_ASSERTION);
	if (!span_is_set(jwt_name))
		jwt_name = as_client ? SPAN("client_assertion")
				     : SPAN("assertion");
	if (safebuf_len(out) > 0)
		safebuf_putc(out, '&');
	expand_put_form(out, jwt_name);
	safebuf_putc(out, '=');
	expand_put_form(out, safebuf_view(texts->jwt));
	while (profile_next(a->profile, a->app, PROFILE_PARAM, &at, &item)) {
		if (item.type == PROFILE_NONE)
			continue;
		safebuf_clear(room);
		if ((rc = expand_put(item.template, values, EXPAND_PLAIN, room,
				     why)) != RC_OK)
			return rc;
		safebuf_putc(out, '&');
		expand_put_form(out, item.name);
		safebuf_putc(out, '=');
		if ((rc = value_put_form(&item, safebuf_view(room), out,
					 why)) != RC_OK)
			return rc;
	}
	texts->http.content_type = "application/x-www-form-urlencoded";
	return safebuf_check(out);
}

/* A JSON object of the param lines; no body at all without any. */
static enum rc
put_json(const struct appload_app *a, const struct expand_values *values,
	 struct request_texts *texts, struct safebuf *room, struct why *why)
{
	struct safebuf *out = texts->body;
	struct profile_item item;
	size_t at = 0;
	enum rc rc;

	while (profile_next(a->profile, a->app, PROFILE_PARAM, &at, &item)) {
		if (item.type == PROFILE_NONE)
			continue;
		safebuf_clear(room);
		if ((rc = expand_put(item.template, values, EXPAND_PLAIN, room,
				     why)) != RC_OK)
			return rc;
		safebuf_putc(out, safebuf_len(out) == 0 ? '{' : ',');
		jput_string(out, item.name);
		safebuf_putc(out, ':');
		if ((rc = value_put_json(&item, safebuf_view(room), out,
					 why)) != RC_OK)
			return rc;
	}
	if (safebuf_len(out) == 0)
		return RC_OK;
	safebuf_putc(out, '}');
	texts->http.content_type = "application/json";
	return safebuf_check(out);
}

static enum rc
put_transport(const struct conf_app *app, struct request_texts *texts)
{
	if (span_is_set(app->ca_file)) {
		if (!span_copy(app->ca_file, texts->ca_file,
			       sizeof(texts->ca_file)))
			return RC_TOO_LARGE;
		texts->http.ca_file = texts->ca_file;
	}
	if (span_is_set(app->proxy)) {
		if (!span_copy(app->proxy, texts->proxy, sizeof(texts->proxy)))
			return RC_TOO_LARGE;
		texts->http.proxy = texts->proxy;
	}
	return RC_OK;
}

enum rc
request_build(const struct appload_app *a, int64_t server_now_s,
	      const struct jwt_signer *signer,
	      enum rc (*uuid)(char out[37], struct why *why),
	      struct request_texts *texts, struct why *why)
{
	bool is_form = profile_exchange(a->profile) != PROFILE_BEARER;
	struct safebuf *room = NULL;
	char uuid_text[37];
	struct expand_values values = {
		.app = a->app,
		.now_s = server_now_s - profile_jwt_backdate_s(a->profile),
	};
	enum rc rc;

	if ((rc = uuid(uuid_text, why)) != RC_OK)
		return rc;
	values.uuid = span_of(uuid_text);
	if ((rc = safebuf_new(JWT_MAX, &room)) != RC_OK ||
	    (rc = safebuf_new(URL_LEN_MAX, &texts->url)) != RC_OK ||
	    (rc = safebuf_new(JWT_MAX, &texts->jwt)) != RC_OK ||
	    (rc = safebuf_new(BODY_ROOM, &texts->body)) != RC_OK ||
	    (rc = safebuf_new(HEADERS_ROOM, &texts->headers)) != RC_OK ||
	    (rc = expand_put(profile_text(a->profile, a->app, "url"), &values,
			     EXPAND_URL, texts->url, why)) != RC_OK)
		goto out;
	values.url = safebuf_view(texts->url);
	if ((rc = put_headers(a, &values, texts, why)) != RC_OK ||
	    (rc = jwt_build(a->profile, &values, signer, texts->jwt, why)) !=
		    RC_OK ||
	    (rc = is_form ? put_form(a, &values, texts, room, why)
			  : put_json(a, &values, texts, room, why)) != RC_OK ||
	    (rc = put_transport(a->app, texts)) != RC_OK)
		goto out;
	safebuf_putc(texts->url, '\0');
	if ((rc = safebuf_check(texts->url)) != RC_OK)
		goto out;
	texts->http.url = safebuf_bytes(texts->url);
	if (!is_form)
		texts->http.bearer = safebuf_view(texts->jwt);
	if (safebuf_len(texts->body) > 0)
		texts->http.body = safebuf_view(texts->body);
out:
	safebuf_free(room);
	return rc == RC_TOO_LARGE
		       ? why_set(why, RC_CONFIG,
				 "the token request is too large; shorten the "
				 "app's settings")
		       : rc;
}

void
request_clear(struct request_texts *texts)
{
	texts->url = safebuf_free(texts->url);
	texts->jwt = safebuf_free(texts->jwt);
	texts->body = safebuf_free(texts->body);
	texts->headers = safebuf_free(texts->headers);
}

struct span
request_jwt(const struct request_texts *texts)
{
	return texts->jwt == NULL ? (struct span){ 0 }
				  : safebuf_view(texts->jwt);
}
