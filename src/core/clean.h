/*
 * The one way for text from the network, the keyring or a client to reach a
 * terminal (R14): printable ASCII, one line, at most FOREIGN_MAX bytes.
 */
#ifndef CORE_CLEAN_H
#define CORE_CLEAN_H

#include "core/rc.h"
#include "core/span.h"

/*
 * Copy s to out (size bytes, at least 1), NUL-terminated: each run of white
 * space or of bytes that are not printable ASCII becomes one blank, blanks
 * at both ends fall off, what does not fit in min(size - 1, FOREIGN_MAX) is
 * cut and the cut shown by "..." at the end. A single quote stays. The
 * result is unchanged by a second pass. Returns out.
 */
const char *clean_text(struct span s, char *out, size_t size);

/*
 * Like clean_text, with every occurrence of secret (8 bytes or longer) in s
 * replaced by "[removed]" first; also any 20 bytes or more in a row that
 * stand in secret, percent-encoded or not, and any 16 of them in hexadecimal
 * or base64. For error texts of a server that reflects what we sent.
 */
const char *clean_text_without(struct span s, struct span secret, char *out,
			       size_t size);

#endif
