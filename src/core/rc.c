#include "core/rc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/banned.h"

static const struct {
	const char *name;
	int exit_status;
} classes[RC_COUNT] = {
	[RC_OK] = { "OK", 0 },
	[RC_NOT_OURS] = { "NOT_OURS", 0 },
	[RC_USAGE] = { "USAGE", 2 },
	[RC_BAD_REQUEST] = { "BAD_REQUEST", 1 },
	[RC_NO_APP] = { "NO_APP", 3 },
	[RC_LOCKED] = { "LOCKED", 4 },
	[RC_DISMISSED] = { "DISMISSED", 4 },
	[RC_UNAVAILABLE] = { "UNAVAILABLE", 4 },
	[RC_KEYRING_TIMEOUT] = { "KEYRING_TIMEOUT", 4 },
	[RC_KEY_MISSING] = { "KEY_MISSING", 1 },
	[RC_KEY_BAD] = { "KEY_BAD", 1 },
	[RC_CACHE_BAD] = { "CACHE_BAD", 1 },
	[RC_REFUSED] = { "REFUSED", 5 },
	[RC_CLOCK] = { "CLOCK", 5 },
	[RC_BAD_ANSWER] = { "BAD_ANSWER", 5 },
	[RC_BUSY] = { "BUSY", 5 },
	[RC_NET] = { "NET", 6 },
	[RC_TLS] = { "TLS", 6 },
	[RC_TIMEOUT] = { "TIMEOUT", 6 },
	[RC_CONFIG] = { "CONFIG", 7 },
	[RC_LIFE] = { "LIFE", 1 },
	[RC_INTERNAL] = { "INTERNAL", 1 },
	[RC_NOT_FOUND] = { "NOT_FOUND", 1 },
	[RC_INVALID] = { "INVALID", 1 },
	[RC_TOO_LARGE] = { "TOO_LARGE", 1 },
};

const char *
rc_name(enum rc rc)
{
	if ((int)rc < 0 || rc >= RC_COUNT)
		return "?";
	return classes[rc].name;
}

enum rc
rc_from_name(const char *name, enum rc *ret)
{
	for (int i = 0; i < RC_COUNT; i++) {
		if (strcmp(classes[i].name, name) == 0) {
			*ret = (enum rc)i;
			return RC_OK;
		}
	}
	return RC_INVALID;
}

int
rc_exit_status(enum rc rc)
{
	if ((int)rc < 0 || rc >= RC_COUNT)
		return 1;
	return classes[rc].exit_status;
}

enum rc
why_set(struct why *why, enum rc rc, const char *fmt, ...)
{
	va_list args;

	if (why == NULL)
		return rc;
	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	return rc;
}

void
why_wrap(struct why *why, const char *fmt, ...)
{
	struct why whole;
	va_list args;
	size_t used;
	int n;

	if (why == NULL)
		return;
	va_start(args, fmt);
	n = vsnprintf(whole.text, sizeof(whole.text), fmt, args);
	va_end(args);
	if (n < 0)
		return;
	used = strlen(whole.text);
	for (const char *from = ": "; used < WHY_MAX - 1 && *from != '\0';)
		whole.text[used++] = *from++;
	for (const char *from = why->text; used < WHY_MAX - 1 && *from != '\0';)
		whole.text[used++] = *from++;
	whole.text[used] = '\0';
	*why = whole;
}
