/*
 * For tests of kept logins: the two readers as one, other programs with
 * text for them to read, and an item as everybody sees it.
 */
#ifndef SUPPORT_LOGINS_CASE_H
#define SUPPORT_LOGINS_CASE_H

#include "cache/logins.h"
#include "keeper/logins.h"
#include "platform/clock.h"
#include "support/keyring_case.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DOCKER(s)                                                              \
	{                                                                      \
		.kind = LOGIN_DOCKER, .server = SPAN(s)                        \
	}

/* What the fast read says: without sd-bus always that the keeper must. */
static inline enum rc
fast(enum rc rc)
{
	const char *libsystemd = getenv("APPTOKEN_LIBSYSTEMD");

	return libsystemd != NULL && strcmp(libsystemd, "no") == 0
		       ? RC_UNAVAILABLE
		       : rc;
}

static inline enum rc
put_login(const struct login *l)
{
	struct items *s = open_items();
	struct why why = { 0 };
	enum rc rc = logins_put(s, l, &why);

	CHECK(rc == RC_OK || why.text[0] != '\0');
	items_close(s);
	return rc;
}

static inline enum rc
delete_login(const struct login *asked)
{
	struct items *s = open_items();
	struct why why = { 0 };
	enum rc rc = logins_delete(s, asked, &why);

	CHECK(rc == RC_OK || why.text[0] != '\0');
	items_close(s);
	return rc;
}

static inline bool
same_span(struct span a, struct span b)
{
	return span_is_set(a) == span_is_set(b) && span_eq(a, b);
}

static inline void
check_login(const struct login *got, const struct login *wanted)
{
	CHECK(got->kind == wanted->kind);
	CHECK(same_span(got->server, wanted->server));
	CHECK(same_span(got->protocol, wanted->protocol));
	CHECK(same_span(got->port, wanted->port));
	CHECK(same_span(got->path, wanted->path));
	CHECK(same_span(got->user, wanted->user));
	CHECK(same_span(got->password, wanted->password));
	CHECK(same_span(got->expiry, wanted->expiry));
	CHECK(same_span(got->refresh, wanted->refresh));
	CHECK(same_span(got->authtype, wanted->authtype));
	CHECK(same_span(got->credential, wanted->credential));
}

static inline enum rc
find_fast(const struct login *asked, const struct login *wanted)
{
	struct safebuf *room = NULL;
	struct login got = { 0 };
	enum rc rc;

	CHECK(safebuf_new(LOGIN_ROOM, &room) == RC_OK);
	rc = logins_find(asked, clock_mono_ms() + KEYRING_CALL_MS, room, &got,
			 NULL);
	if (rc == RC_OK && wanted != NULL)
		check_login(&got, wanted);
	safebuf_free(room);
	return rc;
}

static inline enum rc
find_by_keeper(struct items *s, const struct login *asked,
	       const struct login *wanted)
{
	struct safebuf *room = NULL;
	struct login got = { 0 };
	struct why why = { 0 };
	enum rc rc;

	CHECK(safebuf_new(LOGIN_ROOM, &room) == RC_OK);
	rc = logins_get(s, asked, room, &got, &why);
	CHECK(rc == RC_OK || rc == RC_NOT_FOUND || why.text[0] != '\0');
	if (rc == RC_OK && wanted != NULL)
		check_login(&got, wanted);
	safebuf_free(room);
	return rc;
}

/* Both readers say rc, and answer with what is wanted. */
static inline void
expect_found(const struct login *asked, const struct login *wanted, enum rc rc)
{
	struct items *s = open_items();

	CHECK(find_fast(asked, wanted) == fast(rc));
	CHECK(find_by_keeper(s, asked, wanted) == rc);
	items_close(s);
}

/* Kept, and asked for with all that is its name. */
static inline void
expect_kept(const struct login *l)
{
	struct login asked = *l;

	if (l->kind == LOGIN_DOCKER)
		asked.user = (struct span){ 0 };
	asked.password = (struct span){ 0 };
	asked.expiry = asked.refresh = asked.authtype = asked.password;
	asked.credential = asked.password;
	expect_found(&asked, l, RC_OK);
}

static inline void
expect_absent(const struct login *asked)
{
	expect_found(asked, NULL, RC_NOT_FOUND);
}

/* The program's exit status; out: what it printed. */
static inline int
run_with(char *const argv[], struct span in, char out[OUTPUT_MAX])
{
	int to[2], from[2], status;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	/* A pipe holds 64 KiB: nobody waits for anybody. */
	CHECK(in.len < 64 * 1024);
	CHECK(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
	CHECK(write(to[1], in.at, in.len) == (ssize_t)in.len);
	close(to[1]);
	pid = start(argv, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	while ((n = read(from[0], out + used, OUTPUT_MAX - 1 - used)) > 0)
		used += (size_t)n;
	close(from[0]);
	out[used] = '\0';
	status = finish(pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline void
get_property(const char *object, const char *interface, const char *name,
	     char out[OUTPUT_MAX])
{
	char path[PRIVATE_MAX], of[PRIVATE_MAX], what[PRIVATE_MAX];
	char *argv[] = { "dbus-send",
			 "--session",
			 "--print-reply",
			 "--dest=" SECRETS,
			 path,
			 "org.freedesktop.DBus.Properties.Get",
			 of,
			 what,
			 NULL };

	private_format(path, sizeof(path), "%s", object);
	private_format(of, sizeof(of), "string:org.freedesktop.Secret.%s",
		       interface);
	private_format(what, sizeof(what), "string:%s", name);
	run(argv, out);
}

static inline bool
is_locked(void)
{
	char out[OUTPUT_MAX];

	get_property(LOGIN, "Collection", "Locked", out);
	return strstr(out, "boolean true") != NULL;
}

/* How many items the keyring has, locked or not; path: the last one's. */
static inline size_t
all_items(char path[PRIVATE_MAX])
{
	char out[OUTPUT_MAX];
	size_t count = 0;

	get_property(LOGIN, "Collection", "Items", out);
	for (const char *at = out; (at = strstr(at, LOGIN "/")) != NULL;
	     count++) {
		private_format(path, PRIVATE_MAX, "%.*s",
			       (int)strcspn(at, "\""), at);
		at += strlen(path);
	}
	return count;
}

static inline void
expect_items(size_t count)
{
	char path[PRIVATE_MAX];

	CHECK(all_items(path) == count);
}

struct attribute {
	const char *name;
	const char *value;
};

/* The keyring's one item has this label and exactly these attributes. */
static inline void
expect_form(const char *label, const struct attribute *attributes, size_t count)
{
	char out[OUTPUT_MAX], path[PRIVATE_MAX], text[PRIVATE_MAX];
	const char *at = out;

	CHECK(all_items(path) == 1);
	get_property(path, "Item", "Label", out);
	private_format(text, sizeof(text), "string \"%s\"\n", label);
	CHECK(strstr(out, text) != NULL);
	get_property(path, "Item", "Attributes", out);
	for (size_t i = 0; i < count; i++) {
		private_format(text, sizeof(text),
			       "string \"%s\"\n            string \"%s\"\n",
			       attributes[i].name, attributes[i].value);
		CHECK(strstr(out, text) != NULL);
		CHECK((at = strstr(at, "dict entry(")) != NULL);
		at++;
	}
	CHECK(strstr(at, "dict entry(") == NULL);
}

#endif
