/*
 * Reading a profile. It MUST NOT name a host: a url begins with a variable
 * of the app, and "/" follows it. What the engine cannot do MUST be refused
 * here, never left out in silence.
 */
#include "core/profile_lines.h"

#include <stdlib.h>

#include "core/conf_walk.h"
#include "core/expand.h"
#include "core/lines.h"
#include "core/num.h"

#include "core/banned.h"

#define JWT_TTL_MAX_S 86400
#define JWT_BACKDATE_MAX_S 3600

/* What a key's value must be; unset members take no part. */
struct rule {
	const char *key;
	bool repeats;
	bool (*take)(struct profile *p, struct span value);
	const char *want;
};

static bool
take_exchange(struct profile *p, struct span value)
{
	static const char *const words[] = {
		[PROFILE_BEARER] = "bearer",
		[PROFILE_ASSERTION] = "assertion",
		[PROFILE_CLIENT_ASSERTION] = "client-assertion",
	};
	size_t i = 0;

	if (!profile_choose(value, words, COUNT(words), &i))
		return false;
	p->exchange = (enum profile_exchange)i;
	return true;
}

static bool
take_expiry_form(struct profile *p, struct span value)
{
	static const char *const words[] = {
		[PROFILE_IN_SECONDS] = "in-seconds",
		[PROFILE_IN_MILLISECONDS] = "in-milliseconds",
		[PROFILE_UNIX] = "unix",
		[PROFILE_UNIX_MS] = "unix-ms",
		[PROFILE_RFC3339] = "rfc3339",
	};
	size_t i = 0;

	if (!profile_choose(value, words, COUNT(words), &i))
		return false;
	p->expiry = (enum profile_expiry)i;
	return true;
}

static bool
take_alg(struct profile *p, struct span value)
{
	(void)p;
	return span_is(value, "RS256");
}

static bool
take_seconds(struct span value, uint64_t min, uint64_t max, unsigned *ret)
{
	uint64_t n = 0;

	if (num_parse_u64(value, min, max, &n) != RC_OK)
		return false;
	*ret = (unsigned)n;
	return true;
}

static bool
take_jwt_ttl(struct profile *p, struct span value)
{
	return take_seconds(value, 1, JWT_TTL_MAX_S, &p->jwt_ttl_s);
}

static bool
take_jwt_backdate(struct profile *p, struct span value)
{
	return take_seconds(value, 0, JWT_BACKDATE_MAX_S, &p->jwt_backdate_s);
}

/* Is it a variable's name, and none of the placeholders of the engine? */
static bool
is_variable(struct span word)
{
	char text[NAME_LEN_MAX + 3] = "{";
	struct span template = { text, word.len + 2 };
	struct span found;

	if (!lines_key_is_valid(word))
		return false;
	memcpy(text + 1, word.at, word.len);
	text[word.len + 1] = '}';
	return expand_check(template, NULL) == RC_OK &&
	       profile_is_variable(template, &found);
}

static bool
take_require(struct profile *p, struct span value)
{
	struct span word;

	p->require = value;
	while (profile_next_word(&value, &word)) {
		if (!is_variable(word))
			return false;
	}
	return p->require.len > 0;
}

/* A template like "{variable}" or a number. */
static bool
take_ttl(struct profile *p, struct span value)
{
	struct span variable;
	unsigned ttl_s;

	(void)p;
	return profile_is_variable(value, &variable) ||
	       profile_read_ttl(value, &ttl_s);
}

static bool
take_title(struct profile *p, struct span value)
{
	(void)p;
	return value.len > 0 && span_has_no_control(value) &&
	       !profile_has_any(value, "{}");
}

static bool
take_username(struct profile *p, struct span value)
{
	return take_title(p, value) && value.len <= USERNAME_MAX;
}

static bool
take_word(struct profile *p, struct span value)
{
	(void)p;
	return profile_is_word(value, "\"(),/:;<=>?@[\\]{}");
}

static bool
take_path(struct profile *p, struct span value)
{
	(void)p;
	if (!profile_is_word(value, "{}"))
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] == '.' &&
		    (i == 0 || i + 1 == value.len || value.at[i + 1] == '.'))
			return false;
	}
	return true;
}

static bool
take_url(struct profile *p, struct span value)
{
	static const char *const moving[] = { "url", "now", "uuid" };
	struct span variable, inner;
	size_t end = span_find(value, '}');

	(void)p;
	if (end == value.len ||
	    !profile_is_variable(span_cut(value, 0, end + 1), &variable) ||
	    (end + 1 < value.len && value.at[end + 1] != '/') ||
	    !profile_is_word(value, "\"#%<>\\^`|"))
		return false;
	while ((end = span_find(value, '{')) != value.len) {
		value = span_from(value, end + 1);
		inner = span_cut(value, 0, span_find(value, '}'));
		for (size_t i = 0; i < COUNT(moving); i++) {
			if (span_is(inner, moving[i]))
				return false;
		}
	}
	return true;
}

