/*
 * Kept logins in a keyring that is locked, hangs, died or is not there: a
 * class of its own in each case, and "not found" only when it is known.
 */
#include "support/logins_case.h"

#include "core/banned.h"

#define HANG_MS 200

static const struct login docker_kept = {
	.kind = LOGIN_DOCKER,
	.server = { "r.example", 9 },
	.user = { "person", 6 },
	.password = { "geheim", 6 },
};
static const struct login docker_absent = {
	.kind = LOGIN_DOCKER,
	.server = { "r.example2", 10 },
};
static const struct login git_kept = {
	.kind = LOGIN_GIT,
	.protocol = { "https", 5 },
	.server = { "git.example", 11 },
	.user = { "person", 6 },
	.password = { "geheim", 6 },
};
static const struct login git_absent = {
	.kind = LOGIN_GIT,
	.protocol = { "https", 5 },
	.server = { "git.example", 11 },
	.user = { "other", 5 },
};

static void
keep_both(void)
{
	CHECK(put_login(&docker_kept) == RC_OK);
	CHECK(put_login(&git_kept) == RC_OK);
}

/* By a new daemon: the running one would want its prompt answered. */
static void
expect_both_after_unlocking(void)
{
	pid_t pid;

	kill_daemon();
	pid = start_daemon(true);
	expect_kept(&docker_kept);
	expect_kept(&git_kept);
	expect_items(2);
	end_daemon(pid);
}

static void
what_is_there_is_locked_and_what_is_not_is_not_found(void)
{
	keep_both();
	lock();

	expect_found(&docker_kept, NULL, RC_LOCKED);
	expect_found(&git_kept, NULL, RC_LOCKED);
	expect_absent(&docker_absent);
	expect_absent(&git_absent);
	CHECK(is_locked());
}

static void
a_locked_keyring_that_names_nothing_is_locked(void)
{
	lock();

	expect_found(&docker_absent, NULL, RC_LOCKED);
	expect_found(&git_absent, NULL, RC_LOCKED);
	CHECK(is_locked());
}

static void
a_locked_login_is_neither_erased_nor_replaced(void)
{
	struct login other = docker_kept;
	struct login asked = git_kept;

	keep_both();
	lock();

	CHECK(delete_login(&docker_kept) == RC_LOCKED);
	CHECK(delete_login(&asked) == RC_LOCKED);
	asked.password = (struct span){ 0 };
	CHECK(delete_login(&asked) == RC_LOCKED);
	asked.password = SPAN("wrong");
	CHECK(delete_login(&asked) == RC_LOCKED);
	other.user = SPAN("second");
	CHECK(put_login(&other) == RC_LOCKED);
	asked.password = SPAN("new");
	CHECK(put_login(&asked) == RC_LOCKED);
	other.server = SPAN("new.example");
	CHECK(put_login(&other) == RC_LOCKED);

	CHECK(is_locked());
	expect_items(2);
	expect_both_after_unlocking();
}

static void
list_one(void *self, struct span server, struct span user)
{
	unsigned *count = self;

	CHECK(span_eq(server, docker_kept.server));
	CHECK(span_eq(user, docker_kept.user));
	(*count)++;
}

static void
a_locked_list_shows_its_names_and_unlocks_nothing(void)
{
	struct safebuf *out = NULL;
	struct items *s;
	unsigned count = 0;
	size_t hidden = 7;

	keep_both();
	lock();
	s = open_items();
	CHECK(safebuf_new(RECORD_MAX, &out) == RC_OK);

	CHECK(logins_list(clock_mono_ms() + KEYRING_CALL_MS, list_one, &count,
			  &hidden, NULL) == fast(RC_OK));
	CHECK(fast(RC_OK) != RC_OK || (count == 1 && hidden == 0));
	hidden = 7;
	CHECK(logins_put_list(s, out, &hidden, NULL) == RC_OK);
	CHECK(span_is(safebuf_view(out), "\"r.example\":\"person\""));
	CHECK(hidden == 0);

	CHECK(is_locked());
	safebuf_free(out);
	items_close(s);
}

/* Everything of the keeper's fails so on this connection. */
static void
expect_of_keeper(struct items *s, enum rc rc)
{
	struct safebuf *out = NULL;
	struct why why = { 0 };
	size_t hidden = 7;

	CHECK(safebuf_new(RECORD_MAX, &out) == RC_OK);
	CHECK(find_by_keeper(s, &docker_kept, NULL) == rc);
	CHECK(find_by_keeper(s, &git_kept, NULL) == rc);
	CHECK(find_by_keeper(s, &git_absent, NULL) == rc);
	CHECK(logins_put(s, &docker_kept, &why) == rc);
	CHECK(logins_delete(s, &docker_kept, &why) == rc);
	CHECK(logins_delete(s, &git_absent, &why) == rc);
	CHECK(logins_put_list(s, out, &hidden, &why) == rc);
	CHECK(why.text[0] != '\0');
	safebuf_free(out);
}

