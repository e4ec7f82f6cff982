/*
 * Nothing but printable ASCII MUST leave here, on one line, within the cap;
 * a secret MUST be looked for in the text as it came, before anything is
 * cut, because the rest of a cut secret would not be recognised.
 */
#include "core/clean.h"

#include <stdint.h>

#include "core/banned.h"

/* A shorter secret would be found in any text by chance. */
#define SECRET_MIN 8
/* So many equal characters in a row are no chance. */
#define RUN_MIN 20
/* 16 bytes are 32 digits, or 22 of base64. */
#define CODED_MIN 16

struct sink {
	char *out;
	size_t max;
	size_t len;
	bool blank; /* one is due before the next character */
	bool cut;
};

static bool
is_graph(char c)
{
	return c > 0x20 && c < 0x7f;
}

static void
emit(struct sink *to, char c)
{
	if (to->len < to->max)
		to->out[to->len++] = c;
	else
		to->cut = true;
}

static void
put(struct sink *to, char c)
{
	if (!is_graph(c)) {
		to->blank = to->len > 0;
		return;
	}
	if (to->blank)
		emit(to, ' ');
	to->blank = false;
	emit(to, c);
}

static struct sink
open_sink(char *out, size_t size)
{
	size_t max = size - 1 < FOREIGN_MAX ? size - 1 : FOREIGN_MAX;

	return (struct sink){ .out = out, .max = max };
}

static const char *
close_sink(struct sink *to)
{
	if (to->cut) {
		for (size_t i = 0; i < 3 && i < to->len; i++)
			to->out[to->len - 1 - i] = '.';
	}
	to->out[to->len] = '\0';
	return to->out;
}

const char *
clean_text(struct span s, char *out, size_t size)
{
	struct sink to = open_sink(out, size);

	for (size_t i = 0; i < s.len && !to.cut; i++)
		put(&to, s.at[i]);
	return close_sink(&to);
}

/* The ways in which a server may show what it was sent. */
enum form { AS_IS, PERCENT, HEX, BASE64, FORMS };

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Both alphabets. */
static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

static size_t
read_hex(struct span s, char *ret)
{
	int high, low;

	if (s.len < 2 || (high = hex_value(s.at[0])) < 0 ||
	    (low = hex_value(s.at[1])) < 0)
		return 0;
	*ret = (char)(high * 16 + low);
	return 2;
}

static size_t
read_base64(struct span s, char ret[3])
{
	uint32_t bits = 0;

	if (s.len < 4)
		return 0;
	for (size_t i = 0; i < 4; i++) {
		int value = base64_value(s.at[i]);

		if (value < 0)
			return 0;
		bits = bits << 6 | (uint32_t)value;
	}
	ret[0] = (char)(bits >> 16);
	ret[1] = (char)(bits >> 8);
	ret[2] = (char)bits;
	return 4;
}

/*
 * The bytes that the beginning of s stands for: how many characters that
 * took, 0 when it is not of that form.
 */
static size_t
read_unit(enum form form, struct span s, char ret[3], size_t *ret_len)
{
	size_t used;

	*ret_len = form == BASE64 ? 3 : 1;
	if (s.len == 0)
		return 0;
	if (form == HEX)
		return read_hex(s, ret);
	if (form == BASE64)
		return read_base64(s, ret);
	if (form == PERCENT && s.at[0] == '%' &&
	    (used = read_hex(span_from(s, 1), ret)) > 0)
		return used + 1;
	ret[0] = s.at[0];
	return 1;
}

/* How much of s, read in that form, stands at the beginning of part. */
static size_t
match_at(enum form form, struct span s, struct span part, size_t *ret_bytes)
{
	size_t used = 0, bytes = 0, n, len;
	char unit[3];

	while ((n = read_unit(form, span_from(s, used), unit, &len)) > 0 &&
	       len <= part.len - bytes &&
	       memcmp(unit, part.at + bytes, len) == 0) {
		used += n;
		bytes += len;
	}
	*ret_bytes = bytes;
	return used;
}

/* How many characters at the beginning of s must not be shown. */
static size_t
find_secret(struct span s, struct span secret)
{
	size_t longest = 0;

	for (enum form form = AS_IS; form < FORMS; form++) {
		size_t min = form <= PERCENT ? RUN_MIN : CODED_MIN;

		for (size_t i = 0; i < secret.len; i++) {
			size_t bytes;
			size_t used =
				match_at(form, s, span_from(secret, i), &bytes);

			if (used > longest &&
			    (bytes >= min || bytes == secret.len))
				longest = used;
		}
	}
	return longest;
}

const char *
clean_text_without(struct span s, struct span secret, char *out, size_t size)
{
	static const char removed[] = "[removed]";
	struct sink to = open_sink(out, size);

	if (secret.len < SECRET_MIN)
		return clean_text(s, out, size);
	while (s.len > 0 && !to.cut) {
		/* Blanks in plenty must not cost a search each. */
		size_t hidden = is_graph(s.at[0]) || s.at[0] == secret.at[0]
					? find_secret(s, secret)
					: 0;

		if (hidden == 0)
			put(&to, s.at[0]);
		for (size_t i = 0; hidden > 0 && i < sizeof(removed) - 1; i++)
			put(&to, removed[i]);
		s = span_from(s, hidden > 0 ? hidden : 1);
	}
	return close_sink(&to);
}
