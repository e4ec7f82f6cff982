#include "platform/paths.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/banned.h"

/* The value of a variable that names an absolute path, or NULL. */
static const char *
absolute(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] == '/' ? value : NULL;
}

/* False, and out not usable, when it does not fit. */
static bool
join(char *out, size_t size, const char *base, const char *middle,
     const char *name)
{
	int n = snprintf(out, size, "%s%s%s", base, middle, name);

	return n >= 0 && (size_t)n < size;
}

enum rc
paths_config(const char *name, char *out, size_t size, struct why *why)
{
	const char *middle = "/apptoken/";
	const char *base = absolute("XDG_CONFIG_HOME");
	char path[PATHS_MAX];

	if (base == NULL) {
		middle = "/.config/apptoken/";
		base = absolute("HOME");
	}
	if (base == NULL)
		return why_set(why, RC_CONFIG,
			       "neither XDG_CONFIG_HOME nor HOME is an "
			       "absolute path; set one of them");
	if (!join(path, sizeof(path), base, middle, name) ||
	    !span_copy(span_of(path), out, size))
		return why_set(why, RC_CONFIG,
			       "the path of the configuration is too long; "
			       "set XDG_CONFIG_HOME to a shorter one");
	return RC_OK;
}

enum rc
paths_system_config(char *out, size_t size)
{
	if (!span_copy(SPAN(SYSCONFDIR "/apptoken/config"), out, size))
		return RC_TOO_LARGE;
	return RC_OK;
}

enum rc
paths_runtime(char *out, size_t size)
{
	const char *base = absolute("XDG_RUNTIME_DIR");
	char path[PATHS_MAX];

	if (base == NULL || !join(path, sizeof(path), base, "/apptoken", "") ||
	    !span_copy(span_of(path), out, size))
		return RC_NOT_FOUND;
	return RC_OK;
}
