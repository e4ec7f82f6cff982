/* Does an app fit its provider's profile? */
#include "core/clean.h"
#include "core/conf_walk.h"
#include "core/expand.h"
#include "core/place.h"
#include "core/profile_lines.h"

#include "core/banned.h"

static const struct conf_entry *
find_entry(const struct conf_app *a, struct span key)
{
	for (size_t i = 0; i < a->count; i++) {
		if (span_eq(a->entries[i].key, key))
			return &a->entries[i];
	}
	return NULL;
}

static enum rc
refuse_entry(const struct conf_app *a, const struct conf_entry *e,
	     const char *before, const char *after, struct why *why)
{
	char app[CONF_SHOWN_MAX];
	char key[CONF_SHOWN_MAX];

	clean_text(a->name, app, sizeof(app));
	clean_text(e->key, key, sizeof(key));
	why_set(why, RC_CONFIG, "%s '%s' in [%s]; %s", before, key, app, after);
	conf_walk_wrap(why, a->path, e->line);
	return RC_CONFIG;
}

static enum rc
check_variables(const struct profile *p, const struct conf_app *a,
		struct why *why)
{
	size_t sum = 0;

	for (size_t i = 0; i < a->count; i++) {
		const struct conf_entry *e = &a->entries[i];

		if (conf_key_is_known(e->key))
			continue;
		if (!profile_knows(p, e->key))
			return refuse_entry(a, e, "unknown key",
					    "correct or remove the line", why);
		if (e->value.len == 0)
			return refuse_entry(a, e, "no value for",
					    "write one or remove the line",
					    why);
		if (e->value.len > VARIABLE_MAX)
			return refuse_entry(a, e, "too long a value of",
					    "use at most 1024 bytes", why);
		if (!span_has_no_control(e->value))
			return refuse_entry(a, e, "a control byte in",
					    "write blanks instead of tabs",
					    why);
		sum += e->key.len + 1 + e->value.len + 1;
		if (sum > VARIABLES_TEXT_MAX)
			return refuse_entry(a, e, "too much text up to",
					    "use at most 16 KiB in all", why);
	}
	return RC_OK;
}

static enum rc
check_required(const struct profile *p, const struct conf_app *a,
	       struct why *why)
{
	struct span words = p->require;
	struct span word;
	char app[CONF_SHOWN_MAX];
	char provider[CONF_SHOWN_MAX];

	while (profile_next_word(&words, &word)) {
		if (find_entry(a, word) != NULL)
			continue;
		clean_text(a->name, app, sizeof(app));
		clean_text(a->provider, provider, sizeof(provider));
		/* At most 64 bytes of [a-z0-9-]: the parser has checked. */
		why_set(why, RC_CONFIG,
			"[%s] has no '%.*s', which provider '%s' requires; "
			"add the line '%.*s = ...'",
			app, (int)word.len, word.at, provider, (int)word.len,
			word.at);
		conf_walk_wrap(why, a->path, a->line);
		return RC_CONFIG;
	}
	return RC_OK;
}

static enum rc
check_url(const struct profile *p, const struct conf_app *a, struct why *why)
{
	struct span template = profile_text(p, a, "url");
	const struct conf_entry *e;
	char app[CONF_SHOWN_MAX];
	char provider[CONF_SHOWN_MAX];
	struct span variable;
	struct place place;
	size_t at = 0;

	clean_text(a->name, app, sizeof(app));
	if (!expand_next_variable(template, &at, &variable) ||
	    (e = find_entry(a, variable)) == NULL) {
		clean_text(a->provider, provider, sizeof(provider));
		why_set(why, RC_CONFIG,
			"[%s] sets too few variables for any url of provider "
			"'%s'; add what its profile names",
			app, provider);
		conf_walk_wrap(why, a->path, a->line);
		return RC_CONFIG;
	}
	if (place_from_url(e->value, &place, why) == RC_OK)
		return RC_OK;
	why_wrap(why, "'%.*s' in [%s]", (int)variable.len, variable.at, app);
	conf_walk_wrap(why, a->path, e->line);
	return RC_CONFIG;
}

static enum rc
check_ttl(const struct profile *p, const struct conf_app *a, const char *key,
	  struct why *why)
{
	const struct profile_line *l = profile_find(p, a, key);
	const struct conf_entry *e;
	struct span variable;
	unsigned ttl_s;

	if (l == NULL || !profile_is_variable(l->item.template, &variable) ||
	    (e = find_entry(a, variable)) == NULL ||
	    profile_read_ttl(e->value, &ttl_s))
		return RC_OK;
	return refuse_entry(a, e, "bad value of",
			    "use whole seconds from 0 to 86400", why);
}

/* Values of number and bool that come from one variable. */
static enum rc
check_types(const struct profile *p, const struct conf_app *a,
	    enum profile_part part, struct why *why)
{
	const struct conf_entry *e;
	struct profile_item item;
	struct span variable;
	size_t at = 0;

	while (profile_next(p, a, part, &at, &item)) {
		if (!profile_is_variable(item.template, &variable) ||
		    (e = find_entry(a, variable)) == NULL ||
		    profile_fits_type(item.type, e->value))
			continue;
		return refuse_entry(
			a, e, "bad value of",
			item.type == PROFILE_BOOL
				? "use 'true' or 'false'"
				: "use a number of at most 15 digits",
			why);
	}
	return RC_OK;
}

enum rc
profile_check(const struct profile *p, const struct conf_app *a,
	      struct why *why)
{
	enum rc rc;

	if ((rc = check_variables(p, a, why)) != RC_OK ||
	    (rc = check_required(p, a, why)) != RC_OK ||
	    (rc = check_url(p, a, why)) != RC_OK ||
	    (rc = check_ttl(p, a, "default-ttl", why)) != RC_OK ||
	    (rc = check_ttl(p, a, "min-ttl", why)) != RC_OK ||
	    (rc = check_types(p, a, PROFILE_CLAIM, why)) != RC_OK)
		return rc;
	return check_types(p, a, PROFILE_PARAM, why);
}
