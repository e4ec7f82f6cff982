/*
 * What passes here MUST be understood by json-c in the same way: therefore
 * also no key with U+0000, no lone surrogate, no number that json-c would
 * clamp. Nothing is allocated, and the depth bounds the recursion.
 */
#include "core/jscan.h"

#include <stdint.h>

#include "core/jchar.h"
#include "core/num.h"

#include "core/banned.h"

struct scan {
	struct span text;
	size_t at;
	int depth_left;
	const char *cause;
	/* Of the open objects, the innermost last. */
	size_t key_count;
	struct span keys[JSON_KEYS_MAX];
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The byte at s[at], or NUL at the end; a NUL in s is never valid either. */
static char
peek(struct span s, size_t at)
{
	return at < s.len ? s.at[at] : '\0';
}

static bool
keys_are_equal(struct span a, struct span b)
{
	size_t at_a = 0, at_b = 0;
	uint32_t char_a, char_b;

	if (span_find(a, '\\') == a.len && span_find(b, '\\') == b.len)
		return span_eq(a, b);
	while (at_a < a.len && at_b < b.len) {
		if (jchar_read(a, &at_a, &char_a) != NULL ||
		    jchar_read(b, &at_b, &char_b) != NULL || char_a != char_b)
			return false;
	}
	return at_a == a.len && at_b == b.len;
}

static bool
fail(struct scan *s, const char *cause)
{
	s->cause = cause;
	return false;
}

static void
skip_space(struct scan *s)
{
	while (is_space(peek(s->text, s->at)))
		s->at++;
}

/* ret: between the quotes. */
static bool
scan_string(struct scan *s, bool is_key, struct span *ret)
{
	size_t first = ++s->at;
	const char *cause;
	uint32_t code;

	while (peek(s->text, s->at) != '"') {
		cause = jchar_read(s->text, &s->at, &code);
		if (cause != NULL)
			return fail(s, cause);
		/* json-c's keys are C strings: "a\u0000b" would be "a". */
		if (is_key && code == 0)
			return fail(s, "key with a NUL");
	}
	*ret = span_cut(s->text, first, s->at - first);
	s->at++;
	return true;
}

static size_t
skip_digits(struct scan *s)
{
	size_t first = s->at;

	while (is_digit(peek(s->text, s->at)))
		s->at++;
	return s->at - first;
}

/* Does an integer fit in 64 bits, with or without sign? */
static bool
integer_fits(struct span s)
{
	uint64_t u;
	int64_t i;

	if (span_is(s, "-0"))
		return true;
	if (s.at[0] == '-')
		return num_parse_i64(s, INT64_MIN, -1, &i) == RC_OK;
	return num_parse_u64(s, 0, UINT64_MAX, &u) == RC_OK;
}

/* Is a mantissa ("12.5", no sign) times 10^exponent below 10^308? */
static bool
real_fits(struct span mantissa, int64_t exponent)
{
	size_t point = span_find(mantissa, '.');
	size_t i = 0;

	while (i < mantissa.len &&
	       (mantissa.at[i] == '0' || mantissa.at[i] == '.'))
		i++;
	if (i == mantissa.len)
		return true;
	/* 12.5 is 0.125 * 10^2, and 0.025 is 0.25 * 10^-1. */
	if (i < point)
		exponent += (int64_t)(point - i);
	else
		exponent -= (int64_t)(i - point - 1);
	return exponent <= 308;
}

static bool
scan_number(struct scan *s)
{
	const int64_t huge = INT32_MAX;
	size_t first = s->at, digits, end;
	int64_t exponent = 0;
	bool is_real = false;

	if (peek(s->text, s->at) == '-')
		s->at++;
	digits = s->at;
	if (peek(s->text, s->at) == '0')
		s->at++;
	else if (skip_digits(s) == 0)
		return fail(s, "unexpected character");
	if (peek(s->text, s->at) == '.') {
		is_real = true;
		s->at++;
		if (skip_digits(s) == 0)
			return fail(s, "bad number");
	}
	end = s->at;
	if (peek(s->text, s->at) == 'e' || peek(s->text, s->at) == 'E') {
		char sign = peek(s->text, ++s->at);
		size_t at;

		is_real = true;
		if (sign == '+' || sign == '-')
			s->at++;
		at = s->at;
		if (skip_digits(s) == 0)
			return fail(s, "bad number");
		for (; at < s->at && exponent < huge; at++)
			exponent = exponent * 10 + (s->text.at[at] - '0');
		if (sign == '-')
			exponent = -exponent;
	}
	if (is_real ? !real_fits(span_cut(s->text, digits, end - digits),
				 exponent)
		    : !integer_fits(span_cut(s->text, first, end - first)))
		return fail(s, "number out of range");
	return true;
}

static bool
scan_word(struct scan *s, const char *word)
{
	if (!span_starts(span_from(s->text, s->at), word))
		return fail(s, "unexpected character");
	s->at += strlen(word);
	return true;
}

static bool
remember_key(struct scan *s, size_t first, struct span key)
{
	for (size_t i = first; i < s->key_count; i++) {
		if (keys_are_equal(s->keys[i], key))
			return fail(s, "key given twice");
	}
	if (s->key_count == JSON_KEYS_MAX)
		return fail(s, "too many members");
	s->keys[s->key_count++] = key;
	return true;
}

static bool scan_value(struct scan *s, struct jscan_value *ret);

static bool
scan_key(struct scan *s, size_t first)
{
	struct span key;

	skip_space(s);
	if (peek(s->text, s->at) != '"')
		return fail(s, "key expected");
	if (!scan_string(s, true, &key) || !remember_key(s, first, key))
		return false;
	skip_space(s);
	if (peek(s->text, s->at) != ':')
		return fail(s, "colon expected");
	s->at++;
	return true;
}

/* An object or array, from its bracket on. */
static bool
scan_list(struct scan *s, char close)
{
	size_t first = s->key_count;
	struct jscan_value item;

	if (s->depth_left == 0)
		return fail(s, "nested too deep");
	s->depth_left--;
	s->at++;
	skip_space(s);
	if (peek(s->text, s->at) != close) {
		for (;;) {
			if ((close == '}' && !scan_key(s, first)) ||
			    !scan_value(s, &item))
				return false;
			skip_space(s);
			if (peek(s->text, s->at) != ',')
				break;
			s->at++;
		}
		if (peek(s->text, s->at) != close)
			return fail(s, "comma or closing bracket expected");
	}
	s->at++;
	s->depth_left++;
	s->key_count = first;
	return true;
}

static bool
scan_kind(struct scan *s, enum jscan_kind kind)
{
	struct span inside;

	switch (kind) {
	case JSCAN_OBJECT:
		return scan_list(s, '}');
	case JSCAN_ARRAY:
		return scan_list(s, ']');
	case JSCAN_STRING:
		return scan_string(s, false, &inside);
	case JSCAN_TRUE:
		return scan_word(s, "true");
	case JSCAN_FALSE:
		return scan_word(s, "false");
	case JSCAN_NULL:
		return scan_word(s, "null");
	case JSCAN_NUMBER:
		break;
	}
	return scan_number(s);
}

static enum jscan_kind
kind_of(char c)
{
	switch (c) {
	case '{':
		return JSCAN_OBJECT;
	case '[':
		return JSCAN_ARRAY;
	case '"':
		return JSCAN_STRING;
	case 't':
		return JSCAN_TRUE;
	case 'f':
		return JSCAN_FALSE;
	case 'n':
		return JSCAN_NULL;
	default:
		return JSCAN_NUMBER;
	}
}

static bool
scan_value(struct scan *s, struct jscan_value *ret)
{
	size_t first;

	skip_space(s);
	first = s->at;
	ret->kind = kind_of(peek(s->text, first));
	if (!scan_kind(s, ret->kind))
		return false;
	ret->text = span_cut(s->text, first, s->at - first);
	return true;
}

enum rc
jscan_check(struct span text, int max_depth, struct jscan_value *ret,
	    struct why *why)
{
	struct scan s;
	struct jscan_value value;

