/*
 * The keyring against a real gnome-keyring: private keys, and what of an
 * item everybody can see.
 */
#include "support/keyring_case.h"

#include "core/banned.h"

static const char other_pem[] = "-----BEGIN PRIVATE KEY-----\n"
				"c2VjcmV0LXR3bw\n"
				"-----END PRIVATE KEY-----\n";

/* The properties of all items in the keyring, as text. */
static void
describe_items(char out[OUTPUT_MAX])
{
	char *list[] = { "dbus-send",
			 "--session",
			 "--print-reply=literal",
			 "--dest=" SECRETS,
			 LOGIN,
			 "org.freedesktop.DBus.Properties.Get",
			 "string:org.freedesktop.Secret.Collection",
			 "string:Items",
			 NULL };
	char paths[OUTPUT_MAX], path[PRIVATE_MAX];
	char *show[] = { "dbus-send",
			 "--session",
			 "--print-reply",
			 "--dest=" SECRETS,
			 path,
			 "org.freedesktop.DBus.Properties.GetAll",
			 "string:org.freedesktop.Secret.Item",
			 NULL };
	size_t used = 0;

	run(list, paths);
	out[0] = '\0';
	for (const char *at = paths; (at = strstr(at, LOGIN "/")) != NULL;) {
		size_t n = strcspn(at, " \n]");

		CHECK(n < sizeof(path));
		memcpy(path, at, n);
		path[n] = '\0';
		at += n;
		CHECK(OUTPUT_MAX - used > 1);
		{
			char one[OUTPUT_MAX];
			size_t len;

			run(show, one);
			len = strlen(one);
			CHECK(len < OUTPUT_MAX - used);
			memcpy(out + used, one, len + 1);
			used += len;
		}
	}
}

static void
a_key_comes_back_as_it_was(void)
{
	struct keyring *k = open_keyring();

	CHECK(keyring_put_key(k, SPAN("acme"), span_of(pem), false, NULL) ==
	      RC_OK);

	CHECK(get_key(k, pem) == RC_OK);
	keyring_close(k);
	k = open_keyring();
	CHECK(get_key(k, pem) == RC_OK);
	keyring_close(k);
}

static void
a_key_is_replaced_only_on_demand_and_in_its_item(void)
{
	struct keyring *k = open_keyring();
	pid_t pid;

	CHECK(keyring_put_key(k, SPAN("acme"), span_of(pem), true, NULL) ==
	      RC_OK);
	CHECK(keyring_put_key(k, SPAN("acme"), span_of(other_pem), false,
			      NULL) == RC_KEY_BAD);
	CHECK(get_key(k, pem) == RC_OK);

	CHECK(keyring_put_key(k, SPAN("acme"), span_of(other_pem), true,
			      NULL) == RC_OK);

	CHECK(get_key(k, other_pem) == RC_OK);
	CHECK(count_items(&key_item) == 1);
	keyring_close(k);
	kill_daemon();
	pid = start_daemon(true);
	k = open_keyring();
	CHECK(get_key(k, other_pem) == RC_OK);
	keyring_close(k);
	end_daemon(pid);
}

static void
what_is_absent_is_not_found(void)
{
	struct token_key all = { .app = acme.app };
	struct keyring *k = open_keyring();
	unsigned count = 7;

	CHECK(get_key(k, pem) == RC_NOT_FOUND);
	CHECK(get_token(k, "") == RC_NOT_FOUND);
	CHECK(keyring_delete_key(k, SPAN("acme"), &count, NULL) == RC_OK);
	CHECK(count == 0);
	CHECK(keyring_delete_tokens(k, &all, &count, NULL) == RC_OK);
	CHECK(count == 0);
	keyring_close(k);
}

static void
the_key_of_another_app_is_not_found(void)
{
	struct keyring *k = open_keyring();

	CHECK(keyring_put_key(k, SPAN("acm"), span_of(pem), false, NULL) ==
	      RC_OK);
	CHECK(keyring_put_key(k, SPAN("acme2"), span_of(pem), false, NULL) ==
	      RC_OK);

	CHECK(get_key(k, pem) == RC_NOT_FOUND);
	keyring_close(k);
}

static void
a_key_is_deleted(void)
{
	struct keyring *k = open_keyring();
	unsigned count = 0;

	CHECK(keyring_put_key(k, SPAN("acme"), span_of(pem), false, NULL) ==
	      RC_OK);

	CHECK(keyring_delete_key(k, SPAN("acme"), &count, NULL) == RC_OK);

	CHECK(count == 1);
	CHECK(get_key(k, pem) == RC_NOT_FOUND);
	keyring_close(k);
}