static void
expect_of_fast_reader(enum rc rc)
{
	unsigned count = 0;
	size_t hidden = 7;

	CHECK(find_fast(&docker_kept, NULL) == rc);
	CHECK(find_fast(&git_kept, NULL) == rc);
	CHECK(find_fast(&git_absent, NULL) == rc);
	CHECK(logins_list(clock_mono_ms() + KEYRING_CALL_MS, list_one, &count,
			  &hidden, NULL) == rc);
	CHECK(count == 0 && hidden == 7);
}

static void
a_daemon_that_died_is_unavailable_and_never_empty(void)
{
	struct items *s = NULL;

	keep_both();
	s = open_items();
	kill_daemon();

	expect_of_fast_reader(RC_UNAVAILABLE);
	expect_of_keeper(s, RC_UNAVAILABLE);
	items_close(s);
}

static void
a_daemon_that_was_started_anew_is_not_believed_to_be_empty(void)
{
	struct items *s = NULL;
	pid_t pid;

	keep_both();
	s = open_items();
	kill_daemon();
	pid = start_daemon(true);

	CHECK(find_by_keeper(s, &docker_absent, NULL) == RC_UNAVAILABLE);
	CHECK(find_by_keeper(s, &docker_kept, NULL) == RC_UNAVAILABLE);
	items_close(s);
	expect_kept(&docker_kept);
	expect_absent(&docker_absent);
	end_daemon(pid);
}

static void
a_daemon_that_hangs_costs_no_more_than_the_deadline(void)
{
	struct safebuf *room = NULL;
	struct login got = { 0 };
	struct why why = { 0 };
	unsigned count = 0;
	size_t hidden = 7;
	int64_t from;

	keep_both();
	CHECK(safebuf_new(LOGIN_ROOM, &room) == RC_OK);
	CHECK(kill(daemon_pid(), SIGSTOP) == 0);
	from = clock_mono_ms();

	CHECK(logins_find(&docker_kept, from + HANG_MS, room, &got, &why) ==
	      fast(RC_KEYRING_TIMEOUT));
	CHECK(why.text[0] != '\0');
	CHECK(logins_list(from + 2 * HANG_MS, list_one, &count, &hidden,
			  NULL) == fast(RC_KEYRING_TIMEOUT));
	CHECK(clock_mono_ms() - from < 2 * HANG_MS + 1000);
	CHECK(fast(RC_OK) != RC_OK || clock_mono_ms() - from >= 2 * HANG_MS);
	CHECK(count == 0 && hidden == 7);
	CHECK(safebuf_len(room) == 0);

	CHECK(kill(daemon_pid(), SIGCONT) == 0);
	expect_kept(&docker_kept);
	safebuf_free(room);
}

static void
no_bus_is_unavailable(void)
{
	static const char *const addresses[] = {
		"unix:path=/nonexistent/bus",
		"tcp:host=127.0.0.1,port=1",
	};

	for (size_t i = 0; i < COUNT(addresses); i++) {
		CHECK(setenv("DBUS_SESSION_BUS_ADDRESS", addresses[i], 1) == 0);

		expect_of_fast_reader(RC_UNAVAILABLE);
	}
}

#define CASES(X)                                                               \
	X(what_is_there_is_locked_and_what_is_not_is_not_found)                \
	X(a_locked_keyring_that_names_nothing_is_locked)                       \
	X(a_locked_login_is_neither_erased_nor_replaced)                       \
	X(a_locked_list_shows_its_names_and_unlocks_nothing)                   \
	X(a_daemon_that_died_is_unavailable_and_never_empty)                   \
	X(a_daemon_that_was_started_anew_is_not_believed_to_be_empty)          \
	X(a_daemon_that_hangs_costs_no_more_than_the_deadline)                 \
	X(no_bus_is_unavailable)

static const struct keyring_case cases[] = { CASES(KEYRING_CASE_ROW) };

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { CASES(KEYRING_CASE_TEST) };

	if (argc == 2)
		return keyring_case_run(cases, sizeof(cases) / sizeof(cases[0]),
					argv[1]);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("logins_down", tests, NULL, NULL);
}
