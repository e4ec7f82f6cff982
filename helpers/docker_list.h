/* docker's "list": what "get" and "erase" can be asked for. */
#ifndef HELPERS_DOCKER_LIST_H
#define HELPERS_DOCKER_LIST_H

#include "core/rc.h"
#include "helpers/protocol.h"

/*
 * Write the JSON object, server to user: kept logins and managed registries
 * with a cached token. No network, no unlocking, no secret loaded; what
 * cannot be told is left out, with one word in c->warning.
 */
NODISCARD enum rc docker_list(struct helper_call *c);

#endif
