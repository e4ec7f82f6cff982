/*
 * One lock per app: makes one mint out of many. It MUST never be a security
 * boundary; losing it costs an extra request. The file is never unlinked
 * (somebody may be waiting on it), and holds the note for the next holder.
 */
#ifndef PLATFORM_LOCKFILE_H
#define PLATFORM_LOCKFILE_H

#include <stdint.h>

#include "core/note.h"
#include "core/rc.h"
#include "core/span.h"

struct lockfile;

/*
 * Take $XDG_RUNTIME_DIR/apptoken/APP.lock: the directory is ours and 0700
 * (made when missing), the file opened relative to it with
 * O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0600, a regular file of ours; flock without
 * blocking, 5 to 100 ms between tries, until deadline_ms
 * (clock_mono_ms()).
 * ret_waited: another process held it at the first try.
 * RC_UNAVAILABLE: no usable directory or file. RC_TIMEOUT: the deadline. In
 * both cases the caller goes on without.
 * ret: release with lockfile_release().
 */
NODISCARD enum rc lockfile_take(struct span app, int64_t deadline_ms,
				struct lockfile **ret, bool *ret_waited);
/* NULL is fine. Returns NULL. */
struct lockfile *lockfile_release(struct lockfile *l);

/* The note; the empty one when there is none (l may be NULL). */
void lockfile_note(const struct lockfile *l, const char *boot_id,
		   struct note *ret);
/* Write it, best effort (l may be NULL). */
void lockfile_set_note(struct lockfile *l, const char *boot_id,
		       const struct note *n);
/* Read the note of an app without taking the lock (for fronts). */
void lockfile_peek(struct span app, const char *boot_id, struct note *ret);

#endif
