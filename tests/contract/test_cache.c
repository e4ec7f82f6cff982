/*
 * Every store of the table, read as fronts do, against what the keeper
 * writes into a real gnome-keyring. A new row is tested without a new test.
 */
#include "cache/cache.h"
#include "platform/clock.h"
#include "support/keyring_case.h"

#include "core/banned.h"

/* Enough for every answer that comes at all. */
#define ANSWER_MS KEYRING_CALL_MS
#define HANG_MS 200
#define FILE_BYTES_MAX (64 * 1024)

#define EACH_STORE(s)                                                          \
	const struct cache_store *s;                                           \
	for (size_t row = 0; (s = cache_at(row)) != NULL; row++)

/*
 * What a store that keeps tokens says, as this store has to say it: "none"
 * never has any, and a build without sd-bus leaves the keyring to the keeper.
 */
static enum rc
said_by(const struct cache_store *s, enum rc kept)
{
	const char *libsystemd = getenv("APPTOKEN_LIBSYSTEMD");

	if (strcmp(s->name, "none") == 0)
		return RC_NOT_FOUND;
	if (libsystemd != NULL && strcmp(libsystemd, "no") == 0)
		return RC_UNAVAILABLE;
	return kept;
}

static enum rc
get_within(const struct cache_store *s, const struct token_key *key,
	   const struct token *wanted, int64_t ms)
{
	struct token *t = NULL;
	enum rc rc = s->get(key, clock_mono_ms() + ms, &t, NULL);

	CHECK((rc == RC_OK) == (t != NULL));
	if (rc == RC_OK) {
		CHECK(wanted != NULL);
		CHECK(span_eq(t->token, wanted->token));
		CHECK(span_eq(t->username, wanted->username));
		CHECK(t->life_s == wanted->life_s);
		CHECK(t->expiry_known == wanted->expiry_known);
		CHECK(t->minted.wall_s == wanted->minted.wall_s);
		CHECK(t->minted.boot_ms == wanted->minted.boot_ms);
		CHECK(strcmp(t->minted.boot_id, wanted->minted.boot_id) == 0);
		CHECK(strcmp(t->serial, wanted->serial) == 0);
	}
	token_free(t);
	return rc;
}

static enum rc
get(const struct cache_store *s, const struct token_key *key,
    const struct token *wanted)
{
	return get_within(s, key, wanted, ANSWER_MS);
}

static enum rc
has(const struct cache_store *s, const struct token_key *key)
{
	return s->has(key, clock_mono_ms() + ANSWER_MS, NULL);
}

/* Every store answers so to both questions. */
static void
expect_of_all(const struct token_key *key, const struct token *wanted,
	      enum rc got, enum rc had)
{
	EACH_STORE(s)
	{
		CHECK(get(s, key, wanted) == said_by(s, got));
		CHECK(has(s, key) == said_by(s, had));
	}
}

static void
put(const struct token_key *key, const struct token *t)
{
	struct keyring *k = open_keyring();

	CHECK(keyring_put_token(k, key, t, NULL) == RC_OK);
	keyring_close(k);
}

/* One more item under the facts of acme, with any record. */
static void
put_record(struct span record, bool replace)
{
	const struct items_id id = {
		.schema = "org.apptoken.Token",
		.count = 4,
		.attributes = { { "app", acme.app },
				{ "version", SPAN("1") },
				{ "provider", acme.provider },
				{ "variables", acme.variables } },
	};
	struct items *s = open_items();

	CHECK(items_put(s, &id, "odd", record, replace, NULL) == RC_OK);
	items_close(s);
}

static struct safebuf *
encode(const struct token *t, const struct token_key *key)
{
	struct safebuf *record = NULL;

	CHECK(safebuf_new(RECORD_MAX, &record) == RC_OK);
	CHECK(token_encode(t, key, record) == RC_OK);
	return record;
}

static void
the_table_has_keyring_and_none_and_finds_its_rows(void)
{
	bool keyring = false, none = false;

	EACH_STORE(s)
	{
		CHECK(cache_find(span_of(s->name)) == s);
		keyring = keyring || strcmp(s->name, "keyring") == 0;
		none = none || strcmp(s->name, "none") == 0;
	}

	CHECK(keyring && none);
	CHECK(cache_find(SPAN("keyrin")) == NULL);
	CHECK(cache_find(SPAN("keyring2")) == NULL);
	CHECK(cache_find(SPAN("")) == NULL);
}

