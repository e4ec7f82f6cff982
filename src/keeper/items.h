/*
 * Items of the Secret Service, through libsecret; none of its types crosses
 * this header. What an item means is keyring's job.
 *
 * Every call ends within KEYRING_CALL_MS of items_begin(), a prompt not
 * counted. libsecret never unlocks, prompts or creates a collection by
 * itself here: the one prompt that may be raised is ours.
 */
#ifndef KEEPER_ITEMS_H
#define KEEPER_ITEMS_H

#include "core/rc.h"
#include "core/span.h"

#define ITEMS_ATTRIBUTES_MAX 6

/* Schema and attributes: what is searched for, and stored. All lent. */
struct items_id {
	const char *schema; /* NULL in a search: any */
	size_t count;
	struct {
		const char *name;
		struct span value;
	} attributes[ITEMS_ATTRIBUTES_MAX];
};

struct items;	    /* a connection with a session */
struct items_found; /* what one search gave */

enum items_want {
	ITEMS_USABLE, /* locked ones count only when there is no other */
	ITEMS_ALL,    /* one locked item is RC_LOCKED */
	ITEMS_TRUST,  /* as USABLE, and a locked collection that names its
		       * items is believed to have no others */
	ITEMS_NAMES   /* as they are, locked or not; nothing is unlocked */
};

/* As keyring_open(). */
NODISCARD enum rc items_open(const char *bus_address, bool may_prompt,
			     struct items **ret, struct why *why);
struct items *items_close(struct items *s);
/* The time of a new call starts. */
void items_begin(struct items *s);
/* Do secrets travel encrypted? */
bool items_are_encrypted(const struct items *s);

/*
 * All items with these attributes; load: their secrets as well.
 * ret: release with items_found_free(); at least one item.
 * RC_NOT_FOUND: none, while the default collection is not locked and the
 * service is the one that we connected to. RC_LOCKED, RC_DISMISSED,
 * RC_UNAVAILABLE, RC_KEYRING_TIMEOUT. RC_INVALID: a value is not UTF-8.
 */
NODISCARD enum rc items_search(struct items *s, const struct items_id *id,
			       enum items_want want, bool load,
			       struct items_found **ret, struct why *why);
struct items_found *items_found_free(struct items_found *f);
size_t items_found_count(const struct items_found *f);
/*
 * The secret of item i, lent until items_found_free(); unset when it is
 * locked, was not loaded, or the service gave none.
 */
struct span items_found_secret(struct items_found *f, size_t i);

/*
 * The attribute name of item i ("xdg:schema" too), lent until
 * items_found_free(). False: it has none of that name, or a locked keyring
 * hides it.
 */
bool items_found_attribute(struct items_found *f, size_t i, const char *name,
			   struct span *ret);

/*
 * Keep a secret as text/plain in the default collection.
 * replace: an item with equal attributes there takes the new secret instead.
 * RC_LOCKED, RC_DISMISSED. RC_UNAVAILABLE: no default collection, or only
 * the one that dies with the session. RC_KEYRING_TIMEOUT, RC_INVALID.
 */
NODISCARD enum rc items_put(struct items *s, const struct items_id *id,
			    const char *label, struct span secret, bool replace,
			    struct why *why);
/* The same for an item that was found, wherever it lies: one call. */
NODISCARD enum rc items_change(struct items *s, const struct items_found *f,
			       size_t i, struct span secret, struct why *why);
NODISCARD enum rc items_delete(struct items *s, const struct items_found *f,
			       size_t i, struct why *why);

#endif
