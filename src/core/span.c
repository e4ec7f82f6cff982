#include "core/span.h"

#include <stdint.h>

#include "core/banned.h"

struct span
span_of(const char *text)
{
	if (text == NULL)
		return (struct span){ 0 };
	return (struct span){ .at = text, .len = strlen(text) };
}

struct span
span_from(struct span s, size_t first)
{
	if (first > s.len)
		first = s.len;
	if (s.at != NULL)
		s.at += first;
	s.len -= first;
	return s;
}

struct span
span_cut(struct span s, size_t first, size_t len)
{
	s = span_from(s, first);
	if (len < s.len)
		s.len = len;
	return s;
}

bool
span_is_set(struct span s)
{
	return s.at != NULL;
}

bool
span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool
span_is(struct span a, const char *text)
{
	return span_eq(a, span_of(text));
}

bool
span_starts(struct span s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && (n == 0 || memcmp(s.at, prefix, n) == 0);
}

bool
span_ends(struct span s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.len >= n &&
	       (n == 0 || memcmp(s.at + s.len - n, suffix, n) == 0);
}

int
span_cmp(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n == 0 ? 0 : memcmp(a.at, b.at, n);

	if (d != 0)
		return d < 0 ? -1 : 1;
	if (a.len == b.len)
		return 0;
	return a.len < b.len ? -1 : 1;
}

bool
span_eq_secret(struct span a, struct span b)
{
	/* volatile: an early exit would tell how many bytes were right. */
	volatile unsigned char diff = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		diff = (unsigned char)(diff | ((unsigned char)a.at[i] ^
					       (unsigned char)b.at[i]));
	return diff == 0;
}

size_t
span_find(struct span s, char c)
{
	const char *at;

	if (s.len == 0)
		return 0;
	at = memchr(s.at, c, s.len);
	return at == NULL ? s.len : (size_t)(at - s.at);
}

static struct span
trim(struct span s, const char *set, size_t n)
{
	while (s.len > 0 && memchr(set, s.at[0], n) != NULL)
		s = span_from(s, 1);
	while (s.len > 0 && memchr(set, s.at[s.len - 1], n) != NULL)
		s.len--;
	return s;
}

struct span
span_trim(struct span s)
{
	return trim(s, " \t", 2);
}

struct span
span_trim_space(struct span s)
{
	return trim(s, " \t\n\r\v\f", 6);
}

bool
span_has_no_control(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return true;
}

bool
span_is_printable(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c < 0x20 || c > 0x7e)
			return false;
	}
	return true;
}

bool
span_is_clean(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\n' || s.at[i] == '\r' || s.at[i] == '\0')
			return false;
	}
	return true;
}

size_t
span_utf8_len(struct span s)
{
	const unsigned char *b = (const unsigned char *)s.at;
	unsigned char low = 0x80, high = 0xbf; /* of the second byte */
	size_t len;

	if (s.len == 0)
		return 0;
	if (b[0] < 0x80)
		return 1;
	if (b[0] < 0xc2 || b[0] > 0xf4)
		return 0;
	len = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
	/* RFC 3629 section 4: no overlong forms, no surrogates. */
	if (b[0] == 0xe0)
		low = 0xa0;
	else if (b[0] == 0xed)
		high = 0x9f;
	else if (b[0] == 0xf0)
		low = 0x90;
	else if (b[0] == 0xf4)
		high = 0x8f;
	if (s.len < len || b[1] < low || b[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if (b[i] < 0x80 || b[i] > 0xbf)
			return 0;
	}
	return len;
}

bool
span_next_line(struct span *rest, struct span *line)
{
	size_t end;

	if (rest->len == 0)
		return false;
	end = span_find(*rest, '\n');
	*line = span_cut(*rest, 0, end);
	*rest = span_from(*rest, end == rest->len ? end : end + 1);
	return true;
}

bool
span_copy(struct span s, char *out, size_t size)
{
	if (s.len >= size || span_find(s, '\0') != s.len)
		return false;
	if (s.len > 0)
		memcpy(out, s.at, s.len);
	out[s.len] = '\0';
	return true;
}
