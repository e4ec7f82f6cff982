#include <string.h>

#include "cli/cmd.h"
#include "core/lines.h"
#include "platform/appload.h"

#include "core/banned.h"

static enum rc
forget_all(struct cmd *c)
{
	struct appload *conf = NULL;
	struct span name;
	size_t at = 0;
	enum rc rc;

	if ((rc = appload_read(false, &conf, &c->why)) != RC_OK)
		return rc;
	while (rc == RC_OK && conf_next_name(&conf->conf, &at, &name)) {
		if (lines_name_is_valid(name))
			rc = cmd_tell_keeper(c, WIRE_FORGET, name);
	}
	appload_free(conf);
	return rc;
}

/* A typing error must not look like a success. */
static enum rc
check_known(struct cmd *c, struct span name)
{
	struct appload *conf = NULL;
	struct span other;
	size_t at = 0;
	bool known = false;

	/* Without a configuration that can be read nobody knows. */
	if (appload_read(true, &conf, NULL) != RC_OK)
		return RC_OK;
	while (!known && conf_next_name(&conf->conf, &at, &other))
		known = span_eq(other, name);
	appload_free(conf);
	if (known)
		return RC_OK;
	return why_set(&c->why, RC_NO_APP,
		       "no app '%.*s' is configured; the tokens that the "
		       "keyring held under this name are gone",
		       (int)name.len, name.at);
}

static enum rc
run(struct cmd *c)
{
	struct span name = { 0 };
	struct opts_item item;
	bool all = false;
	bool end;
	enum rc rc;

	for (;;) {
		if ((rc = opts_next(&c->opts, &item, &end, &c->why)) != RC_OK)
			return rc;
		if (end)
			break;
		if (item.name != NULL)
			all = true;
		else if (!span_is_set(name))
			name = span_of(item.value);
		else
			return why_set(&c->why, RC_USAGE,
				       "one app's name or --all is wanted");
	}
	if (all == span_is_set(name) || (!all && !lines_name_is_valid(name)))
		return why_set(&c->why, RC_USAGE,
			       "an app's name or --all is wanted; see "
			       "'apptoken forget --help'");
	rc = all ? forget_all(c) : cmd_tell_keeper(c, WIRE_FORGET, name);
	if (rc != RC_OK)
		why_wrap(&c->why, "cached tokens stay");
	else if (!all)
		rc = check_known(c, name);
	return rc;
}

static const struct opts_row options[] = {
	{ "all", NULL, "those of every configured app" },
	{ NULL, NULL, NULL },
};

const struct cmd_row cmd_forget = {
	.name = "forget",
	.usage = "NAME | --all",
	.summary = "drop cached tokens; the key stays",
	.options = options,
	.run = run,
};
