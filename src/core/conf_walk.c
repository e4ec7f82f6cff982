#include "core/conf_walk.h"

#include "core/banned.h"

/* A path that leaves room for the sentence. */
#define PATH_SHOWN_MAX 120

void
conf_walk_start(struct conf_walk *w, const struct conf_source *source)
{
	*w = (struct conf_walk){ .source = source, .rest = source->text };
}

bool
conf_walk_next(struct conf_walk *w, char first)
{
	const char *at = w->rest.at;
	const char *end;

	if (w->rest.len == 0)
		return false;
	end = at + w->rest.len;
	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const char *stop = lf == NULL ? end : lf;
		const char *from = at;

		w->number++;
		at = lf == NULL ? end : lf + 1;
		while (from < stop && (*from == ' ' || *from == '\t'))
			from++;
		if (from == stop || (*from != first && *from != '['))
			continue;
		w->line.at = from;
		w->line.len = (size_t)(stop - from);
		w->rest.at = at;
		w->rest.len = (size_t)(end - at);
		if (*from == '[') {
			w->header = w->line;
			w->head_line = w->number;
		}
		return true;
	}
	w->rest = span_from(w->rest, w->rest.len);
	return false;
}

bool
conf_walk_is_header(const struct conf_walk *w)
{
	return w->line.at == w->header.at;
}

struct span
conf_walk_name(const struct conf_walk *w)
{
	/* Judged by lines_next(), so that both readings agree. */
	struct lines l = { .rest = w->header };

	if (!span_is_set(w->header) || !lines_next(&l) ||
	    l.kind != LINES_SECTION)
		return (struct span){ 0 };
	return l.key;
}

struct span
conf_walk_value(const struct conf_walk *w, const char *key)
{
	struct span s = w->line;

	if (!span_starts(s, key))
		return (struct span){ 0 };
	s = span_from(s, strlen(key));
	while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = span_from(s, 1);
	if (s.len == 0 || s.at[0] != '=')
		return (struct span){ 0 };
	return span_trim(span_from(s, 1));
}

bool
conf_walk_has(struct span text, struct span name)
{
	struct conf_source source = { .text = text };
	struct conf_walk w;

	/* Nearly always decided here; the brackets belong to the needle. */
	if (text.len == 0 ||
	    memmem(text.at, text.len, name.at - 1, name.len + 2) == NULL)
		return false;
	conf_walk_start(&w, &source);
	while (conf_walk_next(&w, '[')) {
		struct span other = conf_walk_name(&w);

		if (span_is_set(other) && span_eq(other, name))
			return true;
	}
	return false;
}

bool
conf_walk_is_odd(struct span line)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.at[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

bool
conf_walk_is_bad_header(const struct lines *l)
{
	return l->kind == LINES_BAD && l->key.at[0] == '[';
}

void
conf_walk_wrap(struct why *why, const char *path, unsigned line)
{
	size_t len = strlen(path);

	if (len > PATH_SHOWN_MAX)
		why_wrap(why, "'...%s' line %u", path + len - PATH_SHOWN_MAX,
			 line);
	else
		why_wrap(why, "'%s' line %u", path, line);
}

enum rc
conf_walk_stray(struct span line, const char *path, unsigned number,
		struct why *why)
{
	if (conf_walk_is_odd(line))
		why_set(why, RC_CONFIG,
			"a control byte in the line; "
			"write plain text with LF line ends");
	else if (line.at[0] == '[')
		why_set(why, RC_CONFIG,
			"not a section header; write it as [name]");
	else
		why_set(why, RC_CONFIG,
			"the line belongs to no app; "
			"put it below a [name] line");
	conf_walk_wrap(why, path, number);
	return RC_CONFIG;
}