	s.text = text;
	s.at = 0;
	s.depth_left = max_depth;
	s.cause = NULL;
	s.key_count = 0;
	if (scan_value(&s, &value)) {
		skip_space(&s);
		if (s.at == text.len) {
			*ret = value;
			return RC_OK;
		}
		s.cause = "text after the value";
	}
	return why_set(why, RC_INVALID, "not valid JSON: %s at byte %zu",
		       s.cause, s.at);
}

/* Where the checked value at v[at] ends. */
static size_t
skip_value(struct span v, size_t at)
{
	size_t depth = 0;

	do {
		char c = peek(v, at);

		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		if (c == '"') {
			for (at++; at < v.len && v.at[at] != '"'; at++)
				at += v.at[at] == '\\';
		}
		at++;
		/* A word or number goes on up to what follows it. */
	} while (at < v.len &&
		 (depth > 0 ||
		  (v.at[at - 1] != '"' && v.at[at - 1] != '}' &&
		   v.at[at - 1] != ']' && v.at[at] != ',' && v.at[at] != '}' &&
		   v.at[at] != ']' && !is_space(v.at[at]))));
	return at < v.len ? at : v.len;
}

static size_t
skip_between(struct span v, size_t at)
{
	while (is_space(peek(v, at)) || peek(v, at) == ',' ||
	       peek(v, at) == ':')
		at++;
	return at;
}

bool
jscan_next(struct jscan_value v, size_t *at, struct span *key,
	   struct jscan_value *ret)
{
	size_t first, end;

