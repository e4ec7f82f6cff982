/*
 * Files that we trust, and files that we replace.
 *
 * A trusted file MUST be a regular file owned by us or root, not writable by
 * group or others, within its cap; all of it is checked on the descriptor
 * that is then read. No symbolic link is followed in the last component.
 */
#ifndef PLATFORM_TRUSTFILE_H
#define PLATFORM_TRUSTFILE_H

#include "core/rc.h"
#include "core/safebuf.h"

/*
 * Read path (absolute) whole into a new buffer of at most max bytes.
 * RC_NOT_FOUND: no such file (or directory). RC_CONFIG: everything else that
 * keeps it from being trusted; why: "'PATH' …cause; next step". A fifo does
 * not hang.
 */
NODISCARD enum rc trustfile_read(const char *path, size_t max,
				 struct safebuf **ret, struct why *why);

/*
 * The same for a file of the installation, in a directory that was compiled
 * in. In a user namespace (rootless podman runs its helpers in one) root's
 * files seem to belong to nobody: there, and only for such a file, that is
 * trusted too.
 */
NODISCARD enum rc trustfile_read_installed(const char *path, size_t max,
					   struct safebuf **ret,
					   struct why *why);

/*
 * Open for reading a file that is handed to the keeper: regular file, size
 * at most max, O_NOFOLLOW not required, any owner.
 * ret_open_to_others: group or others can read it (worth a warning).
 * RC_KEY_BAD with why.
 */
NODISCARD enum rc trustfile_open_key(const char *path, size_t max, int *ret_fd,
				     bool *ret_open_to_others, struct why *why);

/*
 * Replace path by text, atomically: temporary file in the same directory
 * (0600, O_EXCL), write, fsync, rename, fsync of the directory. Missing
 * directories below are made with mode 0700. An existing file's mode is
 * kept. RC_CONFIG with why; the old file is untouched then and no temporary
 * file stays.
 */
NODISCARD enum rc trustfile_replace(const char *path, struct span text,
				    struct why *why);

#endif
