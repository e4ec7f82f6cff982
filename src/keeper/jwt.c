#include "keeper/jwt.h"

#include "core/base64.h"
#include "core/jput.h"
#include "keeper/value.h"

#include "core/banned.h"

static void
put_name(struct safebuf *out, struct span name, bool *first)
{
	safebuf_putc(out, *first ? '{' : ',');
	*first = false;
	jput_string(out, name);
	safebuf_putc(out, ':');
}

/* {"alg":"RS256","typ":"JWT"} and further members, all strings. */
static enum rc
put_header(const struct profile *p, const struct expand_values *v,
	   struct safebuf *room, struct safebuf *out, struct why *why)
{
	struct profile_item item;
	bool has_typ = false;
	bool first = true;
	size_t at = 0;
	enum rc rc;

	put_name(out, SPAN("alg"), &first);
	jput_string(out, SPAN("RS256"));
	while (profile_next(p, v->app, PROFILE_HEADER, &at, &item)) {
		if (span_is(item.name, "typ"))
			has_typ = true;
	}
	if (!has_typ) {
		put_name(out, SPAN("typ"), &first);
		jput_string(out, SPAN("JWT"));
	}
	for (at = 0; profile_next(p, v->app, PROFILE_HEADER, &at, &item);) {
		safebuf_clear(room);
		if ((rc = expand_put(item.template, v, EXPAND_PLAIN, room,
				     why)) != RC_OK)
			return rc;
		put_name(out, item.name, &first);
		jput_string(out, safebuf_view(room));
	}
	safebuf_putc(out, '}');
	return safebuf_check(out);
}

static void
put_time(struct safebuf *out, const char *name, int64_t unix_s, bool *first)
{
	put_name(out, span_of(name), first);
	safebuf_put_i64(out, unix_s);
}

static enum rc
put_claims(const struct profile *p, const struct expand_values *v,
	   struct safebuf *room, struct safebuf *out, struct why *why)
{
	struct profile_item item;
	bool with_iat = true;
	bool with_exp = true;
	bool first = true;
	size_t at = 0;
	enum rc rc;

	while (profile_next(p, v->app, PROFILE_CLAIM, &at, &item)) {
		if (span_is(item.name, "iat"))
			with_iat = false;
		if (span_is(item.name, "exp"))
			with_exp = false;
		if (item.type == PROFILE_NONE)
			continue;
		safebuf_clear(room);
		if ((rc = expand_put(item.template, v, EXPAND_PLAIN, room,
				     why)) != RC_OK)
			return rc;
		put_name(out, item.name, &first);
		if ((rc = value_put_json(&item, safebuf_view(room), out,
					 why)) != RC_OK)
			return rc;
	}
	if (with_iat)
		put_time(out, "iat", v->now_s, &first);
	if (with_exp)
		put_time(out, "exp", v->now_s + profile_jwt_ttl_s(p), &first);
	if (first)
		safebuf_putc(out, '{');
	safebuf_putc(out, '}');
	return safebuf_check(out);
}

enum rc
jwt_build(const struct profile *p, const struct expand_values *values,
	  const struct jwt_signer *signer, struct safebuf *out, struct why *why)
{
	struct safebuf *json = NULL;
	struct safebuf *room = NULL;
	struct safebuf *signature = NULL;
	size_t start = safebuf_len(out);
	enum rc rc;

	if ((rc = safebuf_new(JWT_MAX, &json)) != RC_OK ||
	    (rc = safebuf_new(JWT_MAX, &room)) != RC_OK ||
	    (rc = safebuf_new(JWT_MAX, &signature)) != RC_OK ||
	    (rc = put_header(p, values, room, json, why)) != RC_OK)
		goto out;
	base64_put_url(out, safebuf_view(json));
	safebuf_putc(out, '.');
	safebuf_clear(json);
	if ((rc = put_claims(p, values, room, json, why)) != RC_OK)
		goto out;
	base64_put_url(out, safebuf_view(json));
	if ((rc = safebuf_check(out)) != RC_OK ||
	    (rc = signer->sign(signer->self,
			       span_from(safebuf_view(out), start), signature,
			       why)) != RC_OK)
		goto out;
	safebuf_putc(out, '.');
	base64_put_url(out, safebuf_view(signature));
	rc = safebuf_check(out);
out:
	safebuf_free(signature);
	safebuf_free(room);
	safebuf_free(json);
	return rc == RC_TOO_LARGE
		       ? why_set(why, RC_CONFIG,
				 "the JWT is larger than %d bytes; shorten "
				 "the app's settings",
				 JWT_MAX)
		       : rc;
}
