/* A git credential request, as gitcredentials(7) and git-credential(1) say. */
#ifndef HELPERS_GIT_REQUEST_H
#define HELPERS_GIT_REQUEST_H

#include "core/rc.h"
#include "core/span.h"

/* All spans point into the request; unset when the key was absent. */
struct git_request {
	struct span protocol;
	struct span host;
	struct span path;
	struct span username;
	struct span password;	/* secret */
	struct span credential; /* secret */
	struct span authtype;
	struct span expiry;  /* password_expiry_utc */
	struct span refresh; /* oauth_refresh_token; secret */
	struct span ephemeral;
	struct span state;   /* the serial in our own state[], if any */
	bool knows_authtype; /* capability[]=authtype */
	bool knows_state;    /* capability[]=state */
};

/*
 * Parse text: up to its first empty line or its end. Unknown keys are
 * ignored, "key[]=" empties a list. "url" stands for protocol, host and path.
 * RC_NOT_OURS: CR or NUL anywhere, or a single-valued key given twice: the
 * request is nobody's. RC_BAD_REQUEST: a line without "=", or of more than
 * GIT_LINE_MAX bytes; why names its number, never its text.
 */
NODISCARD enum rc git_request_parse(struct span text, struct git_request *ret,
				    struct why *why);

/*
 * Does text hold a whole request: an empty line? from: where to start
 * looking; earlier bytes were looked at before.
 */
bool git_request_is_whole(struct span text, size_t from);

#endif
