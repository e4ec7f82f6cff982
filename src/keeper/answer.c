#include "keeper/answer.h"

#include <json-c/json.h>

#include "core/clean.h"
#include "core/jscan.h"
#include "core/num.h"
#include "core/stamp.h"
#include "core/token.h"

#include "core/banned.h"

/* 9999-12-31T23:59:59Z: later moments, and longer lives, are nonsense. */
#define UNIX_MAX_S INT64_C(253402300799)
#define SEGMENT_MAX 128

/* The document as both readers see it: they walk in step and must agree. */
struct node {
	struct jscan_value scanned;
	struct json_object *parsed; /* lent; NULL for null */
};

static bool
kinds_agree(struct node n)
{
	enum json_type type = json_object_get_type(n.parsed);

	switch (n.scanned.kind) {
	case JSCAN_OBJECT:
		return type == json_type_object;
	case JSCAN_ARRAY:
		return type == json_type_array;
	case JSCAN_STRING:
		return type == json_type_string;
	case JSCAN_NUMBER:
		return type == json_type_int || type == json_type_double;
	case JSCAN_TRUE:
	case JSCAN_FALSE:
		return type == json_type_boolean;
	case JSCAN_NULL:
		return type == json_type_null;
	}
	return false;
}

static enum rc
disagree(struct why *why)
{
	return why_set(why, RC_BAD_ANSWER,
		       "the answer can be read in two ways; ask those who run "
		       "the endpoint");
}

/*
 * RC_NOT_FOUND: no such member on the way, or a null at its end.
 * RC_BAD_ANSWER: what should hold members is no object.
 */
static enum rc
walk(struct node from, struct span path, struct node *ret, struct why *why)
{
	char name[SEGMENT_MAX];
	struct span segment;
	struct node n = from;
	enum rc rc;

	while (path.len > 0) {
		segment = span_cut(path, 0, span_find(path, '.'));
		path = span_from(path, segment.len + 1);
		if (!span_copy(segment, name, sizeof(name)))
			return why_set(why, RC_BAD_ANSWER,
				       "a path of the profile is too long; "
				       "correct the profile");
		rc = jscan_member(n.scanned, name, &n.scanned);
		if (rc == RC_NOT_FOUND)
			return rc;
		if (rc != RC_OK)
			return why_set(why, RC_BAD_ANSWER,
				       "what should hold '%s' is no object; "
				       "compare the profile's paths with the "
				       "endpoint's documentation",
				       name);
		if (!json_object_object_get_ex(n.parsed, name, &n.parsed) ||
		    !kinds_agree(n))
			return disagree(why);
	}
	*ret = n;
	return n.scanned.kind == JSCAN_NULL ? RC_NOT_FOUND : RC_OK;
}

/* The decoded characters, equal in both readers. */
static enum rc
read_string(struct node n, struct safebuf *out, struct why *why)
{
	struct span other;
	enum rc rc;

	if (n.scanned.kind != JSCAN_STRING)
		return RC_INVALID;
	if ((rc = jscan_string(n.scanned, out)) != RC_OK)
		return rc;
	other.at = json_object_get_string(n.parsed);
	other.len = (size_t)json_object_get_string_len(n.parsed);
	if (!span_eq_secret(safebuf_view(out), other))
		return disagree(why);
	return RC_OK;
}

static enum rc
read_token(struct node root, const struct answer_spec *spec,
	   struct safebuf *out, struct why *why)
{
	struct node n;
	enum rc rc;

	rc = walk(root, spec->token_path, &n, why);
	if (rc == RC_NOT_FOUND)
		return why_set(why, RC_BAD_ANSWER,
			       "no '%.*s' in the answer; compare the profile's "
			       "token-path with the endpoint's documentation",
			       (int)spec->token_path.len, spec->token_path.at);
	if (rc != RC_OK)
		return rc;
	rc = read_string(n, out, why);
	if (rc == RC_BAD_ANSWER)
		return rc;
	if (n.scanned.kind != JSCAN_STRING)
		return why_set(why, RC_BAD_ANSWER,
			       "'%.*s' in the answer is no text; ask those who "
			       "run the endpoint",
			       (int)spec->token_path.len, spec->token_path.at);
	if (rc != RC_OK || !token_is_wellformed(safebuf_view(out)))
		return why_set(why, RC_BAD_ANSWER,
			       "the token in the answer is empty, too long or "
			       "holds other characters than RFC 6750 allows; "
			       "ask those who run the endpoint");
	return RC_OK;
}

