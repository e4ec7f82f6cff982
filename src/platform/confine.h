/*
 * The first thing of every main, in this order, because each step protects
 * the next: refuse AT_SECURE; descriptors 0-2 exist; SIGPIPE ignored, SIGCHLD
 * default, umask 077; environment replaced by an allow-list; no core, not
 * dumpable; perturbed allocator; no new privileges.
 */
#ifndef PLATFORM_CONFINE_H
#define PLATFORM_CONFINE_H

#include <stdbool.h>

#include "core/rc.h"

struct confine {
	char **caller_env;	  /* the caller's environment, for exec; lent */
	unsigned long core_limit; /* the soft limit before */
	unsigned caller_umask;	  /* for exec */
};

/*
 * Confine a front. After it environ holds the allow-list only (HOME USER
 * LOGNAME TERM XDG_RUNTIME_DIR XDG_CONFIG_HOME DBUS_SESSION_BUS_ADDRESS
 * DISPLAY WAYLAND_DISPLAY GIT_TERMINAL_PROMPT APPTOKEN_CONFIG, and PATH is
 * dropped), each value at most 4096 bytes.
 * RC_INTERNAL: started setuid or with file capabilities; a step that must
 * not fail did. why: cause.
 */
NODISCARD enum rc confine_front(struct confine *ret, struct why *why);

/*
 * The same but for "no new privileges", which no child could get rid of: for
 * a front that runs a person's own command, which may be sudo.
 */
NODISCARD enum rc confine_front_for_exec(struct confine *ret, struct why *why);

/*
 * Confine the keeper: the same, but a name in the environment that is not
 * on the list is RC_USAGE (it must have been started by a front); every
 * descriptor above 3 is closed (3 itself may hold the key's file); the real
 * stdout moves to *ret_out (close-on-exec) and descriptor 1 becomes
 * /dev/null, so that a library that prints cannot damage the answer.
 */
NODISCARD enum rc confine_keeper(int *ret_out, struct why *why);

/* Is a graphical session there (DISPLAY or WAYLAND_DISPLAY, not empty)? */
bool confine_has_display(void);

#endif
