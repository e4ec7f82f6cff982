/*
 * A strict JSON scanner: RFC 8259, UTF-8 checked (RFC 3629), no duplicate
 * keys, depth at most JSON_DEPTH_MAX. It runs before json-c does, because
 * json-c accepts more: duplicate keys, NaN, single quotes, raw control
 * characters, numbers beyond 64 bits.
 */
#ifndef CORE_JSCAN_H
#define CORE_JSCAN_H

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

enum jscan_kind {
	JSCAN_OBJECT,
	JSCAN_ARRAY,
	JSCAN_STRING,
	JSCAN_NUMBER,
	JSCAN_TRUE,
	JSCAN_FALSE,
	JSCAN_NULL
};

/* A value: its kind and its exact text (for a string, with its quotes). */
struct jscan_value {
	enum jscan_kind kind;
	struct span text;
};

/*
 * Is text one JSON value (white space around it allowed), nothing more?
 * A byte order mark is refused. A duplicate key is one whose decoded text
 * equals another's in the same object. At most max_depth nested arrays and
 * objects (callers pass JSON_DEPTH_MAX), and JSON_KEYS_MAX members in all
 * objects open at one place. Also refused, as json-c would change them: lone
 * surrogates, U+0000 in a key, integers beyond 64 bits, reals from 1e308 on.
 * RC_INVALID, with why naming the byte offset, never the bytes.
 */
NODISCARD enum rc jscan_check(struct span text, int max_depth,
			      struct jscan_value *ret, struct why *why);

/*
 * The member of a checked object whose decoded key equals key.
 * RC_NOT_FOUND: no such member. RC_INVALID: v is no object.
 */
NODISCARD enum rc jscan_member(struct jscan_value v, const char *key,
			       struct jscan_value *ret);

/*
 * Visit the members of a checked object (or elements of an array, key then
 * unset) in order. *at starts as 0. False at the end.
 * key: the raw text between the quotes, still escaped.
 */
bool jscan_next(struct jscan_value v, size_t *at, struct span *key,
		struct jscan_value *ret);

/*
 * Append the decoded characters of a checked string, UTF-8.
 * RC_INVALID: v is no string, or it holds U+0000 or a lone surrogate.
 * RC_TOO_LARGE: out is full.
 */
NODISCARD enum rc jscan_string(struct jscan_value v, struct safebuf *out);

#endif
