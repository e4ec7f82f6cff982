/*
 * A deadline for a library call that has none of its own: a thread that
 * calls late(self) once the time is over, unless it was stopped before.
 */
#ifndef KEEPER_WATCH_H
#define KEEPER_WATCH_H

#include <pthread.h>
#include <stdint.h>

#include "core/rc.h"

/* Lives on the caller's stack; its members are watch's own. */
struct watch {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int64_t wait_ms;
	bool over;
	void (*late)(void *self);
	void *self;
};

/* wait_ms: 0 or less is late at once. RC_INTERNAL: no thread. */
NODISCARD enum rc watch_start(struct watch *w, int64_t wait_ms,
			      void (*late)(void *self), void *self,
			      struct why *why);
/* Only after a watch_start() that succeeded; late() has ended then. */
void watch_stop(struct watch *w);

#endif
