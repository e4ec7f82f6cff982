/*
 * Reading configuration and profiles from where they lie: the two
 * configuration files (or the one that APPTOKEN_CONFIG names), an app, its
 * provider's profile, and whether they fit.
 */
#ifndef PLATFORM_APPLOAD_H
#define PLATFORM_APPLOAD_H

#include "core/conf.h"
#include "core/profile.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "platform/paths.h"

/* The configuration as read; everything else lends from it. */
struct appload {
	struct conf conf;
	struct safebuf *texts[CONF_SOURCES_MAX];
	char paths[CONF_SOURCES_MAX][PATHS_MAX];
	/* The file that add and remove edit (may not exist yet). */
	char own_path[PATHS_MAX];
};

/* An app ready for use: all lent from the appload but what is freed here. */
struct appload_app {
	struct conf_app *app;
	struct profile *profile;
	struct safebuf *profile_text;
	char profile_path[PATHS_MAX];
	struct safebuf *variables; /* profile_variables() */
};

/*
 * Read the configuration. A missing file is an empty one (but one named by
 * APPTOKEN_CONFIG that is missing is RC_CONFIG unless may_be_missing).
 * RC_CONFIG: no HOME and no XDG_CONFIG_HOME, a relative APPTOKEN_CONFIG, a
 * file that cannot be trusted.
 */
NODISCARD enum rc appload_read(bool may_be_missing, struct appload **ret,
			       struct why *why);
/*
 * A configuration of one proposed section: name and lines are copied.
 * path: for messages ("the options of add").
 */
NODISCARD enum rc appload_propose(struct span name, struct span lines,
				  struct appload **ret, struct why *why);
struct appload *appload_free(struct appload *l);

/*
 * Complete a checked app: its profile (the person's providers directory
 * first, then PKGDATADIR/providers), profile_check(), its variables.
 * app is taken over (freed on failure too).
 * RC_CONFIG: unknown provider (why names the directories looked in), or it
 * does not fit.
 */
NODISCARD enum rc appload_complete(struct conf_app *app,
				   struct appload_app **ret, struct why *why);
struct appload_app *appload_app_free(struct appload_app *a);

/*
 * Only the app and its provider's profile, whether they fit or not; app is
 * taken over as above. For telling which variables a provider knows.
 */
NODISCARD enum rc appload_profile(struct conf_app *app,
				  struct appload_app **ret, struct why *why);

/* conf_find() and conf_app(), completed. */
NODISCARD enum rc appload_find(const struct appload *l, enum conf_kind kind,
			       const struct place *asked,
			       struct appload_app **ret, struct why *why);
NODISCARD enum rc appload_named(const struct appload *l, struct span name,
				struct appload_app **ret, struct why *why);

#endif
