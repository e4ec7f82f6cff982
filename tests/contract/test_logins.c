/*
 * Kept logins: what the keeper keeps, the fast read and the keeper find
 * alike; in a real gnome-keyring.
 */
#include "support/logins_case.h"

#include "core/banned.h"

#define LONG_BYTES 8192

/* Every byte that a git password may have. */
static const char clean_bytes[] = "\x01\x02\t\x0b\x0c\x1b !\"#$%&'()*+,-./09:;"
				  "<=>?@AZ[\\]^_`az{|}~\x7f=\"\\\\\\\"";

static struct span
long_password(char text[LONG_BYTES])
{
	for (size_t i = 0; i < LONG_BYTES; i++)
		text[i] = "pa\"ss\\wo rd="[i % 12];
	return (struct span){ .at = text, .len = LONG_BYTES };
}

static struct login
git(const char *protocol, const char *host, const char *path, const char *user)
{
	struct login l = { .kind = LOGIN_GIT,
			   .protocol = span_of(protocol),
			   .path = span_of(path),
			   .user = span_of(user) };

	login_set_host(&l, span_of(host));
	return l;
}

static void
put_git(struct login l, const char *password)
{
	l.password = span_of(password);
	CHECK(put_login(&l) == RC_OK);
}

static void
expect_git(struct login l, const char *password)
{
	l.password = span_of(password);
	expect_kept(&l);
}

static void
a_docker_login_comes_back_byte_for_byte_and_is_erased(void)
{
	char text[LONG_BYTES];
	const struct login logins[] = {
		{ .server = SPAN("https://index.docker.io/v1/"),
		  .user = SPAN("person"),
		  .password = SPAN("geheim") },
		{ .server = SPAN("registry.example:5000/team/repo"),
		  .user = SPAN("per:son@registry.example"),
		  .password = SPAN("line one\nline two\r\n\ttab\n") },
		{ .server = SPAN("[2001:db8::1]:5000"),
		  .user = SPAN("\"quoted\" \\back\\slash\\"),
		  .password = span_of(clean_bytes) },
		{ .server = SPAN("r\xc3\xa9gistre.ex\xc3\xa4mple/\xe2\x82\xac"),
		  .user = SPAN("\xf0\x9f\x94\x91 \xe6\x9d\xb1"),
		  .password = SPAN("p\xc3\xa4ss\xf0\x9f\x94\x91") },
		{ .server = SPAN("\"quoted\" 'server' \\ = % ;"),
		  .user = SPAN(" "),
		  .password = long_password(text) },
	};

	for (size_t i = 0; i < COUNT(logins); i++)
		CHECK(put_login(&logins[i]) == RC_OK);

	expect_items(COUNT(logins));
	for (size_t i = 0; i < COUNT(logins); i++)
		expect_kept(&logins[i]);
	for (size_t i = 0; i < COUNT(logins); i++) {
		const struct login asked = { .server = logins[i].server };

		CHECK(delete_login(&asked) == RC_OK);
		expect_absent(&asked);
		expect_items(COUNT(logins) - 1 - i);
	}
}

static void
another_spelling_of_a_docker_server_is_another_server(void)
{
	static const char *const others[] = {
		"https://r.example/v1",
		"https://r.example/v",
		"https://r.example/",
		"http://r.example/v1/",
		"r.example/v1/",
		"https://R.example/v1/",
		"https://r.example:443/v1/",
		"https://r.example/v1/ ",
		"",
	};
	const struct login kept = { .server = SPAN("https://r.example/v1/"),
				    .user = SPAN("person"),
				    .password = SPAN("geheim") };

	CHECK(put_login(&kept) == RC_OK);

	for (size_t i = 0; i < COUNT(others); i++) {
		const struct login asked = { .server = span_of(others[i]) };

		expect_absent(&asked);
		CHECK(delete_login(&asked) == RC_OK);
	}
	expect_kept(&kept);
}

