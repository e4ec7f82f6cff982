#include "helpers/docker_list.h"

#include <string.h>

#include "core/conf.h"
#include "core/jput.h"
#include "core/limits.h"
#include "core/place.h"
#include "front/keep.h"
#include "platform/appload.h"

#include "core/banned.h"

/* One entry, unless its key is there already: a key stands for one answer. */
static void
put_entry(struct helper_call *c, struct span server, struct span user)
{
	struct safebuf *key = NULL;
	struct span so_far = safebuf_view(c->answer);

	if (safebuf_new(SERVER_MAX * 6 + 4, &key) != RC_OK) {
		safebuf_fail(c->answer);
		return;
	}
	jput_string(key, server);
	safebuf_putc(key, ':');
	if (safebuf_check(key) == RC_OK &&
	    memmem(so_far.at, so_far.len, safebuf_view(key).at,
		   safebuf_len(key)) == NULL) {
		if (so_far.len > 1)
			safebuf_putc(c->answer, ',');
		safebuf_put(c->answer, safebuf_view(key));
		jput_string(c->answer, user);
	}
	safebuf_free(key);
}

/* What can't be told is left out, with one word about it. */
static void
note_gap(struct helper_call *c)
{
	if (c->warning.text[0] != '\0')
		return;
	c->warning = c->why;
	why_wrap(&c->warning, "the list is not complete");
}

/* The app's registries, as configured, if a token is cached for it. */
static enum rc
list_app(struct helper_call *c, const struct appload_app *a)
{
	const struct conf_entry *e;
	size_t at = 0;
	enum rc rc;

	if (!span_is_set(conf_value(a->app, "docker")))
		return RC_OK;
	if ((rc = front_has(c->ports, a, &c->why)) != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	while ((e = conf_next(a->app, "docker", &at)) != NULL)
		put_entry(c, e->value, profile_username(a->profile, a->app));
	return RC_OK;
}

/* A keyring that hangs is waited for once, not once an app. */
static enum rc
list_apps(struct helper_call *c, const struct appload *conf)
{
	struct span name;
	size_t at = 0;
	enum rc rc;

	while (conf_next_name(&conf->conf, &at, &name)) {
		struct appload_app *a = NULL;

		rc = appload_named(conf, name, &a, &c->why);
		if (rc == RC_OK)
			rc = list_app(c, a);
		appload_app_free(a);
		if (rc != RC_OK)
			note_gap(c);
		if (rc == RC_KEYRING_TIMEOUT)
			return rc;
	}
	return RC_OK;
}

struct kept {
	struct helper_call *c;
	const struct appload *conf;
};

/* A kept login is answered only where no app serves. */
static void
list_kept(void *self, struct span server, struct span user)
{
	struct kept *k = self;
	struct conf_app *app = NULL;
	struct place place;

	if (place_from_docker(server, &place) == RC_OK &&
	    conf_find(&k->conf->conf, CONF_DOCKER, &place, &app, NULL) !=
		    RC_NOT_OURS) {
		conf_app_free(app);
		return;
	}
	put_entry(k->c, server, user);
}

enum rc
docker_list(struct helper_call *c)
{
	struct appload *conf = NULL;
	struct kept kept = { .c = c };
	size_t hidden = 0;
	enum rc rc;

	if ((rc = appload_read(false, &conf, &c->why)) != RC_OK)
		return rc;
	kept.conf = conf;
	safebuf_putc(c->answer, '{');
	rc = list_apps(c, conf);
	if (rc == RC_OK)
		rc = keep_list(c->ports, list_kept, &kept, &hidden, &c->why);
	if (rc == RC_OK && hidden > 0)
		rc = why_set(&c->why, RC_LOCKED,
			     "a locked keyring hides %zu logins; unlock it to "
			     "see them",
			     hidden);
	/* No keyring, no logins: nothing is missing then. */
	if (rc != RC_OK && rc != RC_UNAVAILABLE)
		note_gap(c);
	safebuf_puts(c->answer, "}\n");
	appload_free(conf);
	return safebuf_check(c->answer);
}
