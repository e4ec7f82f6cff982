/* Which app serves a place: the configuration read, the app completed. */
#ifndef FRONT_SERVED_H
#define FRONT_SERVED_H

#include "core/place.h"
#include "core/rc.h"
#include "platform/appload.h"

struct served {
	struct appload *conf;
	struct appload_app *app;
};

/*
 * Start as { 0 }; release with served_clear(), on failure too.
 * RC_NOT_OURS, RC_CONFIG, RC_INTERNAL as appload_read(), appload_find().
 */
NODISCARD enum rc served_find(enum conf_kind kind, const struct place *place,
			      struct served *ret, struct why *why);
/* The same by name: also RC_NO_APP. */
NODISCARD enum rc served_named(struct span name, struct served *ret,
			       struct why *why);
void served_clear(struct served *s);

/* "no token for 'NAME'" before the why of a failure. */
void served_wrap(const struct served *s, struct why *why);

#endif
