/* apptoken: the command. A table of commands, one file each. */
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "core/limits.h"
#include "platform/confine.h"
#include "platform/fdio.h"
#include "platform/say.h"

#include "core/banned.h"

static const struct cmd_row *const commands[] = {
	&cmd_add,    &cmd_token,     &cmd_status,      &cmd_forget, &cmd_rotate,
	&cmd_remove, &cmd_configure, &cmd_unconfigure, &cmd_exec,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
print_usage(struct cmd *c)
{
	cmd_print(c, "usage: apptoken COMMAND [ARGUMENT...]\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		cmd_print(c, "  apptoken %s %s\n      %s\n", commands[i]->name,
			  commands[i]->usage, commands[i]->summary);
	cmd_print(c, "\napptoken COMMAND --help tells a command's options.\n"
		     "Exit status: 0 done, 1 failed, 2 usage, 3 no such app, "
		     "4 keyring locked or\nunavailable, 5 refused by the "
		     "endpoint, 6 network or time out, 7 configuration.\n");
}

static void
print_help(struct cmd *c, const struct cmd_row *row)
{
	cmd_print(c, "usage: apptoken %s %s\n\n%s.\n", row->name, row->usage,
		  row->summary);
	for (const struct opts_row *o = row->options; o->name != NULL; o++) {
		const char *name = strcmp(o->name, OPTS_ANY) == 0 ? "KEY"
								  : o->name;

		cmd_print(c, "\n  --%s%s%s\n      %s\n", name,
			  o->value == NULL ? "" : " ",
			  o->value == NULL ? "" : o->value, o->help);
	}
}

static bool
wants_help(const char *const *args)
{
	for (; *args != NULL && strcmp(*args, "--") != 0; args++) {
		if (strcmp(*args, "--help") == 0)
			return true;
	}
	return false;
}

static enum rc
dispatch(struct cmd *c, const char *const *args)
{
	const char *name = args[0] == NULL ? "" : args[0];

	if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
		print_usage(c);
		return RC_OK;
	}
	if (strcmp(name, "--version") == 0) {
		cmd_print(c, "apptoken %s\n", VERSION);
		return RC_OK;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(name, commands[i]->name) != 0)
			continue;
		if (wants_help(args + 1)) {
			print_help(c, commands[i]);
			return RC_OK;
		}
		c->opts.rows = commands[i]->options;
		c->opts.args = args + 1;
		return commands[i]->run(c);
	}
	return why_set(&c->why, RC_USAGE, "%s; see 'apptoken --help'",
		       name[0] == '\0' ? "a command is wanted"
				       : "there is no such command");
}

static enum rc
write_out(struct cmd *c, enum rc rc)
{
	if (safebuf_check(c->out) != RC_OK)
		return why_set(&c->why, RC_INTERNAL,
			       "the output is larger than %d bytes",
			       CMD_OUT_MAX);
	if (safebuf_len(c->out) > 0 &&
	    fdio_write_all(STDOUT_FILENO, safebuf_view(c->out), 0, &c->why) !=
		    RC_OK)
		return RC_INTERNAL;
	return rc;
}

int
main(int argc, char *argv[])
{
	static const char *const nothing[] = { NULL };
	const char *const *args = (const char *const *)argv + 1;
	struct cmd c = { .ports = &front_system };
	struct confine confine;
	enum rc rc;

	/* The command of exec keeps the privileges that its file gives. */
	if ((argc > 1 && strcmp(argv[1], "exec") == 0
		     ? confine_front_for_exec(&confine, &c.why)
		     : confine_front(&confine, &c.why)) != RC_OK ||
	    safebuf_new(CMD_OUT_MAX, &c.out) != RC_OK) {
		say_line("%s", c.why.text);
		return 1;
	}
	c.confine = &confine;
	rc = write_out(&c, dispatch(&c, argc < 1 ? nothing : args));
	if (rc != RC_OK)
		say_line("%s", c.why.text);
	else if (c.warning.text[0] != '\0')
		say_line("%s", c.warning.text);
	safebuf_free(c.out);
	return rc != RC_OK && c.exit_status != 0 ? c.exit_status
						 : rc_exit_status(rc);
}
