/*
 * A child MUST get the descriptors named here and no other: git and docker
 * wait until every copy of our stdout is closed. No child MUST outlive its
 * call unless it was meant to, and none MUST stay as a zombie.
 */
#include "platform/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/wire.h"
#include "platform/clock.h"
#include "platform/fdio.h"

#include "core/banned.h"

/* Without pidfd_open(2): between two looks at a child that ends. */
#define LOOK_MS 2
#define KEY_FD WIRE_KEY_FD

/* Our ends of the pipes to a child, -1 once closed. */
struct link {
	pid_t pid;
	int in;	 /* its stdin */
	int out; /* its stdout */
};

static enum rc
cannot_start(const char *path, int error, struct why *why)
{
	return why_set(why, RC_INTERNAL, "cannot start '%s': %s; %s", path,
		       fdio_error_text(error),
		       error == EAGAIN || error == ENOMEM || error == EMFILE ||
				       error == ENFILE
			       ? "try again"
			       : "reinstall apptoken");
}

/*
 * A pipe whose ends have no number that a child is going to use, lest one
 * descriptor overwrites another on its way there.
 */
static enum rc
high_pipe(int *ret_read, int *ret_write, struct why *why)
{
	int ends[2] = { -1, -1 };
	enum rc rc;

	if ((rc = fdio_pipe(&ends[0], &ends[1], why)) != RC_OK)
		goto out;
	for (int i = 0; i < 2; i++) {
		int high;

		if (ends[i] > KEY_FD)
			continue;
		high = fcntl(ends[i], F_DUPFD_CLOEXEC, KEY_FD + 1);
		if (high == -1) {
			rc = why_set(why, RC_INTERNAL,
				     "cannot move a descriptor: %s",
				     fdio_error_text(errno));
			goto out;
		}
		fdio_close(ends[i]);
		ends[i] = high;
	}
	*ret_read = ends[0];
	*ret_write = ends[1];
	ends[0] = ends[1] = -1; /* the caller owns them now */
out:
	fdio_close(ends[0]);
	fdio_close(ends[1]);
	return rc;
}

/*
 * Start path with in and out (-1: nowhere) as 0 and 1, stderr nowhere, key
 * (-1: none) as 3. Returns an errno.
 */
