/*
 * The tokens that tokend has given out, and the check of a request that
 * bears one.
 */
#include "tokend.h"

#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/banned.h"

const struct app *
store_app(const struct server *srv, const char *id)
{
	for (size_t i = 0; i < srv->app_count; i++)
		if (strcmp(srv->apps[i].id, id) == 0)
			return &srv->apps[i];
	return NULL;
}

static struct token *
token_new(const struct app *app, const char *user, const char *org,
	  const struct text *text)
{
	struct token *t = calloc(1, sizeof(*t));
	struct text made = { 0 };
	unsigned char bytes[30]; /* 40 characters */

	if (!t)
		text_oom();
	if (text) {
		text_add(&made, text_str(text), text->n);
	} else {
		if (gnutls_rnd(GNUTLS_RND_NONCE, bytes, sizeof(bytes)) != 0)
			text_oom();
		base64url_encode(bytes, sizeof(bytes), &made);
	}
	t->text = made.p;
	t->n = made.n;
	t->app = app;
	t->user = user ? text_dup(user, strlen(user)) : NULL;
	t->org = org ? text_dup(org, strlen(org)) : NULL;
	return t;
}

const struct token *
store_mint(struct server *srv, const struct app *app, const char *user,
	   const char *org, const struct text *text, int64_t now_ms)
{
	struct token *t = token_new(app, user, org, text);
	struct token **grown;

	pthread_mutex_lock(&srv->lock);
	t->ends_ms = clock_mono_ms() + srv->life_s * 1000;
	t->expiry_ms = now_ms + srv->life_s * 1000;
	grown = reallocarray(srv->tokens, srv->token_count + 1,
			     sizeof(*srv->tokens));
	if (!grown)
		text_oom();
	grown[srv->token_count++] = t;
	srv->tokens = grown;
	srv->counts[COUNT_MINTS]++;
	pthread_mutex_unlock(&srv->lock);
	return t;
}

const struct token *
store_find(struct server *srv, const char *s, size_t n)
{
	const struct token *found = NULL;
	int64_t now = clock_mono_ms();

	pthread_mutex_lock(&srv->lock);
	for (size_t i = 0; i < srv->token_count && !found; i++) {
		const struct token *t = srv->tokens[i];

		if (t->n == n && memcmp(t->text, s, n) == 0 && !t->revoked &&
		    now < t->ends_ms)
			found = t;
	}
	pthread_mutex_unlock(&srv->lock);
	return found;
}

void
store_revoke(struct server *srv, const char *app)
{
	pthread_mutex_lock(&srv->lock);
	for (size_t i = 0; i < srv->token_count; i++)
		if (!app || strcmp(srv->tokens[i]->app->id, app) == 0)
			srv->tokens[i]->revoked = true;
	pthread_mutex_unlock(&srv->lock);
}

void
store_free(struct server *srv)
{
	for (size_t i = 0; i < srv->token_count; i++) {
		free(srv->tokens[i]->text);
		free(srv->tokens[i]->user);
		free(srv->tokens[i]->org);
		free(srv->tokens[i]);
	}
	free(srv->tokens);
}

static void
remember(struct request *req, const char *scheme, const char *user, bool ok)
{
	struct server *srv = req->srv;
	struct last *l = &srv->last;

	pthread_mutex_lock(&srv->lock);
	free(l->guarded_method);
	free(l->guarded_path);
	free(l->guarded_scheme);
	free(l->guarded_user);
	l->guarded_set = true;
	l->guarded_method = text_dup(req->method, strlen(req->method));
	l->guarded_path = text_dup(req->path, strlen(req->path));
	l->guarded_scheme = text_dup(scheme, strlen(scheme));
	l->guarded_user = text_dup(user, strlen(user));
	l->guarded_ok = ok;
	pthread_mutex_unlock(&srv->lock);
}

const struct token *
store_guard(struct request *req, bool basic_only)
{
	const char *value = request_header(req, "Authorization");
	const struct token *found = NULL;
	const char *scheme = "";
	const char *user = "";
	struct text pair = { 0 };

	if (value && strncasecmp(value, "Basic ", 6) == 0) {
		char *colon;

		scheme = "Basic";
		if (base64_decode(value + 6, strlen(value + 6), &pair) &&
		    (colon = memchr(pair.p, ':', pair.n)) != NULL) {
			size_t used = (size_t)(colon - pair.p) + 1;

			if (used > 1)
				found = store_find(req->srv, colon + 1,
						   pair.n - used);
			*colon = '\0';
			user = pair.p;
		}
	} else if (value && strncasecmp(value, "Bearer ", 7) == 0) {
		scheme = "Bearer";
		if (!basic_only)
			found =
			    store_find(req->srv, value + 7, strlen(value + 7));
	} else if (value) {
		scheme = "other";
	}
	remember(req, scheme, user, found != NULL);
	text_free(&pair);
	return found;
}