	if (v.kind != JSCAN_OBJECT && v.kind != JSCAN_ARRAY)
		return false;
	first = skip_between(v.text, *at == 0 ? 1 : *at);
	/* The closing bracket is the last byte. */
	if (first + 1 >= v.text.len)
		return false;
	*key = (struct span){ 0 };
	if (v.kind == JSCAN_OBJECT) {
		end = skip_value(v.text, first);
		*key = span_cut(v.text, first + 1, end - first - 2);
		first = skip_between(v.text, end);
	}
	end = skip_value(v.text, first);
	ret->kind = kind_of(peek(v.text, first));
	ret->text = span_cut(v.text, first, end - first);
	*at = end;
	return true;
}

/* Does the inside of a key decode to plain? */
static bool
decodes_to(struct span raw, struct span plain)
{
	size_t at = 0, len;
	uint32_t code;

	while (at < raw.len && (len = span_utf8_len(plain)) > 0) {
		if (jchar_read(raw, &at, &code) != NULL ||
		    code != jchar_decode(span_cut(plain, 0, len)))
			return false;
		plain = span_from(plain, len);
	}
	return at == raw.len && plain.len == 0;
}

enum rc
jscan_member(struct jscan_value v, const char *key, struct jscan_value *ret)
{
	struct jscan_value item;
	struct span name;
	size_t at = 0;

	if (v.kind != JSCAN_OBJECT)
		return RC_INVALID;
	while (jscan_next(v, &at, &name, &item)) {
		if (decodes_to(name, span_of(key))) {
			*ret = item;
			return RC_OK;
		}
	}
	return RC_NOT_FOUND;
}

enum rc
jscan_string(struct jscan_value v, struct safebuf *out)
{
	struct span inside;
	uint32_t code;

	if (v.kind != JSCAN_STRING || v.text.len < 2)
		return RC_INVALID;
	inside = span_cut(v.text, 1, v.text.len - 2);
	/* All of it is looked at before the first byte goes out. */
	for (size_t at = 0; at < inside.len;) {
		if (jchar_read(inside, &at, &code) != NULL || code == 0)
			return RC_INVALID;
	}
	for (size_t at = 0; at < inside.len;) {
		if (jchar_read(inside, &at, &code) == NULL)
			jchar_put(out, code);
	}
	return safebuf_check(out);
}
