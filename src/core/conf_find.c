#include "core/conf_find.h"

#include "core/clean.h"
#include "core/conf_check.h"
#include "core/conf_walk.h"

#include "core/banned.h"

/* A line that claims a place; walk.source is NULL when there is none. */
struct claim {
	struct conf_walk walk;
	struct span name; /* unset: the line belongs to no app */
	struct span path;
};

/* State of conf_find(). */
struct search {
	struct claim best;
	struct claim rival;  /* another app with the best one's place */
	struct claim broken; /* a value that is none but names the host */
};

static const char *
key_of(enum conf_kind kind)
{
	return kind == CONF_GIT ? "git" : "docker";
}

static bool
is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* The text of a place from its host on, user info left out. */
static struct span
host_part(struct span value)
{
	size_t at = span_find(value, ':');
	struct span authority;

	if (at + 2 < value.len && value.at[at + 1] == '/' &&
	    value.at[at + 2] == '/')
		value = span_from(value, at + 3);
	authority = span_cut(value, 0, span_find(value, '/'));
	at = span_find(authority, '@');
	return at == authority.len ? value : span_from(value, at + 1);
}

/* Does text begin with the host (in lower case), in either case? */
static bool
names_host(struct span text, struct span host)
{
	if (text.len < host.len)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		char c = text.at[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != host.at[i])
			return false;
	}
	return text.len == host.len || !is_host_byte(text.at[host.len]);
}

static bool
names_place(enum conf_kind kind, struct span text, const struct place *asked)
{
	struct span host = { asked->host, asked->host_len };

	if (names_host(text, host))
		return true;
	/* Docker Hub has three names. */
	return kind == CONF_DOCKER && span_is(host, "docker.io") &&
	       (names_host(text, SPAN("index.docker.io")) ||
		names_host(text, SPAN("registry-1.docker.io")));
}

/*
 * A quick look, so that 10 000 apps cost no 10 000 parsed places: false only
 * when the value surely is no place on the asked host.
 */
static bool
may_claim(enum conf_kind kind, struct span text, const struct place *asked)
{
	/* IPv6 has many spellings. */
	if (asked->host[0] == '[')
		return text.len > 0 && text.at[0] == '[';
	return names_place(kind, text, asked);
}

static bool
is_hidden(const struct conf *c, const struct conf_source *source,
	  struct span name)
{
	for (size_t i = 0; i < c->count && &c->sources[i] != source; i++) {
		if (conf_walk_has(c->sources[i].text, name))
			return true;
	}
	return false;
}

/* A claim of some app, or of a line that has lost its section. */
static void
consider(struct search *s, const struct claim *claim)
{
	struct claim *best = &s->best;

	if (best->walk.source == NULL || claim->path.len > best->path.len) {
		*best = *claim;
		s->rival.walk.source = NULL;
		return;
	}
	if (claim->path.len < best->path.len || !span_is_set(claim->name))
		return;
	if (!span_is_set(best->name))
		*best = *claim;
	else if (!span_eq(best->name, claim->name) &&
		 s->rival.walk.source == NULL)
		s->rival = *claim;
}

static void
search_source(const struct conf *c, const struct conf_source *source,
	      enum conf_kind kind, const struct place *asked, struct search *s)
{
	const char *key = key_of(kind);
	struct claim claim;
	struct conf_walk w;
	struct place p;

	conf_walk_start(&w, source);
	while (conf_walk_next(&w, key[0])) {
		struct span value = conf_walk_value(&w, key);
		struct span text = host_part(value);

		if (conf_walk_is_header(&w) || !may_claim(kind, text, asked))
			continue;
		claim.walk = w;
		claim.name = conf_walk_name(&w);
		claim.path = (struct span){ 0 };
		if (span_is_set(claim.name) && is_hidden(c, source, claim.name))
			continue;
		if (conf_check_place(kind, value, &p, NULL) != RC_OK) {
			if (s->broken.walk.source == NULL &&
			    names_place(kind, text, asked))
				s->broken = claim;
			continue;
		}
		claim.path = p.path;
		if (place_serves(&p, asked))
			consider(s, &claim);
	}
}

