/*
 * A file that is there but cannot be trusted MUST end the whole call: an app
 * that vanishes would let another one serve its places.
 */
#include "platform/appload.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clean.h"
#include "core/lines.h"
#include "platform/trustfile.h"

#include "core/banned.h"

#define PROPOSED "the options of add"
#define PROFILE_NAME_MAX (sizeof("providers/.conf") + NAME_LEN_MAX)

struct appload *
appload_free(struct appload *l)
{
	if (l == NULL)
		return NULL;
	for (size_t i = 0; i < CONF_SOURCES_MAX; i++)
		safebuf_free(l->texts[i]);
	free(l);
	return NULL;
}

static enum rc
no_memory(struct why *why)
{
	return why_set(why, RC_INTERNAL, "out of memory");
}

/* Give the next source its text, which is taken over. paths[] is set. */
static void
add_source(struct appload *l, struct safebuf *text)
{
	size_t i = l->conf.count++;

	l->texts[i] = text;
	l->conf.sources[i].text = safebuf_view(text);
	l->conf.sources[i].path = l->paths[i];
}

/* Read paths[count] as the next source. RC_NOT_FOUND: there is no file. */
static enum rc
read_source(struct appload *l, bool installed, struct why *why)
{
	const char *path = l->paths[l->conf.count];
	struct safebuf *text = NULL;
	enum rc rc;

	rc = installed ? trustfile_read_installed(path, CONF_MAX, &text, why)
		       : trustfile_read(path, CONF_MAX, &text, why);
	if (rc == RC_OK)
		add_source(l, text);
	return rc;
}

static enum rc
read_named(struct appload *l, const char *path, bool may_be_missing,
	   struct why *why)
{
	enum rc rc;

	if (path[0] != '/' ||
	    !span_copy(span_of(path), l->own_path, sizeof(l->own_path)))
		return why_set(why, RC_CONFIG,
			       "APPTOKEN_CONFIG is no absolute path; write it "
			       "from the first '/' on");
	(void)span_copy(span_of(path), l->paths[0], sizeof(l->paths[0]));
	rc = read_source(l, false, why);
	if (rc == RC_NOT_FOUND) {
		if (may_be_missing)
			return RC_OK;
		why_wrap(why, "APPTOKEN_CONFIG");
		return RC_CONFIG;
	}
	return rc;
}

