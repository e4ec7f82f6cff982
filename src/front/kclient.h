/* Asking the keeper: one process, one request, one answer. */
#ifndef FRONT_KCLIENT_H
#define FRONT_KCLIENT_H

#include <stdint.h>

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/wire.h"

/*
 * Start the keeper, ask, wait for its answer.
 * key_fd: descriptor of the key file for an import, else -1.
 * wait_ms: how long at most; then the keeper is killed.
 * room: receives the answer's text, which ret lends from; of WIRE_MAX.
 * Returns the answer's own class, with its why; or RC_TIMEOUT, RC_INTERNAL.
 */
NODISCARD enum rc kclient_ask(const struct wire_request *request, int key_fd,
			      int64_t wait_ms, struct safebuf *room,
			      struct wire_answer *ret, struct why *why);

/* Start a refresh that nobody waits for; best effort. */
void kclient_refresh(const struct wire_request *request);

#endif