static enum rc
refuse_claim(const char *path, unsigned line, struct span name,
	     const struct claim *other, struct why *why)
{
	char mine[CONF_SHOWN_MAX];
	char theirs[CONF_SHOWN_MAX];
	const struct conf_source *source = other->walk.source;

	clean_text(name, mine, sizeof(mine));
	clean_text(other->name, theirs, sizeof(theirs));
	if (strcmp(path, source->path) == 0)
		why_set(why, RC_CONFIG,
			"[%s] claims the same place as [%s] in line %u; "
			"remove one of the two lines",
			mine, theirs, other->walk.number);
	else
		why_set(why, RC_CONFIG,
			"[%s] claims the same place as [%s] in '%s' line %u; "
			"remove one of the two lines",
			mine, theirs, source->path, other->walk.number);
	conf_walk_wrap(why, path, line);
	return RC_CONFIG;
}

static enum rc
refuse_stray(const struct claim *claim, struct why *why)
{
	const struct conf_walk *w = &claim->walk;

	if (w->head_line != 0)
		return conf_walk_stray(w->header, w->source->path, w->head_line,
				       why);
	return conf_walk_stray(w->line, w->source->path, w->number, why);
}

/* Does another app claim the place that an entry of a claims? */
static enum rc
check_place(const struct conf *c, const struct conf_app *a,
	    const struct conf_entry *e, enum conf_kind kind, struct why *why)
{
	const char *key = key_of(kind);
	struct place mine;
	struct place theirs;
	struct claim other;

	if (conf_check_place(kind, e->value, &mine, NULL) != RC_OK)
		return RC_OK;
	for (size_t i = 0; i < c->count; i++) {
		struct conf_walk *w = &other.walk;

		conf_walk_start(w, &c->sources[i]);
		while (conf_walk_next(w, key[0])) {
			struct span value = conf_walk_value(w, key);

			if (conf_walk_is_header(w) ||
			    !may_claim(kind, host_part(value), &mine) ||
			    conf_check_place(kind, value, &theirs, NULL) !=
				    RC_OK ||
			    !place_is_same_host(&mine, &theirs) ||
			    !span_eq(mine.path, theirs.path))
				continue;
			other.name = conf_walk_name(w);
			if (span_is_set(other.name) &&
			    !span_eq(other.name, a->name) &&
			    !is_hidden(c, w->source, other.name))
				return refuse_claim(a->path, e->line, a->name,
						    &other, why);
		}
	}
	return RC_OK;
}

enum rc
conf_find_rival(const struct conf *c, const struct conf_app *a, struct why *why)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < a->count; i++) {
		const struct conf_entry *e = &a->entries[i];

		if (span_is(e->key, "git"))
			rc = check_place(c, a, e, CONF_GIT, why);
		else if (span_is(e->key, "docker"))
			rc = check_place(c, a, e, CONF_DOCKER, why);
	}
	return rc;
}

enum rc
conf_find(const struct conf *c, enum conf_kind kind, const struct place *asked,
	  struct conf_app **ret, struct why *why)
{
	const struct claim *winner;
	struct search s = { 0 };

	for (size_t i = 0; i < c->count; i++)
		search_source(c, &c->sources[i], kind, asked, &s);
	if (s.rival.walk.source != NULL)
		return refuse_claim(s.best.walk.source->path,
				    s.best.walk.number, s.best.name, &s.rival,
				    why);
	winner = s.best.walk.source != NULL ? &s.best : &s.broken;
	if (winner->walk.source == NULL)
		return RC_NOT_OURS;
	if (!span_is_set(winner->name))
		return refuse_stray(winner, why);
	return conf_app(c, winner->name, ret, why);
}
