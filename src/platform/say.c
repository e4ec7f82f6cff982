#include "platform/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "core/span.h"
#include "platform/fdio.h"

#include "core/banned.h"

#define PREFIX "apptoken: "
/* What stands between the prefix and the LF. */
#define TEXT_MAX (LINE_MAX_STDERR - (sizeof(PREFIX) - 1) - 1)

/* Printable ASCII, at most size - 1 bytes, a cut shown by dots. */
static void __attribute__((format(printf, 3, 0)))
format_text(char *out, size_t size, const char *fmt, va_list args)
{
	int n = vsnprintf(out, size, fmt, args);
	size_t len;

	if (n < 0)
		out[0] = '\0';
	len = strlen(out);
	for (size_t i = 0; i < len; i++) {
		if (out[i] < 0x20 || out[i] > 0x7e)
			out[i] = '?';
	}
	if (n > 0 && (size_t)n >= size) {
		for (size_t i = 0; i < 3 && i < len; i++)
			out[len - 1 - i] = '.';
	}
}

void
say_line(const char *fmt, ...)
{
	char line[LINE_MAX_STDERR + 1] = PREFIX;
	size_t len;
	va_list args;

	va_start(args, fmt);
	format_text(line + sizeof(PREFIX) - 1, TEXT_MAX + 1, fmt, args);
	va_end(args);
	len = strlen(line);
	line[len++] = '\n';
	/* Nobody is left to tell when stderr itself fails. */
	(void)!fdio_write_all(STDERR_FILENO,
			      (struct span){ .at = line, .len = len }, 0, NULL);
}

void
say_text(char *out, size_t size, const char *fmt, ...)
{
	va_list args;

	if (size == 0)
		return;
	va_start(args, fmt);
	format_text(out, size < TEXT_MAX + 1 ? size : TEXT_MAX + 1, fmt, args);
	va_end(args);
}
