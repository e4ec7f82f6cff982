/*
 * Finding the one private key in a PEM text: which block it is, and what
 * was found in its place. Pure text; what is inside the block is sign's job.
 */
#ifndef KEEPER_PEM_H
#define KEEPER_PEM_H

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

/* The next step of every message about a wrong key. */
#define PEM_WANTED                                                             \
	"give the app's RSA private key, a PEM block 'BEGIN PRIVATE KEY'"

/* One block; the spans point into the text. */
struct pem_block {
	struct span text;    /* BEGIN to END line; unset: no END */
	struct span label;   /* between "BEGIN " and the dashes */
	bool old_encryption; /* a Proc-Type header stands inside */
};

/*
 * Append pem with LF for CRLF and for the two characters "\n", which JSON
 * files have in its place.
 */
void pem_put_lines(struct safebuf *out, struct span pem);

/*
 * The only block whose label ends in "PRIVATE KEY".
 * RC_KEY_BAD, why naming what was found: none, several, one that is cut.
 */
NODISCARD enum rc pem_find_key(struct span text, struct pem_block *ret,
			       struct why *why);

/* RC_KEY_BAD, why naming the kind of a block that is no usable key. */
enum rc pem_name_other(const struct pem_block *b, struct why *why);

#endif
