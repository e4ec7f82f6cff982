#include "platform/fdio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/num.h"
#include "platform/clock.h"

#include "core/banned.h"

const char *
fdio_error_text(int error)
{
	const char *text;

	switch (error) {
	case EPERM:
		return "operation not permitted";
	case ENOENT:
		return "no such file or directory";
	case EINTR:
		return "interrupted";
	case EIO:
		return "input/output error";
	case EBADF:
		return "not open";
	case EAGAIN:
		return "temporarily unavailable";
	case ENOMEM:
		return "out of memory";
	case EACCES:
		return "permission denied";
	case EEXIST:
		return "file exists";
	case ENOTDIR:
		return "not a directory";
	case EISDIR:
		return "is a directory";
	case EINVAL:
		return "invalid argument";
	case ENFILE:
	case EMFILE:
		return "too many open files";
	case EFBIG:
		return "file too large";
	case ENOSPC:
		return "no space left on the device";
	case EROFS:
		return "read-only file system";
	case EPIPE:
		return "the other side closed it";
	case ENAMETOOLONG:
		return "name too long";
	case ELOOP:
		return "a symbolic link";
	case EDQUOT:
		return "disk quota exceeded";
	case ENOEXEC:
		return "not a program";
	case ECONNREFUSED:
		return "connection refused";
	case ETIMEDOUT:
		return "timed out";
	default:
		text = strerrordesc_np(error);
		return text == NULL ? "unknown error" : text;
	}
}

/* Wait until fd is ready for events, or shows an error by the next call. */
static enum rc
await(int fd, short events, int64_t deadline_ms, struct why *why)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left_ms;
	int wait_ms = -1;
	int n;

	for (;;) {
		if (deadline_ms != 0) {
			left_ms = deadline_ms - clock_mono_ms();
			if (left_ms <= 0)
				return why_set(why, RC_TIMEOUT, "%s in time",
					       events == POLLIN
						       ? "nothing came"
						       : "nothing was taken");
			wait_ms = left_ms > INT_MAX ? INT_MAX : (int)left_ms;
		}
		n = poll(&p, 1, wait_ms);
		if (n > 0)
			return RC_OK;
		if (n < 0 && errno != EINTR)
			return why_set(why, RC_INTERNAL, "cannot wait: %s",
				       fdio_error_text(errno));
	}
}

/* read(2), waiting as long as the deadline allows. */
static enum rc
read_once(int fd, int64_t deadline_ms, char *at, size_t room, size_t *ret_n,
	  struct why *why)
{
	enum rc rc;
	ssize_t n;

	if (deadline_ms != 0 &&
	    (rc = await(fd, POLLIN, deadline_ms, why)) != RC_OK)
		return rc;
	while ((n = read(fd, at, room)) < 0) {
		if (errno != EINTR && errno != EAGAIN)
			return why_set(why, RC_INTERNAL, "cannot read: %s",
				       fdio_error_text(errno));
		if ((rc = await(fd, POLLIN, deadline_ms, why)) != RC_OK)
			return rc;
	}
	*ret_n = (size_t)n;
	return RC_OK;
}

enum rc
fdio_read_some(int fd, int64_t deadline_ms, struct safebuf *out, bool *ret_end,
	       struct why *why)
{
	char probe = 0;
	size_t room;
	size_t n = 0;
	enum rc rc;

	if ((rc = safebuf_check(out)) != RC_OK)
		return why_set(why, rc, "the buffer is full");
	room = safebuf_room(out);
	if (room > 0) {
		rc = read_once(fd, deadline_ms, safebuf_tail(out), room, &n,
			       why);
		if (rc != RC_OK)
			return rc;
		safebuf_grown(out, n);
	} else {
		/* Only the end of file may come now. */
		rc = read_once(fd, deadline_ms, &probe, 1, &n, why);
		wipe(&probe, sizeof(probe));
		if (rc != RC_OK)
			return rc;
		if (n > 0)
			return why_set(why, RC_TOO_LARGE, "more than %zu bytes",
				       safebuf_len(out));
	}
	*ret_end = n == 0;
	return RC_OK;
}

enum rc
fdio_read_all(int fd, int64_t deadline_ms, struct safebuf *out, struct why *why)
{
	bool end = false;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !end)
		rc = fdio_read_some(fd, deadline_ms, out, &end, why);
	return rc;
}

enum rc
fdio_write_some(int fd, struct span s, size_t *ret_written, struct why *why)
{
	ssize_t n;

	do
		n = write(fd, s.at, s.len);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN)
		return why_set(why, RC_INTERNAL, "cannot write: %s",
			       fdio_error_text(errno));
	*ret_written = n < 0 ? 0 : (size_t)n;
	return RC_OK;
}

enum rc
fdio_write_all(int fd, struct span s, int64_t deadline_ms, struct why *why)
{
	struct span part;
	size_t n;
	enum rc rc;

	while (s.len > 0) {
		part = s;
		if (deadline_ms != 0) {
			rc = await(fd, POLLOUT, deadline_ms, why);
			if (rc != RC_OK)
				return rc;
			/* A ready pipe takes this much without blocking. */
			part = span_cut(s, 0, PIPE_BUF);
		}
		if ((rc = fdio_write_some(fd, part, &n, why)) != RC_OK)
			return rc;
		if (n == 0 &&
		    (rc = await(fd, POLLOUT, deadline_ms, why)) != RC_OK)
			return rc;
		s = span_from(s, n);
	}
	return RC_OK;
}

int
fdio_close(int fd)
{
	/* Linux has closed it even when close() was interrupted. */
	if (fd != -1)
		(void)close(fd);
	return -1;
}

/* For kernels without close_range(2). */
static enum rc
close_listed(int first, struct why *why)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	uint64_t fd;

	if (dir == NULL)
		return why_set(why, RC_INTERNAL, "cannot list descriptors: %s",
			       fdio_error_text(errno));
	while ((entry = readdir(dir)) != NULL) {
		if (num_parse_u64(span_of(entry->d_name), (uint64_t)first,
				  INT_MAX, &fd) == RC_OK &&
		    (int)fd != dirfd(dir))
			(void)close((int)fd);
	}
	closedir(dir);
	return RC_OK;
}

enum rc
fdio_close_from(int first, struct why *why)
{
	if (close_range((unsigned)first, ~0U, 0) == 0)
		return RC_OK;
	return close_listed(first, why);
}

enum rc
fdio_pipe(int *ret_read, int *ret_write, struct why *why)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return why_set(why, RC_INTERNAL, "cannot make a pipe: %s",
			       fdio_error_text(errno));
	*ret_read = fds[0];
	*ret_write = fds[1];
	return RC_OK;
}
