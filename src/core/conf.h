/*
 * The configuration: apps, their settings and the places they serve. Pure:
 * bytes in, answers out; who reads the files is platform/appload.
 *
 * A wrong app MUST be unusable with a message that names file and line; it
 * MUST NOT vanish, and the other apps MUST go on working.
 *
 * Format and keys: apptoken.conf(5) and doc/design.md section 2.
 */
#ifndef CORE_CONF_H
#define CORE_CONF_H

#include "core/place.h"
#include "core/rc.h"
#include "core/span.h"

/* One file. Text and path are lent for as long as the conf is used. */
struct conf_source {
	struct span text;
	const char *path; /* for messages */
};

#define CONF_SOURCES_MAX 2

/* The person's file first: its apps hide those of the same name after it. */
struct conf {
	struct conf_source sources[CONF_SOURCES_MAX];
	size_t count;
};

struct conf_entry {
	struct span key;
	struct span value;
	unsigned line;
};

enum conf_kind { CONF_GIT, CONF_DOCKER };

/* One app, checked but for what its provider's profile demands. */
struct conf_app {
	struct span name;
	const char *path;     /* lent: the file */
	unsigned line;	      /* of its [name] */
	struct span provider; /* default "unifize" */
	struct span username; /* unset: the profile's */
	struct span cache;    /* default "keyring" */
	struct span ca_file;  /* unset: the system's; absolute path */
	struct span proxy;    /* unset: none; http://host[:port] */
	unsigned timeout_s;   /* 1..TIMEOUT_MAX_S */
	bool git_bearer;      /* git-auth = bearer */
	bool unlock_ask;      /* default true */
	bool git_retry;	      /* default true */
	bool anonymous;	      /* on-error = anonymous */
	/*
	 * Every line of the section in order: also git, docker, key and the
	 * profile's variables (all keys that are not of the design's table).
	 */
	size_t count;
	struct conf_entry entries[];
};

/*
 * The app that serves a requested place: for git the longest matching path
 * wins. Only apps that are not hidden count.
 * ret: release with conf_app_free().
 * RC_NOT_OURS: nobody's. RC_CONFIG: two apps claim the very same configured
 * place (why names both), or the one that serves it is wrong (why names file
 * and line: "'FILE' line N: cause; next step"). RC_INTERNAL: memory.
 */
NODISCARD enum rc conf_find(const struct conf *c, enum conf_kind kind,
			    const struct place *asked, struct conf_app **ret,
			    struct why *why);

/*
 * The app of that name, checked: unknown-looking keys are kept as variables,
 * a repeated single key, a bad value, a line that is no entry, a section
 * given twice in one file, or a place that another app claims as well is
 * RC_CONFIG. RC_NO_APP: no such section.
 */
NODISCARD enum rc conf_app(const struct conf *c, struct span name,
			   struct conf_app **ret, struct why *why);
struct conf_app *conf_app_free(struct conf_app *a);

/*
 * Visit the names of all apps that are not hidden, in order of the files.
 * *cursor starts as 0. Names may be invalid ones: conf_app() tells. False at
 * the end.
 */
bool conf_next_name(const struct conf *c, size_t *cursor, struct span *name);

/*
 * Lines that belong to no app: before the first section, or below a header
 * that is none. RC_CONFIG with the first of them.
 */
NODISCARD enum rc conf_check_strays(const struct conf *c, struct why *why);

/* First value of key in the app; unset when absent. */
struct span conf_value(const struct conf_app *a, const char *key);
/* The next entry of that key from *at on (starts as 0); NULL at the end. */
const struct conf_entry *conf_next(const struct conf_app *a, const char *key,
				   size_t *at);
/* Is the key of the design's table (not a profile's variable)? */
bool conf_key_is_known(struct span key);

#endif
