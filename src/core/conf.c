#include "core/conf.h"

#include <stdlib.h>

#include "core/clean.h"
#include "core/conf_check.h"
#include "core/conf_find.h"
#include "core/conf_walk.h"
#include "core/lines.h"

#include "core/banned.h"

/* One app's section: where its lines begin. */
struct section {
	const struct conf_source *source;
	struct span name;
	struct span rest;
	unsigned line;
	unsigned again; /* the line of a second [name] in the file; 0: none */
};

static bool
find_section(const struct conf *c, struct span name, struct section *ret)
{
	struct section s = { 0 };
	struct conf_walk w;

	for (size_t i = 0; i < c->count && s.source == NULL; i++) {
		conf_walk_start(&w, &c->sources[i]);
		while (s.again == 0 && conf_walk_next(&w, '[')) {
			struct span other = conf_walk_name(&w);

			if (!span_is_set(other) || !span_eq(other, name))
				continue;
			if (s.source != NULL) {
				s.again = w.number;
				continue;
			}
			s.source = w.source;
			s.name = other;
			s.rest = w.rest;
			s.line = w.number;
		}
	}
	if (s.source == NULL)
		return false;
	*ret = s;
	return true;
}

/* Next line of the section. False at its end. */
static bool
section_next(struct lines *l)
{
	return lines_next(l) && l->kind != LINES_SECTION &&
	       !conf_walk_is_bad_header(l);
}

static struct lines
section_lines(const struct section *s)
{
	return (struct lines){ .rest = s->rest, .number = s->line };
}

static enum rc
check_section(const struct section *s, struct why *why)
{
	const char *path = s->source->path;
	char shown[CONF_SHOWN_MAX];

	clean_text(s->name, shown, sizeof(shown));
	if (!lines_name_is_valid(s->name)) {
		why_set(why, RC_CONFIG,
			"'%s' is no name for an app; use at most 64 letters, "
			"digits, '.', '_' and '-', a letter or digit first",
			shown);
		conf_walk_wrap(why, path, s->line);
		return RC_CONFIG;
	}
	if (s->again != 0) {
		why_set(why, RC_CONFIG,
			"[%s] stands in line %u already; "
			"make one section of the two",
			shown, s->line);
		conf_walk_wrap(why, path, s->again);
		return RC_CONFIG;
	}
	return RC_OK;
}

/* Only entries, and not too many? */
static enum rc
check_lines(const struct section *s, size_t *ret_count, struct why *why)
{
	struct lines l = section_lines(s);
	char shown[CONF_SHOWN_MAX];
	size_t count = 0;

	clean_text(s->name, shown, sizeof(shown));
	while (section_next(&l)) {
		if (l.kind == LINES_ENTRY && ++count <= APP_ENTRIES_MAX)
			continue;
		if (l.kind == LINES_ENTRY)
			why_set(why, RC_CONFIG,
				"more than %d lines in [%s]; "
				"make several apps of it",
				APP_ENTRIES_MAX, shown);
		else if (conf_walk_is_odd(l.key))
			why_set(why, RC_CONFIG,
				"a control byte in [%s]; "
				"write plain text with LF line ends",
				shown);
		else
			why_set(why, RC_CONFIG,
				"a line in [%s] is not 'key = value'; "
				"correct or remove it",
				shown);
		conf_walk_wrap(why, s->source->path, l.number);
		return RC_CONFIG;
	}
	*ret_count = count;
	return RC_OK;
}

static enum rc
take_entry(struct conf_app *a, const struct conf_entry *e, struct why *why)
{
	char app[CONF_SHOWN_MAX];
	char key[CONF_SHOWN_MAX];
	enum rc rc = conf_check_entry(a, e, why);

	for (size_t i = 0; rc == RC_OK && i < a->count; i++) {
		if (conf_check_repeats(e->key) ||
		    !span_eq(a->entries[i].key, e->key))
			continue;
		clean_text(a->name, app, sizeof(app));
		clean_text(e->key, key, sizeof(key));
		rc = why_set(why, RC_CONFIG,
			     "'%s' stands in [%s] twice, first in line %u; "
			     "keep one of the two lines",
			     key, app, a->entries[i].line);
	}
	if (rc != RC_OK) {
		conf_walk_wrap(why, a->path, e->line);
		return rc;
	}
	a->entries[a->count++] = *e;
	return RC_OK;
}

