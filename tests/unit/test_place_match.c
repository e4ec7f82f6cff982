/*
 * Tests of core/place.c: paths, and mutations: no change of one byte of a
 * configured place is served unless its canonical form is the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/place.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT_MAX 80

static const struct span unset = { 0 };

static struct place
git_place(const char *value)
{
	struct place p;

	assert_int_equal(place_from_conf_git(span_of(value), &p, NULL), RC_OK);
	return p;
}

static bool
git_serves(const struct place *configured, struct span host, struct span path)
{
	struct place asked;

	return place_from_git(SPAN("https"), host, path, &asked) == RC_OK &&
	       place_serves(configured, &asked);
}

static bool
docker_serves(const struct place *configured, struct span server)
{
	struct place asked;

	return place_from_docker(server, &asked) == RC_OK &&
	       place_serves(configured, &asked);
}

static void
a_path_is_served_by_whole_segments(void **state)
{
	static const struct {
		struct span path;
		bool team, team_app, whole;
	} table[] = {
		/* path, served by /team, by /team/app, by the whole host */
		{ { 0 }, 0, 0, 1 },
		{ SPAN(""), 0, 0, 1 },
		{ SPAN("/"), 0, 0, 1 },
		{ SPAN("team"), 1, 0, 1 },
		{ SPAN("team/"), 1, 0, 1 },
		{ SPAN("team/app"), 1, 1, 1 },
		{ SPAN("team/app/"), 1, 1, 1 },
		{ SPAN("team/app.git"), 1, 0, 1 },
		{ SPAN("team/app/info/refs"), 1, 1, 1 },
		{ SPAN("team/a/b"), 1, 0, 1 },
		{ SPAN("team/a b"), 1, 0, 1 },
		{ SPAN("team/..."), 1, 0, 1 },
		{ SPAN("team/.git"), 1, 0, 1 },
		{ SPAN("team/..x"), 1, 0, 1 },
		{ SPAN("team/\xc3\xa9"), 1, 0, 1 },
		{ SPAN("teamx"), 0, 0, 1 },
		{ SPAN("team.git"), 0, 0, 1 },
		{ SPAN("team-evil/app"), 0, 0, 1 },
		{ SPAN("team%2fapp"), 0, 0, 1 },
		{ SPAN("team\\app"), 0, 0, 1 },
		{ SPAN("team "), 0, 0, 1 },
		{ SPAN("xteam"), 0, 0, 1 },
		{ SPAN("x/team"), 0, 0, 1 },
		{ SPAN("te"), 0, 0, 1 },
		{ SPAN("Team"), 0, 0, 1 },
		{ SPAN("TEAM/app"), 0, 0, 1 },
		{ SPAN("team/App"), 1, 0, 1 },
		{ SPAN("team/../other"), 0, 0, 1 },
		{ SPAN("team/app/.."), 0, 0, 1 },
		{ SPAN("team/app/../"), 0, 0, 1 },
		{ SPAN("team/./app"), 0, 0, 1 },
		{ SPAN("team/."), 0, 0, 1 },
		{ SPAN("team/.."), 0, 0, 1 },
		{ SPAN("./team"), 0, 0, 1 },
		{ SPAN("../team"), 0, 0, 1 },
		{ SPAN("x/../team"), 0, 0, 1 },
		{ SPAN("team//x"), 0, 0, 1 },
		{ SPAN("team//"), 0, 0, 1 },
		{ SPAN("team//app"), 0, 0, 1 },
		{ SPAN("/team"), 0, 0, 1 },
		{ SPAN("//team"), 0, 0, 1 },
		{ SPAN("/team/app"), 0, 0, 1 },
		/* refused for every place of the host */
		{ SPAN("team?x"), 0, 0, 0 },
		{ SPAN("team/app?x"), 0, 0, 0 },
		{ SPAN("team#x"), 0, 0, 0 },
		{ SPAN("?"), 0, 0, 0 },
		{ SPAN("other#"), 0, 0, 0 },
		{ SPAN("team/app\0"), 0, 0, 0 },
		{ SPAN("team\0/app"), 0, 0, 0 },
		{ SPAN("team\r"), 0, 0, 0 },
		{ SPAN("team/\n"), 0, 0, 0 },
		{ SPAN("team/\x7f"), 0, 0, 0 },
		{ SPAN("team/\033[0m"), 0, 0, 0 },
		{ SPAN("\t"), 0, 0, 0 },
	};
	struct place team = git_place("https://example.com/team"),
		     app = git_place("https://example.com/team/app/"),
		     whole = git_place("https://example.com");
	struct span host = SPAN("example.com");

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct span path = table[i].path;

		if (git_serves(&team, host, path) != table[i].team ||
		    git_serves(&app, host, path) != table[i].team_app ||
		    git_serves(&whole, host, path) != table[i].whole)
			fail_msg("row %zu: %.*s", i, (int)path.len, path.at);
		assert_false(git_serves(&team, SPAN("example.org"), path));
		assert_false(git_serves(&team, SPAN("example.com:80"), path));
	}
}

