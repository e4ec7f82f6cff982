/*
 * For tests of kept logins: a keyring of a few of them behind front_ports,
 * which the fast read and the keeper share, and one app's cached token.
 */
#ifndef SUPPORT_KEPT_LOGINS_H
#define SUPPORT_KEPT_LOGINS_H

#include <string.h>
#include <sys/mman.h>

#include "core/base64.h"
#include "core/jput.h"
#include "front/front.h"
#include "helpers/protocol.h"
#include "tests/support/app.h"
#include "tests/support/private.h"

#define KEPT_WALL INT64_C(1700000000)
#define KEPT_MONO_MS 1000
#define KEPT_TOKEN "cached.token"
#define KEPT_CALLS_MAX 8
#define KEPT_MAX 4
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A login with its own bytes; no server: a free row. */
struct kept_row {
	struct login login;
	char secret[256]; /* as it stands in the keyring */
	size_t secret_len;
	char text[512];
	size_t used;
};

static struct {
	struct kept_row rows[KEPT_MAX];
	bool has_token;
	enum rc find_rc; /* of the fast reads; RC_OK: look into the table */
	enum rc list_rc;
	enum rc keeper_rc[KEPT_CALLS_MAX];
	size_t hidden;
	/* what was asked */
	size_t finds;
	size_t calls;
	struct {
		enum wire_verb verb;
		bool may_prompt;
		int64_t wait_ms;
	} call[KEPT_CALLS_MAX];
	int64_t deadline_ms;
	/* the helper's run */
	char dir[PRIVATE_MAX];
	struct safebuf *answer;
	struct why why;
	struct why warning;
} kept;

static inline void
kept_now(void *self, struct moment *ret)
{
	(void)self;
	*ret = (struct moment){ KEPT_WALL, 5000000, "a boot" };
}

static inline int64_t
kept_mono_ms(void *self)
{
	(void)self;
	return KEPT_MONO_MS;
}

static const struct clock_port kept_clock = { .now = kept_now,
					      .mono_ms = kept_mono_ms };

static inline enum rc
kept_cache_get(const struct token_key *key, int64_t deadline_ms,
	       struct token **ret, struct why *why)
{
	struct moment minted;

	(void)key;
	(void)deadline_ms;
	(void)why;
	kept_now(NULL, &minted);
	if (!kept.has_token)
		return RC_NOT_FOUND;
	return token_new(SPAN(KEPT_TOKEN), SPAN("apptoken"), 3600, true,
			 &minted, "0123456789abcdef", ret);
}

static inline enum rc
kept_cache_has(const struct token_key *key, int64_t deadline_ms,
	       struct why *why)
{
	(void)key;
	(void)deadline_ms;
	(void)why;
	return kept.has_token ? RC_OK : RC_NOT_FOUND;
}

static inline const struct cache_store *
kept_find_store(struct span name)
{
	static const struct cache_store store = { "keyring", kept_cache_get,
						  kept_cache_has };

	(void)name;
	return &store;
}

static inline struct span
kept_own(struct kept_row *row, struct span s)
{
	char *at = row->text + row->used;

	if (!span_is_set(s))
		return s;
	assert_true(s.len <= sizeof(row->text) - row->used);
	memcpy(at, s.at, s.len);
	row->used += s.len;
	return (struct span){ at, s.len };
}

static inline struct kept_row *
kept_look_up(const struct login *asked)
{
	for (size_t i = 0; i < KEPT_MAX; i++) {
		struct kept_row *row = &kept.rows[i];

		if (span_is_set(row->login.server) &&
		    row->login.kind == asked->kind &&
		    login_answers(&row->login, asked))
			return row;
	}
	return NULL;
}

static inline size_t
kept_count(void)
{
	size_t n = 0;

	for (size_t i = 0; i < KEPT_MAX; i++) {
		if (span_is_set(kept.rows[i].login.server))
			n++;
	}
	return n;
}

