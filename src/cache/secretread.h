/*
 * Reading the Secret Service over the session bus, without libsecret:
 * SearchItems, then a plain session and what is wanted of the items found. It never prompts, unlocks or writes. A plain
 * session hides nothing less: who can watch this bus can ask for the item
 * itself. Private keys never come this way.
 *
 * Secret Service API Draft 0.2 (freedesktop.org).
 */
#ifndef CACHE_SECRETREAD_H
#define CACHE_SECRETREAD_H

#include <stdint.h>

#include "core/rc.h"
#include "core/span.h"

struct secretread;

struct secretread_attribute {
	const char *name;
	struct span value;
};

/* More items than this at once are the keeper's to sort out. */
#define SECRETREAD_ITEMS_MAX 1024

enum secretread_want {
	SECRETREAD_ITEMS, /* the items alone */
	SECRETREAD_LOGINS /* and secretread_may_hide() will be asked */
};

/*
 * Search for items that have all these attributes. schema: "xdg:schema", or
 * NULL for any.
 * ret: release with secretread_free().
 * RC_OK also when nothing was found. RC_KEYRING_TIMEOUT: deadline_ms
 * (clock_mono_ms()). RC_UNAVAILABLE: no bus, no service, an odd answer, a
 * value that D-Bus cannot carry. RC_TOO_LARGE: too many items.
 */
NODISCARD enum rc
secretread_search(const char *schema,
		  const struct secretread_attribute *attributes, size_t count,
		  enum secretread_want want, int64_t deadline_ms,
		  struct secretread **ret, struct why *why);
struct secretread *secretread_free(struct secretread *r);

size_t secretread_unlocked(const struct secretread *r);
size_t secretread_locked(const struct secretread *r);

/*
 * May the search have missed items, because some services show nothing of a
 * locked collection? True when the default collection is locked and names no
 * item at all; one that names them finds them, locked as they are.
 */
bool secretread_may_hide(struct secretread *r);

/*
 * The secret of the i-th unlocked item, lent until secretread_free(). At
 * most one per search. Errors as above.
 */
NODISCARD enum rc secretread_secret(struct secretread *r, size_t i,
				    struct span *ret);

/*
 * Fetch the attributes of all items found, unlocked first, in one go. each()
 * is called once for every attribute (spans lent for the call), then once
 * with name NULL at the end of an item; locked tells what kind it is.
 */
NODISCARD enum rc
secretread_attributes(struct secretread *r,
		      void (*each)(void *self, size_t item, bool locked,
				   const char *name, struct span value),
		      void *self);

#endif
