/*
 * In a URL nothing but the base URL that it begins with MUST decide scheme,
 * host and port, and no value MUST add, empty or take away a segment.
 */
#include "core/expand.h"

#include "core/clean.h"
#include "core/lines.h"
#include "core/place.h"

#include "core/banned.h"

enum piece_kind {
	PIECE_TEXT,
	PIECE_VARIABLE,
	PIECE_HOST,
	PIECE_UPPER,
	PIECE_URL,
	PIECE_NOW,
	PIECE_UUID,
	PIECE_LATER, /* a placeholder that is not supported yet */
	PIECE_BAD
};

struct piece {
	enum piece_kind kind;
	struct span text; /* bytes, or the variable, or what is wrong */
};

static const char upper_hex[] = "0123456789ABCDEF";

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static void
put_escape(struct safebuf *out, char c)
{
	unsigned char byte = (unsigned char)c;

	safebuf_putc(out, '%');
	safebuf_putc(out, upper_hex[byte >> 4]);
	safebuf_putc(out, upper_hex[byte & 0x0f]);
}

void
expand_put_percent(struct safebuf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
			safebuf_putc(out, c);
		else
			put_escape(out, c);
	}
}

void
expand_put_form(struct safebuf *out, struct span s)
{
	/* The set of the URL standard, 5.2; it is not that of RFC 3986. */
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '*')
			safebuf_putc(out, c);
		else if (c == ' ')
			safebuf_putc(out, '+');
		else
			put_escape(out, c);
	}
}

/* inner: what stands between the braces. */
static struct piece
read_placeholder(struct span inner)
{
	static const struct {
		const char *word;
		enum piece_kind kind;
	} words[] = {
		{ "url", PIECE_URL },		{ "now", PIECE_NOW },
		{ "uuid", PIECE_UUID },		{ "spki-sha256", PIECE_LATER },
		{ "cert-sha256", PIECE_LATER }, { "cert-sha1", PIECE_LATER },
	};
	struct piece p = { PIECE_VARIABLE, inner };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_is(inner, words[i].word))
			return (struct piece){ words[i].kind, inner };
	}
	if (span_starts(inner, "secret:"))
		return (struct piece){ PIECE_LATER, inner };
	if (span_starts(inner, "host:"))
		p = (struct piece){ PIECE_HOST, span_from(inner, 5) };
	else if (span_starts(inner, "upper:"))
		p = (struct piece){ PIECE_UPPER, span_from(inner, 6) };
	if (!lines_key_is_valid(p.text) || conf_key_is_known(p.text))
		return (struct piece){ PIECE_BAD, inner };
	/* {host:url} would have to be a variable of that name. */
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_is(p.text, words[i].word))
			return (struct piece){ PIECE_BAD, inner };
	}
	return p;
}

static bool
is_brace(char c)
{
	return c == '{' || c == '}';
}

/* The piece at *at. False at the end. After PIECE_BAD nobody goes on. */
static bool
next_piece(struct span template, size_t *at, struct piece *ret)
{
	struct span rest = span_from(template, *at);
	size_t n = 0;

	if (rest.len == 0)
		return false;
	if (is_brace(rest.at[0])) {
		if (rest.len > 1 && rest.at[1] == rest.at[0]) {
			*ret = (struct piece){ PIECE_TEXT,
					       span_cut(rest, 0, 1) };
			*at += 2;
			return true;
		}
		n = span_find(rest, '}');
		if (rest.at[0] == '}' || n == rest.len) {
			*ret = (struct piece){ PIECE_BAD, rest };
			*at = template.len;
			return true;
		}
		*ret = read_placeholder(span_cut(rest, 1, n - 1));
		*at += n + 1;
		return true;
	}
	while (n < rest.len && !is_brace(rest.at[n]))
		n++;
	*ret = (struct piece){ PIECE_TEXT, span_cut(rest, 0, n) };
	*at += n;
	return true;
}

static bool
has_variable(const struct piece *p)
{
	return p->kind == PIECE_VARIABLE || p->kind == PIECE_HOST ||
	       p->kind == PIECE_UPPER;
}

enum rc
expand_check(struct span template, struct why *why)
{
	char shown[FOREIGN_MAX / 2];
	struct piece p;
	size_t at = 0;

	while (next_piece(template, &at, &p)) {
		if (p.kind != PIECE_LATER && p.kind != PIECE_BAD)
			continue;
		clean_text(p.text, shown, sizeof(shown));
		if (p.kind == PIECE_LATER)
			return why_set(why, RC_INVALID,
				       "the placeholder '{%s}' is not "
				       "supported; do without it",
				       shown);
		if (p.text.len > 0 && is_brace(p.text.at[0]))
			return why_set(why, RC_INVALID,
				       "a single brace at '%s'; "
				       "write '{{' or '}}'",
				       shown);
		return why_set(why, RC_INVALID,
			       "'{%s}' is no placeholder; "
			       "name a variable of [a-z0-9-]",
			       shown);
	}
	return RC_OK;
}

bool
expand_next_variable(struct span template, size_t *at, struct span *variable)
{
	struct piece p;

	while (next_piece(template, at, &p)) {
		if (!has_variable(&p))
			continue;
		*variable = p.text;
		return true;
	}
	return false;
}

static struct span
value_of(const struct conf_app *app, struct span variable)
{
	for (size_t i = 0; app != NULL && i < app->count; i++) {
		if (span_eq(app->entries[i].key, variable))
			return app->entries[i].value;
	}
	return (struct span){ 0 };
}

bool
expand_is_set(struct span template, const struct conf_app *app)
{
	struct span variable;
	size_t at = 0;

	while (expand_next_variable(template, &at, &variable)) {
		if (!span_is_set(value_of(app, variable)))
			return false;
	}
	return true;
}

