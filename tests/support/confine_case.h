/* What the tests of platform/confine.c share. All of it runs in children. */
#ifndef SUPPORT_CONFINE_CASE_H
#define SUPPORT_CONFINE_CASE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/private.h"

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

static inline size_t
count(char **env)
{
	size_t n = 0;

	while (env[n] != NULL)
		n++;
	return n;
}

static char *const allowed[] = {
	"HOME=/h",
	"USER=u",
	"LOGNAME=l",
	"TERM=t",
	"XDG_RUNTIME_DIR=/r",
	"XDG_CONFIG_HOME=/c",
	"DBUS_SESSION_BUS_ADDRESS=unix:path=/b",
	"DISPLAY=:0",
	"WAYLAND_DISPLAY=w",
	"GIT_TERMINAL_PROMPT=0",
	"APPTOKEN_CONFIG=/a",
	NULL,
};

/* An environment of at most 31 entries, in place of the present one. */
static inline void
enter(char *const *entries)
{
	static char *env[32];
	size_t n = 0;

	while (entries[n] != NULL && n < 31) {
		env[n] = entries[n];
		n++;
	}
	env[n] = NULL;
	environ = env;
}

static inline void
check_process(bool no_new_privileges)
{
	struct sigaction act;
	struct rlimit core;

	PRIVATE_CHECK(sigaction(SIGPIPE, NULL, &act) == 0);
	PRIVATE_CHECK(act.sa_handler == SIG_IGN);
	PRIVATE_CHECK(sigaction(SIGCHLD, NULL, &act) == 0);
	PRIVATE_CHECK(act.sa_handler == SIG_DFL);
	PRIVATE_CHECK(umask(0) == 077);
	PRIVATE_CHECK(getrlimit(RLIMIT_CORE, &core) == 0);
	PRIVATE_CHECK(core.rlim_cur == 0);
	PRIVATE_CHECK(prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) == IS_SANITIZED);
	PRIVATE_CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) ==
		      (no_new_privileges ? 1 : 0));
}

static inline void
loosen(void)
{
	struct rlimit core;

	PRIVATE_CHECK(getrlimit(RLIMIT_CORE, &core) == 0);
	core.rlim_cur = core.rlim_max < 4096 ? core.rlim_max : 4096;
	PRIVATE_CHECK(setrlimit(RLIMIT_CORE, &core) == 0);
	PRIVATE_CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	PRIVATE_CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	umask(022);
	PRIVATE_CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 0);
	PRIVATE_CHECK(prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L) == 0);
}

static inline bool
is_null(int fd)
{
	struct stat st, null;

	return fstat(fd, &st) == 0 && stat("/dev/null", &null) == 0 &&
	       S_ISCHR(st.st_mode) && st.st_rdev == null.st_rdev;
}

#endif