static void
the_request_path_is_a_loan_without_the_final_slash(void **state)
{
	struct span path = SPAN("team/app/");
	struct place p;

	(void)state;
	assert_int_equal(place_from_git(SPAN("https"), SPAN("a.b"), path, &p),
			 RC_OK);
	assert_ptr_equal(p.path.at, path.at);
	assert_int_equal(p.path.len, path.len - 1);
	assert_int_equal(place_from_git(SPAN("https"), SPAN("a.b"), SPAN(""),
					&p),
			 RC_OK);
	assert_false(span_is_set(p.path));
	assert_int_equal(place_from_docker(SPAN("a.b/team"), &p), RC_OK);
	assert_false(span_is_set(p.path));
}

/*
 * What a person would call the same place, done simply: fold the case, drop
 * ":443". For docker: drop the margin, "https://" and the path before that.
 * Returns false for a docker text that is refused wherever the byte stands.
 */
static bool
simple_form(struct span s, bool is_docker, char out[TEXT_MAX])
{
	while (is_docker && s.len > 0 && strchr(" \t\n", s.at[0]) != NULL &&
	       s.at[0] != '\0')
		s = span_from(s, 1);
	while (is_docker && s.len > 0 && s.at[s.len - 1] != '\0' &&
	       strchr(" \t\n", s.at[s.len - 1]) != NULL)
		s.len--;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (is_docker &&
		    (c <= ' ' || c == 127 || strchr("@%\\?#", c) != NULL))
			return false;
	}
	if (is_docker && span_starts(s, "https://"))
		s = span_from(s, 8);
	if (is_docker)
		s = span_cut(s, 0, span_find(s, '/'));
	if (span_ends(s, ":443"))
		s.len -= 4;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		if (c == '\0')
			return false;
	}
	out[s.len] = '\0';
	return true;
}

struct mutation {
	struct place place;
	const char *canonical; /* what simple_form() must give */
	size_t served;	       /* by either helper */
};

static void
judge(struct mutation *m, struct span text)
{
	char form[TEXT_MAX];
	bool same = simple_form(text, false, form) &&
		    strcmp(form, m->canonical) == 0;
	bool same_docker = simple_form(text, true, form) &&
			   strcmp(form, m->canonical) == 0;

	if (git_serves(&m->place, text, unset) != same ||
	    docker_serves(&m->place, text) != same_docker)
		fail_msg("%s and '%.*s'", m->canonical, (int)text.len, text.at);
	m->served += (same ? 1U : 0U) + (same_docker ? 1U : 0U);
}

/* Every byte replaced, removed, and every byte put in, everywhere. */
static void
mutate(struct mutation *m, const char *text)
{
	size_t len = strlen(text);
	char b[TEXT_MAX];

	assert_true(len + 1 < TEXT_MAX);
	judge(m, span_of(text));
	for (size_t at = 0; at <= len; at++) {
		for (int c = 0; c < 256; c++) {
			memcpy(b, text, at);
			b[at] = (char)c;
			memcpy(b + at + 1, text + at, len - at);
			judge(m, (struct span){ b, len + 1 });
			if (at == len)
				continue;
			memcpy(b + at + 1, text + at + 1, len - at - 1);
			judge(m, (struct span){ b, len });
		}
		if (at == len)
			continue;
		memcpy(b, text, at);
		memcpy(b + at, text + at + 1, len - at - 1);
		judge(m, (struct span){ b, len - 1 });
	}
}

