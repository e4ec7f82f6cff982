/*
 * A buffer for secrets: a mapping of its own with a fixed capacity, locked
 * in memory where the limit allows, left out of core dumps, wiped on fork,
 * wiped and unmapped when freed. It never moves and never grows.
 *
 * Appending never returns an error: the first append that does not fit, or
 * is refused, marks the buffer as failed, and one check at the end tells.
 */
#ifndef CORE_SAFEBUF_H
#define CORE_SAFEBUF_H

#include <stdint.h>

#include "core/rc.h"
#include "core/span.h"

struct safebuf;

/*
 * New, empty, for at most capacity bytes (more than 0).
 * ret: release with safebuf_free(). RC_INTERNAL: no memory.
 */
NODISCARD enum rc safebuf_new(size_t capacity, struct safebuf **ret);
/* NULL is fine. Wipes. Returns NULL. */
struct safebuf *safebuf_free(struct safebuf *b);

/* What it holds, valid until the next change. A failed buffer is empty. */
struct span safebuf_view(const struct safebuf *b);
size_t safebuf_len(const struct safebuf *b);
size_t safebuf_room(const struct safebuf *b);

void safebuf_put(struct safebuf *b, struct span s);
void safebuf_puts(struct safebuf *b, const char *text);
void safebuf_putc(struct safebuf *b, char c);
void safebuf_put_u64(struct safebuf *b, uint64_t n);
void safebuf_put_i64(struct safebuf *b, int64_t n);
/*
 * "key=value" LF. Fails the buffer when value is not span_is_clean() or key
 * holds a "=": a line of a credential protocol cannot be broken from inside.
 */
void safebuf_put_line(struct safebuf *b, const char *key, struct span value);
/* Mark as failed, e.g. by an encoder that met a byte it refuses. */
void safebuf_fail(struct safebuf *b);
/* RC_OK, or RC_TOO_LARGE once an append failed. */
NODISCARD enum rc safebuf_check(const struct safebuf *b);

/* Forget the contents (wiped) and a failure. */
void safebuf_clear(struct safebuf *b);
/* Keep the first len bytes (at most the present length), wipe the rest. */
void safebuf_cut(struct safebuf *b, size_t len);

/*
 * For readers: the free part of the buffer, and telling how much of it was
 * filled (at most safebuf_room()). What is written there and not told is not
 * wiped.
 */
char *safebuf_tail(struct safebuf *b);
void safebuf_grown(struct safebuf *b, size_t n);
/* In-place access for decoders; safebuf_len() bytes. */
char *safebuf_bytes(struct safebuf *b);

/* Overwrite in a way that the compiler keeps. */
void wipe(void *at, size_t len);

#endif
