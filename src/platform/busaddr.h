/* Which session bus is ours to talk to. */
#ifndef PLATFORM_BUSADDR_H
#define PLATFORM_BUSADDR_H

#include "core/rc.h"

#define BUSADDR_MAX 512

/*
 * $DBUS_SESSION_BUS_ADDRESS, else unix:path=$XDG_RUNTIME_DIR/bus if that
 * socket exists; never autolaunch. Only "unix:" with path= or abstract=
 * (and guid=) is accepted: "tcp:", "unixexec:", lists are refused.
 * RC_UNAVAILABLE: none, or one that we refuse; why says which variable, and
 * how to do without a bus.
 */
NODISCARD enum rc busaddr_get(char *out, size_t size, struct why *why);

/*
 * Connect to it: is anyone there, and is the peer's uid ours (or root's
 * when we are root)? Closes again. RC_UNAVAILABLE with why. At most 5 s.
 */
NODISCARD enum rc busaddr_probe(const char *address, struct why *why);

#endif