static enum rc
bad_expiry(struct why *why)
{
	return why_set(why, RC_BAD_ANSWER,
		       "the expiry in the answer has another form than the "
		       "profile says; compare expiry-path and expiry-form with "
		       "the endpoint's documentation");
}

/* Rounded down, also below zero. */
static int64_t
seconds(int64_t ms)
{
	return ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
}

static enum rc
read_number(struct node n, int64_t limit, int64_t *ret)
{
	int64_t value;
	enum rc rc;

	/* json-c clamps what has more than 64 bits: our digits count. */
	if (n.scanned.kind != JSCAN_NUMBER)
		return RC_INVALID;
	if ((rc = num_parse_i64(n.scanned.text, -limit, limit, &value)) !=
	    RC_OK)
		return rc;
	if (json_object_get_type(n.parsed) != json_type_int ||
	    json_object_get_int64(n.parsed) != value)
		return RC_INVALID;
	*ret = value;
	return RC_OK;
}

static enum rc
read_stamp(struct node n, int64_t *ret, struct why *why)
{
	struct safebuf *text = NULL;
	enum rc rc;

	if ((rc = safebuf_new(BODY_MAX, &text)) != RC_OK)
		goto out;
	if ((rc = read_string(n, text, why)) == RC_OK)
		rc = stamp_parse_rfc3339(safebuf_view(text), ret);
out:
	safebuf_free(text);
	return rc;
}

static enum rc
read_expiry(struct node root, const struct answer_spec *spec, int64_t now_s,
	    struct answer *ret, struct why *why)
{
	struct node n;
	int64_t value = 0;
	enum rc rc;

	rc = walk(root, spec->expiry_path, &n, why);
	if (rc == RC_NOT_FOUND || spec->expiry_path.len == 0)
		return RC_OK; /* expiry_known stays false */
	if (rc != RC_OK)
		return rc;
	switch (spec->expiry_form) {
	case PROFILE_IN_SECONDS:
	case PROFILE_UNIX:
		rc = read_number(n, UNIX_MAX_S, &value);
		break;
	case PROFILE_IN_MILLISECONDS:
	case PROFILE_UNIX_MS:
		rc = read_number(n, UNIX_MAX_S * 1000, &value);
		value = seconds(value);
		break;
	case PROFILE_RFC3339:
		rc = read_stamp(n, &value, why);
		break;
	}
	if (rc == RC_BAD_ANSWER || rc == RC_INTERNAL)
		return rc;
	if (rc != RC_OK)
		return bad_expiry(why);
	if (spec->expiry_form != PROFILE_IN_SECONDS &&
	    spec->expiry_form != PROFILE_IN_MILLISECONDS)
		value -= now_s;
	if (value < LIFE_MIN_S)
		return why_set(why, RC_BAD_ANSWER,
			       "the token in the answer ends in %lld s; check "
			       "this machine's clock and ask those who run the "
			       "endpoint",
			       (long long)value);
	ret->expiry_known = true;
	ret->life_s = value;
	return RC_OK;
}

/* json-c's turn, after our scanner. ret: release with forget(). */
static enum rc
parse(struct span text, struct json_object **ret, struct why *why)
{
	struct json_tokener *tok;
	struct json_object *o;
	bool whole;

	tok = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	if (tok == NULL)
		return why_set(why, RC_INTERNAL,
			       "out of memory; close other programs");
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
					    JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, text.at, (int)text.len);
	whole = o != NULL &&
		json_tokener_get_error(tok) == json_tokener_success &&
		json_tokener_get_parse_end(tok) == text.len;
	json_tokener_free(tok);
	if (!whole) {
		json_object_put(o);
		return disagree(why);
	}
	*ret = o;
	return RC_OK;
}

