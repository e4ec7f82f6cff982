/*
 * A setuid or setgid start MUST be refused before anything else is read.
 * After confining, environ MUST hold names of the list only, the process MUST
 * be closed to others of its user and MUST NOT dump core.
 */
#include "platform/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/span.h"
#include "platform/fdio.h"

#include "core/banned.h"

#define VALUE_MAX 4096
#define UMASK 077
/* Any byte but 0: freed memory is overwritten with it. */
#define PERTURB 0xa5
/* The first descriptor that the keeper was not meant to get. */
#define FIRST_STRAY 4

/* The address sanitizer attaches to its own process to look for leaks. */
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

static const char *const allowed[] = {
	"HOME",
	"USER",
	"LOGNAME",
	"TERM",
	"XDG_RUNTIME_DIR",
	"XDG_CONFIG_HOME",
	"DBUS_SESSION_BUS_ADDRESS",
	"DISPLAY",
	"WAYLAND_DISPLAY",
	"GIT_TERMINAL_PROMPT",
	"APPTOKEN_CONFIG",
};

#define ALLOWED_COUNT (sizeof(allowed) / sizeof(allowed[0]))

static enum rc
failed(struct why *why, const char *step)
{
	return why_set(why, RC_INTERNAL, "%s failed: %s", step,
		       fdio_error_text(errno));
}

static enum rc
refuse_privileges(struct why *why)
{
	if (getauxval(AT_SECURE) != 0)
		return why_set(why, RC_INTERNAL,
			       "the program runs with the rights of its file; "
			       "remove its setuid and setgid bits and its "
			       "capabilities");
	return RC_OK;
}

static enum rc
open_missing(struct why *why)
{
	/*
	 * Without them the next socket would be stdout. A missing stdout is
	 * opened so that writes fail: whoever closed it must not be told that
	 * it got an answer.
	 */
	static const int modes[] = { O_RDONLY, O_RDONLY, O_RDWR };

	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		/* The lowest free number is fd. */
		if (open("/dev/null", modes[fd] | O_CLOEXEC) != fd ||
		    fcntl(fd, F_SETFD, 0) != 0)
			return failed(why, "opening '/dev/null'");
	}
	return RC_OK;
}

static enum rc
set_signals(struct why *why)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction normal = { .sa_handler = SIG_DFL };

	/* With SIGCHLD ignored, as some callers leave it, the exit status of
	 * a child could not be had. */
	if (sigaction(SIGPIPE, &ignore, NULL) != 0 ||
	    sigaction(SIGCHLD, &normal, NULL) != 0)
		return failed(why, "setting signals");
	return RC_OK;
}

/* Index into allowed; ALLOWED_COUNT when entry ("NAME=value") is not there. */
static size_t
find_allowed(const char *entry)
{
	struct span whole = span_of(entry);
	size_t end = span_find(whole, '=');
	size_t i = 0;

	if (end == whole.len)
		return ALLOWED_COUNT;
	while (i < ALLOWED_COUNT &&
	       !span_is(span_cut(whole, 0, end), allowed[i]))
		i++;
	return i;
}

static bool
value_fits(const char *entry)
{
	return strlen(entry) - strlen(allowed[find_allowed(entry)]) - 1 <=
	       VALUE_MAX;
}

/* The first of each allowed name; what is too long to be meant is dropped. */
static enum rc
replace_environment(struct why *why)
{
	bool seen[ALLOWED_COUNT] = { false };
	size_t size = (ALLOWED_COUNT + 1) * sizeof(char *);
	size_t count = 0;
	char **fresh;

	/* A mapping, all zero: it lives as long as the process. */
	fresh = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fresh == MAP_FAILED)
		return failed(why, "copying the environment");
	for (char **e = environ; e != NULL && *e != NULL; e++) {
		size_t i = find_allowed(*e);

		if (i == ALLOWED_COUNT || seen[i])
			continue;
		seen[i] = true;
		if (value_fits(*e))
			fresh[count++] = *e;
	}
	environ = fresh;
	return RC_OK;
}

