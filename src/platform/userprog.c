#include "platform/userprog.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/clock.h"
#include "platform/fdio.h"

#include "core/banned.h"

#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"
#define FAILED_STATUS 127

static const char *
caller_path(const struct confine *c)
{
	for (char **e = c->caller_env; e != NULL && *e != NULL; e++) {
		if (strncmp(*e, "PATH=", 5) == 0)
			return *e + 5;
	}
	return PATH_DEFAULT;
}

bool
userprog_exists(const struct confine *confine, const char *name)
{
	struct span rest = span_of(caller_path(confine));
	char path[4096];

	while (rest.len > 0) {
		size_t end = span_find(rest, ':');
		struct span folder = span_cut(rest, 0, end);
		struct stat st;

		rest = span_from(rest, end + 1);
		/* A relative folder is no place to look for programs. */
		if (folder.len == 0 || folder.at[0] != '/' ||
		    folder.len + strlen(name) + 2 > sizeof(path))
			continue;
		(void)span_copy(folder, path, sizeof(path));
		path[folder.len] = '/';
		(void)span_copy(span_of(name), path + folder.len + 1,
				sizeof(path) - folder.len - 1);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static void
restore_caller(const struct confine *c)
{
	struct rlimit core;

	if (getrlimit(RLIMIT_CORE, &core) == 0) {
		core.rlim_cur = (rlim_t)c->core_limit;
		(void)setrlimit(RLIMIT_CORE, &core);
	}
	(void)umask((mode_t)c->caller_umask);
	signal(SIGPIPE, SIG_DFL);
}

static void
run_child(const struct confine *c, const char *const argv[], int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(FAILED_STATUS);
	restore_caller(c);
	environ = c->caller_env;
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(FAILED_STATUS);
}

enum rc
userprog_run(const struct confine *confine, const char *const argv[],
	     struct safebuf *out, int *ret_status, struct why *why)
{
	int64_t deadline_ms = clock_mono_ms() + KEYRING_CALL_MS;
	int from = -1, to = -1, status;
	pid_t pid;
	enum rc rc;

	if (!userprog_exists(confine, argv[0]))
		return why_set(why, RC_NOT_FOUND,
			       "'%s' is not on PATH; install it", argv[0]);
	if ((rc = fdio_pipe(&from, &to, why)) != RC_OK)
		return rc;
	if ((pid = fork()) == 0)
		run_child(confine, argv, to);
	to = fdio_close(to);
	if (pid < 0) {
		rc = why_set(why, RC_INTERNAL, "cannot start '%s'; try again",
			     argv[0]);
		goto out;
	}
	rc = fdio_read_all(from, deadline_ms, out, why);
	if (rc != RC_OK)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (rc == RC_OK)
		*ret_status = WIFEXITED(status) ? WEXITSTATUS(status)
						: 128 + WTERMSIG(status);
out:
	fdio_close(from);
	return rc;
}

static size_t
count_of(char *const list[])
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

/* Is entry's name one that extra sets anew? */
static bool
is_replaced(const char *entry, char *const extra[])
{
	size_t n = strcspn(entry, "=");

	for (; *extra != NULL; extra++) {
		if (strncmp(entry, *extra, n) == 0 && (*extra)[n] == '=')
			return true;
	}
	return false;
}

enum rc
userprog_become(const struct confine *confine, char *const argv[],
		char *const extra[], struct why *why)
{
	char **fresh;
	size_t n = 0;

	fresh = calloc(count_of(confine->caller_env) + count_of(extra) + 1,
		       sizeof(*fresh));
	if (fresh == NULL)
		return why_set(why, RC_INTERNAL, "out of memory");
	for (char **e = confine->caller_env; e != NULL && *e != NULL; e++) {
		if (!is_replaced(*e, extra))
			fresh[n++] = *e;
	}
	for (; *extra != NULL; extra++)
		fresh[n++] = *extra;
	restore_caller(confine);
	environ = fresh;
	execvp(argv[0], argv);
	n = (size_t)errno;
	environ = confine->caller_env;
	free(fresh);
	return why_set(why, n == ENOENT ? RC_NOT_FOUND : RC_INTERNAL,
		       "cannot run '%.100s': %s; check the command", argv[0],
		       fdio_error_text((int)n));
}
