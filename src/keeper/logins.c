#include "keeper/logins.h"

#include "core/jput.h"
#include "core/limits.h"

#include "core/banned.h"

static struct items_id
make_id(const struct login *l, const char *schema)
{
	struct login_attribute all[LOGIN_ATTRIBUTES_MAX];
	struct items_id id = { .schema = schema };

	id.count = login_attributes(l, all);
	for (size_t i = 0; i < id.count; i++) {
		id.attributes[i].name = all[i].name;
		id.attributes[i].value = all[i].value;
	}
	return id;
}

/* git's schema has an older name: it is compared with what is found. */
static const char *
search_schema(enum login_kind kind)
{
	return kind == LOGIN_DOCKER ? LOGIN_DOCKER_SCHEMA : NULL;
}

/* The attributes of item i as a login. False: another schema. */
static bool
read_item(struct items_found *f, size_t i, enum login_kind kind,
	  struct login *ret)
{
	static const char *const names[] = { "server", "protocol", "port",
					     "object", "user",	   "username" };
	struct span value;

	if (!items_found_attribute(f, i, "xdg:schema", &value) ||
	    !login_schema_is(kind, value))
		return false;
	*ret = (struct login){ .kind = kind };
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		if (items_found_attribute(f, i, names[n], &value))
			*login_field(ret, names[n]) = value;
	}
	return true;
}

static struct span
copy_to(struct safebuf *room, struct span value)
{
	size_t at = safebuf_len(room);

	if (!span_is_set(value))
		return value;
	safebuf_put(room, value);
	return span_from(safebuf_view(room), at);
}

enum rc
logins_get(struct items *s, const struct login *asked, struct safebuf *room,
	   struct login *ret, struct why *why)
{
	const struct items_id id = make_id(asked, search_schema(asked->kind));
	struct items_found *f = NULL;
	struct login l;
	size_t count;
	enum rc rc;

	items_begin(s);
	if ((rc = items_search(s, &id, ITEMS_TRUST, true, &f, why)) != RC_OK)
		return rc;
	rc = RC_NOT_FOUND;
	count = items_found_count(f);
	/* The better ones first, then any. */
	for (size_t n = 0; n < 2 * count && rc == RC_NOT_FOUND; n++) {
		struct span secret = items_found_secret(f, n % count);

		if (!span_is_set(secret) ||
		    !read_item(f, n % count, asked->kind, &l) ||
		    !login_answers(&l, asked) ||
		    (n < count && !login_has_path_of(&l, asked)))
			continue;
		l.server = copy_to(room, l.server);
		l.protocol = copy_to(room, l.protocol);
		l.port = copy_to(room, l.port);
		l.path = copy_to(room, l.path);
		l.user = copy_to(room, l.user);
		login_take_secret(&l, copy_to(room, secret));
		if ((rc = safebuf_check(room)) == RC_OK)
			*ret = l;
	}
	items_found_free(f);
	return rc;
}

static bool
same(struct span a, struct span b)
{
	return span_is_set(a) == span_is_set(b) && span_eq(a, b);
}

/* Does the entry stand where the new one will, and is not the same item? */
static bool
is_replaced(const struct login *entry, struct span schema,
	    const struct login *l)
{
	if (!login_answers(entry, l))
		return false;
	if (l->kind == LOGIN_DOCKER)
		return !span_eq(entry->user, l->user);
	return same(entry->user, l->user) && same(entry->path, l->path) &&
	       !span_is(schema, LOGIN_GIT_SCHEMA);
}

