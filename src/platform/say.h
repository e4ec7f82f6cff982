/*
 * One line for a person on stderr: "apptoken: TEXT" LF, printable ASCII, at
 * most LINE_MAX_STDERR bytes, one write(2).
 */
#ifndef PLATFORM_SAY_H
#define PLATFORM_SAY_H

#include "core/rc.h"

void say_line(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* The same line into out (size bytes, NUL-terminated) without prefix and LF:
 * docker wants the sentence on stdout as well. */
void say_text(char *out, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
