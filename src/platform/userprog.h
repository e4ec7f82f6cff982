/*
 * Programs that a front runs on the person's behalf (git, the command of
 * exec): found on the caller's PATH, with the caller's environment.
 */
#ifndef PLATFORM_USERPROG_H
#define PLATFORM_USERPROG_H

#include "core/rc.h"
#include "core/safebuf.h"
#include "platform/confine.h"

/*
 * Run argv (argv[0] looked up on the caller's PATH), stdin and stderr on
 * /dev/null, and append what it prints to out. At most KEYRING_CALL_MS.
 * ret_status: its exit status (128 + signal when one ended it).
 * RC_NOT_FOUND: there is no such program. RC_TIMEOUT, RC_TOO_LARGE,
 * RC_INTERNAL.
 */
NODISCARD enum rc userprog_run(const struct confine *confine,
			       const char *const argv[], struct safebuf *out,
			       int *ret_status, struct why *why);

/*
 * Become argv, with the caller's environment, umask and core limit, and
 * extra ("NAME=value", NULL-terminated) set in it. Returns only on failure.
 * RC_NOT_FOUND: there is no such program. RC_INTERNAL: it cannot be run.
 */
NODISCARD enum rc userprog_become(const struct confine *confine,
				  char *const argv[], char *const extra[],
				  struct why *why);

/* Is there an executable of that name on the caller's PATH? */
bool userprog_exists(const struct confine *confine, const char *name);

#endif