static const struct rule rules[] = {
	{ "title", false, take_title, "write plain text without braces" },
	{ "require", false, take_require,
	  "name variables, blanks between them" },
	{ "url", true, take_url,
	  "begin it with a variable as in '{endpoint}/path', "
	  "without {url}, {now}, {uuid}" },
	{ "exchange", false, take_exchange,
	  "supported are 'bearer', 'assertion' and 'client-assertion'" },
	{ "alg", false, take_alg, "supported is 'RS256'" },
	{ "jwt-ttl", false, take_jwt_ttl, "use whole seconds from 1 to 86400" },
	{ "jwt-backdate", false, take_jwt_backdate,
	  "use whole seconds from 0 to 3600" },
	{ "assertion-param", false, take_word, "write one plain word" },
	{ "token-path", false, take_path, "write names with dots between" },
	{ "expiry-path", false, take_path, "write names with dots between" },
	{ "expiry-form", false, take_expiry_form,
	  "supported are 'in-seconds', 'in-milliseconds', 'unix', 'unix-ms' "
	  "and 'rfc3339'" },
	{ "default-ttl", true, take_ttl,
	  "use whole seconds from 0 to 86400, or one variable" },
	{ "min-ttl", true, take_ttl,
	  "use whole seconds from 0 to 86400, or one variable" },
	{ "username", false, take_username,
	  "use 1 to 255 bytes of plain text without braces" },
	{ "scheme", false, take_word, "write one plain word" },
};

static const struct {
	const char *prefix;
	enum profile_part part;
} parts[] = {
	{ "header.", PROFILE_HEADER },
	{ "claim.", PROFILE_CLAIM },
	{ "request.", PROFILE_REQUEST },
	{ "param.", PROFILE_PARAM },
};

static bool
stands_already(const struct profile *p, struct span key)
{
	for (size_t i = 0; i < p->count; i++) {
		if (span_eq(p->lines[i].key, key))
			return true;
	}
	return false;
}

static enum rc
read_plain(struct profile *p, const struct profile_line *l, struct why *why)
{
	for (size_t i = 0; i < COUNT(rules); i++) {
		if (!span_is(l->key, rules[i].key))
			continue;
		if (!rules[i].repeats && stands_already(p, l->key))
			return profile_refuse("a second line of", l->key,
					      "keep one of them", why);
		if (!rules[i].take(p, l->item.template))
			return profile_refuse("bad value of", l->key,
					      rules[i].want, why);
		return RC_OK;
	}
	return profile_refuse("unknown key", l->key,
			      "correct or remove the line", why);
}

static enum rc
read_line(struct profile *p, const struct lines *line, struct why *why)
{
	struct profile_line l = { .key = line->key,
				  .item = { .template = line->value,
					    .line = line->number } };
	enum rc rc;

	if (line->kind == LINES_SECTION)
		return profile_refuse("a profile has no section", line->key,
				      "remove the line", why);
	if (line->kind == LINES_BAD && conf_walk_is_odd(line->key))
		return why_set(why, RC_CONFIG,
			       "a control byte in the line; "
			       "write plain text with LF line ends");
	if (line->kind == LINES_BAD)
		return why_set(why, RC_CONFIG,
			       "the line is not 'key = value'; "
			       "correct or remove it");
	if (span_starts(l.key, "lookup.") || span_starts(l.key, "use."))
		return profile_refuse(
			"not supported is", l.key,
			"remove the line, or set the variable in the app", why);
	for (size_t i = 0; i < COUNT(parts); i++) {
		if (!span_starts(l.key, parts[i].prefix))
			continue;
		l.has_part = true;
		l.part = parts[i].part;
		l.item.name = span_from(l.key, strlen(parts[i].prefix));
	}
	rc = l.has_part ? profile_read_part(&l, why) : RC_OK;
	if (rc == RC_OK && expand_check(l.item.template, why) != RC_OK)
		rc = RC_CONFIG;
	if (rc == RC_OK && !l.has_part)
		rc = read_plain(p, &l, why);
	if (rc == RC_OK)
		p->lines[p->count++] = l;
	return rc;
}

static enum rc
check_whole(const struct profile *p, struct why *why)
{
	if (!stands_already(p, SPAN("url")))
		return why_set(why, RC_CONFIG,
			       "'%s': there is no url line; add one", p->path);
	if (p->jwt_backdate_s >= p->jwt_ttl_s)
		return why_set(why, RC_CONFIG,
			       "'%s': jwt-backdate is not below jwt-ttl; "
			       "lower it",
			       p->path);
	return RC_OK;
}

static enum rc
new_profile(struct span text, const char *path, struct profile **ret,
	    struct why *why)
{
	struct lines l = { .rest = text };
	struct profile *p;
	size_t count = 0;

	while (lines_next(&l))
		count++;
	if (text.len > PROFILE_MAX || count > PROFILE_LINES_MAX)
		return why_set(why, RC_CONFIG,
			       "'%s': more than %d bytes or %d lines; "
			       "shorten the profile",
			       path, PROFILE_MAX, PROFILE_LINES_MAX);
	p = calloc(1, sizeof(*p) + count * sizeof(p->lines[0]));
	if (p == NULL)
		return why_set(why, RC_INTERNAL,
			       "no memory for a profile; try again");
	p->path = path;
	p->exchange = PROFILE_BEARER;
	p->expiry = PROFILE_IN_SECONDS;
	p->jwt_ttl_s = 600;
	p->jwt_backdate_s = 30;
	*ret = p;
	return RC_OK;
}

enum rc
profile_parse(struct span text, const char *path, struct profile **ret,
	      struct why *why)
{
	struct lines l = { .rest = text };
	struct profile *p = NULL;
	enum rc rc;

	if ((rc = new_profile(text, path, &p, why)) != RC_OK)
		goto out;
	while (lines_next(&l)) {
		if ((rc = read_line(p, &l, why)) != RC_OK) {
			conf_walk_wrap(why, path, l.number);
			goto out;
		}
	}
	if ((rc = check_whole(p, why)) != RC_OK)
		goto out;
	*ret = p;
	p = NULL; /* the caller owns it now */
out:
	profile_free(p);
	return rc;
}
