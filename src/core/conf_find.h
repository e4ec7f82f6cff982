/* Inside of conf: who claims a place. conf_find() is here as well. */
#ifndef CORE_CONF_FIND_H
#define CORE_CONF_FIND_H

#include "core/conf.h"

/*
 * Does no other app claim a place that a claims?
 * RC_CONFIG: one does; why names both apps and lines.
 */
NODISCARD enum rc conf_find_rival(const struct conf *c,
				  const struct conf_app *a, struct why *why);

#endif