static enum rc
new_app(const struct section *s, size_t count, struct conf_app **ret,
	struct why *why)
{
	struct conf_app *a;

	a = calloc(1, sizeof(*a) + count * sizeof(a->entries[0]));
	if (a == NULL)
		return why_set(why, RC_INTERNAL,
			       "no memory for an app; try again");
	a->name = s->name;
	a->path = s->source->path;
	a->line = s->line;
	a->provider = SPAN("unifize");
	a->cache = SPAN("keyring");
	a->timeout_s = TIMEOUT_DEFAULT_S;
	a->unlock_ask = true;
	a->git_retry = true;
	*ret = a;
	return RC_OK;
}

enum rc
conf_app(const struct conf *c, struct span name, struct conf_app **ret,
	 struct why *why)
{
	struct conf_app *a = NULL;
	struct section s;
	struct lines l;
	size_t count = 0;
	char shown[CONF_SHOWN_MAX];
	enum rc rc;

	if (!find_section(c, name, &s)) {
		clean_text(name, shown, sizeof(shown));
		return why_set(why, RC_NO_APP,
			       "no app '%s' is configured; "
			       "'apptoken status' lists them",
			       shown);
	}
	if ((rc = check_section(&s, why)) != RC_OK ||
	    (rc = check_lines(&s, &count, why)) != RC_OK ||
	    (rc = new_app(&s, count, &a, why)) != RC_OK)
		goto out;
	l = section_lines(&s);
	while (section_next(&l)) {
		const struct conf_entry e = { l.key, l.value, l.number };

		if ((rc = take_entry(a, &e, why)) != RC_OK)
			goto out;
	}
	if ((rc = conf_find_rival(c, a, why)) != RC_OK)
		goto out;
	*ret = a;
	a = NULL; /* the caller owns it now */
out:
	conf_app_free(a);
	return rc;
}

struct conf_app *
conf_app_free(struct conf_app *a)
{
	free(a);
	return NULL;
}

/* The source that a cursor over all texts stands in; NULL at the end. */
static const struct conf_source *
find_source(const struct conf *c, size_t *offset)
{
	for (size_t i = 0; i < c->count; i++) {
		if (*offset < c->sources[i].text.len)
			return &c->sources[i];
		*offset -= c->sources[i].text.len;
	}
	return NULL;
}

/* Is it the first of its name, in this file and those before it? */
static bool
is_first(const struct conf *c, const struct conf_walk *w, struct span name)
{
	size_t before = (size_t)(w->line.at - w->source->text.at);

	for (size_t i = 0; i < c->count && &c->sources[i] != w->source; i++) {
		if (conf_walk_has(c->sources[i].text, name))
			return false;
	}
	return !conf_walk_has(span_cut(w->source->text, 0, before), name);
}

bool
conf_next_name(const struct conf *c, size_t *cursor, struct span *name)
{
	const struct conf_source *source;
	size_t offset = *cursor;
	struct conf_walk w;

	while ((source = find_source(c, &offset)) != NULL) {
		conf_walk_start(&w, source);
		w.rest = span_from(w.rest, offset);
		offset = w.rest.len;
		while (conf_walk_next(&w, '[')) {
			struct span found = conf_walk_name(&w);

			if (!span_is_set(found) || !is_first(c, &w, found))
				continue;
			*cursor += offset - w.rest.len;
			*name = found;
			return true;
		}
		*cursor += offset;
		offset = *cursor;
	}
	return false;
}

enum rc
conf_check_strays(const struct conf *c, struct why *why)
{
	for (size_t i = 0; i < c->count; i++) {
		struct lines l = { .rest = c->sources[i].text };
		bool in_section = false;

		while (lines_next(&l)) {
			if (l.kind == LINES_SECTION)
				in_section = true;
			else if (!in_section || conf_walk_is_bad_header(&l))
				return conf_walk_stray(l.key,
						       c->sources[i].path,
						       l.number, why);
		}
	}
	return RC_OK;
}

struct span
conf_value(const struct conf_app *a, const char *key)
{
	size_t at = 0;
	const struct conf_entry *e = conf_next(a, key, &at);

	return e == NULL ? (struct span){ 0 } : e->value;
}

const struct conf_entry *
conf_next(const struct conf_app *a, const char *key, size_t *at)
{
	while (*at < a->count) {
		const struct conf_entry *e = &a->entries[(*at)++];

		if (span_is(e->key, key))
			return e;
	}
	return NULL;
}
