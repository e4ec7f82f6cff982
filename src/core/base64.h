/* Base64 as RFC 4648: url-safe without padding (section 5) and plain. */
#ifndef CORE_BASE64_H
#define CORE_BASE64_H

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

/* Append; no padding, "-" and "_". */
void base64_put_url(struct safebuf *out, struct span bytes);
/* Append; "+" and "/"; padded or not. */
void base64_put(struct safebuf *out, struct span bytes, bool padded);

/*
 * Append the bytes that url-safe text without padding stands for.
 * RC_INVALID: other characters, an impossible length, non-zero spare bits.
 * RC_TOO_LARGE: out is full.
 */
NODISCARD enum rc base64_get_url(struct span text, struct safebuf *out);

#endif
