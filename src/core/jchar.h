/* The characters between the quotes of a JSON string, RFC 8259 section 7. */
#ifndef CORE_JCHAR_H
#define CORE_JCHAR_H

#include <stdint.h>

#include "core/safebuf.h"
#include "core/span.h"

/*
 * Read the character or escape at s[*at] and move *at behind it; a pair of
 * surrogate escapes is one character. *ret may be 0.
 * Returns NULL, or as a fixed text what is wrong there: bad escape, lone
 * surrogate, control character, not UTF-8, end of s. *at may then stand
 * anywhere from where it was up to s.len.
 */
const char *jchar_read(struct span s, size_t *at, uint32_t *ret);

/* The code point of one character: s is what span_utf8_len() measured. */
uint32_t jchar_decode(struct span s);

/* Append one code point (no surrogate, at most U+10FFFF) as UTF-8. */
void jchar_put(struct safebuf *out, uint32_t code);

#endif
