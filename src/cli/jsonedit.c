#include "cli/jsonedit.h"

#include "core/jput.h"
#include "core/jscan.h"
#include "core/limits.h"

#include "core/banned.h"

/* Clients' files are shallow; docker's plugin settings reach three. */
#define DEPTH_MAX 32

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Offset of a span within the text that it points into. */
static size_t
offset(struct span text, struct span part)
{
	return (size_t)(part.at - text.at);
}

/* Where a member stands: from its key's quote to the end of its value. */
struct member {
	size_t from;
	size_t to;
	size_t before; /* end of the member before, or after "{" */
	bool is_first;
	bool is_last;
	struct jscan_value value;
};

static bool
key_is(struct span raw, struct span key)
{
	struct jscan_value v = { .kind = JSCAN_STRING,
				 .text = { raw.at - 1, raw.len + 2 } };
	struct safebuf *room = NULL;
	bool same;

	if (safebuf_new(raw.len + 8, &room) != RC_OK)
		return false;
	same = jscan_string(v, room) == RC_OK &&
	       span_eq(safebuf_view(room), key);
	safebuf_free(room);
	return same;
}

static enum rc
find_member(struct span text, struct jscan_value object, struct span key,
	    struct member *ret)
{
	struct member m = { .is_first = true };
	struct jscan_value value;
	struct span raw;
	size_t at = 0;

	m.before = offset(text, object.text) + 1;
	while (jscan_next(object, &at, &raw, &value)) {
		size_t end = offset(text, value.text) + value.text.len;

		if (key_is(raw, key)) {
			m.from = offset(text, raw) - 1;
			m.to = end;
			m.value = value;
			m.is_last = !jscan_next(object, &at, &raw, &value);
			*ret = m;
			return RC_OK;
		}
		m.before = end;
		m.is_first = false;
	}
	return RC_NOT_FOUND;
}

static enum rc
read_object(struct span text, struct jscan_value *ret, struct why *why)
{
	struct why cause;

	if (jscan_check(text, DEPTH_MAX, ret, &cause) != RC_OK)
		return why_set(why, RC_INVALID,
			       "it cannot be edited: %s; edit it by hand",
			       cause.text);
	if (ret->kind != JSCAN_OBJECT)
		return why_set(why, RC_INVALID,
			       "it is not a JSON object; correct it by hand");
	return RC_OK;
}

static enum rc
find_group(struct span text, const char *group, struct member *ret,
	   struct why *why)
{
	struct jscan_value top;
	enum rc rc;

	if ((rc = read_object(text, &top, why)) != RC_OK)
		return rc;
	if (group == NULL) {
		*ret = (struct member){ .value = top };
		return RC_OK;
	}
	if ((rc = find_member(text, top, span_of(group), ret)) != RC_OK)
		return rc;
	if (ret->value.kind != JSCAN_OBJECT)
		return why_set(why, RC_INVALID,
			       "'%s' is not an object; correct it by hand",
			       group);
	return RC_OK;
}

enum rc
jsonedit_get(struct span text, const char *group, struct span key,
	     struct safebuf *out, struct why *why)
{
	struct member m;
	enum rc rc;

	if (span_trim_space(text).len == 0)
		return RC_NOT_FOUND;
	if ((rc = find_group(text, group, &m, why)) != RC_OK ||
	    (rc = find_member(text, m.value, key, &m)) != RC_OK)
		return rc;
	if (m.value.kind != JSCAN_STRING || jscan_string(m.value, out) != RC_OK)
		return why_set(why, RC_INVALID,
			       "a helper's name is not a string; correct it "
			       "by hand");
	return RC_OK;
}

/* The white space before the object's first member, from its last LF on. */
static struct span
indent_of(struct span text, struct jscan_value object)
{
	size_t from = offset(text, object.text) + 1;
	size_t to = from;
	size_t line = from;

	while (to < text.len && is_space(text.at[to])) {
		if (text.at[to] == '\n')
			line = to;
		to++;
	}
	return line == from && (from >= text.len || text.at[from] != '\n')
		       ? (struct span){ 0 }
		       : span_cut(text, line, to - line);
}

static bool
has_members(struct jscan_value object)
{
	struct jscan_value value;
	struct span raw;
	size_t at = 0;

	return jscan_next(object, &at, &raw, &value);
}

static void
put_member(struct safebuf *out, struct span key, struct span value, bool spaced)
{
	jput_string(out, key);
	safebuf_puts(out, spaced ? ": " : ":");
	jput_string(out, value);
}

/* Put the bytes of fresh after the last member of object. */
static void
put_last(struct span text, struct jscan_value object, struct span indent,
	 struct span fresh, struct span closing, struct safebuf *out)
{
	struct jscan_value value;
	struct span raw;
	size_t at = 0;
	size_t end = offset(text, object.text) + 1;
	bool any = false;