static void
a_second_docker_user_replaces_the_first(void)
{
	struct login l = { .server = SPAN("r.example"),
			   .user = SPAN("first"),
			   .password = SPAN("one") };
	struct login other = l;

	other.server = SPAN("r.example2");
	CHECK(put_login(&l) == RC_OK);
	CHECK(put_login(&other) == RC_OK);

	l.user = SPAN("second");
	l.password = SPAN("two");
	CHECK(put_login(&l) == RC_OK);

	expect_kept(&l);
	expect_kept(&other);
	expect_items(2);
	l.password = SPAN("three");
	CHECK(put_login(&l) == RC_OK);
	expect_kept(&l);
	expect_items(2);
}

/* Each is an entry of its own: none replaces, answers or erases another. */
static const char *const places[][4] = {
	{ "https", "git.example", NULL, "person" },
	{ "https", "git.example", NULL, "other person" },
	{ "https", "git.example", "org/a.git", "person" },
	{ "https", "git.example", "org/b.git", "person" },
	{ "https", "git.example", "org/b.git", "other person" },
	{ "https", "git.example:8443", NULL, "person" },
	{ "https", "git.example:8443", "org/a.git", "person" },
	{ "http", "git.example", NULL, "person" },
	{ "smtp", "mail.example:587", NULL, "person@mail.example" },
	{ "https", "[2001:db8::1]", NULL, "person" },
	{ "https", "[2001:db8::1]:8443", NULL, "person" },
	{ "https",
	  "b\xc3\xbc"
	  "cher.example",
	  "\xe6\x9d\xb1/\"a\\b\".git", "\xc3\xbcser \"quoted\" \\" },
	{ "cert", "", "/home/person/cert.pem", "person" },
};

static void
put_place(size_t i)
{
	char password[32];

	private_format(password, sizeof(password), "password-%zu", i);
	put_git(git(places[i][0], places[i][1], places[i][2], places[i][3]),
		password);
}

static void
expect_place(size_t i)
{
	char password[32];

	private_format(password, sizeof(password), "password-%zu", i);
	expect_git(git(places[i][0], places[i][1], places[i][2], places[i][3]),
		   password);
}

static void
every_user_host_port_and_path_has_an_entry_of_its_own(void)
{
	for (size_t i = 0; i < COUNT(places); i++)
		put_place(i);
	expect_items(COUNT(places));
	for (size_t i = 0; i < COUNT(places); i++)
		expect_place(i);

	/* The other way round, over what is there: each takes its own. */
	for (size_t i = COUNT(places); i-- > 0;)
		put_place(i);
	expect_items(COUNT(places));
	for (size_t i = 0; i < COUNT(places); i++)
		expect_place(i);
}

static void
the_wider_entry_is_kept_beside_the_narrower_in_any_order(void)
{
	struct login wide = git("https", "git.example", NULL, "person");
	struct login narrow = git("https", "git.example", "a.git", "person");
	struct login port = git("https", "git.example:8443", NULL, "person");

	put_git(narrow, "narrow");
	put_git(port, "port");
	put_git(wide, "wide");

	expect_items(3);
	expect_git(narrow, "narrow");
	expect_git(port, "port");
	CHECK(delete_login(&narrow) == RC_OK);
	expect_items(2);
	expect_git(wide, "wide");
	expect_git(port, "port");
}

static void
erasing_takes_exactly_the_entries_that_answer(void)
{
	for (size_t i = COUNT(places); i-- > 0;)
		put_place(i);

	for (size_t i = 2; i < COUNT(places); i++) {
		struct login asked = git(places[i][0], places[i][1],
					 places[i][2], places[i][3]);

		if (i == 5) /* it would take the next one along */
			continue;
		expect_place(i);
		CHECK(delete_login(&asked) == RC_OK);
		expect_items(COUNT(places) - (i < 5 ? i - 1 : i - 2));
	}
	/* Left: two users without a path, and the one with a port. */
	expect_place(0);
	expect_place(1);
	expect_place(5);
}

