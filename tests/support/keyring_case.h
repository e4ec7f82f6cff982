/*
 * For tests against a real gnome-keyring: each case runs in a process of its
 * own, under with-keyring.sh, with a bus and a daemon of its own. In a case
 * only CHECK() is used, not cmocka.
 */
#ifndef SUPPORT_KEYRING_CASE_H
#define SUPPORT_KEYRING_CASE_H

#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "keeper/items.h"
#include "keeper/keyring.h"
#include "support/private.h"

#define CHECK PRIVATE_CHECK
#define LOGIN "/org/freedesktop/secrets/collection/login"
#define SECRETS "org.freedesktop.secrets"
#define OUTPUT_MAX (64 * 1024)
/* What with-keyring.sh gave the daemon. */
#define PASSWORD "apptoken-test"

extern char **environ;

static const struct token_key acme = {
	.app = { "acme", 4 },
	.provider = { "unifize", 7 },
	.variables = { "app-id=42\nendpoint=https://api.acme.example", 43 },
};

static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
			  "c2VjcmV0LW9uZQ\n"
			  "-----END PRIVATE KEY-----\n";

static const struct items_id key_item = {
	.schema = "org.apptoken.Key",
	.count = 3,
	.attributes = { { "app", { "acme", 4 } },
			{ "part", { "key", 3 } },
			{ "version", { "1", 1 } } },
};

static inline pid_t
start(char *const argv[], int in, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&actions);
	if (in != -1)
		posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (out != -1)
		posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0)
		private_die(argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static inline int
finish(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) == -1) {
		if (errno != EINTR)
			private_die("waitpid");
	}
	return status;
}

