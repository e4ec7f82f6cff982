/*
 * Cached tokens in a real gnome-keyring.
 */
#include "support/keyring_case.h"

#include "core/banned.h"

#define PARALLEL 50

static struct items_id
token_item(void)
{
	return (struct items_id){
		.schema = "org.apptoken.Token",
		.count = 4,
		.attributes = { { "app", acme.app },
				{ "version", { "1", 1 } },
				{ "provider", acme.provider },
				{ "variables", acme.variables } },
	};
}

/* One of the many; the program runs itself with this case's name. */
static void
child_puts_a_token(void)
{
	struct keyring *k = open_keyring();
	struct why why = { 0 };
	enum rc rc = put_token(k, "token-one", &why);

	if (rc != RC_OK)
		fprintf(stderr, "# %s: %s\n", rc_name(rc), why.text);
	CHECK(rc == RC_OK);
	keyring_close(k);
}

static void
a_garbage_token_is_a_bad_cache_and_replaced_by_the_next(void)
{
	const struct items_id id = token_item();
	struct items *s = open_items();
	struct keyring *k = open_keyring();

	CHECK(items_put(s, &id, "odd", SPAN("\xff\x00garbage"), false, NULL) ==
	      RC_OK);
	CHECK(get_token(k, "") == RC_CACHE_BAD);

	CHECK(put_token(k, "token-one", NULL) == RC_OK);

	CHECK(get_token(k, "token-one") == RC_OK);
	CHECK(count_items(&id) == 1);
	keyring_close(k);
	items_close(s);
}

static void
the_newest_valid_token_of_several_is_taken(void)
{
	const struct items_id id = token_item();
	struct token *old = make_token("token-old", 1000);
	struct token *new = make_token("token-new", 2000);
	struct items *s = open_items();
	struct keyring *k = open_keyring();
	struct safebuf *record = NULL;

	CHECK(safebuf_new(RECORD_MAX, &record) == RC_OK);
	CHECK(token_encode(new, &acme, record) == RC_OK);
	CHECK(items_put(s, &id, "new", safebuf_view(record), false, NULL) ==
	      RC_OK);
	safebuf_clear(record);
	CHECK(token_encode(old, &acme, record) == RC_OK);
	CHECK(items_put(s, &id, "old", safebuf_view(record), false, NULL) ==
	      RC_OK);
	CHECK(items_put(s, &id, "odd", SPAN("garbage"), false, NULL) == RC_OK);

	CHECK(get_token(k, "token-new") == RC_OK);
	CHECK(count_items(&id) == 3);

	safebuf_free(record);
	keyring_close(k);
	items_close(s);
	token_free(old);
	token_free(new);
}

static void
a_token_is_found_with_exactly_its_attributes(void)
{
	struct token_key other = acme;
	struct token_key all = { .app = acme.app };
	struct token *t = make_token("token-two", 1000), *got = NULL;
	struct keyring *k = open_keyring();
	unsigned count = 0;

	CHECK(put_token(k, "token-one", NULL) == RC_OK);

	CHECK(get_token(k, "token-one") == RC_OK);
	other.variables = SPAN("app-id=42");
	CHECK(keyring_get_token(k, &other, &got, NULL) == RC_NOT_FOUND);
	other = acme;
	other.provider = SPAN("github");
	CHECK(keyring_get_token(k, &other, &got, NULL) == RC_NOT_FOUND);
	CHECK(keyring_put_token(k, &other, t, NULL) == RC_OK);
	CHECK(get_token(k, "token-one") == RC_OK);
	CHECK(keyring_delete_tokens(k, &acme, &count, NULL) == RC_OK);
	CHECK(count == 1);
	CHECK(get_token(k, "") == RC_NOT_FOUND);
	CHECK(put_token(k, "token-one", NULL) == RC_OK);
	CHECK(keyring_delete_tokens(k, &all, &count, NULL) == RC_OK);
	CHECK(count == 2);
	keyring_close(k);
	token_free(t);
}

static void
many_puts_at_once_leave_one_item(void)
{
	char *argv[] = { "/proc/self/exe", "child_puts_a_token", NULL };
	const struct items_id id = token_item();
	pid_t pids[PARALLEL];

	for (size_t i = 0; i < PARALLEL; i++)
		pids[i] = start(argv, -1, -1);
	for (size_t i = 0; i < PARALLEL; i++)
		CHECK(finish(pids[i]) == 0);

	CHECK(count_items(&id) == 1);
}

#define CASES(X)                                                               \
	X(a_garbage_token_is_a_bad_cache_and_replaced_by_the_next)             \
	X(the_newest_valid_token_of_several_is_taken)                          \
	X(a_token_is_found_with_exactly_its_attributes)                        \
	X(many_puts_at_once_leave_one_item)

static const struct keyring_case cases[] = { CASES(KEYRING_CASE_ROW){
	"child_puts_a_token", child_puts_a_token } };

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { CASES(KEYRING_CASE_TEST) };

	if (argc == 2)
		return keyring_case_run(cases, sizeof(cases) / sizeof(cases[0]),
					argv[1]);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("keyring_token", tests, NULL, NULL);
}
