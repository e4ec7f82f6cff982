#include "platform/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "platform/fdio.h"

#include "core/banned.h"

/* A UUID with its LF. */
#define BOOT_ID_LEN 36

static void
read_boot_id(char out[TOKEN_BOOT_ID_MAX])
{
	struct safebuf *text = NULL;
	struct span id;
	int fd = -1;

	out[0] = '\0';
	if (safebuf_new(TOKEN_BOOT_ID_MAX, &text) != RC_OK)
		goto out;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd == -1 || fdio_read_all(fd, 0, text, NULL) != RC_OK)
		goto out;
	id = span_trim_space(safebuf_view(text));
	if (id.len == BOOT_ID_LEN && span_is_printable(id))
		(void)span_copy(id, out, TOKEN_BOOT_ID_MAX);
out:
	fdio_close(fd);
	safebuf_free(text);
}

static int64_t
read_ms(clockid_t id)
{
	struct timespec t = { 0 };

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
clock_now(struct moment *ret)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &t);
	ret->wall_s = (int64_t)t.tv_sec;
	ret->boot_ms = read_ms(CLOCK_BOOTTIME);
	read_boot_id(ret->boot_id);
}

int64_t
clock_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

void
clock_sleep_ms(int64_t ms)
{
	struct timespec left;

	if (ms <= 0)
		return;
	left.tv_sec = (time_t)(ms / 1000);
	left.tv_nsec = (long)(ms % 1000) * 1000000;
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}

static void
system_now(void *self, struct moment *ret)
{
	(void)self;
	clock_now(ret);
}

static int64_t
system_mono_ms(void *self)
{
	(void)self;
	return clock_mono_ms();
}

static void
system_sleep_ms(void *self, int64_t ms)
{
	(void)self;
	clock_sleep_ms(ms);
}

const struct clock_port clock_system = {
	.now = system_now,
	.mono_ms = system_mono_ms,
	.sleep_ms = system_sleep_ms,
};
