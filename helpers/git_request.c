#include "helpers/git_request.h"

#include "core/limits.h"

#include "core/banned.h"

/* "apptoken:" VERSION ":" SERIAL */
#define STATE_PREFIX "apptoken:1:"

/* Single-valued keys: the last of a repeated one would win in git. */
static struct span *
slot_of(struct git_request *r, struct span key)
{
	const struct {
		const char *key;
		struct span *slot;
	} slots[] = {
		{ "protocol", &r->protocol },
		{ "host", &r->host },
		{ "path", &r->path },
		{ "username", &r->username },
		{ "password", &r->password },
		{ "credential", &r->credential },
		{ "authtype", &r->authtype },
		{ "password_expiry_utc", &r->expiry },
		{ "oauth_refresh_token", &r->refresh },
		{ "ephemeral", &r->ephemeral },
	};

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		if (span_is(key, slots[i].key))
			return slots[i].slot;
	}
	return NULL;
}

static enum rc
set_once(struct span *slot, struct span value)
{
	if (span_is_set(*slot))
		return RC_NOT_OURS;
	*slot = value;
	return RC_OK;
}

/* scheme://host[/path], as people write it by hand; no user info. */
static enum rc
take_url(struct git_request *r, struct span url)
{
	size_t colon = span_find(url, ':');
	struct span rest = span_from(url, colon);
	size_t slash;
	enum rc rc;

	if (!span_starts(rest, "://"))
		return RC_NOT_OURS;
	rest = span_from(rest, 3);
	slash = span_find(rest, '/');
	/* A password before the host must not become part of an attribute. */
	if (span_find(span_cut(rest, 0, slash), '@') != slash)
		return RC_NOT_OURS;
	if ((rc = set_once(&r->protocol, span_cut(url, 0, colon))) != RC_OK ||
	    (rc = set_once(&r->host, span_cut(rest, 0, slash))) != RC_OK)
		return rc;
	return slash + 1 >= rest.len
		       ? RC_OK
		       : set_once(&r->path, span_from(rest, slash + 1));
}

static void
take_capability(struct git_request *r, struct span value)
{
	if (value.len == 0) {
		r->knows_authtype = false;
		r->knows_state = false;
	} else if (span_is(value, "authtype")) {
		r->knows_authtype = true;
	} else if (span_is(value, "state")) {
		r->knows_state = true;
	}
}

static bool
is_serial(struct span s)
{
	if (s.len != 16)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!((s.at[i] >= '0' && s.at[i] <= '9') ||
		      (s.at[i] >= 'a' && s.at[i] <= 'f')))
			return false;
	}
	return true;
}

/* Other helpers' states stand in the same list; an odd one of ours is none. */
static void
take_state(struct git_request *r, struct span value)
{
	if (value.len == 0) {
		r->state = (struct span){ 0 };
	} else if (span_starts(value, STATE_PREFIX)) {
		value = span_from(value, sizeof(STATE_PREFIX) - 1);
		if (is_serial(value))
			r->state = value;
	}
}

static enum rc
take_entry(struct git_request *r, struct span key, struct span value)
{
	struct span *slot = slot_of(r, key);

	if (slot != NULL)
		return set_once(slot, value);
	if (span_is(key, "url"))
		return take_url(r, value);
	if (span_is(key, "capability[]"))
		take_capability(r, value);
	else if (span_is(key, "state[]"))
		take_state(r, value);
	return RC_OK;
}

/* CR and NUL are refused wherever they stand, in keys we ignore as well. */
static bool
is_clean_to_the_end(struct span text)
{
	struct span line;

	while (span_next_line(&text, &line) && line.len > 0) {
		if (!span_is_clean(line))
			return false;
	}
	return true;
}

enum rc
git_request_parse(struct span text, struct git_request *ret, struct why *why)
{
	struct git_request r = { 0 };
	struct span line;
	unsigned number = 0;

	if (!is_clean_to_the_end(text))
		return RC_NOT_OURS;
	while (span_next_line(&text, &line) && line.len > 0) {
		size_t at = span_find(line, '=');
		enum rc rc;

		number++;
		if (line.len + 1 > GIT_LINE_MAX)
			return why_set(why, RC_BAD_REQUEST,
				       "line %u of the request is longer than "
				       "%d bytes; git sends none like it",
				       number, GIT_LINE_MAX);
		if (at == line.len)
			return why_set(why, RC_BAD_REQUEST,
				       "line %u of the request is not "
				       "key=value; see git-credential(1)",
				       number);
		rc = take_entry(&r, span_cut(line, 0, at),
				span_from(line, at + 1));
		if (rc != RC_OK)
			return rc;
	}
	*ret = r;
	return RC_OK;
}

bool
git_request_is_whole(struct span text, size_t from)
{
	/* The two LFs may stand on both sides of the seam. */
	from = from == 0 ? 0 : from - 1;
	if (text.len > 0 && text.at[0] == '\n')
		return true;
	for (size_t i = from; i + 1 < text.len; i++) {
		if (text.at[i] == '\n' && text.at[i + 1] == '\n')
			return true;
	}
	return false;
}
