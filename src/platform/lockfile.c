/*
 * The lock MUST never be a security boundary and MUST never be unlinked:
 * somebody may be waiting on the file. Whatever is odd about the directory or
 * the file means "go on without", and nothing of it is repaired or written.
 */
#include "platform/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/lines.h"
#include "platform/clock.h"
#include "platform/fdio.h"
#include "platform/paths.h"

#include "core/banned.h"

struct lockfile {
	int fd;
};

#define SUFFIX ".lock"
#define FILE_NAME_MAX (NAME_LEN_MAX + sizeof(SUFFIX))
#define PAUSE_MIN_MS 5
#define PAUSE_MAX_MS 100

/* A descriptor of the directory, or -1. */
static int
open_dir(bool make)
{
	char path[PATHS_MAX];
	struct stat st;
	int fd;

	if (paths_runtime(path, sizeof(path)) != RC_OK)
		return -1;
	/* That it exists is the usual case. */
	if (make)
		(void)mkdir(path, 0700);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) != 0 || st.st_uid != geteuid() ||
	    (st.st_mode & 0777) != 0700)
		fd = fdio_close(fd);
	return fd;
}

/* The app's file, or -1 when it is not a plain one of ours. */
static int
open_file(struct span app, int flags)
{
	char name[FILE_NAME_MAX];
	struct stat st;
	int dir;
	int fd;

	if (!lines_name_is_valid(app))
		return -1;
	(void)snprintf(name, sizeof(name), "%.*s" SUFFIX, (int)app.len, app.at);
	dir = open_dir((flags & O_CREAT) != 0);
	if (dir == -1)
		return -1;
	/* O_NONBLOCK: a fifo in its place must not hang us. */
	fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		    0600);
	fdio_close(dir);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || (st.st_mode & 0777) != 0600 ||
	    st.st_nlink > 1)
		fd = fdio_close(fd);
	return fd;
}

/* RC_OK with the lock held; the file stays open in any case. */
static enum rc
lock(int fd, int64_t deadline_ms, bool *ret_waited)
{
	int64_t pause_ms = PAUSE_MIN_MS;
	bool waited = false;
	int64_t left_ms;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return RC_UNAVAILABLE;
		waited = true;
		left_ms = deadline_ms - clock_mono_ms();
		if (left_ms <= 0)
			return RC_TIMEOUT;
		clock_sleep_ms(pause_ms < left_ms ? pause_ms : left_ms);
		pause_ms *= 2;
		if (pause_ms > PAUSE_MAX_MS)
			pause_ms = PAUSE_MAX_MS;
	}
	*ret_waited = waited;
	return RC_OK;
}

enum rc
lockfile_take(struct span app, int64_t deadline_ms, struct lockfile **ret,
	      bool *ret_waited)
{
	struct lockfile *l = NULL;
	bool waited = false;
	int fd = -1;
	enum rc rc;

	fd = open_file(app, O_RDWR | O_CREAT);
	if (fd == -1) {
		rc = RC_UNAVAILABLE;
		goto out;
	}
	if ((rc = lock(fd, deadline_ms, &waited)) != RC_OK)
		goto out;
	l = calloc(1, sizeof(*l));
	if (l == NULL) {
		rc = RC_UNAVAILABLE;
		goto out;
	}
	l->fd = fd;
	fd = -1; /* the lock owns it now */
	*ret = l;
	*ret_waited = waited;
out:
	fdio_close(fd);
	return rc;
}

struct lockfile *
lockfile_release(struct lockfile *l)
{
	if (l == NULL)
		return NULL;
	/* Closing unlocks: no child ever gets a copy. */
	fdio_close(l->fd);
	free(l);
	return NULL;
}

static void
read_note(int fd, const char *boot_id, struct note *ret)
{
	struct safebuf *text = NULL;

	*ret = (struct note){ 0 };
	if (fd != -1 && safebuf_new(NOTE_MAX, &text) == RC_OK &&
	    lseek(fd, 0, SEEK_SET) == 0 &&
	    fdio_read_all(fd, 0, text, NULL) == RC_OK)
		note_parse(safebuf_view(text), boot_id, ret);
	safebuf_free(text);
}

void
lockfile_note(const struct lockfile *l, const char *boot_id, struct note *ret)
{
	read_note(l == NULL ? -1 : l->fd, boot_id, ret);
}

void
lockfile_set_note(struct lockfile *l, const char *boot_id, const struct note *n)
{
	struct safebuf *text = NULL;

	if (l == NULL || safebuf_new(NOTE_MAX, &text) != RC_OK)
		return;
	/*
	 * Emptied first: whoever peeks between the calls finds no note, never
	 * the tail of another one.
	 */
	if (note_encode(n, boot_id, text) == RC_OK &&
	    ftruncate(l->fd, 0) == 0 && lseek(l->fd, 0, SEEK_SET) == 0)
		(void)!fdio_write_all(l->fd, safebuf_view(text), 0, NULL);
	safebuf_free(text);
}

void
lockfile_peek(struct span app, const char *boot_id, struct note *ret)
{
	int fd = open_file(app, O_RDONLY);

	read_note(fd, boot_id, ret);
	fdio_close(fd);
}
