#include "cli/confedit.h"

#include "core/lines.h"

#include "core/banned.h"

void
confedit_add(struct span text, struct span name, struct span lines,
	     struct safebuf *out)
{
	safebuf_put(out, text);
	if (text.len > 0 && text.at[text.len - 1] != '\n')
		safebuf_putc(out, '\n');
	if (text.len > 0)
		safebuf_putc(out, '\n');
	safebuf_putc(out, '[');
	safebuf_put(out, name);
	safebuf_puts(out, "]\n");
	safebuf_put(out, lines);
}

enum rc
confedit_remove(struct span text, struct span name, struct safebuf *out)
{
	struct lines l = { .rest = text };
	size_t from = text.len;
	size_t to = text.len;
	bool inside = false;
	bool found = false;

	for (;;) {
		struct span before = l.rest;
		struct span line;

		if (!lines_next(&l))
			break;
		if (l.kind == LINES_SECTION) {
			inside = !found && span_eq(l.key, name);
			if (inside) {
				/* Skip what lines_next skipped before it. */
				while (span_next_line(&before, &line) &&
				       before.len > l.rest.len)
					continue;
				from = (size_t)(line.at - text.at);
				found = true;
			}
		}
		if (inside)
			to = text.len - l.rest.len;
	}
	if (!found)
		return RC_NOT_FOUND;
	/* Of the empty lines around it one is enough. */
	if (from > 1 && text.at[from - 1] == '\n' &&
	    text.at[from - 2] == '\n' &&
	    (to == text.len || text.at[to] == '\n'))
		from--;
	safebuf_put(out, span_cut(text, 0, from));
	safebuf_put(out, span_from(text, to));
	return safebuf_check(out);
}
