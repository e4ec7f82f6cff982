/* Editing the configuration's text: everything that is not ours stays. */
#ifndef CLI_CONFEDIT_H
#define CLI_CONFEDIT_H

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

/* Append to out: text, an empty line if need be, "[name]" and lines. */
void confedit_add(struct span text, struct span name, struct span lines,
		  struct safebuf *out);

/*
 * Append to out: text without the section name, from its header to its last
 * entry. Comments and empty lines after that entry may belong to what
 * follows, so they stay. RC_NOT_FOUND: there is no such section.
 */
NODISCARD enum rc confedit_remove(struct span text, struct span name,
				  struct safebuf *out);

#endif
