#include "core/base64.h"

#include <stdint.h>

#include "core/banned.h"

static const char plain_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789-_";

static void
put(struct safebuf *out, struct span bytes, const char *digits, bool padded)
{
	char quad[4];

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i < 3 ? bytes.len - i : 3;
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 |
			       (k < left ? (unsigned char)bytes.at[i + k] : 0U);
		for (size_t k = 0; k < 4; k++)
			quad[k] = k > left ? '='
					   : digits[bits >> (18 - 6 * k) & 63];
		safebuf_put(out, (struct span){ .at = quad,
						.len = padded ? 4 : left + 1 });
	}
	wipe(quad, sizeof(quad));
}

void
base64_put_url(struct safebuf *out, struct span bytes)
{
	put(out, bytes, url_digits, false);
}

void
base64_put(struct safebuf *out, struct span bytes, bool padded)
{
	put(out, bytes, plain_digits, padded);
}

/* The six bits of c, or 64 and more for a character of no meaning. */
static uint32_t
digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 52;
	return c == '-' ? 62 : c == '_' ? 63 : 64;
}

enum rc
base64_get_url(struct span text, struct safebuf *out)
{
	size_t tail = text.len % 4;
	uint32_t bits = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (digit_value(text.at[i]) > 63)
			return RC_INVALID;
	}
	/* RFC 4648 section 3.5: one text for one sequence of bytes. */
	if (tail == 1 ||
	    (tail == 2 && (digit_value(text.at[text.len - 1]) & 15) != 0) ||
	    (tail == 3 && (digit_value(text.at[text.len - 1]) & 3) != 0))
		return RC_INVALID;
	if (safebuf_room(out) < text.len / 4 * 3 + (tail > 0 ? tail - 1 : 0)) {
		safebuf_fail(out);
		return RC_TOO_LARGE;
	}
	for (size_t i = 0; i < text.len; i++) {
		bits = bits << 6 | digit_value(text.at[i]);
		/* After 4k digits 0, 1, 2, 3 more: 6, 12, 18, 24 bits. */
		if (i % 4 > 0)
			safebuf_putc(out, (char)(bits >> (6 - i % 4 * 2)));
	}
	return safebuf_check(out);
}
