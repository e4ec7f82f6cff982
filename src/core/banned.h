/*
 * Calls that this project does without, each for a reason: no bounds, hidden
 * state, silent overflow, a shell, or the process-wide locale and time zone.
 * Included last by every .c file; a use is an error of the compiler.
 */
#ifndef CORE_BANNED_H
#define CORE_BANNED_H

#undef alloca  /* glibc makes it a macro */
#undef sprintf /* clang's fortified stdio.h does, of these two */
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok gets
#pragma GCC poison atoi atol atoll strtol strtoul strtoll strtoull sscanf
#pragma GCC poison localtime gmtime ctime asctime mktime system popen alloca

#endif
