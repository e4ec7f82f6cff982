#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/cmd.h"
#include "cli/confedit.h"
#include "core/lines.h"
#include "platform/appload.h"
#include "platform/clock.h"
#include "platform/fdio.h"
#include "platform/lockfile.h"
#include "platform/trustfile.h"

#include "core/banned.h"

static enum rc
confirm(struct cmd *c, struct span name)
{
	struct safebuf *line = NULL;
	struct span answer;
	bool end;
	enum rc rc;

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return why_set(&c->why, RC_USAGE,
			       "removing a key cannot be undone; add --yes to "
			       "confirm it");
	if ((rc = safebuf_new(256, &line)) != RC_OK)
		return rc;
	safebuf_puts(line, "Remove the key, the cached tokens and the "
			   "configuration of '");
	safebuf_put(line, name);
	safebuf_puts(line, "'? [y/N] ");
	if ((rc = fdio_write_all(STDERR_FILENO, safebuf_view(line), 0,
				 &c->why)) != RC_OK)
		goto out;
	safebuf_clear(line);
	rc = fdio_read_some(STDIN_FILENO, clock_mono_ms() + PROMPT_MS, line,
			    &end, &c->why);
	answer = span_trim_space(safebuf_view(line));
	if (rc == RC_OK && !span_is(answer, "y") && !span_is(answer, "yes"))
		rc = why_set(&c->why, RC_USAGE,
			     "nothing was removed; answer 'y' to confirm it");
out:
	safebuf_free(line);
	return rc;
}

/* The own file's text without the section; unset when it has none. */
static enum rc
edit(struct cmd *c, struct appload **conf, struct span name,
     struct safebuf **ret)
{
	struct appload *l;
	enum rc rc;

	if ((rc = appload_read(true, conf, &c->why)) != RC_OK)
		return rc;
	l = *conf;
	if (l->conf.count == 0 || strcmp(l->paths[0], l->own_path) != 0)
		return RC_NOT_FOUND;
	if ((rc = safebuf_new(CONF_MAX + 1, ret)) != RC_OK)
		return rc;
	return confedit_remove(l->conf.sources[0].text, name, *ret);
}

/*
 * The file as it is now: the question and the keyring took their time, and
 * what another command wrote meanwhile must stay.
 */
static enum rc
cut_section(struct cmd *c, struct span name)
{
	struct lockfile *lock = NULL;
	struct appload *conf = NULL;
	struct safebuf *text = NULL;
	bool waited;
	enum rc rc;

	(void)!lockfile_take(SPAN("apptoken.config"),
			     clock_mono_ms() + LOCK_WAIT_MS, &lock, &waited);
	rc = edit(c, &conf, name, &text);
	if (rc == RC_OK)
		rc = trustfile_replace(conf->own_path, safebuf_view(text),
				       &c->why);
	else if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	lockfile_release(lock);
	safebuf_free(text);
	appload_free(conf);
	return rc;
}

static bool
is_configured(const struct appload *l, struct span name)
{
	struct span other;
	size_t at = 0;

	while (conf_next_name(&l->conf, &at, &other)) {
		if (span_eq(other, name))
			return true;
	}
	return false;
}

static enum rc
run(struct cmd *c)
{
	struct appload *conf = NULL;
	struct safebuf *text = NULL;
	struct span name = { 0 };
	struct opts_item item;
	bool in_file = false;
	bool yes = false;
	bool end;
	enum rc rc;

	for (;;) {
		if ((rc = opts_next(&c->opts, &item, &end, &c->why)) != RC_OK)
			return rc;
		if (end)
			break;
		if (item.name != NULL)
			yes = true;
		else if (!span_is_set(name))
			name = span_of(item.value);
		else
			return why_set(&c->why, RC_USAGE,
				       "one app's name is wanted");
	}
	if (!lines_name_is_valid(name))
		return why_set(&c->why, RC_USAGE,
			       "an app's name is wanted; see 'apptoken remove "
			       "--help'");
	rc = edit(c, &conf, name, &text);
	in_file = rc == RC_OK;
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		goto out;
	if (!in_file && is_configured(conf, name)) {
		rc = why_set(&c->why, RC_CONFIG,
			     "the app stands in the system's configuration, "
			     "which this command does not edit; remove its "
			     "section there first");
		goto out;
	}
	if ((!yes && (rc = confirm(c, name)) != RC_OK) ||
	    /* The keyring first: when it is locked, nothing has changed. */
	    (rc = cmd_tell_keeper(c, WIRE_REMOVE, name)) != RC_OK)
		goto out;
	if (in_file)
		client_unwire(c, conf, name);
	if (in_file && (rc = cut_section(c, name)) != RC_OK)
		goto out;
	if (in_file)
		cmd_print(c,
			  "%.*s: key, cached tokens and configuration "
			  "removed\n",
			  (int)name.len, name.at);
	else
		rc = why_set(&c->why, RC_NO_APP,
			     "no app '%.*s' is configured; what the keyring "
			     "held under this name is gone",
			     (int)name.len, name.at);
out:
	safebuf_free(text);
	appload_free(conf);
	if (rc != RC_OK && rc != RC_NO_APP)
		why_wrap(&c->why, "'%.*s' was not removed", (int)name.len,
			 name.at);
	return rc;
}

static const struct opts_row options[] = {
	{ "yes", NULL, "do not ask" },
	{ NULL, NULL, NULL },
};

const struct cmd_row cmd_remove = {
	.name = "remove",
	.usage = "NAME [--yes]",
	.summary = "delete an app's key, tokens and configuration",
	.options = options,
	.run = run,
};
