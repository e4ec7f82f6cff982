#include "core/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/banned.h"

#define FILE_NAME "/home/u/.config/apptoken/config"
#define SYSTEM_NAME "/etc/apptoken/config"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct conf
one(struct span text)
{
	return (struct conf){ .sources = { { text, FILE_NAME } }, .count = 1 };
}

static struct conf
two(const char *own, const char *general)
{
	return (struct conf){ .sources = { { span_of(own), FILE_NAME },
					   { span_of(general), SYSTEM_NAME } },
			      .count = 2 };
}

static struct place
git_place(const char *host, const char *path)
{
	struct place p;

	assert_int_equal(place_from_git(SPAN("https"), span_of(host),
					span_of(path), &p),
			 RC_OK);
	return p;
}

static struct place
docker_place(const char *server)
{
	struct place p;

	assert_int_equal(place_from_docker(span_of(server), &p), RC_OK);
	return p;
}

static void
assert_span(struct span got, const char *want)
{
	assert_true(span_is_set(got));
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.at, want, got.len);
}

/* The request is served by the app of that name. */
static void
assert_serves(const struct conf *c, enum conf_kind kind, struct place asked,
	      const char *name)
{
	struct conf_app *a = NULL;
	struct why why = { "" };

	if (conf_find(c, kind, &asked, &a, &why) != RC_OK)
		fail_msg("not served: %s", why.text);
	assert_span(a->name, name);
	conf_app_free(a);
}

static void
assert_finds(const struct conf *c, enum conf_kind kind, struct place asked,
	     enum rc rc, const char *text)
{
	struct conf_app *untouched = NULL;
	struct why why = { "" };

	assert_int_equal(conf_find(c, kind, &asked, &untouched, &why), rc);
	assert_null(untouched);
	assert_string_equal(why.text, text);
}

static void
assert_refuses(const struct conf *c, const char *name, const char *text)
{
	struct conf_app *untouched = NULL;
	struct why why = { "" };

	assert_int_equal(conf_app(c, span_of(name), &untouched, &why),
			 RC_CONFIG);
	assert_null(untouched);
	assert_string_equal(why.text, text);
}

static void
only_the_same_place_is_served(void **state)
{
	struct conf c = one(SPAN("[acme]\n"
				 "git = https://Git.acme.example:443\n"
				 "docker = registry.acme.example:5000\n"
				 "[hub]\ndocker=index.docker.io\n"
				 "[six]\ngit=https://[0:0:0:0:0:0:0:1]\n"
				 "docker=[::1]\n"
				 "[loop]\ngit = http://127.0.0.1:8080\n"));
	struct place loop;

	(void)state;
	assert_serves(&c, CONF_GIT, git_place("git.acme.example", NULL),
		      "acme");
	assert_serves(&c, CONF_GIT, git_place("GIT.acme.example:443", "x/y"),
		      "acme");
	assert_serves(&c, CONF_DOCKER,
		      docker_place("https://registry.acme.example:5000/v2/"),
		      "acme");
	assert_serves(&c, CONF_DOCKER, docker_place("docker.io"), "hub");
	assert_serves(&c, CONF_DOCKER,
		      docker_place("https://index.docker.io/v1/"), "hub");
	assert_serves(&c, CONF_GIT, git_place("[::1]", NULL), "six");
	assert_serves(&c, CONF_DOCKER, docker_place("[0::1]"), "six");
	assert_int_equal(place_from_git(SPAN("http"), SPAN("127.0.0.1:8080"),
					(struct span){ 0 }, &loop),
			 RC_OK);
	assert_serves(&c, CONF_GIT, loop, "loop");

	assert_finds(&c, CONF_GIT, git_place("acme.example", NULL), RC_NOT_OURS,
		     "");
	assert_finds(&c, CONF_GIT, git_place("git.acme.example.evil.org", NULL),
		     RC_NOT_OURS, "");
	assert_finds(&c, CONF_GIT, git_place("git.acme.exampl", NULL),
		     RC_NOT_OURS, "");
	assert_finds(&c, CONF_GIT, git_place("git.acme.example:8443", NULL),
		     RC_NOT_OURS, "");
	assert_finds(&c, CONF_GIT, git_place("registry.acme.example:5000", ""),
		     RC_NOT_OURS, "");
	assert_finds(&c, CONF_GIT, git_place("[::2]", NULL), RC_NOT_OURS, "");
	assert_finds(&c, CONF_GIT, git_place("127.0.0.1:8080", NULL),
		     RC_NOT_OURS, "");
	assert_finds(&c, CONF_DOCKER, docker_place("git.acme.example"),
		     RC_NOT_OURS, "");
	assert_finds(&c, CONF_DOCKER, docker_place("registry.acme.example"),
		     RC_NOT_OURS, "");
	assert_finds(&c, CONF_DOCKER, docker_place("quay.io"), RC_NOT_OURS, "");
}

