/*
 * All checks MUST be made on the descriptor that is then read, so that no
 * exchange of the file in between decides anything. A file that is replaced
 * MUST be there, old or new and whole, at every moment.
 */
#include "platform/trustfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/fdio.h"

#include "core/banned.h"

/* Two of them and the words fit in a struct why. */
#define SHOWN_MAX 90
/* Of 64 bits of chance even the second try is never seen. */
#define TEMPORARY_TRIES 8

#define OTHERS_WRITE 0022
#define OTHERS_READ 0044

/* A path as messages show it: "%s%s" of these two. */
static const char *
dots(const char *path)
{
	return strlen(path) > SHOWN_MAX ? "..." : "";
}

static const char *
tail(const char *path)
{
	size_t len = strlen(path);

	return len > SHOWN_MAX ? path + len - SHOWN_MAX : path;
}

static enum rc
cannot(const char *verb, const char *path, enum rc rc, struct why *why)
{
	int error = errno;

	if (error == ELOOP)
		return why_set(why, rc,
			       "'%s%s' is a symbolic link; put the file itself "
			       "there",
			       dots(path), tail(path));
	if (error == ENXIO)
		return why_set(why, rc,
			       "'%s%s' is not a regular file; put one there",
			       dots(path), tail(path));
	return why_set(why, rc,
		       "cannot %s '%s%s': %s; check the file and the "
		       "directories above it",
		       verb, dots(path), tail(path), fdio_error_text(error));
}

static enum rc
check_kind(const char *path, const struct stat *st, size_t max, enum rc rc,
	   struct why *why)
{
	if (!S_ISREG(st->st_mode))
		return why_set(why, rc,
			       "'%s%s' is not a regular file; put one there",
			       dots(path), tail(path));
	if (st->st_size < 0 || (uintmax_t)st->st_size > max)
		return why_set(why, rc,
			       "'%s%s' is larger than %zu bytes; check that it "
			       "is the right file",
			       dots(path), tail(path), max);
	return RC_OK;
}

/* The owner of what has none in this user namespace: user_namespaces(7). */
#define OVERFLOW_UID 65534

/* Are some users of the machine unknown here? Then its root is one of them,
 * or we are root by name only. */
static bool
is_in_user_namespace(void)
{
	static const char whole[] = "4294967295";
	char map[256] = "";
	int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? 0 : read(fd, map, sizeof(map) - 1);

	fdio_close(fd);
	return n > 0 && strstr(map, whole) == NULL;
}

static enum rc
check_trust(const char *path, const struct stat *st, bool installed,
	    struct why *why)
{
	if (st->st_uid != geteuid() && st->st_uid != 0 &&
	    !(installed && st->st_uid == OVERFLOW_UID &&
	      is_in_user_namespace()))
		return why_set(why, RC_CONFIG,
			       "'%s%s' belongs to another user; check what is "
			       "in it and make it your own",
			       dots(path), tail(path));
	if ((st->st_mode & OTHERS_WRITE) != 0)
		return why_set(why, RC_CONFIG,
			       "'%s%s' is writable by others; run 'chmod go-w "
			       "%s%s'",
			       dots(path), tail(path), dots(path), tail(path));
	return RC_OK;
}

static enum rc
read_trusted(const char *path, size_t max, bool installed, struct safebuf **ret,
	     struct why *why)
{
	struct safebuf *text = NULL;
	struct stat st;
	int fd = -1;
	enum rc rc = RC_OK;

	if (path[0] != '/') {
		rc = why_set(why, RC_CONFIG,
			     "'%s%s' is not an absolute path; write it from "
			     "the first '/' on",
			     dots(path), tail(path));
		goto out;
	}
	/* O_NONBLOCK: a fifo must not hang us. */
	fd = open(path,
		  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR)) {
		rc = why_set(why, RC_NOT_FOUND, "'%s%s' does not exist",
			     dots(path), tail(path));
		goto out;
	}
	if (fd == -1 || fstat(fd, &st) != 0) {
		rc = cannot("open", path, RC_CONFIG, why);
		goto out;
	}
	if ((rc = check_kind(path, &st, max, RC_CONFIG, why)) != RC_OK ||
	    (rc = check_trust(path, &st, installed, why)) != RC_OK)
		goto out;
	/* No larger than needed: locked memory is scarce. */
	rc = safebuf_new(st.st_size > 0 ? (size_t)st.st_size : 1, &text);
	if (rc != RC_OK) {
		rc = why_set(why, rc, "out of memory");
		goto out;
	}
	if ((rc = fdio_read_all(fd, 0, text, why)) != RC_OK) {
		if (rc == RC_TOO_LARGE)
			(void)why_set(why, rc, "it grew meanwhile; try again");
		why_wrap(why, "cannot read '%s%s'", dots(path), tail(path));
		rc = RC_CONFIG;
		goto out;
	}

	*ret = text;
	text = NULL; /* the caller owns it now */
out:
	fdio_close(fd);
	safebuf_free(text);
	return rc;
}

enum rc
trustfile_read(const char *path, size_t max, struct safebuf **ret,
	       struct why *why)
{
	return read_trusted(path, max, false, ret, why);
}

