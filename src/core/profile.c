#include "core/profile_lines.h"

#include <stdlib.h>

#include "core/expand.h"
#include "core/lines.h"
#include "core/num.h"

#include "core/banned.h"

/* "decimal integer, at most 15 digits": exact in every JSON reader. */
#define INTEGER_MAX 999999999999999

struct profile *
profile_free(struct profile *p)
{
	free(p);
	return NULL;
}

enum profile_exchange
profile_exchange(const struct profile *p)
{
	return p->exchange;
}

unsigned
profile_jwt_ttl_s(const struct profile *p)
{
	return p->jwt_ttl_s;
}

unsigned
profile_jwt_backdate_s(const struct profile *p)
{
	return p->jwt_backdate_s;
}

enum profile_expiry
profile_expiry_form(const struct profile *p)
{
	return p->expiry;
}

const struct profile_line *
profile_find(const struct profile *p, const struct conf_app *a, const char *key)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct profile_line *l = &p->lines[i];

		if (span_is(l->key, key) && expand_is_set(l->item.template, a))
			return l;
	}
	return NULL;
}

bool
profile_next_word(struct span *words, struct span *word)
{
	struct span rest = span_trim(*words);
	size_t n = 0;

	if (rest.len == 0)
		return false;
	while (n < rest.len && rest.at[n] != ' ' && rest.at[n] != '\t')
		n++;
	*word = span_cut(rest, 0, n);
	*words = span_from(rest, n);
	return true;
}

bool
profile_is_variable(struct span template, struct span *variable)
{
	struct span inner, found;
	size_t at = 0;

	if (template.len < 3)
		return false;
	inner = span_cut(template, 1, template.len - 2);
	if (!expand_next_variable(template, &at, &found) ||
	    !span_eq(found, inner))
		return false;
	*variable = found;
	return true;
}

bool
profile_fits_type(enum profile_type type, struct span value)
{
	int64_t n;

	switch (type) {
	case PROFILE_NUMBER:
		return num_parse_i64(value, -INTEGER_MAX, INTEGER_MAX, &n) ==
		       RC_OK;
	case PROFILE_BOOL:
		return span_is(value, "true") || span_is(value, "false");
	case PROFILE_NONE:
		return value.len == 0;
	default:
		return value.len > 0;
	}
}

bool
profile_read_ttl(struct span value, unsigned *ret)
{
	uint64_t n = 0;

	if (num_parse_u64(value, 0, LIFE_MAX_S, &n) != RC_OK)
		return false;
	*ret = (unsigned)n;
	return true;
}

static struct span
value_of(const struct conf_app *a, struct span variable)
{
	for (size_t i = 0; i < a->count; i++) {
		if (span_eq(a->entries[i].key, variable))
			return a->entries[i].value;
	}
	return (struct span){ 0 };
}

/* profile_check() has seen that it is a number. */
static unsigned
read_ttl(const struct profile *p, const struct conf_app *a, const char *key)
{
	const struct profile_line *l = profile_find(p, a, key);
	struct span value, variable;
	unsigned ttl_s = 0;

	if (l == NULL)
		return 0;
	value = l->item.template;
	if (profile_is_variable(value, &variable))
		value = value_of(a, variable);
	return profile_read_ttl(value, &ttl_s) ? ttl_s : 0;
}

unsigned
profile_default_ttl_s(const struct profile *p, const struct conf_app *a)
{
	return read_ttl(p, a, "default-ttl");
}

unsigned
profile_min_ttl_s(const struct profile *p, const struct conf_app *a)
{
	return read_ttl(p, a, "min-ttl");
}

/* The file's name without folder and ".conf". */
static struct span
default_title(const struct profile *p)
{
	const char *slash = strrchr(p->path, '/');
	struct span name = span_of(slash == NULL ? p->path : slash + 1);

	if (span_ends(name, ".conf"))
		name.len -= strlen(".conf");
	return name;
}

