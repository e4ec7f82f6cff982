#include <string.h>

#include "cli/cmd.h"
#include "core/clean.h"
#include "core/lines.h"
#include "front/served.h"
#include "platform/userprog.h"

#include "core/banned.h"

#define VARIABLE "APPTOKEN_TOKEN="

/* NAME, "--", COMMAND...; the command's own options are not ours. */
static enum rc
read_arguments(struct cmd *c, struct span *name, char *const **command)
{
	const char *const *args = c->opts.args;
	char shown[64];

	if (args[0] != NULL && args[0][0] == '-' && strcmp(args[0], "--") != 0)
		return why_set(&c->why, RC_USAGE,
			       "unknown option '%s'; see 'apptoken exec "
			       "--help'",
			       clean_text(span_of(args[0]), shown,
					  sizeof(shown)));
	if (args[0] == NULL || args[1] == NULL || strcmp(args[1], "--") != 0 ||
	    args[2] == NULL || !lines_name_is_valid(span_of(args[0])))
		return why_set(&c->why, RC_USAGE,
			       "an app's name, '--' and a command are wanted; "
			       "see 'apptoken exec --help'");
	*name = span_of(args[0]);
	/* argv as it came: exec(3) does not write to it. */
	*command = (char *const *)(uintptr_t)(args + 2);
	return RC_OK;
}

static enum rc
run(struct cmd *c)
{
	const struct front_ask ask = { .caller = TOKEN_FOR_COMMAND,
				       .may_prompt = cmd_may_prompt() };
	struct front_token token = { 0 };
	struct safebuf *variable = NULL;
	struct served served = { 0 };
	char *const *command = NULL;
	struct span name;
	enum rc rc;

	if ((rc = read_arguments(c, &name, &command)) != RC_OK)
		return rc;
	if ((rc = served_named(name, &served, &c->why)) != RC_OK)
		goto out;
	rc = front_get(c->ports, served.app, &ask, &token, &c->why);
	if (rc != RC_OK) {
		served_wrap(&served, &c->why);
		goto out;
	}
	cmd_say_warning(&token.warning);
	if ((rc = safebuf_new(sizeof(VARIABLE) + TOKEN_MAX, &variable)) !=
	    RC_OK)
		goto out;
	safebuf_puts(variable, VARIABLE);
	safebuf_put(variable, token.token);
	safebuf_putc(variable, '\0');
	if ((rc = safebuf_check(variable)) == RC_OK) {
		char *const extra[] = { safebuf_bytes(variable), NULL };

		rc = userprog_become(c->confine, command, extra, &c->why);
	}
	/* Still here: shells say 127 for a command that is not there. */
	c->exit_status = rc == RC_NOT_FOUND ? 127 : 126;
out:
	safebuf_free(variable);
	front_token_clear(&token);
	served_clear(&served);
	return rc;
}

static const struct opts_row options[] = {
	{ NULL, NULL, NULL },
};

const struct cmd_row cmd_exec = {
	.name = "exec",
	.usage = "NAME -- COMMAND...",
	.summary = "run a command with APPTOKEN_TOKEN in its environment",
	.options = options,
	.run = run,
};
