/* The main of every credential helper; the protocol is linked in. */
#include <unistd.h>

#include "core/limits.h"
#include "helpers/protocol.h"
#include "platform/confine.h"
#include "platform/fdio.h"
#include "platform/say.h"

#include "core/banned.h"

static const struct protocol *const protocol = &PROTOCOL;

static int
finish(struct helper_call *c, enum rc rc)
{
	if (safebuf_len(c->answer) > 0 &&
	    fdio_write_all(STDOUT_FILENO, safebuf_view(c->answer), 0,
			   &c->why) != RC_OK)
		rc = RC_INTERNAL;
	if (rc != RC_OK && rc != RC_NOT_OURS)
		say_line("%s", c->why.text);
	else if (c->warning.text[0] != '\0')
		say_line("%s", c->warning.text);
	return protocol->exit_status(rc);
}

int
main(int argc, char *argv[])
{
	struct helper_call c = { .ports = &front_system,
				 .args = (const char *const *)argv + 1,
				 .args_count = argc - 1,
				 .in_fd = STDIN_FILENO };
	struct confine confine;
	int status;

	c.confine = &confine;
	if (confine_front(&confine, &c.why) != RC_OK ||
	    safebuf_new(REQUEST_MAX, &c.answer) != RC_OK) {
		say_line("%s", c.why.text);
		return protocol->exit_status(RC_INTERNAL);
	}
	status = argc < 1 ? protocol->exit_status(RC_USAGE)
			  : finish(&c, protocol->run(&c));
	safebuf_free(c.answer);
	return status;
}
