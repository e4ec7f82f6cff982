/* The clocks. Only a main and what it hands down to reads them. */
#ifndef PLATFORM_CLOCK_H
#define PLATFORM_CLOCK_H

#include <stdint.h>

#include "core/token.h"

/* Now: wall clock, boot clock (CLOCK_BOOTTIME), boot id from /proc. An
 * unreadable boot id gives "", which equals no other moment's. */
void clock_now(struct moment *ret);
/* CLOCK_MONOTONIC in milliseconds, for deadlines. */
int64_t clock_mono_ms(void);
/* Sleep that long (EINTR resumes). */
void clock_sleep_ms(int64_t ms);

/* The clock as a port: tests put their own in its place. */
struct clock_port {
	void (*now)(void *self, struct moment *ret);
	int64_t (*mono_ms)(void *self);
	void (*sleep_ms)(void *self, int64_t ms);
	void *self;
};
extern const struct clock_port clock_system;

#endif
