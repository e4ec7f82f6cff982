/*
 * The note in an app's lock file: what the last holder has to tell the next
 * one. No secret: classes, times, one sanitised sentence. All times are the
 * boot clock in milliseconds, 0 for "never"; a note of another boot is void.
 */
#ifndef CORE_NOTE_H
#define CORE_NOTE_H

#include <stdint.h>

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"
#include "core/token.h"

#define NOTE_MAX 1024

struct note {
	int64_t minted_ms;	   /* last successful mint */
	int64_t rejected_ms;	   /* last time a cached token was rejected */
	bool rejected_again;	   /* a replacement was rejected as well */
	int64_t failed_ms;	   /* last failed mint */
	enum rc failed;		   /* its class; RC_OK: none */
	struct why why;		   /* its sentence */
	int64_t hold_until_ms;	   /* Retry-After: no mint before */
	int64_t refresh_failed_ms; /* last failed refresh in the background */
};

/* An empty or odd text, or one of another boot, gives the empty note. */
void note_parse(struct span text, const char *boot_id, struct note *ret);
/*
 * Append. out has room for NOTE_MAX. A byte of the sentence that is not
 * printable ASCII becomes "?". RC_INVALID: no boot id, a time before 0, an
 * inner result as class. RC_TOO_LARGE.
 */
NODISCARD enum rc note_encode(const struct note *n, const char *boot_id,
			      struct safebuf *out);

#endif