/* What the program printed; it must have ended well. */
static inline void
run(char *const argv[], char out[OUTPUT_MAX])
{
	size_t used = 0;
	int ends[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		private_die("pipe");
	pid = start(argv, -1, ends[1]);
	close(ends[1]);
	while ((n = read(ends[0], out + used, OUTPUT_MAX - 1 - used)) > 0)
		used += (size_t)n;
	close(ends[0]);
	out[used] = '\0';
	CHECK(finish(pid) == 0);
}

static inline void
lock(void)
{
	char *argv[] = { "dbus-send",
			 "--session",
			 "--print-reply",
			 "--dest=" SECRETS,
			 "/org/freedesktop/secrets",
			 "org.freedesktop.Secret.Service.Lock",
			 "array:objpath:" LOGIN,
			 NULL };
	char out[OUTPUT_MAX];

	run(argv, out);
	CHECK(strstr(out, LOGIN) != NULL);
}

/* A pid that with-keyring.sh named. */
static inline pid_t
pid_of(const char *variable)
{
	const char *text = getenv(variable);
	pid_t pid = 0;

	CHECK(text != NULL);
	for (; *text >= '0' && *text <= '9'; text++)
		pid = pid * 10 + (*text - '0');
	CHECK(pid > 1);
	return pid;
}

static inline pid_t
daemon_pid(void)
{
	return pid_of("WITH_KEYRING_PID");
}

static inline void
wait_for_service(bool present)
{
	char *wait[] = { "gdbus", "wait",  "--session", "--timeout",
			 "10",	  SECRETS, NULL };
	char *ask[] = { "dbus-send",
			"--session",
			"--print-reply",
			"--dest=org.freedesktop.DBus",
			"/org/freedesktop/DBus",
			"org.freedesktop.DBus.NameHasOwner",
			"string:" SECRETS,
			NULL };
	char out[OUTPUT_MAX];

	if (present) {
		run(wait, out);
		return;
	}
	do {
		run(ask, out);
	} while (strstr(out, "boolean false") == NULL);
}

static inline void
kill_daemon(void)
{
	CHECK(kill(daemon_pid(), SIGKILL) == 0);
	wait_for_service(false);
}

/* Another daemon on the same files. Its pid: to be ended by the case. */
static inline pid_t
start_daemon(bool unlocked)
{
	char *argv[] = { "gnome-keyring-daemon", "--foreground",
			 "--components=secrets", unlocked ? "--unlock" : NULL,
			 NULL };
	int ends[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pid;

	CHECK(null != -1 && pipe2(ends, O_CLOEXEC) == 0);
	CHECK(write(ends[1], PASSWORD, strlen(PASSWORD)) ==
	      (ssize_t)strlen(PASSWORD));
	close(ends[1]);
	pid = start(argv, ends[0], null);
	close(ends[0]);
	close(null);
	wait_for_service(true);
	return pid;
}

static inline void
end_daemon(pid_t pid)
{
	kill(pid, SIGKILL);
	finish(pid);
}

static inline struct keyring *
open_keyring(void)
{
	struct keyring *k = NULL;
	struct why why = { 0 };
	enum rc rc;

	rc = keyring_open(getenv("DBUS_SESSION_BUS_ADDRESS"), false, &k, &why);
	if (rc != RC_OK)
		fprintf(stderr, "# %s: %s\n", rc_name(rc), why.text);
	CHECK(rc == RC_OK);
	return k;
}

static inline struct items *
open_items(void)
{
	struct items *s = NULL;

	CHECK(items_open(getenv("DBUS_SESSION_BUS_ADDRESS"), false, &s, NULL) ==
	      RC_OK);
	return s;
}

static inline size_t
count_items(const struct items_id *id)
{
	struct items *s = open_items();
	struct items_found *f = NULL;
	enum rc rc = items_search(s, id, ITEMS_ALL, false, &f, NULL);
	size_t count = 0;

	CHECK(rc == RC_OK || rc == RC_NOT_FOUND);
	if (rc == RC_OK)
		count = items_found_count(f);
	items_found_free(f);
	items_close(s);
	return count;
}

static inline struct token *
make_token(const char *text, int64_t minted_s)
{
	const struct moment minted = { .wall_s = minted_s,
				       .boot_ms = 5000,
				       .boot_id = "boot" };
	struct token *t = NULL;

	CHECK(token_new(span_of(text), SPAN("apptoken"), 3600, true, &minted,
			"0123456789abcdef", &t) == RC_OK);
	return t;
}

static inline enum rc
put_token(struct keyring *k, const char *text, struct why *why)
{
	struct token *t = make_token(text, 1000);
	enum rc rc = keyring_put_token(k, &acme, t, why);

	token_free(t);
	return rc;
}

static inline enum rc
get_key(struct keyring *k, const char *wanted)
{
	struct safebuf *out = NULL;
	struct why why = { 0 };
	enum rc rc;

	CHECK(safebuf_new(PEM_MAX, &out) == RC_OK);
	rc = keyring_get_key(k, SPAN("acme"), out, &why);
	CHECK(rc == RC_OK || why.text[0] != '\0');
	CHECK(strlen(why.text) <= 220);
	if (rc == RC_OK)
		CHECK(span_is(safebuf_view(out), wanted));
	else
		CHECK(safebuf_len(out) == 0);
	safebuf_free(out);
	return rc;
}

static inline enum rc
get_token(struct keyring *k, const char *wanted)
{
	struct token *t = NULL;
	enum rc rc = keyring_get_token(k, &acme, &t, NULL);

	CHECK((rc == RC_OK) == (t != NULL));
	if (rc == RC_OK)
		CHECK(span_is(t->token, wanted));
	token_free(t);
	return rc;
}

struct keyring_case {
	const char *name;
	void (*run)(void);
};

/* A cmocka test of the name of the case: it starts this program again. */
static inline void
keyring_case_start(void **state)
{
	char *name = *state;
	const char *top = getenv("top_srcdir");
	char script[PRIVATE_MAX], self[PRIVATE_MAX];
	char *argv[] = { script, self, name, NULL };
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	private_path(top == NULL ? "." : top, "tests/support/with-keyring.sh",
		     script);
	assert_int_equal(finish(start(argv, -1, -1)), 0);
}

/* The program as started by keyring_case_start(): one case, no cmocka. */
static inline int
keyring_case_run(const struct keyring_case *cases, size_t count,
		 const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(cases[i].name, name) == 0) {
			cases[i].run();
			return 0;
		}
	}
	return 2;
}

/* Rows of the two tables of a program, from its list of cases. */
#define KEYRING_CASE_ROW(name) { #name, name },
#define KEYRING_CASE_TEST(name)                                                \
	{ #name, keyring_case_start, NULL, NULL, #name },

#endif
