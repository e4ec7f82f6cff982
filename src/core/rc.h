/*
 * Results: one enumeration of failure classes for the whole project, and
 * the sentence that goes with a failure.
 *
 * The classes up to RC_INTERNAL reach a person, each with a fixed exit
 * status; the inner ones after it never leave the program: whoever gets one
 * either handles it or turns it into a class.
 */
#ifndef CORE_RC_H
#define CORE_RC_H

#include <stdbool.h>
#include <stddef.h>

#include "core/limits.h"

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum rc {
	RC_OK = 0,
	/* Classes that a person can meet. */
	RC_NOT_OURS,	    /* no app serves the place */
	RC_USAGE,	    /* wrong arguments */
	RC_BAD_REQUEST,	    /* not the protocol, or a store we refuse */
	RC_NO_APP,	    /* unknown app name */
	RC_LOCKED,	    /* the keyring is locked, nobody may ask */
	RC_DISMISSED,	    /* the keyring's prompt was refused */
	RC_UNAVAILABLE,	    /* no bus, no Secret Service, or it died */
	RC_KEYRING_TIMEOUT, /* the keyring did not answer in time */
	RC_KEY_MISSING,	    /* no key in an unlocked keyring */
	RC_KEY_BAD,	    /* a key that cannot be used, or two of them */
	RC_CACHE_BAD,	    /* an odd record: a miss */
	RC_REFUSED,	    /* 3xx, or 4xx other than 408 and 429 */
	RC_CLOCK,	    /* refused, and our clock is the reason */
	RC_BAD_ANSWER,	    /* 2xx without a usable token; bad HTTP */
	RC_BUSY,	    /* 408, 429, 5xx until the attempts ran out */
	RC_NET,		    /* no connection */
	RC_TLS,		    /* not the server we trust */
	RC_TIMEOUT,	    /* the deadline passed */
	RC_CONFIG,	    /* this app's configuration */
	RC_LIFE,	    /* no token lives as long as was asked for */
	RC_INTERNAL,	    /* memory, descriptors, disk, a bug */
	/* Inner results. */
	RC_NOT_FOUND, /* proven absent */
	RC_INVALID,   /* bytes that do not have the required form */
	RC_TOO_LARGE, /* a limit of limits.h is passed */
	RC_COUNT
};

/*
 * Why something failed: "cause; next step", one lower-case sentence without
 * a full stop, subjects in single quotes, never a secret. Foreign text goes
 * in through clean_text() only.
 */
struct why {
	char text[WHY_MAX];
};

/* The class's name without RC_, e.g. "LOCKED"; "?" for a wrong number. */
const char *rc_name(enum rc rc);

/*
 * The class whose rc_name() is name (NUL-terminated).
 * RC_INVALID: no such class. *ret is untouched then.
 */
NODISCARD enum rc rc_from_name(const char *name, enum rc *ret);

/* Exit status of a class, apptoken(1), EXIT STATUS. Inner results give 1. */
int rc_exit_status(enum rc rc);

/*
 * Set why (may be NULL) to the formatted text, cut at WHY_MAX - 1 bytes.
 * Returns rc, so that "return why_set(why, RC_NET, …)" reads well.
 */
enum rc why_set(struct why *why, enum rc rc, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Put "what: " before the text that why (may be NULL) already holds. */
void why_wrap(struct why *why, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
