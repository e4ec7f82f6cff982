#include "keeper/value.h"

#include "core/expand.h"
#include "core/jput.h"
#include "core/num.h"

#include "core/banned.h"

/* 15 digits: below 2^53, so that every JSON reader keeps it whole. */
#define NUMBER_MAX INT64_C(999999999999999)

static bool
is_number(struct span text)
{
	int64_t n;

	return num_parse_i64(text, -NUMBER_MAX, NUMBER_MAX, &n) == RC_OK;
}

static bool
is_auto_number(struct span text)
{
	return text.len > 0 && text.at[0] != '-' && is_number(text);
}

static bool
next_in_list(struct span *rest, struct span *item)
{
	size_t end;

	if (!span_is_set(*rest))
		return false;
	end = span_find(*rest, ',');
	*item = span_trim(span_cut(*rest, 0, end));
	*rest = end == rest->len ? (struct span){ 0 }
				 : span_from(*rest, end + 1);
	return true;
}

static enum rc
refuse(const struct profile_item *item, const char *kind, struct why *why)
{
	return why_set(why, RC_CONFIG,
		       "the value for '%.*s' is not %s; correct the app's "
		       "settings",
		       (int)(item->name.len > 64 ? 64 : item->name.len),
		       item->name.at, kind);
}

static void
put_list(struct span rest, struct safebuf *out)
{
	struct span item;
	const char *between = "[";

	while (next_in_list(&rest, &item)) {
		safebuf_puts(out, between);
		jput_string(out, item);
		between = ",";
	}
	safebuf_puts(out, between[0] == '[' ? "[]" : "]");
}

enum rc
value_put_json(const struct profile_item *item, struct span text,
	       struct safebuf *out, struct why *why)
{
	switch (item->type) {
	case PROFILE_NUMBER:
		if (!is_number(text))
			return refuse(item, "a number", why);
		safebuf_put(out, text);
		break;
	case PROFILE_BOOL:
		if (!span_is(text, "true") && !span_is(text, "false"))
			return refuse(item, "true or false", why);
		safebuf_put(out, text);
		break;
	case PROFILE_LIST:
		put_list(text, out);
		break;
	case PROFILE_AUTO:
		if (is_auto_number(text))
			safebuf_put(out, text);
		else
			jput_string(out, text);
		break;
	case PROFILE_STRING:
	case PROFILE_NONE:
		jput_string(out, text);
		break;
	}
	return safebuf_check(out);
}

enum rc
value_put_form(const struct profile_item *item, struct span text,
	       struct safebuf *out, struct why *why)
{
	struct span one;
	bool first = true;

	if (item->type == PROFILE_NUMBER && !is_number(text))
		return refuse(item, "a number", why);
	if (item->type == PROFILE_BOOL && !span_is(text, "true") &&
	    !span_is(text, "false"))
		return refuse(item, "true or false", why);
	if (item->type != PROFILE_LIST) {
		expand_put_form(out, text);
		return safebuf_check(out);
	}
	while (next_in_list(&text, &one)) {
		if (!first)
			safebuf_putc(out, '+');
		expand_put_form(out, one);
		first = false;
	}
	return safebuf_check(out);
}
