/*
 * Every call into libsecret MUST run under a watch, because its own limits
 * are waits of 25 s; and an empty result MUST be distrusted, because a
 * service that died and was started again has an empty face.
 */
#include "keeper/items.h"

#include <libsecret/secret.h>
#include <stdlib.h>

#include "keeper/secretbus.h"
#include "keeper/watch.h"

#include "core/banned.h"

/* What dies with the session has this path in gnome-keyring. */
#define SESSION_COLLECTION "/org/freedesktop/secrets/collection/session"

struct items {
	struct secretbus *bus;
	SecretService *service;
};

struct items_found {
	GList *list;   /* of SecretItem */
	GList *values; /* of SecretValue: what was lent out */
	GList *tables; /* of GHashTable: likewise */
};

/* One call of the library and the deadline over it. */
struct limit {
	GCancellable *cancellable;
	struct watch watch;
};

static void
cancel(void *self)
{
	g_cancellable_cancel(self);
}

/* A library call begins; what is left of the call's time is its time. */
static enum rc
limit_start(struct limit *l, const struct items *s, struct why *why)
{
	enum rc rc;

	*l = (struct limit){ .cancellable = g_cancellable_new() };
	rc = watch_start(&l->watch, secretbus_left_ms(s->bus), cancel,
			 l->cancellable, why);
	if (rc != RC_OK)
		g_object_unref(l->cancellable);
	return rc;
}

/* It has ended, with an error (used up) or with none. */
static enum rc
limit_stop(struct limit *l, GError *e, struct why *why)
{
	watch_stop(&l->watch);
	g_object_unref(l->cancellable);
	return e == NULL ? RC_OK : secretbus_error(e, why);
}

enum rc
items_open(const char *bus_address, bool may_prompt, struct items **ret,
	   struct why *why)
{
	struct items *s;
	struct limit l;
	GError *e = NULL;
	enum rc rc;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return why_set(why, RC_INTERNAL,
			       "out of memory; close other programs");
	if ((rc = secretbus_open(bus_address, may_prompt, &s->bus, why)) !=
		    RC_OK ||
	    (rc = limit_start(&l, s, why)) != RC_OK)
		goto out;
	s->service = secret_service_open_sync(secretbus_service_type(), NULL,
					      SECRET_SERVICE_OPEN_SESSION,
					      l.cancellable, &e);
	if ((rc = limit_stop(&l, e, why)) == RC_OK && s->service == NULL)
		rc = secretbus_error(NULL, why);
	if (rc != RC_OK || (rc = secretbus_note_owner(s->bus, why)) != RC_OK)
		goto out;
	*ret = s;
	s = NULL;
out:
	items_close(s);
	return rc;
}

struct items *
items_close(struct items *s)
{
	if (s == NULL)
		return NULL;
	g_clear_object(&s->service);
	secretbus_close(s->bus);
	free(s);
	return NULL;
}

void
items_begin(struct items *s)
{
	secretbus_begin(s->bus);
}

bool
items_are_encrypted(const struct items *s)
{
	const char *a = secret_service_get_session_algorithms(s->service);

	return a != NULL && g_strcmp0(a, "plain") != 0;
}

/* ret: release with g_hash_table_unref(). */
static enum rc
make_attributes(const struct items_id *id, SecretSchema *schema,
		GHashTable **ret, struct why *why)
{
	GHashTable *table;

	memset(schema, 0, sizeof(*schema));
	schema->name = id->schema == NULL ? "any" : id->schema;
	if (id->schema == NULL)
		schema->flags = SECRET_SCHEMA_DONT_MATCH_NAME;
	table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (size_t i = 0; i < id->count; i++) {
		struct span value = id->attributes[i].value;

		schema->attributes[i].name = id->attributes[i].name;
		schema->attributes[i].type = SECRET_SCHEMA_ATTRIBUTE_STRING;
		if (!g_utf8_validate(value.at, (gssize)value.len, NULL)) {
			g_hash_table_unref(table);
			return why_set(why, RC_INVALID,
				       "the value of '%s' is not UTF-8; "
				       "correct it",
				       id->attributes[i].name);
		}
		g_hash_table_insert(table, g_strdup(id->attributes[i].name),
				    g_strndup(value.at, value.len));
	}
	*ret = table;
	return RC_OK;
}

/* ret: release with g_object_unref(); NULL when there is none. */
static enum rc
default_collection(struct items *s, SecretCollection **ret, struct why *why)
{
	SecretCollection *c;
	struct limit l;
	GError *e = NULL;
	enum rc rc;

	if ((rc = limit_start(&l, s, why)) != RC_OK)
		return rc;
	c = secret_collection_for_alias_sync(s->service, "default",
					     SECRET_COLLECTION_NONE,
					     l.cancellable, &e);
	if ((rc = limit_stop(&l, e, why)) == RC_OK)
		*ret = c;
	return rc;
}

