/* Starting the keeper, the only program that a front starts by itself. */
#ifndef PLATFORM_SPAWN_H
#define PLATFORM_SPAWN_H

#include <stdint.h>

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

/*
 * Run path (absolute) with argv { path, NULL } and the present environment,
 * stderr on /dev/null, request on its stdin, key_fd (or -1) as descriptor 3,
 * nothing else inherited. Append what it writes to stdout to answer, until
 * it closes it; reap it. After deadline_ms (clock_mono_ms()) it is killed.
 * ret_status: as waitpid() gives it.
 * RC_INTERNAL: cannot be started; why. RC_TIMEOUT: the deadline.
 * RC_TOO_LARGE: more than answer has room for.
 */
NODISCARD enum rc spawn_call(const char *path, struct span request, int key_fd,
			     int64_t deadline_ms, struct safebuf *answer,
			     int *ret_status, struct why *why);

/*
 * Start path detached: a session of its own, 0-2 on /dev/null but for the
 * request on 0, none of our descriptors, not our child (double fork), so
 * that nobody waits for it and no terminal kills it.
 */
NODISCARD enum rc spawn_detached(const char *path, struct span request,
				 struct why *why);

#endif