static void
what_a_git_question_leaves_out_matches_anything_but_a_port(void)
{
	struct login kept = git("https", "git.example", "org/a.git", "person");
	struct login asked = git("https", "git.example", NULL, NULL);
	const struct login others[] = {
		git("http", "git.example", NULL, NULL),
		git("https", "git.example:443", NULL, NULL),
		git("https", "git.example2", NULL, NULL),
		git("https", "it.example", NULL, NULL),
		git("https", "GIT.example", NULL, NULL),
		git("https", "git.example", "org/a", NULL),
		git("https", "git.example", "", NULL),
		git("https", "git.example", NULL, "perso"),
		git("https", "git.example", NULL, ""),
	};

	put_git(kept, "one");
	kept.password = SPAN("one");
	expect_found(&asked, &kept, RC_OK);
	asked.path = kept.path;
	expect_found(&asked, &kept, RC_OK);
	for (size_t i = 0; i < COUNT(others); i++) {
		expect_absent(&others[i]);
		CHECK(delete_login(&others[i]) == RC_OK);
	}
	expect_items(1);

	/* Nor does a question without a port find an entry with one. */
	put_git(git("https", "port.example:8443", NULL, "person"), "two");
	asked = git("https", "port.example", NULL, NULL);
	expect_absent(&asked);
	CHECK(delete_login(&asked) == RC_OK);
	expect_items(2);
}

static void
a_git_login_is_erased_only_with_its_password_if_one_is_shown(void)
{
	struct login a = git("https", "git.example", NULL, "a");
	struct login any = git("https", "git.example", NULL, NULL);
	static const char *const wrong[] = { "on",    "one ",
					     "one\n", "",
					     "three", "password_expiry_utc=1" };

	put_git(a, "one");
	put_git(git("https", "git.example", NULL, "b"), "two");
	put_git(git("https", "git.example", NULL, "c"), "two");

	for (size_t i = 0; i < COUNT(wrong); i++) {
		any.password = span_of(wrong[i]);
		CHECK(delete_login(&any) == RC_OK);
		expect_items(3);
	}
	a.password = SPAN("two");
	CHECK(delete_login(&a) == RC_OK);
	expect_git(a, "one");
	any.password = SPAN("two");
	CHECK(delete_login(&any) == RC_OK);
	expect_items(1);
	expect_git(a, "one");
	a.password = SPAN("one");
	CHECK(delete_login(&a) == RC_OK);
	expect_items(0);
}

static void
what_git_knows_beside_a_password_comes_back_and_is_replaced(void)
{
	struct login l = git("https", "git.example", NULL, "person");
	struct login bearer = git("https", "b.example", NULL, NULL);
	struct login asked = bearer;
	char text[LONG_BYTES];

	l.password = long_password(text);
	l.expiry = SPAN("4102444800");
	l.refresh = SPAN("refresh=\"\\token\"");
	CHECK(put_login(&l) == RC_OK);
	expect_kept(&l);

	bearer.authtype = SPAN("Bearer");
	bearer.credential = SPAN("opaque=credential");
	CHECK(put_login(&bearer) == RC_OK);
	asked.credential = SPAN("opaque=credentia");
	CHECK(delete_login(&asked) == RC_OK);
	expect_items(2);
	expect_found(&asked, NULL, RC_OK);
	asked.credential = bearer.credential;
	CHECK(delete_login(&asked) == RC_OK);
	expect_items(1);

	l.password = SPAN("geheim");
	l.expiry = l.refresh = (struct span){ 0 };
	CHECK(put_login(&l) == RC_OK);
	expect_kept(&l);
	expect_items(1);
}

static void
a_login_without_a_user_replaces_nobody(void)
{
	struct login l = git("https", "git.example", NULL, NULL);

	put_git(git("https", "git.example", NULL, "person"), "one");

	l.authtype = SPAN("Bearer");
	l.credential = SPAN("opaque");
	CHECK(put_login(&l) == RC_OK);
	CHECK(put_login(&l) == RC_OK);

	expect_items(2);
	expect_git(git("https", "git.example", NULL, "person"), "one");
}

