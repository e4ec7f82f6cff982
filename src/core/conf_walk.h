/*
 * Inside of conf: going through a configuration file by lines and sections,
 * fast enough for 10 000 apps, and the sentences about lines.
 */
#ifndef CORE_CONF_WALK_H
#define CORE_CONF_WALK_H

#include "core/conf.h"
#include "core/lines.h"

/* Room for a name or key as messages show it. */
#define CONF_SHOWN_MAX 68

struct conf_walk {
	const struct conf_source *source;
	struct span rest;   /* after the present line */
	unsigned number;    /* of the present line, from 1 */
	struct span line;   /* without blanks at its front */
	struct span header; /* raw, of the present section; unset: none yet */
	unsigned head_line; /* its number; 0: none yet */
};

void conf_walk_start(struct conf_walk *w, const struct conf_source *source);
/*
 * Next line that begins with the byte first or with "[". False at the end.
 * Nothing but the first byte is judged.
 */
bool conf_walk_next(struct conf_walk *w, char first);
/* Is the present line a header, good or bad? */
bool conf_walk_is_header(const struct conf_walk *w);
/* Name of the present section; unset: the line belongs to no app. */
struct span conf_walk_name(const struct conf_walk *w);
/* Value of the present line if it is an entry of key; else unset. */
struct span conf_walk_value(const struct conf_walk *w, const char *key);

/*
 * Does text have a section of that name? name: as conf_walk_name() gave it,
 * so its brackets stand around it.
 */
bool conf_walk_has(struct span text, struct span name);

/* Is this the line of a bad header (LINES_BAD that begins with "[")? */
bool conf_walk_is_bad_header(const struct lines *l);

/* Put "'PATH' line N: " before why; a very long path loses its front. */
void conf_walk_wrap(struct why *why, const char *path, unsigned line);
/* RC_CONFIG for a line (trimmed) that stands in no section. */
enum rc conf_walk_stray(struct span line, const char *path, unsigned number,
			struct why *why);
/* Has it a control byte other than a tab? */
bool conf_walk_is_odd(struct span line);

#endif
