/*
 * Kept logins beside the programs whose form they have: docker's own helper
 * for the Secret Service, run here both ways, and the items of git's, which
 * tests/e2e/keep.sh runs. In a real gnome-keyring.
 */
#include "support/logins_case.h"

#include "core/banned.h"

#define LONG_BYTES 8192
#define NOT_FOUND "credentials not found in native keychain"

/* docker-credential-secretservice VERB with that on stdin. */
static int
docker_peer(const char *verb, struct span in, char out[OUTPUT_MAX])
{
	char word[16];
	char *argv[] = { "docker-credential-secretservice", word, NULL };

	private_format(word, sizeof(word), "%s", verb);
	return run_with(argv, in, out);
}

static void
peer_stores(struct span json)
{
	char out[OUTPUT_MAX];

	CHECK(docker_peer("store", json, out) == 0);
}

/* What it finds it prints as one line of JSON. */
static void
expect_peer_has(const char *server, const char *json)
{
	char out[OUTPUT_MAX];

	CHECK(docker_peer("get", span_of(server), out) == 0);
	out[strcspn(out, "\n")] = '\0';
	CHECK(strcmp(out, json) == 0);
}

static void
expect_peer_has_not(const char *server)
{
	char out[OUTPUT_MAX];

	CHECK(docker_peer("get", span_of(server), out) == 1);
	CHECK(strstr(out, NOT_FOUND) != NULL);
}

static struct login
docker(const char *server, const char *user, const char *password)
{
	return (struct login){ .kind = LOGIN_DOCKER,
			       .server = span_of(server),
			       .user = span_of(user),
			       .password = span_of(password) };
}

static void
a_docker_item_has_the_form_of_docker_s_own(void)
{
	static const struct attribute form[] = {
		{ "docker_cli", "1" },
		{ "label", "Docker Credentials" },
		{ "server", "https://r.example/v1/" },
		{ "username", "person" },
		{ "xdg:schema", "io.docker.Credentials" },
	};
	struct login l = docker("https://r.example/v1/", "person", "geheim");
	const struct login asked = DOCKER("https://r.example/v1/");

	/* The other one's, so that this form is truly the one. */
	peer_stores(SPAN("{\"ServerURL\":\"https://r.example/v1/\","
			 "\"Username\":\"person\",\"Secret\":\"other\"}"));
	expect_form("https://r.example/v1/", form, COUNT(form));
	CHECK(delete_login(&asked) == RC_OK);
	expect_items(0);

	CHECK(put_login(&l) == RC_OK);

	expect_form("https://r.example/v1/", form, COUNT(form));
}

static void
docker_s_helper_reads_lists_and_erases_ours(void)
{
	struct login a = docker("https://r.example/v1/", "person", "geheim");
	struct login b = docker("r\xc3\xa9g.example:5000/a b", "\"q\" \\b\\",
				"\"p\" \\\xe6\x9d\xb1");
	char out[OUTPUT_MAX];

	CHECK(put_login(&a) == RC_OK && put_login(&b) == RC_OK);

	expect_peer_has("https://r.example/v1/",
			"{\"ServerURL\":\"https://r.example/v1/\","
			"\"Username\":\"person\",\"Secret\":\"geheim\"}");
	expect_peer_has("r\xc3\xa9g.example:5000/a b",
			"{\"ServerURL\":\"r\xc3\xa9g.example:5000/a b\","
			"\"Username\":\"\\\"q\\\" \\\\b\\\\\","
			"\"Secret\":\"\\\"p\\\" \\\\\xe6\x9d\xb1\"}");
	CHECK(docker_peer("list", SPAN(""), out) == 0);
	CHECK(strstr(out, "\"https://r.example/v1/\":\"person\"") != NULL);
	CHECK(strstr(out, "\"r\xc3\xa9g.example:5000/a b\":"
			  "\"\\\"q\\\" \\\\b\\\\\"") != NULL);
	CHECK(docker_peer("erase", a.server, out) == 0);
	expect_absent(&a);
	expect_kept(&b);
	expect_items(1);
}

static void
a_login_of_docker_s_helper_is_read_and_erased_as_ours(void)
{
	struct login a = docker("https://r.example/v1/", "person", "geheim");
	struct login b = docker("r\xc3\xa9g.example:5000/a b", "\"q\" \\b\\",
				"\"p\" \\\xe6\x9d\xb1");

	peer_stores(SPAN("{\"ServerURL\":\"https://r.example/v1/\","
			 "\"Username\":\"person\",\"Secret\":\"geheim\"}"));
	peer_stores(SPAN("{\"ServerURL\":\"r\xc3\xa9g.example:5000/a b\","
			 "\"Username\":\"\\\"q\\\" \\\\b\\\\\","
			 "\"Secret\":\"\\\"p\\\" \\\\\xe6\x9d\xb1\"}"));

	expect_kept(&a);
	expect_kept(&b);
	a.user = a.password = (struct span){ 0 };
	CHECK(delete_login(&a) == RC_OK);
	expect_peer_has_not("https://r.example/v1/");
	expect_kept(&b);
	expect_items(1);
}

