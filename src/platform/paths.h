/*
 * Where things are, from the environment (XDG Base Directory Specification:
 * relative values are ignored) and compiled-in directories.
 */
#ifndef PLATFORM_PATHS_H
#define PLATFORM_PATHS_H

#include "core/rc.h"
#include "core/span.h"

#define PATHS_MAX 4096

/*
 * $XDG_CONFIG_HOME/apptoken/NAME, else $HOME/.config/apptoken/NAME.
 * RC_CONFIG: neither is set; why tells which variables to set.
 */
NODISCARD enum rc paths_config(const char *name, char *out, size_t size,
			       struct why *why);
/* SYSCONFDIR/apptoken/config. */
NODISCARD enum rc paths_system_config(char *out, size_t size);
/*
 * $XDG_RUNTIME_DIR/apptoken. RC_NOT_FOUND: the variable is not set to an
 * absolute path.
 */
NODISCARD enum rc paths_runtime(char *out, size_t size);

#endif