static int
start(const char *path, int in, int out, int key, pid_t *ret)
{
	char *argv[2] = { NULL, NULL };
	posix_spawn_file_actions_t acts;
	char name[PATH_MAX];
	int error;

	/* posix_spawn() wants argv to be writable. */
	if (!span_copy(span_of(path), name, sizeof(name)))
		return ENAMETOOLONG;
	argv[0] = name;
	/* POSIX lets posix_spawn() hide this as the child's exit status. */
	if (access(path, X_OK) != 0)
		return errno;
	if ((error = posix_spawn_file_actions_init(&acts)) != 0)
		return error;
	/* The key first: it may be descriptor 0, which is overwritten next. */
	if (key != -1)
		error = posix_spawn_file_actions_adddup2(&acts, key, KEY_FD);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&acts, in,
							 STDIN_FILENO);
	if (error == 0 && out != -1)
		error = posix_spawn_file_actions_adddup2(&acts, out,
							 STDOUT_FILENO);
	if (error == 0 && out == -1)
		error = posix_spawn_file_actions_addopen(
			&acts, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_addopen(
			&acts, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(
			&acts, key == -1 ? KEY_FD : KEY_FD + 1);
	if (error == 0)
		error = posix_spawn(ret, path, &acts, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&acts);
	return error;
}

static enum rc
wait_for(pid_t pid, int *ret_status, struct why *why)
{
	int status = 0;
	pid_t n;

	do
		n = waitpid(pid, &status, 0);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return why_set(why, RC_INTERNAL, "cannot wait for a child: %s",
			       fdio_error_text(errno));
	*ret_status = status;
	return RC_OK;
}

/* Milliseconds for poll(): -1 without a deadline, 0 when it has passed. */
static int
left_ms(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms == 0)
		return -1;
	left = deadline_ms - clock_mono_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static enum rc
too_late(const char *path, struct why *why)
{
	return why_set(why, RC_TIMEOUT,
		       "'%s' did not answer in time; try again", path);
}

/* Wait until the child has ended; it is not reaped. */
static enum rc
await_end(pid_t pid, const char *path, int64_t deadline_ms, struct why *why)
{
	struct pollfd p = { .events = POLLIN };
	siginfo_t info;
	int wait_ms;
	int n;
	enum rc rc = RC_OK;

	p.fd = pidfd_open(pid, 0);
	for (;;) {
		info.si_pid = 0;
		n = waitid(P_PID, (id_t)pid, &info,
			   WEXITED | WNOHANG | WNOWAIT);
		if (n != 0 || info.si_pid != 0)
			break;
		wait_ms = left_ms(deadline_ms);
		if (wait_ms == 0) {
			rc = too_late(path, why);
			break;
		}
		if (p.fd == -1)
			clock_sleep_ms(LOOK_MS);
		else
			(void)poll(&p, 1, wait_ms);
	}
	fdio_close(p.fd);
	return rc;
}

static void
write_part(struct link *l, struct span *request)
{
	size_t n = 0;

	/* It may answer without having read everything: its answer counts. */
	if (fdio_write_some(l->in, *request, &n, NULL) != RC_OK)
		n = request->len;
	*request = span_from(*request, n);
	if (request->len == 0)
		l->in = fdio_close(l->in);
}

/* Write the request and read the answer, whichever is ready. */
static enum rc
talk(struct link *l, const char *path, struct span request, int64_t deadline_ms,
     struct safebuf *answer, struct why *why)
{
	bool end = false;
	enum rc rc;

	if (request.len == 0)
		l->in = fdio_close(l->in);
	while (!end) {
		struct pollfd p[2] = { { .fd = l->out, .events = POLLIN },
				       { .fd = l->in, .events = POLLOUT } };
		int wait_ms = left_ms(deadline_ms);
		int n;

		if (wait_ms == 0)
			return too_late(path, why);
		n = poll(p, 2, wait_ms);
		if (n < 0 && errno != EINTR)
			return why_set(why, RC_INTERNAL, "cannot wait: %s",
				       fdio_error_text(errno));
		if (n <= 0)
			continue;
		if (p[1].revents != 0)
			write_part(l, &request);
		if (p[0].revents != 0 &&
		    (rc = fdio_read_some(l->out, deadline_ms, answer, &end,
					 why)) != RC_OK)
			return rc;
	}
	return RC_OK;
}

static bool
set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags != -1 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

enum rc
spawn_call(const char *path, struct span request, int key_fd,
	   int64_t deadline_ms, struct safebuf *answer, int *ret_status,
	   struct why *why)
{
	struct link l = { .pid = -1, .in = -1, .out = -1 };
	int child_in = -1;
	int child_out = -1;
	int status = 0;
	int error;
	enum rc rc;

	if ((rc = high_pipe(&child_in, &l.in, why)) != RC_OK ||
	    (rc = high_pipe(&l.out, &child_out, why)) != RC_OK)
		goto out;
	if (!set_nonblocking(l.in) || !set_nonblocking(l.out)) {
		rc = why_set(why, RC_INTERNAL, "cannot set up a pipe: %s",
			     fdio_error_text(errno));
		goto out;
	}
	error = start(path, child_in, child_out, key_fd, &l.pid);
	if (error != 0) {
		l.pid = -1;
		rc = cannot_start(path, error, why);
		goto out;
	}
	child_in = fdio_close(child_in);
	child_out = fdio_close(child_out);
	if ((rc = talk(&l, path, request, deadline_ms, answer, why)) != RC_OK ||
	    (rc = await_end(l.pid, path, deadline_ms, why)) != RC_OK)
		goto out;
	if ((rc = wait_for(l.pid, &status, why)) == RC_OK)
		*ret_status = status;
	l.pid = -1; /* reaped */
out:
	if (l.pid != -1) {
		(void)kill(l.pid, SIGKILL);
		(void)!wait_for(l.pid, &status, NULL);
	}
	fdio_close(child_in);
	fdio_close(child_out);
	fdio_close(l.in);
	fdio_close(l.out);
	return rc;
}

/* The intermediate child: it starts the real one and ends with an errno. */
static _Noreturn void
start_detached(const char *path, int in)
{
	pid_t ignored;

	if (setsid() == -1)
		_exit(errno);
	/* No directory is kept from being unmounted. */
	(void)!chdir("/");
	_exit(start(path, in, -1, -1, &ignored));
}

enum rc
spawn_detached(const char *path, struct span request, struct why *why)
{
	int child_in = -1;
	int in = -1;
	size_t written = 0;
	int status = 0;
	pid_t pid;
	enum rc rc;

	if ((rc = high_pipe(&child_in, &in, why)) != RC_OK)
		goto out;
	/* An empty pipe takes it at once: nobody has to wait for the child. */
	if (!set_nonblocking(in) ||
	    fdio_write_some(in, request, &written, NULL) != RC_OK ||
	    written != request.len) {
		rc = why_set(why, RC_INTERNAL,
			     "the request does not fit into a pipe");
		goto out;
	}
	pid = fork();
	if (pid == 0)
		start_detached(path, child_in);
	if (pid == -1) {
		rc = cannot_start(path, errno, why);
		goto out;
	}
	if ((rc = wait_for(pid, &status, why)) != RC_OK)
		goto out;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		rc = cannot_start(path,
				  WIFEXITED(status) ? WEXITSTATUS(status) : EIO,
				  why);
out:
	fdio_close(child_in);
	fdio_close(in);
	return rc;
}