/* Keep a login in the place of the one that answers for it. */
static inline void
kept_put(const struct login *l, struct span secret)
{
	struct kept_row *row = kept_look_up(l);

	for (size_t i = 0; row == NULL && i < KEPT_MAX; i++) {
		if (!span_is_set(kept.rows[i].login.server))
			row = &kept.rows[i];
	}
	assert_non_null(row);
	memset(row, 0, sizeof(*row));
	row->login.kind = l->kind;
	row->login.server = kept_own(row, l->server);
	row->login.protocol = kept_own(row, l->protocol);
	row->login.port = kept_own(row, l->port);
	row->login.path = kept_own(row, l->path);
	row->login.user = kept_own(row, l->user);
	assert_true(secret.len <= sizeof(row->secret));
	memcpy(row->secret, secret.at, secret.len);
	row->secret_len = secret.len;
}

static inline struct span
kept_secret(const struct kept_row *row)
{
	return (struct span){ row->secret, row->secret_len };
}

static inline enum rc
kept_find_login(const struct login *asked, int64_t deadline_ms,
		struct safebuf *room, struct login *ret, struct why *why)
{
	struct kept_row *row = kept_look_up(asked);

	kept.finds++;
	kept.deadline_ms = deadline_ms;
	if (kept.find_rc != RC_OK)
		return why_set(why, kept.find_rc, "the logins; do it");
	if (row == NULL)
		return RC_NOT_FOUND;
	*ret = row->login;
	safebuf_put(room, kept_secret(row));
	login_take_secret(ret, safebuf_view(room));
	return RC_OK;
}

static inline enum rc
kept_list_logins(int64_t deadline_ms,
		 void (*each)(void *self, struct span server, struct span user),
		 void *self, size_t *ret_hidden, struct why *why)
{
	kept.deadline_ms = deadline_ms;
	if (kept.list_rc != RC_OK)
		return why_set(why, kept.list_rc, "the list; do it");
	for (size_t i = 0; i < KEPT_MAX; i++) {
		const struct login *l = &kept.rows[i].login;

		if (span_is_set(l->server) && l->kind == LOGIN_DOCKER)
			each(self, l->server, l->user);
	}
	*ret_hidden = kept.hidden;
	return RC_OK;
}

static inline struct safebuf *
kept_decode(struct span base64)
{
	struct safebuf *room = NULL;

	assert_int_equal(safebuf_new(2 * LOGIN_SECRET_MAX, &room), RC_OK);
	assert_int_equal(base64_get_url(base64, room), RC_OK);
	return room;
}

/* Does the row hold what the request presents, if it presents anything? */
static inline bool
kept_holds(const struct kept_row *row, const struct wire_request *r)
{
	struct login presented = { .kind = row->login.kind };
	struct login here = row->login;
	struct safebuf *room;
	bool same;

	if (!span_is_set(r->secret))
		return true;
	room = kept_decode(r->secret);
	login_take_secret(&presented, safebuf_view(room));
	login_take_secret(&here, kept_secret(row));
	same = span_eq(presented.password, here.password) &&
	       span_eq(presented.credential, here.credential);
	safebuf_free(room);
	return same;
}

static inline void
kept_answer_list(struct safebuf *room, struct wire_answer *ret)
{
	struct safebuf *json = NULL;

	assert_int_equal(safebuf_new(4096, &json), RC_OK);
	for (size_t i = 0; i < KEPT_MAX; i++) {
		const struct login *l = &kept.rows[i].login;

		if (!span_is_set(l->server))
			continue;
		if (safebuf_len(json) > 0)
			safebuf_putc(json, ',');
		jput_string(json, l->server);
		safebuf_putc(json, ':');
		jput_string(json, l->user);
	}
	base64_put_url(room, safebuf_view(json));
	ret->secret = safebuf_view(room);
	ret->hidden = (int64_t)kept.hidden;
	safebuf_free(json);
}

static inline enum rc
kept_serve(const struct wire_request *r, struct safebuf *room,
	   struct wire_answer *ret)
{
	struct kept_row *row = kept_look_up(&r->login);
	struct safebuf *secret;

	switch (r->verb) {
	case WIRE_LOGIN_GET:
		if (row == NULL)
			return RC_NOT_FOUND;
		ret->username = row->login.user;
		base64_put_url(room, kept_secret(row));
		ret->secret = safebuf_view(room);
		return RC_OK;
	case WIRE_LOGIN_STORE:
		secret = kept_decode(r->secret);
		kept_put(&r->login, safebuf_view(secret));
		safebuf_free(secret);
		return RC_OK;
	case WIRE_LOGIN_ERASE:
		if (row != NULL && kept_holds(row, r))
			memset(row, 0, sizeof(*row));
		return RC_OK;
	case WIRE_LOGIN_LIST:
		kept_answer_list(room, ret);
		return RC_OK;
	default:
		fail_msg("the keeper is asked about no login");
		return RC_INTERNAL;
	}
}