static void
what_cannot_be_kept_whole_is_refused_and_nothing_is_kept(void)
{
	static char text[LOGIN_SECRET_MAX + 1];
	struct login l = git("https", "git.example", NULL, "person");
	struct login d = DOCKER("r.example");

	memset(text, 'x', sizeof(text));
	d.user = SPAN("person");
	l.password = SPAN("two\nlines");
	CHECK(put_login(&l) == RC_BAD_REQUEST);
	l.password = SPAN("nul\0inside");
	CHECK(put_login(&l) == RC_BAD_REQUEST);
	l.password = SPAN("geheim");
	l.refresh = SPAN("carriage\r");
	CHECK(put_login(&l) == RC_BAD_REQUEST);
	d.password = (struct span){ .at = text, .len = sizeof(text) };
	CHECK(put_login(&d) == RC_BAD_REQUEST);
	expect_items(0);

	d.password.len--;
	CHECK(put_login(&d) == RC_OK);
	expect_kept(&d);
}

struct listed {
	size_t count;
	bool right;
};

static void
list_one(void *self, struct span server, struct span user)
{
	struct listed *l = self;

	l->count++;
	l->right =
		l->right &&
		((span_is(server, "b\"\\.example") && span_is(user, "\"b\"")) ||
		 (span_is(server, "a.example") && span_is(user, "a")));
}

static void
docker_s_list_has_docker_s_logins_alone(void)
{
	struct login a = DOCKER("a.example"), b = DOCKER("b\"\\.example");
	struct listed l = { .right = true };
	struct safebuf *out = NULL;
	struct items *s = open_items();
	size_t hidden = 7;
	struct span text;

	CHECK(safebuf_new(RECORD_MAX, &out) == RC_OK);
	CHECK(logins_list(clock_mono_ms() + KEYRING_CALL_MS, list_one, &l,
			  &hidden, NULL) == fast(RC_OK));
	CHECK(l.count == 0);
	CHECK(logins_put_list(s, out, &hidden, NULL) == RC_OK);
	CHECK(hidden == 0 && safebuf_len(out) == 0);

	a.user = SPAN("a");
	b.user = SPAN("\"b\"");
	a.password = b.password = SPAN("geheim");
	CHECK(put_login(&a) == RC_OK && put_login(&b) == RC_OK);
	put_git(git("https", "git.example", NULL, "person"), "one");

	hidden = 7;
	CHECK(logins_list(clock_mono_ms() + KEYRING_CALL_MS, list_one, &l,
			  &hidden, NULL) == fast(RC_OK));
	CHECK(fast(RC_OK) != RC_OK || (l.count == 2 && hidden == 0 && l.right));
	hidden = 7;
	CHECK(logins_put_list(s, out, &hidden, NULL) == RC_OK);
	text = safebuf_view(out);
	CHECK(hidden == 0);
	CHECK(span_is(text, "\"a.example\":\"a\","
			    "\"b\\\"\\\\.example\":\"\\\"b\\\"\"") ||
	      span_is(text, "\"b\\\"\\\\.example\":\"\\\"b\\\"\","
			    "\"a.example\":\"a\""));
	safebuf_free(out);
	items_close(s);
}

#define CASES(X)                                                               \
	X(a_docker_login_comes_back_byte_for_byte_and_is_erased)               \
	X(another_spelling_of_a_docker_server_is_another_server)               \
	X(a_second_docker_user_replaces_the_first)                             \
	X(every_user_host_port_and_path_has_an_entry_of_its_own)               \
	X(the_wider_entry_is_kept_beside_the_narrower_in_any_order)            \
	X(erasing_takes_exactly_the_entries_that_answer)                       \
	X(what_a_git_question_leaves_out_matches_anything_but_a_port)          \
	X(a_git_login_is_erased_only_with_its_password_if_one_is_shown)        \
	X(what_git_knows_beside_a_password_comes_back_and_is_replaced)         \
	X(a_login_without_a_user_replaces_nobody)                              \
	X(what_cannot_be_kept_whole_is_refused_and_nothing_is_kept)            \
	X(docker_s_list_has_docker_s_logins_alone)

static const struct keyring_case cases[] = { CASES(KEYRING_CASE_ROW) };

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { CASES(KEYRING_CASE_TEST) };

	if (argc == 2)
		return keyring_case_run(cases, sizeof(cases) / sizeof(cases[0]),
					argv[1]);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("logins", tests, NULL, NULL);
}