static void
keys_that_only_begin_like_git_claim_nothing(void **state)
{
	struct conf c = one(SPAN("[acme]\n"
				 "# git = https://a.example\n"
				 "git-hub = https://a.example\n"
				 "gitx = https://a.example\n"
				 "git = http://a.example.org\n"
				 "git = http://a.example-b\n"
				 "endpoint = https://a.example\n"));

	(void)state;
	assert_finds(&c, CONF_GIT, git_place("a.example", NULL), RC_NOT_OURS,
		     "");
}

static void
the_longest_path_wins(void **state)
{
	struct conf c = one(SPAN("[host]\ngit = https://a.example\n"
				 "[deep]\ngit = https://a.example/t/u/\n"
				 "[team]\ngit = https://a.example/t\n"));

	(void)state;
	assert_serves(&c, CONF_GIT, git_place("a.example", "t/u/r.git"),
		      "deep");
	assert_serves(&c, CONF_GIT, git_place("a.example", "t/u/"), "deep");
	assert_serves(&c, CONF_GIT, git_place("a.example", "t/ux"), "team");
	assert_serves(&c, CONF_GIT, git_place("a.example", "tt"), "host");
	assert_serves(&c, CONF_GIT, git_place("a.example", NULL), "host");
}

static void
two_apps_with_one_place_are_both_refused(void **state)
{
	struct conf c = one(SPAN("[acme]\ngit = https://a.example\n"
				 "docker = r.example\n"
				 "[other]\ngit = https://b.example\n"
				 "[beta]\nendpoint = x\n"
				 "git = https://A.example:443/\n"));
	static const char acme[] =
		"'" FILE_NAME "' line 2: [acme] claims the same place as "
		"[beta] in line 8; remove one of the two lines";
	static const char beta[] =
		"'" FILE_NAME "' line 8: [beta] claims the same place as "
		"[acme] in line 2; remove one of the two lines";

	(void)state;
	assert_finds(&c, CONF_GIT, git_place("a.example", "x"), RC_CONFIG,
		     acme);
	/* Not even at its other places. */
	assert_finds(&c, CONF_DOCKER, docker_place("r.example"), RC_CONFIG,
		     acme);
	assert_refuses(&c, "acme", acme);
	assert_refuses(&c, "beta", beta);
	assert_serves(&c, CONF_GIT, git_place("b.example", NULL), "other");
}

static void
one_app_may_name_its_place_twice(void **state)
{
	struct conf c = one(SPAN("[acme]\ngit = https://a.example\n"
				 "git = https://a.example/\n"
				 "docker = a.example\n"));

	(void)state;
	assert_serves(&c, CONF_GIT, git_place("a.example", NULL), "acme");
	assert_serves(&c, CONF_DOCKER, docker_place("a.example"), "acme");
}

static void
two_apps_of_two_files_with_one_place_are_refused(void **state)
{
	struct conf c = two("[acme]\ngit = https://a.example/t\n",
			    "[beta]\ngit = https://a.example/t\n");

	(void)state;
	assert_finds(&c, CONF_GIT, git_place("a.example", "t"), RC_CONFIG,
		     "'" FILE_NAME "' line 2: [acme] claims the same place as "
		     "[beta] in '" SYSTEM_NAME "' line 2; "
		     "remove one of the two lines");
	assert_refuses(&c, "beta",
		       "'" SYSTEM_NAME "' line 2: [beta] claims the same "
		       "place as [acme] in '" FILE_NAME "' line 2; "
		       "remove one of the two lines");
}

static void
a_hidden_app_claims_no_place(void **state)
{
	struct conf c = two("[acme]\ngit = https://own.example\n"
			    "[beta]\ngit = https://b.example\n",
			    "[acme]\ngit = https://a.example\n"
			    "git = https://b.example\n"
			    "[gamma]\ngit = https://c.example\n");

	(void)state;
	assert_serves(&c, CONF_GIT, git_place("own.example", NULL), "acme");
	assert_serves(&c, CONF_GIT, git_place("b.example", NULL), "beta");
	assert_serves(&c, CONF_GIT, git_place("c.example", NULL), "gamma");
	assert_finds(&c, CONF_GIT, git_place("a.example", NULL), RC_NOT_OURS,
		     "");
}