enum rc
trustfile_read_installed(const char *path, size_t max, struct safebuf **ret,
			 struct why *why)
{
	return read_trusted(path, max, true, ret, why);
}

enum rc
trustfile_open_key(const char *path, size_t max, int *ret_fd,
		   bool *ret_open_to_others, struct why *why)
{
	struct stat st;
	int fd = -1;
	enum rc rc;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1 || fstat(fd, &st) != 0) {
		rc = cannot("open", path, RC_KEY_BAD, why);
		goto out;
	}
	if ((rc = check_kind(path, &st, max, RC_KEY_BAD, why)) != RC_OK)
		goto out;

	*ret_open_to_others = (st.st_mode & OTHERS_READ) != 0;
	*ret_fd = fd;
	fd = -1; /* the caller owns it now */
out:
	fdio_close(fd);
	return rc;
}

/* Make every directory above path that is missing; writes in path. */
static enum rc
make_dirs(char *path, struct why *why)
{
	for (char *at = path + 1; (at = strchr(at, '/')) != NULL; at++) {
		int error = 0;

		*at = '\0';
		if (mkdir(path, 0700) != 0)
			error = errno;
		/* A read-only file system may say so of what exists. */
		if (error != 0 && error != EEXIST && access(path, X_OK) != 0) {
			errno = error;
			return cannot("make", path, RC_CONFIG, why);
		}
		*at = '/';
	}
	return RC_OK;
}

/* Of the file that is replaced; of a new one. */
struct look {
	bool exists;
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

static enum rc
see_old(int dir, const char *name, const char *path, struct look *ret,
	struct why *why)
{
	struct look look = { .mode = 0600 };
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno != ENOENT)
			return cannot("replace", path, RC_CONFIG, why);
	} else if (S_ISLNK(st.st_mode)) {
		errno = ELOOP;
		return cannot("replace", path, RC_CONFIG, why);
	} else if (!S_ISREG(st.st_mode)) {
		errno = ENXIO;
		return cannot("replace", path, RC_CONFIG, why);
	} else {
		look.exists = true;
		look.uid = st.st_uid;
		look.gid = st.st_gid;
		look.mode = st.st_mode & 0777;
	}
	*ret = look;
	return RC_OK;
}

/* A new file with a name of chance; -1 with errno. */
static int
open_temporary(int dir, char *out, size_t size)
{
	uint64_t chance;

	for (int i = 0; i < TEMPORARY_TRIES; i++) {
		int fd;

		if (getrandom(&chance, sizeof(chance), 0) !=
		    (ssize_t)sizeof(chance))
			return -1;
		(void)snprintf(out, size, ".apptoken-%016" PRIx64, chance);
		fd = openat(dir, out,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				    O_CLOEXEC,
			    0600);
		if (fd != -1 || errno != EEXIST)
			return fd;
	}
	return -1;
}

/* Owner, group and mode as before, as far as we may. */
static bool
dress(int fd, const struct look *look)
{
	mode_t mode = look->mode;

	if (!look->exists)
		return true;
	/* Rights of a group that we cannot keep must not go to another one. */
	if (fchown(fd, look->uid, look->gid) != 0 &&
	    fchown(fd, (uid_t)-1, look->gid) != 0)
		mode &= ~(mode_t)0070;
	return fchmod(fd, mode) == 0;
}

enum rc
trustfile_replace(const char *path, struct span text, struct why *why)
{
	char temporary[40] = "";
	char whole[PATH_MAX];
	struct look look = { 0 };
	char *slash;
	int dir = -1;
	int fd = -1;
	enum rc rc;

	if (path[0] != '/' || !span_copy(span_of(path), whole, sizeof(whole))) {
		rc = why_set(why, RC_CONFIG,
			     "'%s%s' is too long or not an absolute path; name "
			     "another file",
			     dots(path), tail(path));
		goto out;
	}
	if ((rc = make_dirs(whole, why)) != RC_OK)
		goto out;
	slash = strrchr(whole, '/');
	*slash = '\0';
	dir = open(slash == whole ? "/" : whole,
		   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1) {
		rc = cannot("replace", path, RC_CONFIG, why);
		goto out;
	}
	if ((rc = see_old(dir, slash + 1, path, &look, why)) != RC_OK)
		goto out;
	fd = open_temporary(dir, temporary, sizeof(temporary));
	if (fd == -1) {
		temporary[0] = '\0';
		rc = cannot("replace", path, RC_CONFIG, why);
		goto out;
	}
	if (fdio_write_all(fd, text, 0, why) != RC_OK) {
		why_wrap(why, "cannot replace '%s%s'", dots(path), tail(path));
		rc = RC_CONFIG;
		goto out;
	}
	if (!dress(fd, &look) || fsync(fd) != 0 ||
	    renameat(dir, temporary, dir, slash + 1) != 0) {
		rc = cannot("replace", path, RC_CONFIG, why);
		goto out;
	}
	temporary[0] = '\0';
	/* The new file is in place; some file systems cannot do this. */
	(void)fsync(dir);
out:
	if (temporary[0] != '\0')
		(void)unlinkat(dir, temporary, 0);
	fdio_close(fd);
	fdio_close(dir);
	return rc;
}