static void
a_locked_keyring_is_locked_in_every_call_and_unchanged(void)
{
	struct token_key all = { .app = acme.app };
	struct keyring *k = open_keyring();
	struct why why = { 0 };
	unsigned count = 7;
	pid_t pid;

	CHECK(keyring_put_key(k, SPAN("acme"), span_of(pem), false, NULL) ==
	      RC_OK);
	CHECK(put_token(k, "token-one", NULL) == RC_OK);
	lock();

	CHECK(get_key(k, pem) == RC_LOCKED);
	CHECK(keyring_put_key(k, SPAN("acme"), span_of(other_pem), true,
			      &why) == RC_LOCKED);
	CHECK(strstr(why.text, "locked") != NULL);
	CHECK(keyring_put_key(k, SPAN("fresh"), span_of(pem), false, NULL) ==
	      RC_LOCKED);
	CHECK(keyring_delete_key(k, SPAN("acme"), &count, NULL) == RC_LOCKED);
	CHECK(keyring_delete_key(k, SPAN("fresh"), &count, NULL) == RC_LOCKED);
	CHECK(get_token(k, "") == RC_LOCKED);
	CHECK(put_token(k, "token-two", NULL) == RC_LOCKED);
	CHECK(keyring_delete_tokens(k, &all, &count, NULL) == RC_LOCKED);
	CHECK(count == 7);

	keyring_close(k);
	kill_daemon();
	pid = start_daemon(true);
	k = open_keyring();
	CHECK(get_key(k, pem) == RC_OK);
	CHECK(get_token(k, "token-one") == RC_OK);
	keyring_close(k);
	end_daemon(pid);
}

static void
a_prompt_that_nobody_can_show_is_dismissed(void)
{
	struct keyring *k = NULL;
	pid_t pid = daemon_pid();

	lock();
	CHECK(keyring_open(getenv("DBUS_SESSION_BUS_ADDRESS"), true, &k,
			   NULL) == RC_OK);

	CHECK(get_key(k, pem) == RC_DISMISSED);

	CHECK(kill(pid, 0) == 0);
	keyring_close(k);
}

static void
two_keys_are_refused(void)
{
	struct items *s = open_items();
	struct keyring *k = open_keyring();
	struct why why = { 0 };
	unsigned count = 0;

	CHECK(keyring_put_key(k, SPAN("acme"), span_of(pem), false, NULL) ==
	      RC_OK);
	CHECK(items_put(s, &key_item, "two",
			SPAN("apptoken-key 1\napp=acme\npart=key\n\nPEM"),
			false, NULL) == RC_OK);
	CHECK(count_items(&key_item) == 2);

	CHECK(get_key(k, pem) == RC_KEY_BAD);
	CHECK(keyring_put_key(k, SPAN("acme"), span_of(pem), true, &why) ==
	      RC_KEY_BAD);
	CHECK(strstr(why.text, "two keys") != NULL);
	CHECK(keyring_delete_key(k, SPAN("acme"), &count, NULL) == RC_OK);
	CHECK(count == 2);
	keyring_close(k);
	items_close(s);
}

/* A key item whose record is another one than the app's. */
static void
a_key_item_with_wrong_facts_is_bad_and_untouched(void)
{
	static const char *const wrong[] = {
		"",
		"x",
		"apptoken-key 1\napp=acme\npart=key\n\n",
		"apptoken-key 1\napp=other\npart=key\n\nPEM",
		"apptoken-key 1\napp=acme\npart=cert\n\nPEM",
		"apptoken-key 2\napp=acme\npart=key\n\nPEM",
		"apptoken-key 1\r\napp=acme\r\npart=key\r\n\r\nPEM",
		"-----BEGIN PRIVATE KEY-----",
	};
	struct items *s = open_items();
	struct keyring *k = open_keyring();

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CHECK(items_put(s, &key_item, "odd", span_of(wrong[i]), true,
				NULL) == RC_OK);
		CHECK(get_key(k, pem) == RC_KEY_BAD);
		CHECK(count_items(&key_item) == 1);
	}
	keyring_close(k);
	items_close(s);
}

static void
items_show_their_app_and_no_secret(void)
{
	struct keyring *k = open_keyring();
	char out[OUTPUT_MAX];

	CHECK(keyring_put_key(k, SPAN("acme"), span_of(pem), false, NULL) ==
	      RC_OK);
	CHECK(put_token(k, "token-one", NULL) == RC_OK);
	describe_items(out);

	CHECK(strstr(out, "\"acme: private key (apptoken)\"") != NULL);
	CHECK(strstr(out, "\"acme: access token (apptoken)\"") != NULL);
	CHECK(strstr(out, "\"org.apptoken.Key\"") != NULL);
	CHECK(strstr(out, "\"org.apptoken.Token\"") != NULL);
	CHECK(strstr(out, "\"app-id=42\nendpoint=https://api.acme.example\"") !=
	      NULL);
	CHECK(strstr(out, "token-one") == NULL);
	CHECK(strstr(out, "c2VjcmV0") == NULL);
	CHECK(strstr(out, "expir") == NULL);
	CHECK(strstr(out, "3600") == NULL);
	keyring_close(k);
}

#define CASES(X)                                                               \
	X(a_key_comes_back_as_it_was)                                          \
	X(a_key_is_replaced_only_on_demand_and_in_its_item)                    \
	X(what_is_absent_is_not_found)                                         \
	X(the_key_of_another_app_is_not_found)                                 \
	X(a_key_is_deleted)                                                    \
	X(a_locked_keyring_is_locked_in_every_call_and_unchanged)              \
	X(a_prompt_that_nobody_can_show_is_dismissed)                          \
	X(two_keys_are_refused)                                                \
	X(a_key_item_with_wrong_facts_is_bad_and_untouched)                    \
	X(items_show_their_app_and_no_secret)

static const struct keyring_case cases[] = { CASES(KEYRING_CASE_ROW) };

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { CASES(KEYRING_CASE_TEST) };

	if (argc == 2)
		return keyring_case_run(cases, sizeof(cases) / sizeof(cases[0]),
					argv[1]);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("keyring", tests, NULL, NULL);
}