	while (jscan_next(object, &at, &raw, &value)) {
		end = offset(text, value.text) + value.text.len;
		any = true;
	}
	safebuf_put(out, span_cut(text, 0, end));
	if (any)
		safebuf_putc(out, ',');
	safebuf_put(out, indent);
	safebuf_put(out, fresh);
	if (any) {
		safebuf_put(out, span_from(text, end));
	} else {
		/* "{}" or "{ }": what stood between them is no indent. */
		safebuf_put(out, closing);
		safebuf_put(out, span_from(text, offset(text, object.text) +
							 object.text.len - 1));
	}
}

static enum rc
put_into_new_file(const char *group, struct span key, struct span value,
		  struct safebuf *out)
{
	safebuf_puts(out, "{\n\t");
	if (group != NULL) {
		jput_string(out, span_of(group));
		safebuf_puts(out, ": {\n\t\t");
		put_member(out, key, value, true);
		safebuf_puts(out, "\n\t}");
	} else {
		put_member(out, key, value, true);
	}
	safebuf_puts(out, "\n}\n");
	return safebuf_check(out);
}

/* A whole group, as one member of the top object. */
static void
put_group(struct safebuf *out, const char *group, struct span indent,
	  struct span unit, struct span key, struct span value)
{
	bool spaced = indent.len > 0;

	jput_string(out, span_of(group));
	safebuf_puts(out, spaced ? ": {" : ":{");
	safebuf_put(out, indent);
	safebuf_put(out, unit);
	put_member(out, key, value, spaced);
	safebuf_put(out, indent);
	safebuf_putc(out, '}');
}

enum rc
jsonedit_put(struct span text, const char *group, struct span key,
	     struct span value, struct safebuf *out, struct why *why)
{
	struct safebuf *fresh = NULL;
	struct jscan_value top;
	struct span indent, unit;
	struct member m = { 0 };
	enum rc rc;

	if (span_trim_space(text).len == 0)
		return put_into_new_file(group, key, value, out);
	if ((rc = read_object(text, &top, why)) != RC_OK)
		return rc;
	if (!has_members(top)) {
		if ((rc = put_into_new_file(group, key, value, out)) != RC_OK)
			return rc;
		return RC_OK;
	}
	if ((rc = safebuf_new(SERVER_MAX * 8, &fresh)) != RC_OK)
		return rc;
	indent = indent_of(text, top);
	unit = span_from(indent, indent.len > 0 ? 1 : 0);
	rc = group == NULL ? RC_OK : find_group(text, group, &m, why);
	if (group == NULL) {
		put_member(fresh, key, value, indent.len > 0);
		put_last(text, top, indent, safebuf_view(fresh),
			 (struct span){ 0 }, out);
	} else if (rc == RC_NOT_FOUND) {
		put_group(fresh, group, indent, unit, key, value);
		put_last(text, top, indent, safebuf_view(fresh),
			 (struct span){ 0 }, out);
		rc = RC_OK;
	} else if (rc == RC_OK) {
		struct safebuf *deeper = NULL;
		struct span inner = indent_of(text, m.value);

		if ((rc = safebuf_new(SERVER_MAX, &deeper)) != RC_OK)
			goto out;
		if (!has_members(m.value)) {
			safebuf_put(deeper, indent);
			safebuf_put(deeper, unit);
			inner = safebuf_view(deeper);
		}
		put_member(fresh, key, value, inner.len > 0);
		put_last(text, m.value, inner, safebuf_view(fresh), indent,
			 out);
		safebuf_free(deeper);
	}
	if (rc == RC_OK && (rc = safebuf_check(fresh)) == RC_OK)
		rc = safebuf_check(out);
out:
	safebuf_free(fresh);
	return rc;
}

/* Text without one member: its comma goes with it. */
static void
cut_member(struct span text, const struct member *m, struct safebuf *out)
{
	size_t from = m->before;
	size_t to = m->to;

	if (m->is_first && !m->is_last) {
		/* Up to the next member's key, and the space before ours
		 * stays for it. */
		from = m->from;
		while (to < text.len && text.at[to] != ',')
			to++;
		to++;
		while (to < text.len && is_space(text.at[to]))
			to++;
	} else if (m->is_first) {
		/* The only one: "{}" remains. */
		while (to < text.len && is_space(text.at[to]))
			to++;
	}
	safebuf_put(out, span_cut(text, 0, from));
	safebuf_put(out, span_from(text, to));
}

enum rc
jsonedit_remove(struct span text, const char *group, struct span key,
		struct safebuf *out, struct why *why)
{
	struct member outer, m;
	enum rc rc;

	if (span_trim_space(text).len == 0)
		return RC_NOT_FOUND;
	if ((rc = find_group(text, group, &outer, why)) != RC_OK ||
	    (rc = find_member(text, outer.value, key, &m)) != RC_OK)
		return rc;
	if (group != NULL && m.is_first && m.is_last)
		m = outer;
	cut_member(text, &m, out);
	return safebuf_check(out);
}
