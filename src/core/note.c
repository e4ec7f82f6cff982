/*
 * "apptoken-note 1", then the "key=value" lines in the order of note_encode(),
 * then "end". Anything else is no note.
 */
#include "core/note.h"

#include "core/num.h"

#include "core/banned.h"

#define HEADER "apptoken-note 1"
#define CLASS_MAX 32

/* The next line is "key=" and some value. */
static bool
take(struct span *rest, const char *key, struct span *value)
{
	struct span line;
	size_t end;

	if (!span_next_line(rest, &line))
		return false;
	end = span_find(line, '=');
	if (end == line.len || !span_is(span_cut(line, 0, end), key))
		return false;
	*value = span_from(line, end + 1);
	return true;
}

static bool
take_ms(struct span *rest, const char *key, int64_t *ret)
{
	struct span value;

	return take(rest, key, &value) &&
	       num_parse_i64(value, 0, INT64_MAX, ret) == RC_OK;
}

static bool
take_flag(struct span *rest, const char *key, bool *ret)
{
	struct span value;

	if (!take(rest, key, &value) ||
	    (!span_is(value, "yes") && !span_is(value, "no")))
		return false;
	*ret = span_is(value, "yes");
	return true;
}

static bool
take_class(struct span *rest, const char *key, enum rc *ret)
{
	char name[CLASS_MAX];
	struct span value;
	enum rc class;

	if (!take(rest, key, &value) || !span_copy(value, name, sizeof(name)) ||
	    rc_from_name(name, &class) != RC_OK || class > RC_INTERNAL)
		return false;
	*ret = class;
	return true;
}

static bool
take_why(struct span *rest, const char *key, struct why *ret)
{
	struct span value;

	return take(rest, key, &value) && span_is_printable(value) &&
	       span_copy(value, ret->text, sizeof(ret->text));
}

void
note_parse(struct span text, const char *boot_id, struct note *ret)
{
	struct note n = { 0 };
	struct span line;
	struct span boot;

	*ret = (struct note){ 0 };
	if (text.len > NOTE_MAX || boot_id[0] == '\0')
		return;
	if (!span_next_line(&text, &line) || !span_is(line, HEADER) ||
	    !take(&text, "boot", &boot) || !span_is(boot, boot_id) ||
	    !take_ms(&text, "minted", &n.minted_ms) ||
	    !take_ms(&text, "rejected", &n.rejected_ms) ||
	    !take_flag(&text, "rejected-again", &n.rejected_again) ||
	    !take_ms(&text, "failed", &n.failed_ms) ||
	    !take_class(&text, "class", &n.failed) ||
	    !take_why(&text, "why", &n.why) ||
	    !take_ms(&text, "hold-until", &n.hold_until_ms) ||
	    !take_ms(&text, "refresh-failed", &n.refresh_failed_ms) ||
	    !span_is(text, "end\n"))
		return;
	*ret = n;
}

static void
put_ms(struct safebuf *out, const char *key, int64_t ms)
{
	safebuf_puts(out, key);
	safebuf_putc(out, '=');
	safebuf_put_i64(out, ms);
	safebuf_putc(out, '\n');
}

/* Paths may hold any byte, a line of the note may not. */
static void
put_why(struct safebuf *out, const struct why *why)
{
	safebuf_puts(out, "why=");
	for (const char *c = why->text; *c != '\0'; c++)
		safebuf_putc(out, (char)(*c < 0x20 || *c > 0x7e ? '?' : *c));
	safebuf_putc(out, '\n');
}

enum rc
note_encode(const struct note *n, const char *boot_id, struct safebuf *out)
{
	if (boot_id[0] == '\0' || (int)n->failed < 0 ||
	    n->failed > RC_INTERNAL || n->minted_ms < 0 || n->rejected_ms < 0 ||
	    n->failed_ms < 0 || n->hold_until_ms < 0 ||
	    n->refresh_failed_ms < 0)
		return RC_INVALID;
	safebuf_puts(out, HEADER "\n");
	safebuf_put_line(out, "boot", span_of(boot_id));
	put_ms(out, "minted", n->minted_ms);
	put_ms(out, "rejected", n->rejected_ms);
	safebuf_put_line(out, "rejected-again",
			 n->rejected_again ? SPAN("yes") : SPAN("no"));
	put_ms(out, "failed", n->failed_ms);
	safebuf_put_line(out, "class", span_of(rc_name(n->failed)));
	put_why(out, &n->why);
	put_ms(out, "hold-until", n->hold_until_ms);
	put_ms(out, "refresh-failed", n->refresh_failed_ms);
	safebuf_puts(out, "end\n");
	return safebuf_check(out);
}
