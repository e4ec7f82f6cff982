#include "keeper/source.h"

#include "core/banned.h"

static enum rc
keyring_source_get(const struct source_world *w, struct span app,
		   struct span rest, struct safebuf *pem, struct why *why)
{
	(void)rest;
	if (w->keyring == NULL)
		return why_set(why, w->keyring_rc, "%s", w->keyring_why.text);
	return keyring_get_key(w->keyring, app, pem, why);
}

static const struct source sources[] = {
	{ .name = "keyring", .get = keyring_source_get },
};

const struct source *
source_at(size_t index)
{
	return index < sizeof(sources) / sizeof(sources[0]) ? &sources[index]
							    : NULL;
}

static const struct source *
find_source(struct span value, struct span *rest)
{
	size_t colon = span_find(value, ':');
	struct span word = span_cut(value, 0, colon);
	const struct source *s;

	*rest = colon == value.len ? (struct span){ 0 }
				   : span_from(value, colon + 1);
	for (size_t i = 0; (s = source_at(i)) != NULL; i++) {
		if (span_is(word, s->name))
			return s;
	}
	return NULL;
}

static enum rc
get_from(const struct source_world *w, const struct conf_app *app,
	 struct span value, unsigned line, struct safebuf *pem, struct why *why)
{
	struct span rest;
	const struct source *s = find_source(value, &rest);

	if (s == NULL)
		return why_set(why, RC_CONFIG,
			       "'%s' line %u: unknown key source; use "
			       "'key = keyring'",
			       app->path, line);
	return s->get(w, app->name, rest, pem, why);
}

enum rc
source_get_key(const struct source_world *w, const struct conf_app *app,
	       struct safebuf *pem, struct span *ret_source, struct why *why)
{
	const struct conf_entry *e;
	struct span source = SPAN("keyring");
	size_t at = 0;
	enum rc rc = RC_NOT_FOUND;

	if (!span_is_set(conf_value(app, "key")))
		rc = get_from(w, app, source, app->line, pem, why);
	while (rc == RC_NOT_FOUND && (e = conf_next(app, "key", &at)) != NULL) {
		source = e->value;
		rc = get_from(w, app, e->value, e->line, pem, why);
	}
	if (rc == RC_NOT_FOUND)
		return why_set(why, RC_KEY_MISSING,
			       "the keyring holds no private key for it; "
			       "import one with 'apptoken add'");
	if (rc == RC_OK)
		*ret_source = source;
	return rc;
}