static const char *
path_of(gpointer proxy)
{
	return g_dbus_proxy_get_object_path(proxy);
}

static enum rc
search_once(struct items *s, const struct items_id *id, GList **ret,
	    struct why *why)
{
	GHashTable *attributes = NULL;
	SecretSchema schema;
	struct limit l;
	GList *list;
	GError *e = NULL;
	enum rc rc;

	if ((rc = make_attributes(id, &schema, &attributes, why)) != RC_OK ||
	    (rc = limit_start(&l, s, why)) != RC_OK)
		goto out;
	/* Not SECRET_SEARCH_LOAD_SECRETS: that waits without our watch. */
	list = secret_service_search_sync(s->service, &schema, attributes,
					  SECRET_SEARCH_ALL, l.cancellable, &e);
	if ((rc = limit_stop(&l, e, why)) == RC_OK)
		*ret = list;
out:
	if (attributes != NULL)
		g_hash_table_unref(attributes);
	return rc;
}

/* The first locked item that stands in the way, or NULL. */
static gpointer
first_locked(GList *list, enum items_want want)
{
	gpointer found = NULL;

	if (want == ITEMS_NAMES)
		return NULL;
	for (GList *i = list; i != NULL; i = i->next) {
		if (secret_item_get_locked(i->data))
			found = i->data;
		else if (want != ITEMS_ALL)
			return NULL;
	}
	return found;
}

/* A locked collection that names its items finds them as well. */
static bool
names_items(SecretCollection *c)
{
	GVariant *v =
		g_dbus_proxy_get_cached_property(G_DBUS_PROXY(c), "Items");
	bool some = v != NULL && g_variant_is_container(v) &&
		    g_variant_n_children(v) > 0;

	g_clear_pointer(&v, g_variant_unref);
	return some;
}

/*
 * What hides items, if anything: a locked one, or, since some services show
 * nothing of a locked collection, the default collection.
 * ret: release with g_object_unref(); NULL for nothing.
 */
static enum rc
find_lock(struct items *s, GList *list, enum items_want want, gpointer *ret,
	  struct why *why)
{
	SecretCollection *c = NULL;
	enum rc rc;

	if (list != NULL) {
		*ret = first_locked(list, want);
		if (*ret != NULL)
			g_object_ref(*ret);
		return RC_OK;
	}
	if (want == ITEMS_NAMES)
		return RC_OK;
	if ((rc = default_collection(s, &c, why)) != RC_OK)
		return rc;
	if (c != NULL && (!secret_collection_get_locked(c) ||
			  (want == ITEMS_TRUST && names_items(c))))
		g_clear_object(&c);
	*ret = c;
	return RC_OK;
}

static enum rc
load_secrets(struct items *s, GList *list, struct why *why)
{
	GList *usable = NULL;
	struct limit l;
	GError *e = NULL;
	enum rc rc;

	for (GList *i = list; i != NULL; i = i->next) {
		if (!secret_item_get_locked(i->data))
			usable = g_list_prepend(usable, i->data);
	}
	if ((rc = limit_start(&l, s, why)) != RC_OK)
		goto out;
	secret_item_load_secrets_sync(usable, l.cancellable, &e);
	rc = limit_stop(&l, e, why);
out:
	g_list_free(usable);
	return rc;
}

/* One search, and after an unlocking a second one. */
static enum rc
search_unlocked(struct items *s, const struct items_id *id,
		enum items_want want, GList **ret, struct why *why)
{
	gpointer lock = NULL;
	enum rc rc;

	for (int round = 0;; round++) {
		if ((rc = search_once(s, id, ret, why)) != RC_OK ||
		    (rc = find_lock(s, *ret, want, &lock, why)) != RC_OK ||
		    lock == NULL)
			break;
		rc = round == 0 ? secretbus_unlock(s->bus, path_of(lock), why)
				: secretbus_locked(why);
		g_clear_object(&lock);
		if (rc != RC_OK)
			break;
		g_list_free_full(*ret, g_object_unref);
		*ret = NULL;
	}
	return rc;
}

enum rc
items_search(struct items *s, const struct items_id *id, enum items_want want,
	     bool load, struct items_found **ret, struct why *why)
{
	struct items_found *f;
	enum rc rc;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return why_set(why, RC_INTERNAL,
			       "out of memory; close other programs");
	if ((rc = search_unlocked(s, id, want, &f->list, why)) != RC_OK)
		goto out;
	if (f->list == NULL) {
		/* A service that was started anew knows of nothing. */
		rc = secretbus_check_owner(s->bus, why);
		if (rc == RC_OK)
			rc = why_set(why, RC_NOT_FOUND,
				     "nothing in the keyring");
		goto out;
	}
	if (load && (rc = load_secrets(s, f->list, why)) != RC_OK)
		goto out;
	*ret = f;
	f = NULL;
out:
	items_found_free(f);
	return rc;
}

