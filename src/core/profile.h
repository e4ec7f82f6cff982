/*
 * Provider profiles: how a provider wants its JWT, what it is asked, where
 * the token stands in the answer. Data, not code: no provider's name stands
 * in the engine. Keys: apptoken-provider(5). Pure: bytes in, answers out.
 */
#ifndef CORE_PROFILE_H
#define CORE_PROFILE_H

#include <stdint.h>

#include "core/conf.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

enum profile_exchange {
	PROFILE_BEARER,
	PROFILE_ASSERTION,
	PROFILE_CLIENT_ASSERTION
};

enum profile_expiry {
	PROFILE_IN_SECONDS,
	PROFILE_IN_MILLISECONDS,
	PROFILE_UNIX,
	PROFILE_UNIX_MS,
	PROFILE_RFC3339
};

enum profile_type {
	PROFILE_STRING,
	PROFILE_NUMBER,
	PROFILE_BOOL,
	PROFILE_LIST,
	PROFILE_AUTO,
	PROFILE_NONE
};

enum profile_part {
	PROFILE_HEADER,	 /* header.X: JOSE header member, a string */
	PROFILE_CLAIM,	 /* claim.X */
	PROFILE_REQUEST, /* request.X: HTTP header */
	PROFILE_PARAM	 /* param.X: form field or JSON member */
};

/* One line in force: its first of that name whose placeholders are set. */
struct profile_item {
	struct span name; /* X */
	enum profile_type type;
	struct span template; /* the value after the type */
	unsigned line;
};

struct profile;

/*
 * Parse text (lent as long as the profile lives; path too, for messages).
 * ret: release with profile_free().
 * RC_CONFIG: unknown key, bad value, bad placeholder, a url that does not
 * begin with "{variable}", a key the engine does not support yet (lookup.*,
 * alg other than RS256, exchange none, {secret:}, {spki-sha256}, {cert-*}):
 * why is "'PATH' line N: cause; next step".
 */
NODISCARD enum rc profile_parse(struct span text, const char *path,
				struct profile **ret, struct why *why);
struct profile *profile_free(struct profile *p);

/*
 * Does the app fit the profile? Every variable of "require" is set; every
 * key of the app that is not in the design's table is a variable that the
 * profile names (else "unknown key" with the app's file and line); a url
 * line stands and the variable it begins with is a base URL
 * (place_from_url); variables have at most VARIABLE_MAX bytes, no control
 * byte, and are not empty.
 */
NODISCARD enum rc profile_check(const struct profile *p,
				const struct conf_app *a, struct why *why);

enum profile_exchange profile_exchange(const struct profile *p);
/* jwt-ttl, jwt-backdate, in seconds; 1..86400, 0..3600. */
unsigned profile_jwt_ttl_s(const struct profile *p);
unsigned profile_jwt_backdate_s(const struct profile *p);
enum profile_expiry profile_expiry_form(const struct profile *p);
/* default-ttl (0: do not cache) and min-ttl (0: none), in seconds. */
unsigned profile_default_ttl_s(const struct profile *p,
			       const struct conf_app *a);
unsigned profile_min_ttl_s(const struct profile *p, const struct conf_app *a);

/*
 * A key of the profile as plain text: title, token-path, expiry-path,
 * assertion-param, username, scheme, url: the template of the first line in
 * force, or the default; unset when there is neither.
 */
struct span profile_text(const struct profile *p, const struct conf_app *a,
			 const char *key);

/*
 * Visit the lines in force of one part, each name once, in order of the
 * file. *at starts as 0. False at the end.
 */
bool profile_next(const struct profile *p, const struct conf_app *a,
		  enum profile_part part, size_t *at, struct profile_item *ret);

/*
 * Does a variable of that name occur in require or in a placeholder?
 */
bool profile_knows(const struct profile *p, struct span variable);

/*
 * Append all variables of the app, sorted by name, "name=value" with LF
 * between (none at the end): what shaped a token. RC_TOO_LARGE.
 */
NODISCARD enum rc profile_variables(const struct profile *p,
				    const struct conf_app *a,
				    struct safebuf *out);

/* The name that git and docker show: the app's username, else the profile's.
 */
struct span profile_username(const struct profile *p, const struct conf_app *a);

#endif
