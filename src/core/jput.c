#include "core/jput.h"

#include "core/banned.h"

static void
put_escape(struct safebuf *out, unsigned char c)
{
	static const char named[] = "\b\f\n\r\t\"\\";
	static const char letters[] = "bfnrt\"\\";
	static const char hex[] = "0123456789abcdef";
	size_t i = span_find(SPAN(named), (char)c);

	safebuf_putc(out, '\\');
	if (i < sizeof(named) - 1) {
		safebuf_putc(out, letters[i]);
		return;
	}
	safebuf_puts(out, "u00");
	safebuf_putc(out, hex[c >> 4]);
	safebuf_putc(out, hex[c & 15]);
}

void
jput_string(struct safebuf *out, struct span s)
{
	safebuf_putc(out, '"');
	while (s.len > 0) {
		unsigned char c = (unsigned char)s.at[0];
		size_t len = span_utf8_len(s);

		if (len == 0) {
			safebuf_puts(out, "\xef\xbf\xbd"); /* U+FFFD */
			len = 1;
		} else if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f) {
			put_escape(out, c);
		} else {
			safebuf_put(out, span_cut(s, 0, len));
		}
		s = span_from(s, len);
	}
	safebuf_putc(out, '"');
}

void
jput_member(struct safebuf *out, const char *key, struct span value)
{
	safebuf_putc(out, '"');
	safebuf_puts(out, key);
	safebuf_puts(out, "\":");
	jput_string(out, value);
}