static enum rc
refuse_environment(struct why *why)
{
	for (char **e = environ; e != NULL && *e != NULL; e++) {
		if (find_allowed(*e) == ALLOWED_COUNT)
			return why_set(why, RC_USAGE,
				       "an unexpected variable is in the "
				       "environment; use 'apptoken', which "
				       "starts this program by itself");
	}
	return RC_OK;
}

static enum rc
hide_memory(unsigned long *ret_core, struct why *why)
{
	struct rlimit core;

	if (getrlimit(RLIMIT_CORE, &core) != 0)
		return failed(why, "reading the core limit");
	*ret_core = (unsigned long)core.rlim_cur;
	core.rlim_cur = 0;
	if (setrlimit(RLIMIT_CORE, &core) != 0)
		return failed(why, "setting the core limit");
	if (IS_SANITIZED)
		return RC_OK;
	if (prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) != 0)
		return failed(why, "hiding the memory");
#ifdef M_PERTURB
	/* libcurl and GLib free secrets without wiping them. */
	(void)mallopt(M_PERTURB, PERTURB);
#endif
	return RC_OK;
}

static enum rc
no_new_privileges(struct why *why)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0)
		return failed(why, "giving up privileges");
	return RC_OK;
}

enum rc
confine_front_for_exec(struct confine *ret, struct why *why)
{
	struct confine c = { .caller_env = environ };
	enum rc rc;

	if ((rc = refuse_privileges(why)) != RC_OK ||
	    (rc = open_missing(why)) != RC_OK ||
	    (rc = set_signals(why)) != RC_OK)
		return rc;
	c.caller_umask = (unsigned)umask(UMASK);
	if ((rc = replace_environment(why)) != RC_OK ||
	    (rc = hide_memory(&c.core_limit, why)) != RC_OK)
		return rc;
	*ret = c;
	return RC_OK;
}

enum rc
confine_front(struct confine *ret, struct why *why)
{
	struct confine c;
	enum rc rc;

	if ((rc = confine_front_for_exec(&c, why)) != RC_OK ||
	    (rc = no_new_privileges(why)) != RC_OK)
		return rc;
	*ret = c;
	return RC_OK;
}

/* The real stdout moves above the key's descriptor, whether that is open or
 * not; descriptor 1 leads nowhere. */
static enum rc
move_stdout(int *ret_out, struct why *why)
{
	int out = -1;
	int null = -1;
	enum rc rc = RC_OK;

	out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, FIRST_STRAY);
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (out == -1 || null == -1 || dup2(null, STDOUT_FILENO) == -1) {
		rc = failed(why, "moving stdout");
		goto out;
	}
	*ret_out = out;
	out = -1; /* the caller owns it now */
out:
	fdio_close(null);
	fdio_close(out);
	return rc;
}

enum rc
confine_keeper(int *ret_out, struct why *why)
{
	unsigned long core;
	enum rc rc;

	if ((rc = refuse_privileges(why)) != RC_OK ||
	    (rc = open_missing(why)) != RC_OK ||
	    (rc = set_signals(why)) != RC_OK)
		return rc;
	(void)umask(UMASK);
	if ((rc = refuse_environment(why)) != RC_OK ||
	    (rc = replace_environment(why)) != RC_OK ||
	    (rc = hide_memory(&core, why)) != RC_OK ||
	    (rc = no_new_privileges(why)) != RC_OK ||
	    (rc = fdio_close_from(FIRST_STRAY, why)) != RC_OK)
		return rc;
	/* Fails when it is not open, which is fine. */
	(void)fcntl(FIRST_STRAY - 1, F_SETFD, FD_CLOEXEC);
	return move_stdout(ret_out, why);
}

static bool
is_given(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] != '\0';
}

bool
confine_has_display(void)
{
	return is_given("DISPLAY") || is_given("WAYLAND_DISPLAY");
}