static void
a_token_that_was_put_is_had_and_comes_back_equal(void)
{
	struct token *t = make_token("token-one", 1000);

	put(&acme, t);

	expect_of_all(&acme, t, RC_OK, RC_OK);
	token_free(t);
}

static void
the_last_token_put_is_the_one_that_comes_back(void)
{
	struct token *first = make_token("token-one", 2000);
	struct token *last = make_token("token-two", 1000);

	put(&acme, first);
	put(&acme, last);

	expect_of_all(&acme, last, RC_OK, RC_OK);
	token_free(last);
	token_free(first);
}

static void
the_longest_token_comes_back(void)
{
	char text[TOKEN_MAX + 1];
	struct token *t;

	memset(text, 'x', TOKEN_MAX);
	text[TOKEN_MAX] = '\0';
	t = make_token(text, 1000);
	put(&acme, t);

	expect_of_all(&acme, t, RC_OK, RC_OK);
	token_free(t);
}

static void
what_was_never_put_is_not_found(void)
{
	expect_of_all(&acme, NULL, RC_NOT_FOUND, RC_NOT_FOUND);
}

static void
a_token_shaped_by_anything_else_is_not_found(void)
{
	struct token_key others[] = { acme, acme, acme, acme, acme, acme };
	struct token *t = make_token("token-one", 1000);

	others[0].app = SPAN("acm");
	others[1].app = SPAN("acme2");
	others[2].provider = SPAN("github");
	others[3].variables =
		SPAN("app-id=43\nendpoint=https://api.acme.example");
	others[4].variables = SPAN("app-id=42");
	others[5].variables = SPAN("");
	put(&acme, t);

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		expect_of_all(&others[i], NULL, RC_NOT_FOUND, RC_NOT_FOUND);
	expect_of_all(&acme, t, RC_OK, RC_OK);
	token_free(t);
}

static void
a_locked_token_is_locked_and_still_had(void)
{
	struct token *t = make_token("token-one", 1000);

	put(&acme, t);
	lock();

	expect_of_all(&acme, NULL, RC_LOCKED, RC_OK);
	token_free(t);
}

static void
two_items_are_for_the_keeper(void)
{
	struct token *t = make_token("token-one", 1000);
	struct safebuf *record = encode(t, &acme);

	put_record(safebuf_view(record), false);
	put_record(safebuf_view(record), false);

	expect_of_all(&acme, NULL, RC_CACHE_BAD, RC_OK);
	safebuf_free(record);
	token_free(t);
}

static void
a_record_of_garbage_is_bad(void)
{
	static const struct span garbage[] = {
		{ "", 0 },
		{ "x", 1 },
		{ "\xff\x00garbage", 9 },
		{ "apptoken-token 1\n", 17 },
	};

	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		put_record(garbage[i], true);

		expect_of_all(&acme, NULL, RC_CACHE_BAD, RC_OK);
	}
}

static void
a_record_that_was_cut_is_bad(void)
{
	struct token *t = make_token("token-one", 1000);
	struct safebuf *record = encode(t, &acme);
	struct span whole = safebuf_view(record);

	for (size_t cut = 1; cut < whole.len; cut *= 3) {
		put_record(span_cut(whole, 0, whole.len - cut), true);

		expect_of_all(&acme, NULL, RC_CACHE_BAD, RC_OK);
	}
	put_record(whole, true);
	expect_of_all(&acme, t, RC_OK, RC_OK);
	safebuf_free(record);
	token_free(t);
}

static void
the_record_of_another_token_is_bad(void)
{
	struct token_key others[] = { acme, acme, acme };
	struct token *t = make_token("token-one", 1000);

	others[0].app = SPAN("other");
	others[1].provider = SPAN("github");
	others[2].variables = SPAN("app-id=42");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct safebuf *record = encode(t, &others[i]);

		put_record(safebuf_view(record), true);

		expect_of_all(&acme, NULL, RC_CACHE_BAD, RC_OK);
		safebuf_free(record);
	}
	token_free(t);
}

static void
a_daemon_that_hangs_costs_no_more_than_the_deadline(void)
{
	struct token *t = make_token("token-one", 1000);

	put(&acme, t);
	CHECK(kill(daemon_pid(), SIGSTOP) == 0);

	EACH_STORE(s)
	{
		int64_t from = clock_mono_ms();
		enum rc rc = said_by(s, RC_KEYRING_TIMEOUT);

		CHECK(get_within(s, &acme, t, HANG_MS) == rc);
		CHECK(s->has(&acme, clock_mono_ms() + HANG_MS, NULL) == rc);
		CHECK(clock_mono_ms() - from < 2 * HANG_MS + 1000);
		CHECK(rc != RC_KEYRING_TIMEOUT ||
		      clock_mono_ms() - from >= 2 * HANG_MS - 2);
	}
	CHECK(kill(daemon_pid(), SIGCONT) == 0);
	expect_of_all(&acme, t, RC_OK, RC_OK);
	token_free(t);
}

