/*
 * A span: a loan of bytes, pointer and length, not NUL-terminated. Parsers
 * take spans and return spans into them; nobody frees one.
 */
#ifndef CORE_SPAN_H
#define CORE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *at; /* NULL only when len is 0 and nothing was given */
	size_t len;
};

/* For string literals and arrays that hold one. */
#define SPAN(literal)                                                          \
	((struct span){ .at = (literal), .len = sizeof(literal) - 1 })

/* A NUL-terminated string; NULL gives the empty span. */
struct span span_of(const char *text);

/* From byte first (at most s.len) to the end, or len bytes of it. */
struct span span_from(struct span s, size_t first);
struct span span_cut(struct span s, size_t first, size_t len);

/* Was anything given at all? An empty value has at != NULL and len 0. */
bool span_is_set(struct span s);
/* Equal bytes: the length is compared first. */
bool span_eq(struct span a, struct span b);
bool span_is(struct span a, const char *text);
bool span_starts(struct span s, const char *prefix);
bool span_ends(struct span s, const char *suffix);
/* -1, 0, 1 by bytes, the shorter first when one is a prefix. */
int span_cmp(struct span a, struct span b);
/* Equal in a time that depends on the lengths only. For secrets. */
bool span_eq_secret(struct span a, struct span b);

/* Index of the first byte c, or s.len when there is none. */
size_t span_find(struct span s, char c);
/* Blanks and tabs off both ends. */
struct span span_trim(struct span s);
/* ASCII white space (blank, tab, LF, CR, VT, FF) off both ends. */
struct span span_trim_space(struct span s);

/* No byte below 0x20 and no 0x7f. */
bool span_has_no_control(struct span s);
/* All bytes from 0x20 to 0x7e. */
bool span_is_printable(struct span s);
/* No CR, LF, NUL: what may stand in one line of a credential protocol. */
bool span_is_clean(struct span s);

/*
 * Length of the well-formed UTF-8 character (RFC 3629) that s begins with,
 * 1 to 4; 0 when there is none: overlong, surrogate, cut, past U+10FFFF.
 */
size_t span_utf8_len(struct span s);

/*
 * Take the next line off *rest: without its LF, which the last line may
 * lack. False when nothing is left.
 */
bool span_next_line(struct span *rest, struct span *line);

/*
 * Copy to out (size bytes) with a closing NUL. False, and out untouched,
 * when it does not fit or s holds a NUL.
 */
bool span_copy(struct span s, char *out, size_t size);

#endif