static enum rc
refuse(struct why *why, struct span name, const char *cause)
{
	char shown[FOREIGN_MAX / 2];

	clean_text(name, shown, sizeof(shown));
	return why_set(why, RC_CONFIG, "'%s' %s", shown, cause);
}

static enum rc
put_value(struct span s, enum expand_form form, struct safebuf *out)
{
	if (form == EXPAND_HEADER && !span_is_printable(s))
		return RC_INVALID;
	if (form == EXPAND_URL)
		expand_put_percent(out, s);
	else
		safebuf_put(out, s);
	return RC_OK;
}

static enum rc
put_host(struct span url, enum expand_form form, struct safebuf *out,
	 struct why *why)
{
	char text[HOST_MAX + sizeof(":65535")];
	struct place p;
	enum rc rc = place_from_url(url, &p, why);

	if (rc != RC_OK)
		return rc;
	if ((rc = place_format(&p, false, text, sizeof(text))) != RC_OK)
		return rc;
	return put_value(span_of(text), form, out);
}

static enum rc
put_upper(struct span s, enum expand_form form, struct safebuf *out)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < s.len; i++) {
		char c = s.at[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		rc = put_value((struct span){ &c, 1 }, form, out);
	}
	return rc;
}

/* is_base: it is the variable that a URL begins with. */
static enum rc
put_variable(const struct piece *p, bool is_base,
	     const struct expand_values *values, enum expand_form form,
	     struct safebuf *out, struct why *why)
{
	struct span value = value_of(values->app, p->text);
	enum rc rc;

	if (!span_is_set(value))
		return refuse(why, p->text, "is not set; add it to the app");
	if (is_base) {
		if (span_ends(value, "/"))
			value.len--;
		safebuf_put(out, value);
		return RC_OK;
	}
	if (p->kind == PIECE_HOST)
		rc = put_host(value, form, out, why);
	else if (p->kind == PIECE_UPPER)
		rc = put_upper(value, form, out);
	else
		rc = put_value(value, form, out);
	if (rc == RC_INVALID)
		return refuse(why, p->text,
			      "holds a byte that no header may have; "
			      "use printable ASCII");
	if (rc != RC_OK && p->kind == PIECE_HOST)
		why_wrap(why, "'%.*s'", (int)p->text.len, p->text.at);
	return rc;
}

static enum rc
put_piece(const struct piece *p, bool is_base,
	  const struct expand_values *values, enum expand_form form,
	  struct safebuf *out, struct why *why)
{
	struct span value;

	switch (p->kind) {
	case PIECE_TEXT:
		if (form == EXPAND_HEADER && !span_is_printable(p->text))
			return refuse(why, p->text,
				      "is no text for a header; "
				      "use printable ASCII");
		safebuf_put(out, p->text);
		return RC_OK;
	case PIECE_VARIABLE:
	case PIECE_HOST:
	case PIECE_UPPER:
		return put_variable(p, is_base, values, form, out, why);
	case PIECE_NOW:
		safebuf_put_i64(out, values->now_s);
		return RC_OK;
	case PIECE_URL:
	case PIECE_UUID:
		value = p->kind == PIECE_URL ? values->url : values->uuid;
		if (!span_is_set(value))
			return refuse(why, p->text,
				      "has no value here; "
				      "use the placeholder elsewhere");
		if (put_value(value, form, out) == RC_OK)
			return RC_OK;
		return refuse(why, p->text,
			      "holds a byte that no header may have; "
			      "use printable ASCII");
	default:
		return refuse(why, p->text,
			      "is no placeholder; correct the template");
	}
}

/*
 * What follows the base URL: begins with "/", and no segment of it is empty
 * (but a last one), "." or "..", which would take segments away.
 */
static bool
tail_is_plain(struct span tail)
{
	if (tail.len > 0 && tail.at[0] != '/')
		return false;
	tail = span_cut(tail, 0, span_find(tail, '?'));
	while (tail.len > 1) {
		struct span rest = span_from(tail, 1);
		struct span segment = span_cut(rest, 0, span_find(rest, '/'));

		if (segment.len == 0 || span_is(segment, ".") ||
		    span_is(segment, ".."))
			return false;
		tail = span_from(rest, segment.len);
	}
	return true;
}

enum rc
expand_put(struct span template, const struct expand_values *values,
	   enum expand_form form, struct safebuf *out, struct why *why)
{
	size_t before = safebuf_len(out);
	size_t base_end = before;
	struct piece p;
	size_t at = 0;
	bool is_first = true;
	enum rc rc = RC_OK;

	while (rc == RC_OK && next_piece(template, &at, &p)) {
		bool is_base = is_first && form == EXPAND_URL;

		if (is_base && p.kind != PIECE_VARIABLE)
			rc = why_set(why, RC_CONFIG,
				     "the url does not begin with a variable; "
				     "begin it with '{endpoint}'");
		else
			rc = put_piece(&p, is_base, values, form, out, why);
		if (is_base)
			base_end = safebuf_len(out);
		is_first = false;
	}
	if (rc == RC_OK && safebuf_check(out) != RC_OK)
		return why_set(why, RC_TOO_LARGE,
			       "a value of the profile is too long when "
			       "filled in; shorten the app's variables");
	if (rc == RC_OK && form == EXPAND_URL &&
	    !tail_is_plain(span_from(safebuf_view(out), base_end)))
		rc = why_set(why, RC_CONFIG,
			     "the url has an empty, '.' or '..' segment, or "
			     "none after the base URL; "
			     "correct the variables");
	if (rc != RC_OK)
		safebuf_cut(out, before);
	return rc;
}
