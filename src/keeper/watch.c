#include "keeper/watch.h"

#include <time.h>

#include "core/banned.h"

static void *
run(void *self)
{
	struct watch *w = self;
	struct timespec end = { 0 };
	bool late = false;

	clock_gettime(CLOCK_MONOTONIC, &end);
	if (w->wait_ms > 0) {
		end.tv_sec += w->wait_ms / 1000;
		end.tv_nsec += w->wait_ms % 1000 * 1000000;
		if (end.tv_nsec >= 1000000000) {
			end.tv_nsec -= 1000000000;
			end.tv_sec++;
		}
	}
	pthread_mutex_lock(&w->lock);
	while (!w->over && !late)
		late = pthread_cond_timedwait(&w->changed, &w->lock, &end) != 0;
	late = late && !w->over;
	pthread_mutex_unlock(&w->lock);
	/* Without the lock: what it ends may be about to stop us. */
	if (late)
		w->late(w->self);
	return NULL;
}

enum rc
watch_start(struct watch *w, int64_t wait_ms, void (*late)(void *self),
	    void *self, struct why *why)
{
	pthread_condattr_t attributes;

	*w = (struct watch){ .wait_ms = wait_ms, .late = late, .self = self };
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&w->thread, NULL, run, w) == 0)
		return RC_OK;
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	return why_set(why, RC_INTERNAL,
		       "no thread can be started; close other programs");
}

void
watch_stop(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	w->over = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
}
