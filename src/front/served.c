#include "front/served.h"

#include "core/banned.h"

enum rc
served_find(enum conf_kind kind, const struct place *place, struct served *ret,
	    struct why *why)
{
	enum rc rc;

	if ((rc = appload_read(false, &ret->conf, why)) != RC_OK)
		return rc;
	return appload_find(ret->conf, kind, place, &ret->app, why);
}

enum rc
served_named(struct span name, struct served *ret, struct why *why)
{
	enum rc rc;

	if ((rc = appload_read(false, &ret->conf, why)) != RC_OK)
		return rc;
	return appload_named(ret->conf, name, &ret->app, why);
}

void
served_clear(struct served *s)
{
	s->app = appload_app_free(s->app);
	s->conf = appload_free(s->conf);
}

void
served_wrap(const struct served *s, struct why *why)
{
	if (s->app != NULL)
		why_wrap(why, "no token for '%.*s'", (int)s->app->app->name.len,
			 s->app->app->name.at);
}