static struct span
default_param(const struct profile *p)
{
	switch (p->exchange) {
	case PROFILE_ASSERTION:
		return SPAN("assertion");
	case PROFILE_CLIENT_ASSERTION:
		return SPAN("client_assertion");
	default:
		return (struct span){ 0 };
	}
}

struct span
profile_text(const struct profile *p, const struct conf_app *a, const char *key)
{
	static const struct {
		const char *key;
		const char *text;
	} defaults[] = {
		{ "token-path", "access_token" },
		{ "expiry-path", "expires_in" },
		{ "username", "apptoken" },
		{ "scheme", "Bearer" },
	};
	const struct profile_line *l = profile_find(p, a, key);

	if (l != NULL)
		return l->item.template;
	if (strcmp(key, "title") == 0)
		return default_title(p);
	if (strcmp(key, "assertion-param") == 0)
		return default_param(p);
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (strcmp(key, defaults[i].key) == 0)
			return span_of(defaults[i].text);
	}
	return (struct span){ 0 };
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Names of HTTP headers are the same in upper and lower case. */
static bool
is_same_name(enum profile_part part, struct span a, struct span b)
{
	if (part != PROFILE_REQUEST)
		return span_eq(a, b);
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (lower(a.at[i]) != lower(b.at[i]))
			return false;
	}
	return true;
}

static bool
is_in_force(const struct profile *p, const struct conf_app *a, size_t index)
{
	const struct profile_line *l = &p->lines[index];

	if (!expand_is_set(l->item.template, a))
		return false;
	for (size_t i = 0; i < index; i++) {
		const struct profile_line *before = &p->lines[i];

		if (before->has_part && before->part == l->part &&
		    is_same_name(l->part, before->item.name, l->item.name) &&
		    expand_is_set(before->item.template, a))
			return false;
	}
	return true;
}

bool
profile_next(const struct profile *p, const struct conf_app *a,
	     enum profile_part part, size_t *at, struct profile_item *ret)
{
	while (*at < p->count) {
		size_t index = (*at)++;
		const struct profile_line *l = &p->lines[index];

		if (!l->has_part || l->part != part ||
		    !is_in_force(p, a, index))
			continue;
		*ret = l->item;
		return true;
	}
	return false;
}

bool
profile_knows(const struct profile *p, struct span variable)
{
	struct span words = p->require;
	struct span found;

	while (profile_next_word(&words, &found)) {
		if (span_eq(found, variable))
			return true;
	}
	for (size_t i = 0; i < p->count; i++) {
		size_t at = 0;

		while (expand_next_variable(p->lines[i].item.template, &at,
					    &found)) {
			if (span_eq(found, variable))
				return true;
		}
	}
	return false;
}

/* The variable that follows last in the order of names; NULL: none. */
static const struct conf_entry *
next_variable(const struct conf_app *a, const struct conf_entry *last)
{
	const struct conf_entry *next = NULL;

	for (size_t i = 0; i < a->count; i++) {
		const struct conf_entry *e = &a->entries[i];

		if (conf_key_is_known(e->key) ||
		    (last != NULL && span_cmp(e->key, last->key) <= 0))
			continue;
		if (next == NULL || span_cmp(e->key, next->key) < 0)
			next = e;
	}
	return next;
}

enum rc
profile_variables(const struct profile *p, const struct conf_app *a,
		  struct safebuf *out)
{
	const struct conf_entry *e = NULL;
	bool is_first = true;

	(void)p;
	while ((e = next_variable(a, e)) != NULL) {
		if (!is_first)
			safebuf_putc(out, '\n');
		safebuf_put(out, e->key);
		safebuf_putc(out, '=');
		safebuf_put(out, e->value);
		is_first = false;
	}
	return safebuf_check(out);
}

struct span
profile_username(const struct profile *p, const struct conf_app *a)
{
	if (span_is_set(a->username))
		return a->username;
	return profile_text(p, a, "username");
}
