/* A build without libsystemd: the keeper reads, always. */
#include "cache/secretread.h"

#include "core/banned.h"

enum rc
secretread_search(const char *schema,
		  const struct secretread_attribute *attributes, size_t count,
		  enum secretread_want want, int64_t deadline_ms,
		  struct secretread **ret, struct why *why)
{
	(void)schema, (void)attributes, (void)count, (void)want;
	(void)deadline_ms, (void)ret;
	return why_set(why, RC_UNAVAILABLE,
		       "built without sd-bus; the keeper reads the keyring");
}

struct secretread *
secretread_free(struct secretread *r)
{
	(void)r;
	return NULL;
}

/* Nobody gets this far: no search ever succeeds. */
size_t
secretread_unlocked(const struct secretread *r)
{
	(void)r;
	return 0;
}

size_t
secretread_locked(const struct secretread *r)
{
	(void)r;
	return 0;
}

bool
secretread_may_hide(struct secretread *r)
{
	(void)r;
	return true;
}

enum rc
secretread_secret(struct secretread *r, size_t i, struct span *ret)
{
	(void)r, (void)i, (void)ret;
	return RC_UNAVAILABLE;
}

enum rc
secretread_attributes(struct secretread *r,
		      void (*each)(void *self, size_t item, bool locked,
				   const char *name, struct span value),
		      void *self)
{
	(void)r, (void)each, (void)self;
	return RC_UNAVAILABLE;
}
