/* The lines of a profile that go into the JWT and the request. */
#include "core/profile_lines.h"

#include <strings.h>

#include "core/clean.h"
#include "core/conf_walk.h"

#include "core/banned.h"

bool
profile_choose(struct span value, const char *const *words, size_t count,
	       size_t *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (!span_is(value, words[i]))
			continue;
		*ret = i;
		return true;
	}
	return false;
}

bool
profile_has_any(struct span s, const char *set)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\0' || strchr(set, s.at[i]) != NULL)
			return true;
	}
	return false;
}

bool
profile_is_word(struct span s, const char *set)
{
	return s.len > 0 && span_is_printable(s) &&
	       span_find(s, ' ') == s.len && !profile_has_any(s, set);
}

enum rc
profile_refuse(const char *cause, struct span what, const char *next,
	       struct why *why)
{
	char shown[CONF_SHOWN_MAX];

	clean_text(what, shown, sizeof(shown));
	return why_set(why, RC_CONFIG, "%s '%s'; %s", cause, shown, next);
}

static bool
is_one_of(struct span s, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (s.len == strlen(words[i]) &&
		    strncasecmp(s.at, words[i], s.len) == 0)
			return true;
	}
	return false;
}

/* Names that the engine sets itself, or that would break the request. */
static enum rc
check_name(const struct profile_line *l, struct why *why)
{
	static const char *const jose[] = { "alg" };
	static const char *const claims[] = { "iat", "exp" };
	static const char *const headers[] = {
		"authorization",    "host",
		"content-length",   "content-type",
		"content-encoding", "transfer-encoding",
		"connection",	    "user-agent",
		"expect",	    "te",
		"trailer",	    "upgrade",
		"cookie",	    "proxy-authorization",
		"accept-encoding",  "proxy-connection",
	};
	bool is_header = l->part == PROFILE_REQUEST;
	struct span name = l->item.name;
	bool is_ours =
		(l->part == PROFILE_HEADER &&
		 is_one_of(name, jose, COUNT(jose))) ||
		(l->part == PROFILE_CLAIM && l->item.type != PROFILE_NONE &&
		 is_one_of(name, claims, COUNT(claims))) ||
		(is_header && is_one_of(name, headers, COUNT(headers)));

	if (!profile_is_word(name, is_header ? "\"(),/:;<=>?@[\\]{}" : ""))
		return profile_refuse("no name or an odd one in", l->key,
				      "write printable ASCII without blanks",
				      why);
	if (is_ours)
		return profile_refuse("a line of its own is not allowed for",
				      l->key,
				      "remove it: its value is always made",
				      why);
	return RC_OK;
}

static enum rc
take_type(struct profile_line *l, struct why *why)
{
	static const char *const words[] = {
		[PROFILE_STRING] = "string", [PROFILE_NUMBER] = "number",
		[PROFILE_BOOL] = "bool",     [PROFILE_LIST] = "list",
		[PROFILE_AUTO] = "auto",     [PROFILE_NONE] = "none",
	};
	struct span rest = l->item.template;
	struct span word = { 0 };
	size_t i = 0;

	profile_next_word(&rest, &word);
	if (span_is(word, "json"))
		return profile_refuse("type 'json' is not supported in", l->key,
				      "use string, number, bool, list or auto",
				      why);
	if (!profile_choose(word, words, COUNT(words), &i))
		return profile_refuse(
			"no type before the value of", l->key,
			"write string, number, bool, list, auto or none "
			"first",
			why);
	l->item.type = (enum profile_type)i;
	l->item.template = span_trim(rest);
	return RC_OK;
}

/* A template without placeholders can be judged at once. */
static enum rc
check_value(const struct profile_line *l, struct why *why)
{
	struct span value = l->item.template;
	bool is_fixed = !profile_has_any(value, "{}");

	if (l->part == PROFILE_REQUEST && !span_is_printable(value))
		return profile_refuse("not printable ASCII in", l->key,
				      "write the header without such bytes",
				      why);
	if ((is_fixed || l->item.type == PROFILE_NONE) &&
	    !profile_fits_type(l->item.type, value))
		return profile_refuse("bad value of", l->key,
				      "make value and type agree", why);
	return RC_OK;
}

enum rc
profile_read_part(struct profile_line *l, struct why *why)
{
	bool has_type = l->part == PROFILE_CLAIM || l->part == PROFILE_PARAM;
	enum rc rc = RC_OK;

	l->item.type = PROFILE_STRING;
	if (has_type)
		rc = take_type(l, why);
	if (rc == RC_OK)
		rc = check_name(l, why);
	if (rc == RC_OK)
		rc = check_value(l, why);
	return rc;
}
