/*
 * Places: where a token may go. (scheme, host, port), and for git a path.
 *
 * A token MUST go to a place only by equality of the canonical bytes, plus
 * whole path segments for git. There MUST be no prefix, suffix, pattern,
 * wildcard or folding of subdomains; a missing scheme or host MUST mean
 * "refuse", never "any". The grammar is that of doc/design.md and
 * SECURITY.md; what it does not allow is nobody's place.
 */
#ifndef CORE_PLACE_H
#define CORE_PLACE_H

#include <stdint.h>

#include "core/limits.h"
#include "core/rc.h"
#include "core/span.h"

struct place {
	bool is_http;	  /* http, for a loopback address; else https */
	bool is_loopback; /* host is 127.0.0.0/8 or [::1] as an address */
	uint16_t port;
	size_t host_len;
	/* Canonical: lower case; IPv6 in brackets as inet_ntop writes it. */
	char host[HOST_MAX + 1];
	/*
	 * git: lent bytes of the path without leading slash and without one
	 * trailing slash; unset when there is none.
	 */
	struct span path;
};

/*
 * A git request's attributes. path may be unset (at == NULL).
 * RC_NOT_OURS: nobody's place: scheme not exactly "https" (or "http" with a
 * loopback address), host outside the grammar, control byte, "?" or "#" in
 * the path.
 */
NODISCARD enum rc place_from_git(struct span protocol, struct span host,
				 struct span path, struct place *ret);

/*
 * A docker server URL: host[:port] or https://host[:port], a path after it
 * plays no part; blanks, tabs and LFs around it are cut off first. Docker
 * Hub's spellings (docker.io, index.docker.io, registry-1.docker.io, with or
 * without https:// and path) become docker.io.
 * RC_NOT_OURS: another scheme; "@", "%", "\", "?", "#", white space or a
 * control byte anywhere; a host the grammar refuses.
 * RC_INVALID: nothing left after trimming.
 */
NODISCARD enum rc place_from_docker(struct span server, struct place *ret);

/*
 * Values of the configuration: git = URL[/path]; docker = host[:port] (an
 * "https://" before it is allowed, a path is not). http is accepted for
 * git with a loopback address only. Not canonical spellings (upper case,
 * :443) are accepted and made canonical. A git path is printable ASCII with no
 * empty, "." or ".." segment and no "?" or "#"; its other bytes are opaque.
 * RC_CONFIG: with why: what is wrong with the value and the right form.
 */
NODISCARD enum rc place_from_conf_git(struct span value, struct place *ret,
				      struct why *why);
NODISCARD enum rc place_from_conf_docker(struct span value, struct place *ret,
					 struct why *why);

/*
 * A base URL (endpoint): https://host[:port][/path], http for loopback
 * addresses only; no user info, query, fragment, "%", "\" or dot segments;
 * the path without its final slash stands in ret->path (unset if none).
 */
NODISCARD enum rc place_from_url(struct span url, struct place *ret,
				 struct why *why);

/* Same scheme, host and port? */
bool place_is_same_host(const struct place *a, const struct place *b);

/*
 * Does the configured place serve the requested one? Same host, and the
 * configured path's segments are the first segments of the request's path.
 * A configured place without a path serves the whole host. A request path
 * that is absent or holds an empty, "." or ".." segment is served by no
 * place with a path; one trailing "/" is ignored.
 */
bool place_serves(const struct place *configured,
		  const struct place *requested);

/*
 * Canonical text: scheme://host[:port][/path], the port only when it is not
 * the scheme's default; for docker (with_scheme false) host[:port].
 * out: size bytes, NUL-terminated; cut never: RC_TOO_LARGE.
 */
NODISCARD enum rc place_format(const struct place *p, bool with_scheme,
			       char *out, size_t size);

#endif
