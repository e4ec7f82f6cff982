#include "core/jchar.h"

#include "core/num.h"

#include "core/banned.h"

/* The byte at s[at], or NUL at the end; no escape holds a NUL. */
static char
peek(struct span s, size_t at)
{
	return at < s.len ? s.at[at] : '\0';
}

static bool
read_hex4(struct span s, size_t at, uint32_t *ret)
{
	struct span digits = span_cut(s, at, 4);
	uint64_t code;

	if (digits.len < 4 || num_parse_hex(digits, &code) != RC_OK)
		return false;
	*ret = (uint32_t)code;
	return true;
}

/* The escape at s[*at], a backslash. NULL, or what is wrong with it. */
static const char *
read_escape(struct span s, size_t *at, uint32_t *ret)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	char c = peek(s, *at + 1);
	size_t i = span_find(SPAN(letters), c);
	uint32_t low;

	if (i < sizeof(letters) - 1) {
		*ret = (unsigned char)meanings[i];
		*at += 2;
		return NULL;
	}
	if (c != 'u' || !read_hex4(s, *at + 2, ret))
		return "bad escape";
	*at += 6;
	if (*ret < 0xd800 || *ret > 0xdfff)
		return NULL;
	if (*ret > 0xdbff || peek(s, *at) != '\\' || peek(s, *at + 1) != 'u' ||
	    !read_hex4(s, *at + 2, &low) || low < 0xdc00 || low > 0xdfff)
		return "lone surrogate";
	*at += 6;
	*ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
	return NULL;
}

uint32_t
jchar_decode(struct span s)
{
	const unsigned char *b = (const unsigned char *)s.at;
	uint32_t code = b[0];

	if (s.len > 1)
		code = b[0] & (0x7fU >> s.len);
	for (size_t i = 1; i < s.len; i++)
		code = code << 6 | (b[i] & 0x3fU);
	return code;
}

const char *
jchar_read(struct span s, size_t *at, uint32_t *ret)
{
	size_t len;

	if (*at >= s.len)
		return "string without end";
	if ((unsigned char)s.at[*at] < 0x20)
		return "control character in a string";
	if (s.at[*at] == '\\')
		return read_escape(s, at, ret);
	len = span_utf8_len(span_from(s, *at));
	if (len == 0)
		return "not UTF-8";
	*ret = jchar_decode(span_cut(s, *at, len));
	*at += len;
	return NULL;
}

void
jchar_put(struct safebuf *out, uint32_t code)
{
	int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };

	safebuf_putc(out, (char)(lead[more] | code >> (6 * more)));
	while (more-- > 0)
		safebuf_putc(out, (char)(0x80 | (code >> (6 * more) & 0x3f)));
}
