/*
 * A bus or a service that is absent, dies, hangs, or has no place to keep a
 * key: a class of its own in each case, and never "not found".
 */
#include "support/keyring_case.h"

#include <time.h>

#include "core/banned.h"

static void
set_default(const char *path)
{
	char argument[PRIVATE_MAX];
	char *argv[] = { "dbus-send",
			 "--session",
			 "--print-reply",
			 "--dest=" SECRETS,
			 "/org/freedesktop/secrets",
			 "org.freedesktop.Secret.Service.SetAlias",
			 "string:default",
			 argument,
			 NULL };
	char out[OUTPUT_MAX];

	private_format(argument, sizeof(argument), "objpath:%s", path);
	run(argv, out);
}

static void
a_killed_daemon_is_unavailable(void)
{
	struct token_key all = { .app = acme.app };
	struct keyring *k = open_keyring(), *none = NULL;
	struct why why = { 0 };
	unsigned count = 7;

	CHECK(kill(daemon_pid(), SIGKILL) == 0);

	CHECK(get_key(k, pem) == RC_UNAVAILABLE);
	CHECK(get_token(k, "") == RC_UNAVAILABLE);
	CHECK(put_token(k, "token-one", NULL) == RC_UNAVAILABLE);
	CHECK(keyring_put_key(k, SPAN("acme"), span_of(pem), false, NULL) ==
	      RC_UNAVAILABLE);
	CHECK(keyring_delete_key(k, SPAN("acme"), &count, NULL) ==
	      RC_UNAVAILABLE);
	CHECK(keyring_delete_tokens(k, &all, &count, NULL) == RC_UNAVAILABLE);
	CHECK(count == 7);
	keyring_close(k);
	CHECK(keyring_open(getenv("DBUS_SESSION_BUS_ADDRESS"), false, &none,
			   &why) == RC_UNAVAILABLE);
	CHECK(strstr(why.text, "Secret Service") != NULL);
	CHECK(none == NULL);
}

static void
a_daemon_that_was_started_anew_is_unavailable(void)
{
	struct keyring *k = open_keyring();
	pid_t pid;

	CHECK(keyring_put_key(k, SPAN("acme"), span_of(pem), false, NULL) ==
	      RC_OK);
	kill_daemon();
	pid = start_daemon(true);

	CHECK(get_key(k, pem) == RC_UNAVAILABLE);
	CHECK(get_token(k, "") == RC_UNAVAILABLE);

	keyring_close(k);
	k = open_keyring();
	CHECK(get_key(k, pem) == RC_OK);
	keyring_close(k);
	end_daemon(pid);
}

static void
a_dead_bus_is_unavailable_and_ends_nobody(void)
{
	struct keyring *k = open_keyring();

	CHECK(kill(pid_of("WITH_KEYRING_BUS_PID"), SIGKILL) == 0);

	CHECK(get_key(k, pem) == RC_UNAVAILABLE);
	CHECK(put_token(k, "token-one", NULL) == RC_UNAVAILABLE);
	keyring_close(k);
}

static void
no_bus_is_unavailable_at_once(void)
{
	struct keyring *k = NULL;
	struct timespec from, to;
	struct why why = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &from);
	CHECK(keyring_open("unix:path=/nonexistent/bus", true, &k, &why) ==
	      RC_UNAVAILABLE);
	clock_gettime(CLOCK_MONOTONIC, &to);

	CHECK(k == NULL);
	CHECK(strstr(why.text, "no session bus") != NULL);
	CHECK(to.tv_sec - from.tv_sec < 2);
}

static void
a_daemon_that_hangs_costs_five_seconds(void)
{
	struct keyring *k = open_keyring();
	struct timespec from, to;
	int64_t ms;

	CHECK(kill(daemon_pid(), SIGSTOP) == 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	CHECK(get_key(k, pem) == RC_KEYRING_TIMEOUT);
	clock_gettime(CLOCK_MONOTONIC, &to);

	ms = (to.tv_sec - from.tv_sec) * 1000 +
	     (to.tv_nsec - from.tv_nsec) / 1000000;
	CHECK(ms >= KEYRING_CALL_MS - 100 && ms < KEYRING_CALL_MS + 500);
	CHECK(kill(daemon_pid(), SIGCONT) == 0);
	CHECK(get_key(k, pem) == RC_NOT_FOUND);
	keyring_close(k);
}

static void
nothing_is_stored_in_the_collection_of_the_session(void)
{
	struct keyring *k = open_keyring();
	struct why why = { 0 };

	set_default("/org/freedesktop/secrets/collection/session");

	CHECK(keyring_put_key(k, SPAN("acme"), span_of(pem), false, &why) ==
	      RC_UNAVAILABLE);
	CHECK(strstr(why.text, "default collection") != NULL);
	CHECK(count_items(&key_item) == 0);
	keyring_close(k);
}

static void
no_default_collection_is_made_by_the_way(void)
{
	struct keyring *k;
	char path[PRIVATE_MAX];
	pid_t pid;

	kill_daemon();
	private_remove(private_path(getenv("XDG_DATA_HOME"), "keyrings", path));
	pid = start_daemon(false);
	k = open_keyring();

	CHECK(keyring_put_key(k, SPAN("acme"), span_of(pem), false, NULL) ==
	      RC_UNAVAILABLE);
	CHECK(put_token(k, "token-one", NULL) == RC_UNAVAILABLE);
	CHECK(get_key(k, pem) == RC_NOT_FOUND);

	keyring_close(k);
	end_daemon(pid);
}

#define CASES(X)                                                               \
	X(a_killed_daemon_is_unavailable)                                      \
	X(a_daemon_that_was_started_anew_is_unavailable)                       \
	X(a_dead_bus_is_unavailable_and_ends_nobody)                           \
	X(no_bus_is_unavailable_at_once)                                       \
	X(a_daemon_that_hangs_costs_five_seconds)                              \
	X(nothing_is_stored_in_the_collection_of_the_session)                  \
	X(no_default_collection_is_made_by_the_way)

static const struct keyring_case cases[] = { CASES(KEYRING_CASE_ROW) };

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { CASES(KEYRING_CASE_TEST) };

	if (argc == 2)
		return keyring_case_run(cases, sizeof(cases) / sizeof(cases[0]),
					argv[1]);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("keyring_down", tests, NULL, NULL);
}
