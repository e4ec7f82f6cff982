/*
 * Writing JSON: the few pieces that a flat answer needs. What is written is
 * always valid RFC 8259, whatever the bytes were.
 */
#ifndef CORE_JPUT_H
#define CORE_JPUT_H

#include "core/safebuf.h"
#include "core/span.h"

/*
 * A string with its quotes: quote, backslash and control characters are
 * escaped (short forms where RFC 8259 has them), DEL too; valid UTF-8 passes
 * as it is; a byte that is no part of valid UTF-8 becomes U+FFFD.
 */
void jput_string(struct safebuf *out, struct span s);

/* "key": and then the string. key is a C literal without odd characters. */
void jput_member(struct safebuf *out, const char *key, struct span value);

#endif
