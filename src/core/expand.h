/*
 * Templates of provider profiles: text with placeholders {VAR}, {url},
 * {host:VAR}, {upper:VAR}, {now}, {uuid}; "{{" and "}}" are braces.
 */
#ifndef CORE_EXPAND_H
#define CORE_EXPAND_H

#include <stdint.h>

#include "core/conf.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

/* What placeholders can stand for. */
struct expand_values {
	const struct conf_app *app; /* its variables */
	struct span url;	    /* the expanded url; unset: none yet */
	int64_t now_s;		    /* the value of iat */
	struct span uuid;	    /* new in each attempt; unset: none */
};

enum expand_form {
	EXPAND_PLAIN, /* as it is: claims, JSON members (escaped by jput) */
	EXPAND_URL,   /* see expand_put */
	EXPAND_HEADER /* a control or non-ASCII byte is RC_CONFIG */
};

/* Is it well formed, with known placeholders only? RC_INVALID if not. */
NODISCARD enum rc expand_check(struct span template, struct why *why);
/*
 * Visit the variables that a template names. *at starts as 0; false at the
 * end. ({url}, {now} and {uuid} are none; {host:x} and {upper:x} name x.)
 */
bool expand_next_variable(struct span template, size_t *at,
			  struct span *variable);
/* Are all variables that it names set in the app? */
bool expand_is_set(struct span template, const struct conf_app *app);

/*
 * Append the expansion. EXPAND_URL: the variable that the template begins
 * with is a base URL and goes in as it is, without a final "/"; every other
 * value is percent-encoded (RFC 3986 unreserved stays), so it can neither
 * add a segment nor change the host.
 * RC_CONFIG with why: a placeholder that is not set, or a byte that the form
 * refuses. RC_TOO_LARGE.
 */
NODISCARD enum rc expand_put(struct span template,
			     const struct expand_values *values,
			     enum expand_form form, struct safebuf *out,
			     struct why *why);

/* Append s percent-encoded for a URL segment (RFC 3986 2.3 stays). */
void expand_put_percent(struct safebuf *out, struct span s);
/* Append s as application/x-www-form-urlencoded (blank becomes "+"). */
void expand_put_form(struct safebuf *out, struct span s);

#endif
