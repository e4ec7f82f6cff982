/*
 * apptoken-keeper: the only program that sees a private key. One request on
 * stdin, one answer on stdout, exit. It takes an app's name, never an
 * endpoint, and reads the configuration itself.
 */
#include <unistd.h>

#include "core/limits.h"
#include "core/safebuf.h"
#include "core/wire.h"
#include "keeper/http.h"
#include "keeper/verbs.h"
#include "platform/clock.h"
#include "platform/confine.h"
#include "platform/fdio.h"

#include "core/banned.h"

/* The last resort behind all other deadlines: two prompts and a mint. */
#define LIFE_S (2 * PROMPT_MS / 1000 + TIMEOUT_MAX_S + 60)

int
main(void)
{
	const struct verbs_ports ports = { .clock = &clock_system,
					   .http = &http_system };
	struct safebuf *request = NULL;
	struct safebuf *answer = NULL;
	int out = -1;
	int status = 1;

	if (confine_keeper(&out, NULL) != RC_OK)
		return 1;
	alarm(LIFE_S);
	if (safebuf_new(WIRE_MAX, &request) == RC_OK &&
	    safebuf_new(WIRE_MAX, &answer) == RC_OK &&
	    fdio_read_all(STDIN_FILENO, clock_mono_ms() + KEYRING_CALL_MS,
			  request, NULL) == RC_OK &&
	    verbs_serve(&ports, safebuf_view(request), answer) == RC_OK &&
	    fdio_write_all(out, safebuf_view(answer), 0, NULL) == RC_OK)
		status = 0;
	http_stop();
	safebuf_free(answer);
	safebuf_free(request);
	return status;
}