static void
a_password_of_8_kib_goes_both_ways(void)
{
	char text[LONG_BYTES + 1], json[LONG_BYTES + 128];
	struct login l;

	memset(text, 'x', LONG_BYTES);
	text[LONG_BYTES - 1] = 'y';
	text[LONG_BYTES] = '\0';
	l = docker("r.example", "person", text);
	private_format(json, sizeof(json),
		       "{\"ServerURL\":\"r.example\",\"Username\":\"person\","
		       "\"Secret\":\"%s\"}",
		       text);

	CHECK(put_login(&l) == RC_OK);
	expect_peer_has("r.example", json);
	CHECK(delete_login(&l) == RC_OK);
	expect_peer_has_not("r.example");
	peer_stores(span_of(json));

	expect_kept(&l);
}

static void
our_login_replaces_the_one_of_docker_s_helper(void)
{
	struct login l = docker("r.example", "second", "two");

	peer_stores(SPAN("{\"ServerURL\":\"r.example\","
			 "\"Username\":\"first\",\"Secret\":\"one\"}"));

	CHECK(put_login(&l) == RC_OK);

	expect_items(1);
	expect_kept(&l);
	expect_peer_has("r.example", "{\"ServerURL\":\"r.example\","
				     "\"Username\":\"second\","
				     "\"Secret\":\"two\"}");
	/* The same user: the same item. */
	peer_stores(SPAN("{\"ServerURL\":\"r.example\","
			 "\"Username\":\"second\",\"Secret\":\"three\"}"));
	l.password = SPAN("three");
	expect_items(1);
	expect_kept(&l);
}

/* An item as git's helper of that schema keeps it. */
static void
put_item(const char *schema, const char *label, const char *port,
	 const char *object, const char *user, const char *secret)
{
	struct items_id id = { .schema = schema,
			       .attributes = {
				       { "protocol", SPAN("https") },
				       { "server", SPAN("git.example") } } };
	struct items *s = open_items();

	id.count = 2;
	id.attributes[id.count].name = "user";
	id.attributes[id.count++].value = span_of(user);
	if (port != NULL) {
		id.attributes[id.count].name = "port";
		id.attributes[id.count++].value = span_of(port);
	}
	if (object != NULL) {
		id.attributes[id.count].name = "object";
		id.attributes[id.count++].value = span_of(object);
	}
	CHECK(items_put(s, &id, label, span_of(secret), false, NULL) == RC_OK);
	items_close(s);
}

static struct login
git(const char *port, const char *path, const char *user, const char *password)
{
	return (struct login){ .kind = LOGIN_GIT,
			       .protocol = SPAN("https"),
			       .server = SPAN("git.example"),
			       .port = span_of(port),
			       .path = span_of(path),
			       .user = span_of(user),
			       .password = span_of(password) };
}

static void
a_git_item_has_the_form_of_git_s_own(void)
{
	static const struct attribute whole[] = {
		{ "object", "org/a.git" }, { "port", "8443" },
		{ "protocol", "https" },   { "server", "git.example" },
		{ "user", "person" },	   { "xdg:schema", LOGIN_GIT_SCHEMA },
	};
	static const struct attribute bare[] = {
		{ "protocol", "https" },
		{ "server", "git.example" },
		{ "user", "person" },
		{ "xdg:schema", LOGIN_GIT_SCHEMA },
	};
	struct login l = git("8443", "org/a.git", "person", "geheim");

	CHECK(put_login(&l) == RC_OK);
	expect_form("Git: https://git.example:8443/org/a.git", whole,
		    COUNT(whole));
	CHECK(delete_login(&l) == RC_OK);

	l = git(NULL, NULL, "person", "geheim");
	CHECK(put_login(&l) == RC_OK);
	expect_form("Git: https://git.example/", bare, COUNT(bare));
}

static void
a_git_secret_has_the_form_of_git_s_own(void)
{
	struct login l = git("8443", NULL, "person", "geheim = \"\\");
	char *argv[] = { "secret-tool",	   "lookup", "server",
			 "git.example",	   "port",   "8443",
			 "user",	   "person", "xdg:schema",
			 LOGIN_GIT_SCHEMA, NULL };
	char out[OUTPUT_MAX];

	l.expiry = SPAN("4102444800");
	l.refresh = SPAN("refresh");
	CHECK(put_login(&l) == RC_OK);

	run(argv, out);
	CHECK(strcmp(out, "geheim = \"\\\npassword_expiry_utc=4102444800\n"
			  "oauth_refresh_token=refresh") == 0);
}

