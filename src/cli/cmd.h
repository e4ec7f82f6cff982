/*
 * The commands of apptoken: one file each, one row each in main.c. A command
 * fills out (written to stdout by main, in one go) and returns its class;
 * main says why on stderr. stdout is the answer, stderr is for people, the
 * exit status for scripts: apptoken(1), EXIT STATUS.
 */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "cli/opts.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "front/front.h"
#include "platform/confine.h"

#define CMD_OUT_MAX (1024 * 1024)

struct cmd {
	const struct front_ports *ports;
	struct opts opts;    /* the arguments after the command's name */
	struct safebuf *out; /* may hold a secret */
	struct why why;
	struct why warning; /* said on stderr even when all went well */
	const struct confine *confine; /* for programs of the person */
	int exit_status; /* of a failure, when not 0: in place of the class's */
};

struct cmd_row {
	const char *name;
	const char *usage;   /* the words after the name */
	const char *summary; /* one line */
	const struct opts_row *options;
	enum rc (*run)(struct cmd *c);
};

extern const struct cmd_row cmd_add;
extern const struct cmd_row cmd_token;
extern const struct cmd_row cmd_status;
extern const struct cmd_row cmd_forget;
extern const struct cmd_row cmd_remove;
extern const struct cmd_row cmd_rotate;
extern const struct cmd_row cmd_exec;
extern const struct cmd_row cmd_configure;
extern const struct cmd_row cmd_unconfigure;

/* May the keyring prompt? A command is typed by a person. */
bool cmd_may_prompt(void);

/* Append text to out, with printf's forms. Never a secret. */
void cmd_print(struct cmd *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Open the key file ("-": standard input) for the keeper; warns when other
 * users can read it. RC_KEY_BAD.
 */
NODISCARD enum rc cmd_open_key(struct cmd *c, const char *file, int *ret_fd);
/* Delete it after its import; a failure is a warning. */
void cmd_delete_key(struct cmd *c, const char *file);

/* Say a warning at once, for a command that never comes back to main. */
void cmd_say_warning(const struct why *warning);

/* Ask the keeper for something that has no answer but its class. */
NODISCARD enum rc cmd_tell_keeper(struct cmd *c, enum wire_verb verb,
				  struct span app);

#endif
