#include "cli/cmd.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "front/kclient.h"
#include "platform/confine.h"
#include "platform/say.h"
#include "platform/trustfile.h"

#include "core/banned.h"

bool
cmd_may_prompt(void)
{
	return confine_has_display();
}

void
cmd_print(struct cmd *c, const char *fmt, ...)
{
	char line[8192];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(line))
		safebuf_fail(c->out);
	else
		safebuf_puts(c->out, line);
}

enum rc
cmd_open_key(struct cmd *c, const char *file, int *ret_fd)
{
	bool open_to_others = false;
	enum rc rc;

	if (strcmp(file, "-") == 0) {
		*ret_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		return *ret_fd >= 0 ? RC_OK
				    : why_set(&c->why, RC_INTERNAL,
					      "cannot read standard input");
	}
	rc = trustfile_open_key(file, PEM_MAX, ret_fd, &open_to_others,
				&c->why);
	if (rc == RC_OK && open_to_others)
		why_set(&c->warning, RC_OK,
			"the key file can be read by other users of this "
			"machine; delete it once the keyring has it, and "
			"think of a new key");
	return rc;
}

void
cmd_delete_key(struct cmd *c, const char *file)
{
	if (unlink(file) != 0)
		why_set(&c->warning, RC_OK,
			"the key file could not be deleted; delete it by "
			"hand");
}

void
cmd_say_warning(const struct why *warning)
{
	if (warning->text[0] != '\0')
		say_line("%s", warning->text);
}

enum rc
cmd_tell_keeper(struct cmd *c, enum wire_verb verb, struct span app)
{
	struct wire_request request = { .verb = verb,
					.app = app,
					.caller = TOKEN_FOR_COMMAND,
					.may_prompt = cmd_may_prompt() };
	struct safebuf *room = NULL;
	struct wire_answer answer;
	enum rc rc;

	if ((rc = safebuf_new(WIRE_MAX, &room)) != RC_OK)
		return rc;
	rc = c->ports->ask_keeper(&request, -1,
				  LOCK_WAIT_MS + 4 * KEYRING_CALL_MS +
					  (request.may_prompt ? PROMPT_MS : 0),
				  room, &answer, &c->why);
	safebuf_free(room);
	return rc;
}
