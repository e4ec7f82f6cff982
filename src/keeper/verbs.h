/* What the keeper can be asked, one function a verb, one row each. */
#ifndef KEEPER_VERBS_H
#define KEEPER_VERBS_H

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"
#include "keeper/http.h"
#include "platform/clock.h"

struct verbs_ports {
	const struct clock_port *clock;
	const struct http_port *http;
};

/*
 * Carry out one request (as wire_get_request() reads it) and append the
 * whole answer. A request that cannot be read is answered with RC_INTERNAL.
 * Fails only when no answer can be made: RC_INTERNAL.
 */
NODISCARD enum rc verbs_serve(const struct verbs_ports *ports,
			      struct span request, struct safebuf *answer);

#endif
