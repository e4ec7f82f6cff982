/* Tests of core/login.c: kept logins in the form of the clients' helpers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/login.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct safebuf *out;

static int
make(void **state)
{
	(void)state;
	assert_int_equal(safebuf_new(LOGIN_SECRET_MAX, &out), RC_OK);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	out = safebuf_free(out);
	return 0;
}

/* unset where NULL */
static void
assert_span(struct span s, const char *want)
{
	char got[256];

	assert_int_equal(span_is_set(s), want != NULL);
	if (want == NULL)
		return;
	assert_true(span_copy(s, got, sizeof(got)));
	assert_string_equal(got, want);
}

static void
a_host_is_split_at_its_port(void **state)
{
	static const struct {
		const char *host;
		const char *server;
		const char *port;
	} rows[] = {
		{ "git.b.example", "git.b.example", NULL },
		{ "git.b.example:8443", "git.b.example", "8443" },
		{ "git.b.example:", "git.b.example:", NULL },
		{ "git.b.example:x1", "git.b.example:x1", NULL },
		{ "[::1]", "[::1]", NULL },
		{ "[::1]:8443", "[::1]", "8443" },
		{ "", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct login l = { .kind = LOGIN_GIT, .port = SPAN("1") };

		login_set_host(&l, span_of(rows[i].host));
		assert_span(l.server, rows[i].server);
		assert_span(l.port, rows[i].port);
	}
}

static void
assert_attributes(const struct login *l, const char *want)
{
	struct login_attribute a[LOGIN_ATTRIBUTES_MAX];
	size_t n = login_attributes(l, a);

	safebuf_clear(out);
	for (size_t i = 0; i < n; i++)
		safebuf_put_line(out, a[i].name, a[i].value);
	assert_span(safebuf_view(out), want);
}

static void
attributes_are_those_of_the_clients(void **state)
{
	struct login docker = { .kind = LOGIN_DOCKER,
				.server = SPAN("https://reg.b.example/v1/"),
				.user = SPAN("u") };
	struct login git = { .kind = LOGIN_GIT,
			     .protocol = SPAN("https"),
			     .server = SPAN("git.b.example"),
			     .port = SPAN("8443"),
			     .path = SPAN("a/b.git"),
			     .user = SPAN("u") };

	(void)state;
	assert_attributes(&docker,
			  "docker_cli=1\nlabel=Docker Credentials\n"
			  "server=https://reg.b.example/v1/\nusername=u\n");
	docker.user = (struct span){ 0 };
	assert_attributes(&docker, "docker_cli=1\nlabel=Docker Credentials\n"
				   "server=https://reg.b.example/v1/\n");
	assert_attributes(&git, "object=a/b.git\nport=8443\nprotocol=https\n"
				"server=git.b.example\nuser=u\n");
	git.path = git.port = git.user = (struct span){ 0 };
	assert_attributes(&git, "protocol=https\nserver=git.b.example\n");
}

static void
every_attribute_has_its_field(void **state)
{
	struct login l = { .kind = LOGIN_GIT };

	(void)state;
	assert_ptr_equal(login_field(&l, "server"), &l.server);
	assert_ptr_equal(login_field(&l, "protocol"), &l.protocol);
	assert_ptr_equal(login_field(&l, "port"), &l.port);
	assert_ptr_equal(login_field(&l, "object"), &l.path);
	assert_ptr_equal(login_field(&l, "user"), &l.user);
	assert_ptr_equal(login_field(&l, "username"), &l.user);
	assert_null(login_field(&l, "xdg:schema"));
}

static void
schemas_are_those_of_the_clients(void **state)
{
	static const struct {
		const char *schema;
		bool docker;
		bool git;
	} rows[] = {
		{ "io.docker.Credentials", true, false },
		{ "org.git.Password", false, true },
		{ "org.gnome.keyring.NetworkPassword", false, true },
		{ "org.freedesktop.Secret.Generic", false, false },
		{ "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct span s = span_of(rows[i].schema);

		assert_int_equal(login_schema_is(LOGIN_DOCKER, s),
				 rows[i].docker);
		assert_int_equal(login_schema_is(LOGIN_GIT, s), rows[i].git);
	}
	assert_string_equal(login_schema(LOGIN_DOCKER),
			    "io.docker.Credentials");
	assert_string_equal(login_schema(LOGIN_GIT), "org.git.Password");
}

static void
assert_label(const struct login *l, const char *want)
{
	safebuf_clear(out);
	login_put_label(l, out);
	assert_span(safebuf_view(out), want);
}

static void
labels_are_those_of_the_clients(void **state)
{
	struct login l = { .kind = LOGIN_GIT,
			   .protocol = SPAN("https"),
			   .server = SPAN("git.b.example"),
			   .port = SPAN("8443"),
			   .path = SPAN("a/b.git") };

	(void)state;
	assert_label(&l, "Git: https://git.b.example:8443/a/b.git");
	l.path = l.port = (struct span){ 0 };
	assert_label(&l, "Git: https://git.b.example/");
	l.kind = LOGIN_DOCKER;
	assert_label(&l, "git.b.example");
}

static void
a_git_secret_makes_a_round_trip(void **state)
{
	const struct login l = { .kind = LOGIN_GIT,
				 .password = SPAN("p w=1"),
				 .expiry = SPAN("1800000000"),
				 .refresh = SPAN("r=s"),
				 .authtype = SPAN("Bearer"),
				 .credential = SPAN("tok") };
	struct login back = { .kind = LOGIN_GIT };

	(void)state;
	assert_int_equal(login_put_secret(&l, out), RC_OK);
	assert_span(safebuf_view(out),
		    "p w=1\npassword_expiry_utc=1800000000\n"
		    "oauth_refresh_token=r=s\nauthtype=Bearer\n"
		    "credential=tok");
	login_take_secret(&back, safebuf_view(out));
	assert_span(back.password, "p w=1");
	assert_span(back.expiry, "1800000000");
	assert_span(back.refresh, "r=s");
	assert_span(back.authtype, "Bearer");
	assert_span(back.credential, "tok");
}

static void
a_plain_password_is_the_whole_secret(void **state)
{
	const struct login l = { .kind = LOGIN_GIT, .password = SPAN("pw") };
	struct login back = { .kind = LOGIN_GIT };

	(void)state;
	assert_int_equal(login_put_secret(&l, out), RC_OK);
	assert_span(safebuf_view(out), "pw");
	login_take_secret(&back, safebuf_view(out));
	assert_span(back.password, "pw");
	assert_span(back.expiry, NULL);
	assert_span(back.refresh, NULL);
	assert_span(back.credential, NULL);
}

static void
a_credential_stands_in_place_of_a_password(void **state)
{
	const struct login l = { .kind = LOGIN_GIT,
				 .authtype = SPAN("Bearer"),
				 .credential = SPAN("tok") };
	struct login back = { .kind = LOGIN_GIT };

	(void)state;
	assert_int_equal(login_put_secret(&l, out), RC_OK);
	login_take_secret(&back, safebuf_view(out));
	assert_span(back.password, NULL);
	assert_span(back.credential, "tok");
}

static void
unknown_lines_of_a_secret_are_skipped(void **state)
{
	struct login back = { .kind = LOGIN_GIT };

	(void)state;
	login_take_secret(&back, SPAN("pw\nfuture=1\nnonsense\n\n"
				      "oauth_refresh_token=r\n"));
	assert_span(back.password, "pw");
	assert_span(back.refresh, "r");
	assert_span(back.expiry, NULL);
}

static void
a_docker_secret_is_any_bytes(void **state)
{
	const struct login l = { .kind = LOGIN_DOCKER,
				 .password = SPAN("a\nb\r\x01") };
	struct login back = { .kind = LOGIN_DOCKER };

	(void)state;
	assert_int_equal(login_put_secret(&l, out), RC_OK);
	login_take_secret(&back, safebuf_view(out));
	assert_span(back.password, "a\nb\r\x01");
}

static void
a_git_secret_with_a_line_break_is_refused(void **state)
{
	static const struct span odd[] = { { "a\nb", 3 },
					   { "a\r", 2 },
					   { "a\0b", 3 } };

	(void)state;
	for (size_t i = 0; i < COUNT(odd); i++) {
		const struct login rows[] = {
			{ .kind = LOGIN_GIT, .password = odd[i] },
			{ .kind = LOGIN_GIT, .expiry = odd[i] },
			{ .kind = LOGIN_GIT, .refresh = odd[i] },
			{ .kind = LOGIN_GIT, .authtype = odd[i] },
			{ .kind = LOGIN_GIT, .credential = odd[i] },
		};

		for (size_t k = 0; k < COUNT(rows); k++) {
			assert_int_equal(login_put_secret(&rows[k], out),
					 RC_INVALID);
			assert_int_equal(safebuf_len(out), 0);
		}
	}
}

static void
a_git_login_answers_what_it_was_kept_for(void **state)
{
	const struct login kept = { .kind = LOGIN_GIT,
				    .protocol = SPAN("https"),
				    .server = SPAN("git.b.example"),
				    .path = SPAN("a"),
				    .user = SPAN("u") };
	struct login asked = kept;

	(void)state;
	assert_true(login_answers(&kept, &asked));
	asked.path = asked.user = (struct span){ 0 };
	assert_true(login_answers(&kept, &asked));
	asked.user = SPAN("v");
	assert_false(login_answers(&kept, &asked));
	asked = kept;
	asked.path = SPAN("b");
	assert_false(login_answers(&kept, &asked));
	asked = kept;
	asked.port = SPAN("443");
	assert_false(login_answers(&kept, &asked));
	asked = kept;
	asked.protocol = SPAN("http");
	assert_false(login_answers(&kept, &asked));
	asked = kept;
	asked.server = SPAN("GIT.b.example");
	assert_false(login_answers(&kept, &asked));
}

static void
what_an_entry_lacks_does_not_answer_a_question_for_it(void **state)
{
	const struct login kept = { .kind = LOGIN_GIT,
				    .protocol = SPAN("https"),
				    .server = SPAN("git.b.example") };
	struct login asked = kept;

	(void)state;
	asked.user = SPAN("");
	assert_false(login_answers(&kept, &asked));
	asked = kept;
	asked.path = SPAN("a");
	assert_false(login_answers(&kept, &asked));
}

static void
a_docker_login_answers_by_its_server_alone(void **state)
{
	const struct login kept = { .kind = LOGIN_DOCKER,
				    .server = SPAN("reg.b.example"),
				    .user = SPAN("u") };
	struct login asked = kept;

	(void)state;
	asked.user = SPAN("v");
	assert_true(login_answers(&kept, &asked));
	asked.server = SPAN("https://reg.b.example");
	assert_false(login_answers(&kept, &asked));
}

static void
a_login_expires_when_its_time_has_come(void **state)
{
	static const struct {
		const char *expiry;
		bool expired;
	} rows[] = {
		{ NULL, false },
		{ "999", true },
		{ "1000", true },
		{ "1001", false },
		{ "0", false },
		{ "-5", false },
		{ "soon", false },
		{ "", false },
		{ "99999999999999999999", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct login l = { .kind = LOGIN_GIT,
					 .expiry = span_of(rows[i].expiry) };

		assert_int_equal(login_is_expired(&l, 1000), rows[i].expired);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_host_is_split_at_its_port),
		T(attributes_are_those_of_the_clients),
		T(every_attribute_has_its_field),
		T(schemas_are_those_of_the_clients),
		T(labels_are_those_of_the_clients),
		T(a_git_secret_makes_a_round_trip),
		T(a_plain_password_is_the_whole_secret),
		T(a_credential_stands_in_place_of_a_password),
		T(unknown_lines_of_a_secret_are_skipped),
		T(a_docker_secret_is_any_bytes),
		T(a_git_secret_with_a_line_break_is_refused),
		T(a_git_login_answers_what_it_was_kept_for),
		T(what_an_entry_lacks_does_not_answer_a_question_for_it),
		T(a_docker_login_answers_by_its_server_alone),
		T(a_login_expires_when_its_time_has_come),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
