#include "keeper/keyring.h"

#include <stdio.h>
#include <stdlib.h>

#include "keeper/items.h"

#include "core/banned.h"

#define KEY_SCHEMA "org.apptoken.Key"
#define TOKEN_SCHEMA "org.apptoken.Token"
#define LABEL_MAX (NAME_LEN_MAX + 64)
/* The lines of a key's record before the PEM. */
#define KEY_FACTS_MAX (NAME_LEN_MAX + 64)

struct keyring {
	struct items *items;
};

static enum rc
no_memory(struct why *why)
{
	return why_set(why, RC_INTERNAL, "out of memory; close other programs");
}

enum rc
keyring_open(const char *bus_address, bool may_prompt, struct keyring **ret,
	     struct why *why)
{
	struct keyring *k;
	enum rc rc;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return no_memory(why);
	rc = items_open(bus_address, may_prompt, &k->items, why);
	if (rc != RC_OK) {
		free(k);
		return rc;
	}
	*ret = k;
	return RC_OK;
}

struct keyring *
keyring_close(struct keyring *k)
{
	if (k == NULL)
		return NULL;
	items_close(k->items);
	free(k);
	return NULL;
}

struct items *
keyring_items(struct keyring *k)
{
	return k->items;
}

static struct items_id
key_id(struct span app)
{
	return (struct items_id){ .schema = KEY_SCHEMA,
				  .count = 3,
				  .attributes = { { "app", app },
						  { "part", SPAN("key") },
						  { "version", SPAN("1") } } };
}

static struct items_id
token_id(const struct token_key *key)
{
	return (struct items_id){
		.schema = TOKEN_SCHEMA,
		/* Without a provider: every token of the app. */
		.count = span_is_set(key->provider) ? 4 : 2,
		.attributes = { { "app", key->app },
				{ "version", SPAN("1") },
				{ "provider", key->provider },
				{ "variables", key->variables } }
	};
}

static void
make_label(struct span app, const char *what, char out[LABEL_MAX])
{
	snprintf(out, LABEL_MAX, "%.*s: %s (apptoken)", (int)app.len, app.at,
		 what);
}

/* The facts of a key's record; they end with an empty line. */
static void
put_facts(struct span app, struct safebuf *out)
{
	safebuf_puts(out, "apptoken-key 1\n");
	safebuf_put_line(out, "app", app);
	safebuf_put_line(out, "part", SPAN("key"));
	safebuf_putc(out, '\n');
}

static enum rc
check_session(const struct keyring *k, struct why *why)
{
	if (items_are_encrypted(k->items))
		return RC_OK;
	return why_set(why, RC_KEY_BAD,
		       "the keyring service offers no encrypted session, which "
		       "a private key demands; use another service");
}

static enum rc
two_keys(size_t count, struct why *why)
{
	return why_set(why, RC_KEY_BAD,
		       "the keyring holds two keys or more (%zu); remove all "
		       "but one with your desktop's password program",
		       count);
}

/* The PEM behind the right facts. */
static enum rc
read_key(struct span record, struct span app, struct safebuf *pem,
	 struct why *why)
{
	struct safebuf *facts = NULL;
	struct span front, rest;
	enum rc rc;

	if ((rc = safebuf_new(KEY_FACTS_MAX, &facts)) != RC_OK) {
		no_memory(why);
		goto out;
	}
	put_facts(app, facts);
	front = safebuf_view(facts);
	rest = span_from(record, front.len);
	if (safebuf_check(facts) != RC_OK || rest.len == 0 ||
	    !span_eq(front, span_cut(record, 0, front.len)))
		rc = why_set(why, RC_KEY_BAD,
			     "the item in the keyring is not this app's key "
			     "record; remove the app and add it again");
	else if (rest.len > PEM_MAX)
		rc = why_set(why, RC_KEY_BAD,
			     "the key in the keyring has more than %d bytes; "
			     "remove the app and add it again",
			     PEM_MAX);
	if (rc != RC_OK)
		goto out;
	safebuf_put(pem, rest);
	if ((rc = safebuf_check(pem)) != RC_OK)
		why_set(why, rc, "the key does not fit; report this");
out:
	safebuf_free(facts);
	return rc;
}

enum rc
keyring_get_key(struct keyring *k, struct span app, struct safebuf *pem,
		struct why *why)
{
	const struct items_id id = key_id(app);
	struct items_found *f = NULL;
	struct span record;
	enum rc rc;

	items_begin(k->items);
	if ((rc = check_session(k, why)) != RC_OK ||
	    (rc = items_search(k->items, &id, ITEMS_ALL, true, &f, why)) !=
		    RC_OK)
		goto out;
	if (items_found_count(f) > 1) {
		rc = two_keys(items_found_count(f), why);
		goto out;
	}
	record = items_found_secret(f, 0);
	if (record.len == 0)
		rc = why_set(why, RC_KEY_BAD,
			     "the keyring has the item but gives no secret; "
			     "remove the app and add it again");
	else
		rc = read_key(record, app, pem, why);
out:
	items_found_free(f);
	return rc;
}