static inline enum rc
kept_ask_keeper(const struct wire_request *r, int key_fd, int64_t wait_ms,
		struct safebuf *room, struct wire_answer *ret, struct why *why)
{
	size_t i = kept.calls++;

	assert_true(i < KEPT_CALLS_MAX);
	assert_int_equal(key_fd, -1);
	assert_int_equal(safebuf_len(room), 0);
	assert_false(span_is_set(r->app));
	kept.call[i].verb = r->verb;
	kept.call[i].may_prompt = r->may_prompt;
	kept.call[i].wait_ms = wait_ms;
	*ret = (struct wire_answer){ .rc = kept.keeper_rc[i] };
	if (kept.keeper_rc[i] != RC_OK)
		return why_set(why, kept.keeper_rc[i],
			       "the cause; the next step");
	return kept_serve(r, room, ret);
}

static const struct front_ports kept_ports = {
	.clock = &kept_clock,
	.find_store = kept_find_store,
	.ask_keeper = kept_ask_keeper,
	.find_login = kept_find_login,
	.list_logins = kept_list_logins,
};

/* A private configuration of the app "acme", and an empty keyring. */
static inline int
kept_make(void **state)
{
	static const char conf[] =
		"[acme]\nendpoint = https://api.a.example\napp-id = 42\n"
		"git = https://git.a.example\ndocker = registry.a.example\n";
	struct safebuf *profile = app_source("providers/unifize.conf");
	char path[PRIVATE_MAX];

	(void)state;
	memset(&kept, 0, sizeof(kept));
	private_make(kept.dir);
	private_dir(kept.dir, "apptoken", 0700);
	private_dir(kept.dir, "apptoken/providers", 0700);
	private_write(kept.dir, "apptoken/providers/unifize.conf",
		      safebuf_view(profile).at, safebuf_len(profile), 0600);
	safebuf_free(profile);
	private_write(kept.dir, "config", conf, sizeof(conf) - 1, 0600);
	assert_int_equal(setenv("HOME", kept.dir, 1), 0);
	assert_int_equal(setenv("XDG_CONFIG_HOME", kept.dir, 1), 0);
	private_path(kept.dir, "config", path);
	assert_int_equal(setenv("APPTOKEN_CONFIG", path, 1), 0);
	assert_int_equal(unsetenv("DISPLAY"), 0);
	assert_int_equal(unsetenv("WAYLAND_DISPLAY"), 0);
	assert_int_equal(safebuf_new(REQUEST_MAX, &kept.answer), RC_OK);
	return 0;
}

static inline int
kept_drop(void **state)
{
	(void)state;
	kept.answer = safebuf_free(kept.answer);
	private_remove(kept.dir);
	return 0;
}

/* One call of a helper, as its main makes it. Returns the exit status. */
static inline int
kept_run(const struct protocol *p, const char *const *args, struct span request)
{
	int fd = memfd_create("request", MFD_CLOEXEC);
	struct helper_call c = { .ports = &kept_ports,
				 .args = args,
				 .in_fd = fd,
				 .answer = kept.answer };
	enum rc rc;

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, request.at, request.len), request.len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	while (args[c.args_count] != NULL)
		c.args_count++;
	safebuf_clear(kept.answer);
	rc = p->run(&c);
	close(fd);
	memset(&kept.why, 0, sizeof(kept.why));
	memset(&kept.warning, 0, sizeof(kept.warning));
	/* As main prints: not ours is silent but for a warning. */
	if (rc != RC_OK && rc != RC_NOT_OURS)
		kept.why = c.why;
	else
		kept.warning = c.warning;
	return p->exit_status(rc);
}

static inline void
kept_answered(const char *want)
{
	char got[4096];

	assert_true(span_copy(safebuf_view(kept.answer), got, sizeof(got)));
	assert_string_equal(got, want);
}

static inline void
kept_silent(void)
{
	assert_string_equal(kept.why.text, "");
	assert_string_equal(kept.warning.text, "");
}

#endif
