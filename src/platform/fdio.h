/*
 * Descriptors: EINTR and short transfers are dealt with here and nowhere
 * else. Deadlines are CLOCK_MONOTONIC milliseconds (clock_mono_ms()); 0
 * means none.
 */
#ifndef PLATFORM_FDIO_H
#define PLATFORM_FDIO_H

#include <stdint.h>

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

/*
 * Append what fd gives until end of file.
 * RC_TOO_LARGE: more than the buffer has room for. RC_TIMEOUT: the deadline.
 * RC_INTERNAL: read failed, why names errno's text.
 */
NODISCARD enum rc fdio_read_all(int fd, int64_t deadline_ms,
				struct safebuf *out, struct why *why);

/*
 * Append one read's worth (at least 1 byte unless the end is reached).
 * ret_end: whether end of file was met.
 */
NODISCARD enum rc fdio_read_some(int fd, int64_t deadline_ms,
				 struct safebuf *out, bool *ret_end,
				 struct why *why);

/* Write all of it. RC_INTERNAL (EPIPE included), RC_TIMEOUT. */
NODISCARD enum rc fdio_write_all(int fd, struct span s, int64_t deadline_ms,
				 struct why *why);

/*
 * Write what fd takes now; *ret_written is 0 when a non-blocking one takes
 * nothing. RC_INTERNAL (EPIPE included).
 */
NODISCARD enum rc fdio_write_some(int fd, struct span s, size_t *ret_written,
				  struct why *why);

/* Close if not -1; returns -1, so that "fd = fdio_close(fd)" reads well. */
int fdio_close(int fd);

/* A pipe with both ends close-on-exec. RC_INTERNAL. */
NODISCARD enum rc fdio_pipe(int *ret_read, int *ret_write, struct why *why);

/* Close first and every descriptor above it. RC_INTERNAL. */
NODISCARD enum rc fdio_close_from(int first, struct why *why);

/* An errno in words, lower case, for a struct why. A loan for ever. */
const char *fdio_error_text(int error);

#endif