enum rc
keyring_put_key(struct keyring *k, struct span app, struct span pem,
		bool replace, struct why *why)
{
	const struct items_id id = key_id(app);
	struct safebuf *record = NULL;
	struct items_found *f = NULL;
	char label[LABEL_MAX];
	enum rc rc;

	items_begin(k->items);
	if ((rc = safebuf_new(KEY_FACTS_MAX + PEM_MAX, &record)) != RC_OK) {
		no_memory(why);
		goto out;
	}
	put_facts(app, record);
	safebuf_put(record, pem);
	if ((rc = safebuf_check(record)) != RC_OK) {
		why_set(why, rc, "the key has more than %d bytes; use another",
			PEM_MAX);
		goto out;
	}
	if ((rc = check_session(k, why)) != RC_OK)
		goto out;
	rc = items_search(k->items, &id, ITEMS_ALL, false, &f, why);
	if (rc == RC_NOT_FOUND) {
		make_label(app, "private key", label);
		rc = items_put(k->items, &id, label, safebuf_view(record),
			       false, why);
	} else if (rc == RC_OK && items_found_count(f) > 1) {
		rc = two_keys(items_found_count(f), why);
	} else if (rc == RC_OK && !replace) {
		rc = why_set(why, RC_KEY_BAD,
			     "the keyring holds a key of this app already; "
			     "use 'apptoken rotate' to replace it");
	} else if (rc == RC_OK) {
		/* The same item, in one call: never none, never two. */
		rc = items_change(k->items, f, 0, safebuf_view(record), why);
	}
out:
	items_found_free(f);
	safebuf_free(record);
	return rc;
}

/* Delete all that is found; nothing to delete is fine. */
static enum rc
delete_all(struct keyring *k, const struct items_id *id, unsigned *ret_count,
	   struct why *why)
{
	struct items_found *f = NULL;
	unsigned count = 0;
	enum rc rc;

	items_begin(k->items);
	rc = items_search(k->items, id, ITEMS_ALL, false, &f, why);
	for (; rc == RC_OK && count < items_found_count(f); count++)
		rc = items_delete(k->items, f, count, why);
	if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	if (rc == RC_OK)
		*ret_count = count;
	items_found_free(f);
	return rc;
}

enum rc
keyring_delete_key(struct keyring *k, struct span app, unsigned *ret_count,
		   struct why *why)
{
	const struct items_id id = key_id(app);

	return delete_all(k, &id, ret_count, why);
}

/* The one minted last of those whose record is right; NULL for none. */
static enum rc
newest_token(struct items_found *f, const struct token_key *key,
	     struct token **ret)
{
	struct token *best = NULL, *t;
	enum rc rc;

	for (size_t i = 0; i < items_found_count(f); i++) {
		struct span record = items_found_secret(f, i);

		if (record.len == 0 || record.len > RECORD_MAX)
			continue;
		rc = token_decode(record, key, &t);
		if (rc == RC_INTERNAL) {
			token_free(best);
			return rc;
		}
		if (rc != RC_OK)
			continue;
		if (best != NULL && best->minted.wall_s >= t->minted.wall_s) {
			token_free(t);
			continue;
		}
		token_free(best);
		best = t;
	}
	*ret = best;
	return RC_OK;
}

/* A value that no item can hold makes a cache that holds nothing. */
static enum rc
as_cache(enum rc rc)
{
	return rc == RC_INVALID ? RC_CACHE_BAD : rc;
}

enum rc
keyring_get_token(struct keyring *k, const struct token_key *key,
		  struct token **ret, struct why *why)
{
	const struct items_id id = token_id(key);
	struct items_found *f = NULL;
	struct token *t = NULL;
	enum rc rc;

	items_begin(k->items);
	if ((rc = items_search(k->items, &id, ITEMS_USABLE, true, &f, why)) !=
	    RC_OK)
		goto out;
	if ((rc = newest_token(f, key, &t)) != RC_OK)
		no_memory(why);
	else if (t == NULL)
		rc = why_set(why, RC_CACHE_BAD,
			     "the cached token has an odd record; it will be "
			     "replaced");
	else
		*ret = t;
out:
	items_found_free(f);
	return as_cache(rc);
}

enum rc
keyring_put_token(struct keyring *k, const struct token_key *key,
		  const struct token *t, struct why *why)
{
	const struct items_id id = token_id(key);
	struct safebuf *record = NULL;
	char label[LABEL_MAX];
	enum rc rc;

	items_begin(k->items);
	if ((rc = safebuf_new(RECORD_MAX, &record)) != RC_OK) {
		no_memory(why);
		goto out;
	}
	if ((rc = token_encode(t, key, record)) != RC_OK) {
		why_set(why, rc, "the token makes no record; report this");
		goto out;
	}
	make_label(key->app, "access token", label);
	rc = items_put(k->items, &id, label, safebuf_view(record), true, why);
out:
	safebuf_free(record);
	return as_cache(rc);
}

enum rc
keyring_delete_tokens(struct keyring *k, const struct token_key *key,
		      unsigned *ret_count, struct why *why)
{
	const struct items_id id = token_id(key);

	return as_cache(delete_all(k, &id, ret_count, why));
}