/* json-c frees without wiping: overwrite every string of the tree first. */
static void
wipe_strings(struct json_object *o)
{
	size_t n;

	switch (json_object_get_type(o)) {
	case json_type_object: {
		json_object_object_foreach(o, key, value)
		{
			(void)key;
			wipe_strings(value);
		}
		break;
	}
	case json_type_array:
		n = json_object_array_length(o);
		for (size_t i = 0; i < n; i++)
			wipe_strings(json_object_array_get_idx(o, i));
		break;
	case json_type_string:
		/* The one cast that takes a const away: nobody reads it now. */
		wipe((void *)(uintptr_t)json_object_get_string(o),
		     (size_t)json_object_get_string_len(o));
		break;
	default:
		break;
	}
}

static void
forget(struct json_object *o)
{
	wipe_strings(o);
	json_object_put(o);
}

enum rc
answer_decode(struct span body, const struct answer_spec *spec,
	      int64_t server_now_s, struct answer *ret, struct why *why)
{
	struct answer a = { 0 };
	struct node root = { 0 };
	struct why where = { 0 };
	enum rc rc;

	if (body.len > BODY_MAX)
		return why_set(why, RC_BAD_ANSWER,
			       "the answer has more than %d bytes; check the "
			       "endpoint",
			       BODY_MAX);
	if (jscan_check(body, JSON_DEPTH_MAX, &root.scanned, &where) != RC_OK)
		return why_set(why, RC_BAD_ANSWER,
			       "the answer is %s; check the endpoint",
			       where.text);
	if (root.scanned.kind != JSCAN_OBJECT)
		return why_set(why, RC_BAD_ANSWER,
			       "the answer is JSON but no object; check the "
			       "endpoint");
	if ((rc = safebuf_new(BODY_MAX, &a.token)) != RC_OK) {
		why_set(why, rc, "out of memory; close other programs");
		goto out;
	}
	if ((rc = parse(root.scanned.text, &root.parsed, why)) != RC_OK ||
	    (rc = read_token(root, spec, a.token, why)) != RC_OK ||
	    (rc = read_expiry(root, spec, server_now_s, &a, why)) != RC_OK)
		goto out;
	*ret = a;
	a.token = NULL;
out:
	forget(root.parsed);
	answer_clear(&a);
	return rc;
}

void
answer_clear(struct answer *a)
{
	a->token = safebuf_free(a->token);
	a->expiry_known = false;
	a->life_s = 0;
}

/* The member's text, if it is one. */
static bool
error_string(struct jscan_value from, const char *key, struct safebuf *out)
{
	struct jscan_value v;

	safebuf_clear(out);
	return jscan_member(from, key, &v) == RC_OK &&
	       jscan_string(v, out) == RC_OK && safebuf_len(out) > 0;
}

static bool
error_words(struct jscan_value root, struct safebuf *out)
{
	struct jscan_value v, first;
	struct span key;
	size_t at = 0;

	if (error_string(root, "error_description", out))
		return true;
	if (jscan_member(root, "error", &v) == RC_OK &&
	    error_string(v, "message", out))
		return true;
	if (error_string(root, "message", out))
		return true;
	if (jscan_member(root, "errors", &v) == RC_OK &&
	    v.kind == JSCAN_ARRAY && jscan_next(v, &at, &key, &first) &&
	    error_string(first, "detail", out))
		return true;
	return error_string(root, "error", out);
}

const char *
answer_error_text(struct span body, struct span jwt, char *out, size_t size)
{
	struct safebuf *words = NULL;
	struct jscan_value root;

	out[0] = '\0';
	if (body.len > BODY_MAX ||
	    jscan_check(body, JSON_DEPTH_MAX, &root, NULL) != RC_OK ||
	    safebuf_new(BODY_MAX, &words) != RC_OK)
		goto out;
	if (error_words(root, words))
		clean_text_without(safebuf_view(words), jwt, out, size);
out:
	safebuf_free(words);
	return out;
}