struct items_found *
items_found_free(struct items_found *f)
{
	if (f == NULL)
		return NULL;
	for (GList *i = f->values; i != NULL; i = i->next)
		secret_value_unref(i->data);
	g_list_free(f->values);
	g_list_free_full(f->tables, (GDestroyNotify)g_hash_table_unref);
	g_list_free_full(f->list, g_object_unref);
	free(f);
	return NULL;
}

size_t
items_found_count(const struct items_found *f)
{
	return g_list_length(f->list);
}

struct span
items_found_secret(struct items_found *f, size_t i)
{
	SecretValue *v;
	struct span s;
	gsize len = 0;

	v = secret_item_get_secret(g_list_nth_data(f->list, (guint)i));
	if (v == NULL)
		return (struct span){ 0 };
	/* Kept until the end: what follows is a loan of it. */
	f->values = g_list_prepend(f->values, v);
	s.at = secret_value_get(v, &len);
	s.len = len;
	return s;
}

bool
items_found_attribute(struct items_found *f, size_t i, const char *name,
		      struct span *ret)
{
	GHashTable *table;
	const char *value;

	table = secret_item_get_attributes(g_list_nth_data(f->list, (guint)i));
	if (table == NULL)
		return false;
	/* Kept until the end: what follows is a loan of it. */
	f->tables = g_list_prepend(f->tables, table);
	value = g_hash_table_lookup(table, name);
	if (value == NULL)
		return false;
	*ret = span_of(value);
	return true;
}

/* Where new items go; unlocked, and of those that outlive the session. */
static enum rc
find_home(struct items *s, SecretCollection **ret, struct why *why)
{
	SecretCollection *c = NULL;
	enum rc rc;

	for (int round = 0;; round++) {
		if ((rc = default_collection(s, &c, why)) != RC_OK)
			return rc;
		if (c == NULL ||
		    g_strcmp0(path_of(c), SESSION_COLLECTION) == 0) {
			rc = why_set(why, RC_UNAVAILABLE,
				     "the keyring has no default collection "
				     "that outlives the session; create one, "
				     "e.g. with 'seahorse'");
			break;
		}
		if (!secret_collection_get_locked(c)) {
			*ret = c;
			return RC_OK;
		}
		rc = round == 0 ? secretbus_unlock(s->bus, path_of(c), why)
				: secretbus_locked(why);
		if (rc != RC_OK)
			break;
		g_clear_object(&c);
	}
	g_clear_object(&c);
	return rc;
}

static enum rc
create(struct items *s, SecretCollection *home, const struct items_id *id,
       const char *label, struct span secret, bool replace, struct why *why)
{
	GHashTable *attributes = NULL;
	SecretValue *value = NULL;
	SecretSchema schema;
	SecretItem *item;
	struct limit l;
	GError *e = NULL;
	enum rc rc;

	if ((rc = make_attributes(id, &schema, &attributes, why)) != RC_OK ||
	    (rc = limit_start(&l, s, why)) != RC_OK)
		goto out;
	value = secret_value_new(secret.at, (gssize)secret.len, "text/plain");
	item = secret_item_create_sync(home, &schema, attributes, label, value,
				       replace ? SECRET_ITEM_CREATE_REPLACE
					       : SECRET_ITEM_CREATE_NONE,
				       l.cancellable, &e);
	rc = limit_stop(&l, e, why);
	if (rc == RC_OK && item == NULL)
		rc = secretbus_error(NULL, why);
	g_clear_object(&item);
	secret_value_unref(value);
out:
	if (attributes != NULL)
		g_hash_table_unref(attributes);
	return rc;
}

enum rc
items_put(struct items *s, const struct items_id *id, const char *label,
	  struct span secret, bool replace, struct why *why)
{
	SecretCollection *home = NULL;
	enum rc rc;

	if ((rc = find_home(s, &home, why)) == RC_OK)
		rc = create(s, home, id, label, secret, replace, why);
	g_clear_object(&home);
	return rc;
}

enum rc
items_change(struct items *s, const struct items_found *f, size_t i,
	     struct span secret, struct why *why)
{
	SecretValue *value;
	struct limit l;
	GError *e = NULL;
	enum rc rc;

	if ((rc = limit_start(&l, s, why)) != RC_OK)
		return rc;
	value = secret_value_new(secret.at, (gssize)secret.len, "text/plain");
	secret_item_set_secret_sync(g_list_nth_data(f->list, (guint)i), value,
				    l.cancellable, &e);
	rc = limit_stop(&l, e, why);
	secret_value_unref(value);
	return rc;
}

enum rc
items_delete(struct items *s, const struct items_found *f, size_t i,
	     struct why *why)
{
	return secretbus_delete(
		s->bus, path_of(g_list_nth_data(f->list, (guint)i)), why);
}