static void
a_deadline_that_has_passed_is_a_timeout(void)
{
	CHECK(kill(daemon_pid(), SIGSTOP) == 0);

	EACH_STORE(s)
	CHECK(get_within(s, &acme, NULL, -1) == said_by(s, RC_KEYRING_TIMEOUT));
}

static void
a_daemon_that_died_is_unavailable(void)
{
	struct token *t = make_token("token-one", 1000);

	put(&acme, t);
	kill_daemon();

	expect_of_all(&acme, NULL, RC_UNAVAILABLE, RC_UNAVAILABLE);
	token_free(t);
}

/* Nobody there, no address of the kind, or none that stays on this host. */
static void
no_bus_is_unavailable_at_once(void)
{
	static const char *const addresses[] = {
		"unix:path=/nonexistent/bus",
		"tcp:host=127.0.0.1,port=1",
		"unixexec:path=/bin/true",
		"autolaunch:",
		"garbage",
	};
	int64_t from = clock_mono_ms();

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		CHECK(setenv("DBUS_SESSION_BUS_ADDRESS", addresses[i], 1) == 0);

		expect_of_all(&acme, NULL, RC_UNAVAILABLE, RC_UNAVAILABLE);
	}
	CHECK(clock_mono_ms() - from < 2000);
}

/* The daemon writes this file anew, with another salt, at every change. */
static size_t
read_keyring_file(char out[FILE_BYTES_MAX])
{
	char path[PRIVATE_MAX];
	size_t used = 0;
	ssize_t n;
	int fd;

	private_path(getenv("XDG_DATA_HOME"), "keyrings/login.keyring", path);
	CHECK((fd = open(path, O_RDONLY | O_CLOEXEC)) != -1);
	while ((n = read(fd, out + used, FILE_BYTES_MAX - used)) > 0)
		used += (size_t)n;
	close(fd);
	CHECK(n == 0 && used > 0 && used < FILE_BYTES_MAX);
	return used;
}

static void
reading_never_changes_the_keyring(void)
{
	char before[FILE_BYTES_MAX], after[FILE_BYTES_MAX];
	struct token *t = make_token("token-one", 1000);
	struct token_key other = acme;
	size_t len;

	other.app = SPAN("other");
	put(&acme, t);
	put(&other, t);
	put_record(SPAN("garbage"), true);
	len = read_keyring_file(before);

	expect_of_all(&acme, NULL, RC_CACHE_BAD, RC_OK);
	expect_of_all(&other, t, RC_OK, RC_OK);
	other.app = SPAN("absent");
	expect_of_all(&other, NULL, RC_NOT_FOUND, RC_NOT_FOUND);
	lock();
	expect_of_all(&acme, NULL, RC_LOCKED, RC_OK);

	CHECK(read_keyring_file(after) == len);
	CHECK(memcmp(before, after, len) == 0);
	token_free(t);
}

#define CASES(X)                                                               \
	X(the_table_has_keyring_and_none_and_finds_its_rows)                   \
	X(a_token_that_was_put_is_had_and_comes_back_equal)                    \
	X(the_last_token_put_is_the_one_that_comes_back)                       \
	X(the_longest_token_comes_back)                                        \
	X(what_was_never_put_is_not_found)                                     \
	X(a_token_shaped_by_anything_else_is_not_found)                        \
	X(a_locked_token_is_locked_and_still_had)                              \
	X(two_items_are_for_the_keeper)                                        \
	X(a_record_of_garbage_is_bad)                                          \
	X(a_record_that_was_cut_is_bad)                                        \
	X(the_record_of_another_token_is_bad)                                  \
	X(a_daemon_that_hangs_costs_no_more_than_the_deadline)                 \
	X(a_deadline_that_has_passed_is_a_timeout)                             \
	X(a_daemon_that_died_is_unavailable)                                   \
	X(no_bus_is_unavailable_at_once)                                       \
	X(reading_never_changes_the_keyring)

static const struct keyring_case cases[] = { CASES(KEYRING_CASE_ROW) };

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { CASES(KEYRING_CASE_TEST) };

	if (argc == 2)
		return keyring_case_run(cases, sizeof(cases) / sizeof(cases[0]),
					argv[1]);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