static void
a_broken_app_of_the_person_hides_a_right_one(void **state)
{
	struct conf c =
		two("[acme]\ntimeout = never\ngit = https://a.example\n",
		    "[acme]\ngit = https://a.example\n"
		    "git = https://b.example\n");

	(void)state;
	assert_finds(&c, CONF_GIT, git_place("a.example", NULL), RC_CONFIG,
		     "'" FILE_NAME "' line 2: bad value of 'timeout' in "
		     "[acme]; use whole seconds from 1 to 120");
	assert_finds(&c, CONF_GIT, git_place("b.example", NULL), RC_NOT_OURS,
		     "");
}

static void
a_broken_app_is_an_error_and_the_others_go_on(void **state)
{
	struct conf c = one(SPAN("[acme]\nword\ngit = https://a.example\n"
				 "[beta]\ngit = https://b.example\n"));

	(void)state;
	assert_finds(&c, CONF_GIT, git_place("a.example", NULL), RC_CONFIG,
		     "'" FILE_NAME "' line 2: a line in [acme] is not "
		     "'key = value'; correct or remove it");
	assert_serves(&c, CONF_GIT, git_place("b.example", NULL), "beta");
}

static void
a_place_that_is_none_still_claims_its_host(void **state)
{
	static const char *const lines[] = {
		"git = http://a.example",
		"git = https://user@a.example/x",
		"git = https://A.EXAMPLE:0443",
		"git = https://a.example/x//y",
		"git = a.example",
		"git = https://a.example\r",
	};
	static const char *const docker[] = {
		"docker = a.example/team",
		"docker = http://a.example",
		"docker = u@a.example",
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < COUNT(lines) + COUNT(docker); i++) {
		bool is_git = i < COUNT(lines);
		struct place p = is_git ? git_place("a.example", NULL)
					: docker_place("a.example");
		struct conf_app *a = NULL;
		struct conf c;

		snprintf(text, sizeof(text), "[acme]\n%s\n",
			 is_git ? lines[i] : docker[i - COUNT(lines)]);
		c = one(span_of(text));
		assert_int_equal(conf_find(&c, is_git ? CONF_GIT : CONF_DOCKER,
					   &p, &a, NULL),
				 RC_CONFIG);
		p = is_git ? git_place("b.example", NULL)
			   : docker_place("b.example");
		assert_int_equal(conf_find(&c, is_git ? CONF_GIT : CONF_DOCKER,
					   &p, &a, NULL),
				 RC_NOT_OURS);
		assert_null(a);
	}
}

static void
a_right_claim_outweighs_a_broken_one(void **state)
{
	struct conf c = one(SPAN("[acme]\ngit = http://a.example\n"
				 "[beta]\ngit = https://a.example\n"));

	(void)state;
	assert_serves(&c, CONF_GIT, git_place("a.example", NULL), "beta");
}

static void
lines_below_a_bad_header_do_not_vanish(void **state)
{
	struct conf c = one(SPAN("[acme]\ngit = https://a.example\n"
				 "[beta\ngit = https://b.example\n"
				 "git = https://a.example/t\n"));
	static const char header[] = "'" FILE_NAME
				     "' line 3: not a section header; "
				     "write it as [name]";
	struct why why = { "" };

	(void)state;
	assert_serves(&c, CONF_GIT, git_place("a.example", NULL), "acme");
	assert_finds(&c, CONF_GIT, git_place("b.example", NULL), RC_CONFIG,
		     header);
	assert_finds(&c, CONF_GIT, git_place("a.example", "t/x"), RC_CONFIG,
		     header);
	assert_int_equal(conf_check_strays(&c, &why), RC_CONFIG);
	assert_string_equal(why.text, header);
}