static enum rc
read_usual(struct appload *l, struct why *why)
{
	enum rc rc;

	rc = paths_config("config", l->own_path, sizeof(l->own_path), why);
	if (rc != RC_OK)
		return rc;
	(void)span_copy(span_of(l->own_path), l->paths[0], sizeof(l->paths[0]));
	rc = read_source(l, false, why);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	rc = paths_system_config(l->paths[l->conf.count], sizeof(l->paths[0]));
	if (rc != RC_OK)
		return why_set(why, RC_INTERNAL,
			       "the path of the system's configuration is too "
			       "long");
	rc = read_source(l, true, why);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc
appload_read(bool may_be_missing, struct appload **ret, struct why *why)
{
	const char *named = getenv("APPTOKEN_CONFIG");
	struct appload *l = NULL;
	enum rc rc;

	l = calloc(1, sizeof(*l));
	if (l == NULL) {
		rc = no_memory(why);
		goto out;
	}
	if (named != NULL && named[0] != '\0')
		rc = read_named(l, named, may_be_missing, why);
	else
		rc = read_usual(l, why);
	if (rc != RC_OK)
		goto out;

	*ret = l;
	l = NULL; /* the caller owns it now */
out:
	appload_free(l);
	return rc;
}

/* Options cannot open a section of their own. */
static bool
has_section(struct span text)
{
	struct lines l = { .rest = text };

	while (lines_next(&l)) {
		if (l.kind == LINES_SECTION)
			return true;
	}
	return false;
}

enum rc
appload_propose(struct span name, struct span lines, struct appload **ret,
		struct why *why)
{
	struct appload *l = NULL;
	struct safebuf *text = NULL;
	char shown[NAME_LEN_MAX + 1];
	enum rc rc;

	if (!lines_name_is_valid(name)) {
		rc = why_set(why, RC_USAGE,
			     "'%s' is no name of an app; use up to %d letters, "
			     "digits, '.', '_' and '-'",
			     clean_text(name, shown, sizeof(shown)),
			     NAME_LEN_MAX);
		goto out;
	}
	if (has_section(lines)) {
		rc = why_set(why, RC_CONFIG,
			     "a value of " PROPOSED " holds a line of its own; "
			     "write every value on one line");
		goto out;
	}
	l = calloc(1, sizeof(*l));
	if (l == NULL || lines.len > CONF_MAX ||
	    safebuf_new(lines.len + NAME_LEN_MAX + 4, &text) != RC_OK) {
		rc = no_memory(why);
		goto out;
	}
	safebuf_putc(text, '[');
	safebuf_put(text, name);
	safebuf_puts(text, "]\n");
	safebuf_put(text, lines);
	safebuf_putc(text, '\n');
	(void)span_copy(SPAN(PROPOSED), l->paths[0], sizeof(l->paths[0]));
	add_source(l, text);
	text = NULL; /* l owns it now */

	*ret = l;
	l = NULL; /* the caller owns it now */
	rc = RC_OK;
out:
	safebuf_free(text);
	appload_free(l);
	return rc;
}

struct appload_app *
appload_app_free(struct appload_app *a)
{
	if (a == NULL)
		return NULL;
	profile_free(a->profile);
	safebuf_free(a->profile_text);
	safebuf_free(a->variables);
	conf_app_free(a->app);
	free(a);
	return NULL;
}

/* The profile's text and path: the person's, else the installed one. */
static enum rc
read_profile(struct appload_app *a, struct why *why)
{
	char name[PROFILE_NAME_MAX];
	char own[PATHS_MAX] = "";
	enum rc rc = RC_NOT_FOUND;
	int n;

	/* A provider of that name would read elsewhere. */
	if (!lines_name_is_valid(a->app->provider))
		return why_set(why, RC_CONFIG,
			       "'%s' line %u: the provider's name is not "
			       "valid; use letters, digits, '.', '_' and '-'",
			       a->app->path, a->app->line);
	(void)snprintf(name, sizeof(name), "providers/%.*s.conf",
		       (int)a->app->provider.len, a->app->provider.at);
	/* Without a home the installed profiles still serve. */
	if (paths_config(name, own, sizeof(own), NULL) == RC_OK) {
		(void)span_copy(span_of(own), a->profile_path,
				sizeof(a->profile_path));
		rc = trustfile_read(own, PROFILE_MAX, &a->profile_text, why);
	}
	if (rc != RC_NOT_FOUND)
		return rc;
	n = snprintf(a->profile_path, sizeof(a->profile_path), "%s/%s",
		     PKGDATADIR, name);
	if (n < 0 || (size_t)n >= sizeof(a->profile_path))
		return why_set(why, RC_INTERNAL,
			       "the path of the profiles is too long");
	rc = trustfile_read_installed(a->profile_path, PROFILE_MAX,
				      &a->profile_text, why);
	if (rc != RC_NOT_FOUND)
		return rc;
	if (own[0] == '\0')
		return why_set(why, RC_CONFIG,
			       "'%s' line %u: unknown provider: '%s' does not "
			       "exist; correct 'provider'",
			       a->app->path, a->app->line, a->profile_path);
	return why_set(why, RC_CONFIG,
		       "'%s' line %u: unknown provider: neither '%s' nor '%s' "
		       "exists; correct 'provider' or put the file there",
		       a->app->path, a->app->line, own, a->profile_path);
}

static enum rc
read_variables(struct appload_app *a, struct why *why)
{
	enum rc rc;

	if (safebuf_new(VARIABLES_TEXT_MAX, &a->variables) != RC_OK)
		return no_memory(why);
	rc = profile_variables(a->profile, a->app, a->variables);
	if (rc == RC_TOO_LARGE)
		return why_set(why, RC_CONFIG,
			       "'%s' line %u: the variables of the app have "
			       "more than %d bytes; shorten them",
			       a->app->path, a->app->line, VARIABLES_TEXT_MAX);
	return rc;
}

enum rc
appload_profile(struct conf_app *app, struct appload_app **ret, struct why *why)
{
	struct appload_app *a = NULL;
	enum rc rc;

	a = calloc(1, sizeof(*a));
	if (a == NULL) {
		conf_app_free(app);
		return no_memory(why);
	}
	a->app = app;
	if ((rc = read_profile(a, why)) != RC_OK ||
	    (rc = profile_parse(safebuf_view(a->profile_text), a->profile_path,
				&a->profile, why)) != RC_OK)
		goto out;

	*ret = a;
	a = NULL; /* the caller owns it now */
out:
	appload_app_free(a);
	return rc;
}

enum rc
appload_complete(struct conf_app *app, struct appload_app **ret,
		 struct why *why)
{
	struct appload_app *a = NULL;
	enum rc rc;

	if ((rc = appload_profile(app, &a, why)) != RC_OK ||
	    (rc = profile_check(a->profile, a->app, why)) != RC_OK ||
	    (rc = read_variables(a, why)) != RC_OK)
		goto out;

	*ret = a;
	a = NULL; /* the caller owns it now */
out:
	appload_app_free(a);
	return rc;
}

enum rc
appload_find(const struct appload *l, enum conf_kind kind,
	     const struct place *asked, struct appload_app **ret,
	     struct why *why)
{
	struct conf_app *app = NULL;
	enum rc rc;

	rc = conf_find(&l->conf, kind, asked, &app, why);
	return rc == RC_OK ? appload_complete(app, ret, why) : rc;
}

enum rc
appload_named(const struct appload *l, struct span name,
	      struct appload_app **ret, struct why *why)
{
	struct conf_app *app = NULL;
	enum rc rc;

	rc = conf_app(&l->conf, name, &app, why);
	return rc == RC_OK ? appload_complete(app, ret, why) : rc;
}