static void
no_change_of_one_byte_is_served_unless_it_is_the_same_place(void **state)
{
	static const struct {
		const char *canonical;
		const char *asked[4];
	} table[] = {
		{ "example.com",
		  { "example.com", "example.com:443", "https://example.com",
		    "EXAMPLE.COM" } },
		{ "a-b.example:8443",
		  { "a-b.example:8443", "https://a-b.example:8443/v2/",
		    "A-B.example:8443", "a-b.example:8443/x" } },
		{ "xn--bcher-kva.example",
		  { "xn--bcher-kva.example", "xn--bcher-kva.example:443",
		    "https://xn--bcher-kva.example/",
		    "xn--bcher-kva.example/" } },
		{ "127.0.0.1",
		  { "127.0.0.1", "127.0.0.1:443", "https://127.0.0.1",
		    "127.0.0.1/v2/" } },
		{ "10.20.30.40:5000",
		  { "10.20.30.40:5000", "https://10.20.30.40:5000",
		    "10.20.30.40:5000/", " 10.20.30.40:5000\n" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct mutation m = { .canonical = table[i].canonical };
		char url[TEXT_MAX];

		snprintf(url, sizeof(url), "https://%s", table[i].canonical);
		m.place = git_place(url);
		for (size_t k = 0; k < 4; k++)
			mutate(&m, table[i].asked[k]);
		/* The oracle says yes now and then, or it proves nothing. */
		assert_true(m.served > 20);
	}
}

static void
no_change_of_one_byte_of_an_ipv6_place_is_another_address(void **state)
{
	static const char text[] = "[fe80::1]:444";
	/* All texts of one byte more that mean the same. */
	static const char *const same[] = { "[fe80::1]:444", "[Fe80::1]:444",
					    "[fE80::1]:444", "[fe80::01]:444" };
	struct place place = git_place("https://[fe80::1]:444");
	size_t served = 0;

	(void)state;
	for (size_t at = 0; at < sizeof(text); at++) {
		for (int c = 0; c < 512; c++) {
			bool put_in = c > 255, expected = false;
			size_t rest = put_in ? at : at + 1;
			struct span s;
			char b[32];

			if (rest > strlen(text))
				continue;
			memcpy(b, text, at);
			b[at] = (char)c;
			memcpy(b + at + 1, text + rest, strlen(text) - rest);
			s = (struct span){ b, strlen(text) + put_in };
			for (size_t i = 0; i < COUNT(same); i++)
				expected |= span_is(s, same[i]);
			if (git_serves(&place, s, unset) != expected)
				fail_msg("'%.*s'", (int)s.len, b);
			served += expected ? 1U : 0U;
		}
	}
	/* 13 times unchanged, 2 upper case, 1 zero put in. */
	assert_int_equal(served, 16);
}

/* Is path below team/app, said in another way? */
static bool
simple_path_is_below(struct span path)
{
	char text[TEXT_MAX];

	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.at[i];

		if (c < ' ' || c == 127 || c == '?' || c == '#')
			return false;
	}
	snprintf(text, sizeof(text), "/%.*s%s", (int)path.len, path.at,
		 span_ends(path, "/") ? "" : "/");
	return strncmp(text, "/team/app/", 10) == 0 &&
	       strstr(text, "//") == NULL && strstr(text, "/./") == NULL &&
	       strstr(text, "/../") == NULL;
}

static void
no_change_of_one_byte_of_a_path_leaves_the_segments(void **state)
{
	static const char *const asked[] = { "team/app",      "team/app/",
					     "team/app/x",    "team/app/x.git",
					     "team/app/../x", "team/app/a/b" };
	struct place place = git_place("https://example.com/team/app");
	struct span host = SPAN("example.com");
	size_t served = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		size_t len = strlen(asked[i]);

		for (size_t at = 0; at <= len; at++) {
			for (int c = 0; c < 512; c++) {
				size_t rest = c > 255 ? at : at + 1;
				char b[TEXT_MAX];
				struct span s;

				if (rest > len)
					continue;
				memcpy(b, asked[i], at);
				b[at] = (char)c;
				memcpy(b + at + 1, asked[i] + rest, len - rest);
				s = (struct span){ b, at + 1 + len - rest };
				if (git_serves(&place, host, s) !=
				    simple_path_is_below(s))
					fail_msg("'%.*s'", (int)s.len, b);
				served += simple_path_is_below(s) ? 1U : 0U;
			}
		}
	}
	assert_true(served > 1000);
}

static void
matching_is_reflexive_and_symmetric_on_hosts(void **state)
{
	static const char *const values[] = {
		"https://example.com",	 "https://example.com:8443",
		"https://example.org",	 "https://sub.example.com",
		"https://127.0.0.1",	 "http://127.0.0.1",
		"http://127.0.0.1:443",	 "https://127.0.0.1:80",
		"https://[::1]",	 "http://[::1]",
		"https://[2001:db8::1]", "https://com",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct place a = git_place(values[i]);

		for (size_t k = 0; k < COUNT(values); k++) {
			struct place b = git_place(values[k]);

			assert_int_equal(place_serves(&a, &b), i == k);
			assert_int_equal(place_is_same_host(&a, &b), i == k);
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_served_by_whole_segments),
		cmocka_unit_test(
			the_request_path_is_a_loan_without_the_final_slash),
		cmocka_unit_test(
			no_change_of_one_byte_is_served_unless_it_is_the_same_place),
		cmocka_unit_test(
			no_change_of_one_byte_of_an_ipv6_place_is_another_address),
		cmocka_unit_test(
			no_change_of_one_byte_of_a_path_leaves_the_segments),
		cmocka_unit_test(matching_is_reflexive_and_symmetric_on_hosts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