/* What the new entry has made old: it goes when the new one is there. */
static enum rc
delete_replaced(struct items *s, const struct login *l, struct why *why)
{
	struct login asked = *l;
	struct items_found *f = NULL;
	struct items_id id;
	struct span schema;
	struct login entry;
	enum rc rc;

	if (l->kind == LOGIN_DOCKER)
		asked.user = (struct span){ 0 };
	id = make_id(&asked, search_schema(l->kind));
	if ((rc = items_search(s, &id, ITEMS_TRUST, false, &f, why)) != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	for (size_t i = 0; i < items_found_count(f) && rc == RC_OK; i++) {
		if (read_item(f, i, l->kind, &entry) &&
		    items_found_attribute(f, i, "xdg:schema", &schema) &&
		    is_replaced(&entry, schema, l))
			rc = items_delete(s, f, i, why);
	}
	items_found_free(f);
	return rc;
}

static bool
is_exact(const struct login *entry, const struct login *l)
{
	return same(entry->server, l->server) && same(entry->user, l->user) &&
	       same(entry->protocol, l->protocol) &&
	       same(entry->port, l->port) && same(entry->path, l->path);
}

/*
 * A service that replaces takes the first item that has all attributes, even
 * one that has more: the login of another port or path. With such an item in
 * the way, the right one is changed in place, or a new one made beside it.
 */
static enum rc
put_exactly(struct items *s, const struct items_id *id, const char *label,
	    const struct login *l, struct span secret, struct why *why)
{
	struct items_found *f = NULL;
	struct login entry;
	size_t exact = 0;
	size_t more = 0;
	size_t count;
	enum rc rc;

	rc = items_search(s, id, ITEMS_TRUST, false, &f, why);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	count = rc == RC_OK ? items_found_count(f) : 0;
	exact = count;
	for (size_t i = 0; i < count; i++) {
		if (read_item(f, i, l->kind, &entry) && is_exact(&entry, l))
			exact = i;
		else
			more++;
	}
	if (more > 0 && exact < count)
		rc = items_change(s, f, exact, secret, why);
	else
		rc = items_put(s, id, label, secret, more == 0, why);
	items_found_free(f);
	return rc;
}

enum rc
logins_put(struct items *s, const struct login *l, struct why *why)
{
	const struct items_id id = make_id(l, login_schema(l->kind));
	struct safebuf *secret = NULL;
	struct safebuf *label = NULL;
	enum rc rc;

	items_begin(s);
	if ((rc = safebuf_new(LOGIN_SECRET_MAX, &secret)) != RC_OK ||
	    (rc = safebuf_new(RECORD_MAX, &label)) != RC_OK)
		goto out;
	login_put_label(l, label);
	safebuf_putc(label, '\0');
	if ((rc = login_put_secret(l, secret)) != RC_OK ||
	    (rc = safebuf_check(label)) != RC_OK) {
		rc = why_set(why, RC_BAD_REQUEST,
			     "the login is larger than %d bytes or holds a "
			     "line break; it was not kept",
			     LOGIN_SECRET_MAX);
		goto out;
	}
	if ((rc = put_exactly(s, &id, safebuf_bytes(label), l,
			      safebuf_view(secret), why)) == RC_OK)
		rc = delete_replaced(s, l, why);
out:
	safebuf_free(label);
	safebuf_free(secret);
	return rc;
}

/* Is it the entry with the refused secret, if one was named? */
static bool
holds(struct login *entry, struct span secret, const struct login *asked)
{
	login_take_secret(entry, secret);
	if (span_is_set(asked->credential))
		return span_eq_secret(entry->credential, asked->credential);
	return !span_is_set(asked->password) ||
	       span_eq_secret(entry->password, asked->password);
}

enum rc
logins_delete(struct items *s, const struct login *asked, struct why *why)
{
	const struct items_id id = make_id(asked, search_schema(asked->kind));
	bool needs_secret = span_is_set(asked->password) ||
			    span_is_set(asked->credential);
	struct items_found *f = NULL;
	struct login entry;
	enum rc rc;

	items_begin(s);
	rc = items_search(s, &id, ITEMS_ALL, needs_secret, &f, why);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	for (size_t i = 0; i < items_found_count(f) && rc == RC_OK; i++) {
		if (!read_item(f, i, asked->kind, &entry) ||
		    !login_answers(&entry, asked) ||
		    (needs_secret &&
		     !holds(&entry, items_found_secret(f, i), asked)))
			continue;
		rc = items_delete(s, f, i, why);
	}
	items_found_free(f);
	return rc;
}

enum rc
logins_put_list(struct items *s, struct safebuf *out, size_t *hidden,
		struct why *why)
{
	static const struct items_id id = {
		.schema = LOGIN_DOCKER_SCHEMA,
		.count = 2,
		.attributes = { { "docker_cli", { "1", 1 } },
				{ "label",
				  { LOGIN_DOCKER_LABEL,
				    sizeof(LOGIN_DOCKER_LABEL) - 1 } } },
	};
	struct items_found *f = NULL;
	const char *between = "";
	struct login entry;
	enum rc rc;

	items_begin(s);
	*hidden = 0;
	rc = items_search(s, &id, ITEMS_NAMES, false, &f, why);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	for (size_t i = 0; i < items_found_count(f); i++) {
		if (!read_item(f, i, LOGIN_DOCKER, &entry)) {
			(*hidden)++;
			continue;
		}
		safebuf_puts(out, between);
		jput_string(out, entry.server);
		safebuf_putc(out, ':');
		jput_string(out, entry.user);
		between = ",";
	}
	items_found_free(f);
	return safebuf_check(out);
}