static void
a_line_before_the_first_section_claims_too(void **state)
{
	struct conf c = one(SPAN("git = https://a.example\n[acme]\n"));
	struct conf tie = one(SPAN("git = https://a.example\n  [acme]\n"
				   "\tgit = https://a.example\n"));
	struct conf crlf = one(SPAN("[acme]\r\ngit = https://a.example\r\n"));

	(void)state;
	assert_finds(&c, CONF_GIT, git_place("a.example", NULL), RC_CONFIG,
		     "'" FILE_NAME "' line 1: the line belongs to no app; "
		     "put it below a [name] line");
	assert_serves(&tie, CONF_GIT, git_place("a.example", NULL), "acme");
	assert_finds(&crlf, CONF_GIT, git_place("a.example", NULL), RC_CONFIG,
		     "'" FILE_NAME "' line 1: a control byte in the line; "
		     "write plain text with LF line ends");
}

static void
the_last_of_10000_apps_is_found(void **state)
{
	const size_t size = CONF_MAX;
	char *text = malloc(size);
	size_t used = 0;
	struct conf_app *a = NULL;
	struct conf c;
	unsigned line;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < 10000; i++)
		used += (size_t)snprintf(
			text + used, size - used,
			"# ------------------------------------------------\n"
			"# Team %u keeps its repositories on a host of its own "
			"and pushes its images to a registry beside it.\n"
			"[team-%u]\n"
			"provider = unifize\n"
			"endpoint = https://api-%u.acme.example\n"
			"app-id   = %u\n"
			"git      = https://git-%u.acme.example/team\n"
			"docker   = registry-%u.acme.example:5000\n\n",
			i, i, i, i, i, i);
	assert_true(used > 3000000 && used < size);
	c = one((struct span){ text, used });

	assert_serves(&c, CONF_GIT,
		      git_place("git-9999.acme.example", "team/x"),
		      "team-9999");
	assert_serves(&c, CONF_DOCKER,
		      docker_place("registry-0.acme.example:5000"), "team-0");
	assert_finds(&c, CONF_GIT, git_place("git-10000.acme.example", "team"),
		     RC_NOT_OURS, "");
	assert_int_equal(conf_app(&c, SPAN("team-9999"), &a, NULL), RC_OK);
	line = a->line;
	conf_app_free(a);
	assert_int_equal(line, 9999 * 9 + 3);
	free(text);
}

static void
strays_are_named(void **state)
{
	static const struct {
		struct span text;
		enum rc rc;
		const char *why;
	} rows[] = {
		{ { "", 0 }, RC_OK, "" },
		{ { "# x\n\n[acme]\nword\nkey = v\n", 24 }, RC_OK, "" },
		{ { "\ngit = https://a.example\n[acme]\n", 32 },
		  RC_CONFIG,
		  "'" FILE_NAME "' line 2: the line belongs to no app; "
		  "put it below a [name] line" },
		{ { "[acme]\r\ntimeout = 5\r\n", 21 },
		  RC_CONFIG,
		  "'" FILE_NAME "' line 1: a control byte in the line; "
		  "write plain text with LF line ends" },
		{ { "\0\n[acme]\n", 9 },
		  RC_CONFIG,
		  "'" FILE_NAME "' line 1: a control byte in the line; "
		  "write plain text with LF line ends" },
		{ { "[acme]\nkey = v\n[beta] # x\n", 26 },
		  RC_CONFIG,
		  "'" FILE_NAME "' line 3: not a section header; "
		  "write it as [name]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf c = one(rows[i].text);
		struct why why = { "" };

		assert_int_equal(conf_check_strays(&c, &why), rows[i].rc);
		assert_string_equal(why.text, rows[i].why);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_same_place_is_served),
		cmocka_unit_test(keys_that_only_begin_like_git_claim_nothing),
		cmocka_unit_test(the_longest_path_wins),
		cmocka_unit_test(two_apps_with_one_place_are_both_refused),
		cmocka_unit_test(one_app_may_name_its_place_twice),
		cmocka_unit_test(
			two_apps_of_two_files_with_one_place_are_refused),
		cmocka_unit_test(a_hidden_app_claims_no_place),
		cmocka_unit_test(a_broken_app_of_the_person_hides_a_right_one),
		cmocka_unit_test(a_broken_app_is_an_error_and_the_others_go_on),
		cmocka_unit_test(a_place_that_is_none_still_claims_its_host),
		cmocka_unit_test(a_right_claim_outweighs_a_broken_one),
		cmocka_unit_test(lines_below_a_bad_header_do_not_vanish),
		cmocka_unit_test(a_line_before_the_first_section_claims_too),
		cmocka_unit_test(the_last_of_10000_apps_is_found),
		cmocka_unit_test(strays_are_named),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