static const char *const schemas[] = { LOGIN_GIT_SCHEMA, LOGIN_GIT_OLD_SCHEMA };

static void
git_s_items_old_and_new_are_read_and_erased_as_ours(void)
{
	for (size_t i = 0; i < COUNT(schemas); i++) {
		struct login one = git(NULL, NULL, "a", "one");
		struct login two = git("8443", "org/a.git", "b\xc3\xbc", "two");
		struct login more = git(NULL, "x", "c", "three");
		struct login other = git(NULL, NULL, "a", "wrong");

		put_item(schemas[i], "any label", NULL, NULL, "a", "one");
		put_item(schemas[i], "Git: https://other.example:1/x", "8443",
			 "org/a.git", "b\xc3\xbc", "two");
		put_item(schemas[i], "", NULL, "x", "c",
			 "three\npassword_expiry_utc=4102444800\n"
			 "future=thing\nno equals\n\noauth_refresh_token=r\n");
		more.expiry = SPAN("4102444800");
		more.refresh = SPAN("r");

		expect_kept(&one);
		expect_kept(&two);
		expect_kept(&more);
		CHECK(delete_login(&other) == RC_OK);
		expect_items(3);
		CHECK(delete_login(&one) == RC_OK);
		expect_items(2);
		CHECK(delete_login(&two) == RC_OK);
		CHECK(delete_login(&more) == RC_OK);
		expect_items(0);
	}
}

static void
our_git_login_replaces_git_s_old_and_is_written_in_the_new(void)
{
	static const struct attribute form[] = {
		{ "protocol", "https" },
		{ "server", "git.example" },
		{ "user", "person" },
		{ "xdg:schema", LOGIN_GIT_SCHEMA },
	};
	struct login l = git(NULL, NULL, "person", "two");

	put_item(LOGIN_GIT_SCHEMA, "Git: https://git.example/", NULL, NULL,
		 "person", "one");
	put_item(LOGIN_GIT_OLD_SCHEMA, "Git: https://git.example/", NULL, NULL,
		 "person", "older");

	CHECK(put_login(&l) == RC_OK);

	expect_form("Git: https://git.example/", form, COUNT(form));
	expect_kept(&l);
}

static void
an_old_item_of_another_user_path_or_port_stays(void)
{
	struct login l = git(NULL, NULL, "person", "two");

	put_item(LOGIN_GIT_OLD_SCHEMA, "a", NULL, "org/a.git", "person", "a");
	put_item(LOGIN_GIT_OLD_SCHEMA, "b", "8443", NULL, "person", "b");
	put_item(LOGIN_GIT_OLD_SCHEMA, "c", NULL, NULL, "other", "c");

	CHECK(put_login(&l) == RC_OK);

	expect_items(4);
	l = git(NULL, "org/a.git", "person", "a");
	expect_kept(&l);
	l = git("8443", NULL, "person", "b");
	expect_kept(&l);
	l = git(NULL, NULL, "other", "c");
	expect_kept(&l);
}

static void
an_item_of_another_schema_is_neither_read_nor_erased_nor_replaced(void)
{
	struct login l = git(NULL, NULL, "person", NULL);

	put_item("org.example.Password", "other", NULL, NULL, "person", "one");
	put_item("org.git.Passwor", "other", NULL, NULL, "person", "one");

	expect_absent(&l);
	CHECK(delete_login(&l) == RC_OK);
	expect_items(2);
	l.password = SPAN("two");
	CHECK(put_login(&l) == RC_OK);
	expect_items(3);
	expect_kept(&l);
	CHECK(delete_login(&l) == RC_OK);
	expect_items(2);
}

#define CASES(X)                                                               \
	X(a_docker_item_has_the_form_of_docker_s_own)                          \
	X(docker_s_helper_reads_lists_and_erases_ours)                         \
	X(a_login_of_docker_s_helper_is_read_and_erased_as_ours)               \
	X(a_password_of_8_kib_goes_both_ways)                                  \
	X(our_login_replaces_the_one_of_docker_s_helper)                       \
	X(a_git_item_has_the_form_of_git_s_own)                                \
	X(a_git_secret_has_the_form_of_git_s_own)                              \
	X(git_s_items_old_and_new_are_read_and_erased_as_ours)                 \
	X(our_git_login_replaces_git_s_old_and_is_written_in_the_new)          \
	X(an_old_item_of_another_user_path_or_port_stays)                      \
	X(an_item_of_another_schema_is_neither_read_nor_erased_nor_replaced)

static const struct keyring_case cases[] = { CASES(KEYRING_CASE_ROW) };

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { CASES(KEYRING_CASE_TEST) };

	if (argc == 2)
		return keyring_case_run(cases, sizeof(cases) / sizeof(cases[0]),
					argv[1]);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("logins_peer", tests, NULL, NULL);
}
