/*
 * Tests of core/place.c: the grammar, canonical forms, paths, mutations.
 * The vectors of hosts are in test_place_vectors.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/place.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct span unset = { 0 };

static struct place
git_place(const char *value)
{
	struct place p;

	assert_int_equal(place_from_conf_git(span_of(value), &p, NULL), RC_OK);
	return p;
}

static struct place
docker_place(const char *value)
{
	struct place p;

	assert_int_equal(place_from_conf_docker(span_of(value), &p, NULL),
			 RC_OK);
	return p;
}

static void
hosts_of_254_bytes_and_labels_of_64_are_nobodys(void **state)
{
	(void)state;
	for (size_t len = 1; len <= 300; len++) {
		/* Labels of 49 letters. */
		char host[300];
		struct place p;
		struct span s = { host, len };
		enum rc want;

		for (size_t i = 0; i < len; i++)
			host[i] = i % 50 == 49 ? '.' : 'a';
		want = len <= HOST_NAME_MAX_LEN && len % 50 != 0 ? RC_OK
								 : RC_NOT_OURS;
		assert_int_equal(place_from_git(SPAN("https"), s,
						(struct span){ 0 }, &p),
				 want);
		assert_int_equal(place_from_docker(s, &p), want);

		memset(host, 'a', sizeof(host));
		host[0] = host[len - 1] = 'b';
		want = len <= HOST_LABEL_MAX ? RC_OK : RC_NOT_OURS;
		assert_int_equal(place_from_git(SPAN("https"), s,
						(struct span){ 0 }, &p),
				 want);
		assert_int_equal(place_from_docker(s, &p), want);
	}
}

static void
only_the_protocols_of_git_itself_match(void **state)
{
	static const struct span bad[] = {
		{ 0 },		 SPAN(""),	   SPAN("HTTPS"),
		SPAN("Https"),	 SPAN("http"),	   SPAN("ssh"),
		SPAN("git"),	 SPAN("https "),   SPAN(" https"),
		SPAN("https:"),	 SPAN("https://"), SPAN("httpss"),
		SPAN("http\0s"), SPAN("https\0"),  SPAN("https\r"),
		SPAN("h"),	 SPAN("ftp"),	   SPAN("file"),
	};
	struct place p;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(place_from_git(bad[i], SPAN("example.com"),
						(struct span){ 0 }, &p),
				 RC_NOT_OURS);
	assert_int_equal(place_from_git(SPAN("https"), (struct span){ 0 },
					SPAN("team"), &p),
			 RC_NOT_OURS);
	assert_int_equal(place_from_git(SPAN("https"), SPAN(""), SPAN("team"),
					&p),
			 RC_NOT_OURS);
}

static void
an_empty_docker_request_is_told_apart(void **state)
{
	static const struct span empty[] = {
		{ 0 }, SPAN(""), SPAN(" "), SPAN("\n"), SPAN(" \t\n \n")
	};
	struct place p;

	(void)state;
	for (size_t i = 0; i < COUNT(empty); i++)
		assert_int_equal(place_from_docker(empty[i], &p), RC_INVALID);
	assert_int_equal(place_from_docker(SPAN("\r"), &p), RC_NOT_OURS);
	assert_int_equal(place_from_docker(SPAN("\0"), &p), RC_NOT_OURS);
	assert_int_equal(place_from_docker(SPAN("/"), &p), RC_NOT_OURS);
}

static void
configured_values_become_canonical(void **state)
{
	static const struct {
		const char *value, *canonical;
	} table[] = {
		{ "https://example.com", "https://example.com" },
		{ "https://example.com/", "https://example.com" },
		{ "HTTPS://Example.COM:443", "https://example.com" },
		{ "https://example.com:8443/", "https://example.com:8443" },
		{ "https://example.com:80", "https://example.com:80" },
		{ "https://example.com/Team", "https://example.com/Team" },
		{ "https://example.com/team/", "https://example.com/team" },
		{ "https://EXAMPLE.com:443/a/B.git/",
		  "https://example.com/a/B.git" },
		{ "https://example.com/a%20b/~c/@d/e:f",
		  "https://example.com/a%20b/~c/@d/e:f" },
		{ "https://example.com/...", "https://example.com/..." },
		{ "https://example.com/.git/..x",
		  "https://example.com/.git/..x" },
		{ "https://10.0.0.1:5000", "https://10.0.0.1:5000" },
		{ "https://[FE80:0:0::0001]:443/x", "https://[fe80::1]/x" },
		{ "https://[2001:DB8::]:444", "https://[2001:db8::]:444" },
		{ "http://127.0.0.1", "http://127.0.0.1" },
		{ "http://127.1.2.3:80/x", "http://127.1.2.3/x" },
		{ "http://127.0.0.1:443", "http://127.0.0.1:443" },
		{ "http://[::1]:8080", "http://[::1]:8080" },
		{ "http://[0::1]", "http://[::1]" },
		{ "https://localhost", "https://localhost" },
		{ "https://a", "https://a" },
		{ "https://0.0.0.0", "https://0.0.0.0" },
		{ "https://1.example", "https://1.example" },
		{ "https://example.0xg", "https://example.0xg" },
		{ "https://example.0x-1", "https://example.0x-1" },
		{ "https://a--b.c1", "https://a--b.c1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct place p = git_place(table[i].value), again;
		char out[300];

		assert_int_equal(place_format(&p, true, out, sizeof(out)),
				 RC_OK);
		assert_string_equal(out, table[i].canonical);
		/* Canonical is canonical, and the same place. */
		again = git_place(out);
		assert_true(place_serves(&p, &again));
		assert_true(place_serves(&again, &p));
	}
}

static void
configured_registries_become_canonical(void **state)
{
	static const struct {
		const char *value, *canonical;
	} table[] = {
		{ "registry.example", "registry.example" },
		{ "Registry.EXAMPLE:443", "registry.example" },
		{ "registry.example:5000", "registry.example:5000" },
		{ "https://registry.example", "registry.example" },
		{ "HTTPS://registry.example:5000/", "registry.example:5000" },
		{ "registry.example/", "registry.example" },
		{ "127.0.0.1:5000", "127.0.0.1:5000" },
		{ "[::0001]:5000", "[::1]:5000" },
		{ "registry.example:80", "registry.example:80" },
		{ "docker.io", "docker.io" },
		{ "Index.docker.io", "docker.io" },
		{ "https://registry-1.docker.io/", "docker.io" },
		{ "index.docker.io:444", "index.docker.io:444" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct place p = docker_place(table[i].value);
		char out[300];

		assert_int_equal(place_format(&p, false, out, sizeof(out)),
				 RC_OK);
		assert_string_equal(out, table[i].canonical);
	}
}

/* A piece that the sentence must hold, for each kind of mistake. */
struct mistake {
	struct span value;
	const char *piece;
};

static void
assert_refused(enum rc (*parse)(struct span, struct place *, struct why *),
	       const struct mistake *m)
{
	struct place p = { .port = 7 };
	struct why why = { "" };

	if (parse(m->value, &p, &why) != RC_CONFIG)
		fail_msg("accepted: %.*s", (int)m->value.len, m->value.at);
	assert_int_equal(p.port, 7);
	if (strstr(why.text, m->piece) == NULL)
		fail_msg("'%.*s' gives: %s", (int)m->value.len, m->value.at,
			 why.text);
	assert_non_null(strstr(why.text, "; "));
	assert_true(strlen(why.text) <= 220);
	/* The value may hold a password: it is not repeated. */
	assert_null(strstr(why.text, "s3cret"));
}

static void
wrong_values_are_refused_with_the_right_form(void **state)
{
	static const struct mistake both[] = {
		{ SPAN("https://"), "no host" },
		{ SPAN("https://:443"), "no host" },
		{ SPAN("https://user:s3cret@example.com"), "user info" },
		{ SPAN("https://s3cret@example.com"), "user info" },
		{ SPAN("https://b\xc3\xbc"
		       "cher.example"),
		  "xn--" },
		{ SPAN("https://example.com."), "label" },
		{ SPAN("https://*.example.com"), "label" },
		{ SPAN("https://exam_ple.com"), "label" },
		{ SPAN("https://-example.com"), "label" },
		{ SPAN("https://example-.com"), "label" },
		{ SPAN("https://example.-com"), "label" },
		{ SPAN("https://example.com-:443"), "label" },
		{ SPAN("https://exa mple.com"), "label" },
		{ SPAN("https://example.com\0"), "label" },
		{ SPAN("https://example.com\r"), "label" },
		{ SPAN("https://example.com?x"), "label" },
		{ SPAN("https://example.com#x"), "label" },
		{ SPAN("https://exa%6dple.com"), "label" },
		{ SPAN("https://example.com\\x"), "label" },
		{ SPAN("https://127.1"), "number" },
		{ SPAN("https://0x7f000001"), "number" },
		{ SPAN("https://2130706433"), "number" },
		{ SPAN("https://1.2.3.256"), "number" },
		{ SPAN("https://01.2.3.4"), "number" },
		{ SPAN("https://1.2.3.4.5"), "number" },
		{ SPAN("https://example.0x"), "number" },
		{ SPAN("https://example.123"), "number" },
		{ SPAN("https://example.com:"), "port" },
		{ SPAN("https://example.com:0"), "port" },
		{ SPAN("https://example.com:0443"), "port" },
		{ SPAN("https://example.com:65536"), "port" },
		{ SPAN("https://example.com:x"), "port" },
		{ SPAN("https://[::1]x"), "port" },
		{ SPAN("https://[::1"), "IPv6" },
		{ SPAN("https://[]"), "IPv6" },
		{ SPAN("https://[fe80::1%eth0]"), "IPv6" },
		{ SPAN("https://[::ffff:127.0.0.1]"), "IPv6" },
		{ SPAN("https://::1"), "no host" },
		{ SPAN("http://example.com"), "http" },
		{ SPAN("http://localhost"), "http" },
		{ SPAN("http://128.0.0.1"), "http" },
		{ SPAN("http://[::2]"), "http" },
		{ SPAN("ftp://example.com"), "" },
		{ SPAN(""), "" },
		{ { 0 }, "" },
	};
	static const struct mistake git_only[] = {
		{ SPAN("example.com"), "'https://'" },
		{ SPAN("//example.com"), "'https://'" },
		{ SPAN("git@example.com:team"), "'https://'" },
		{ SPAN(" https://example.com"), "'https://'" },
		{ SPAN("https:///team"), "no host" },
		{ SPAN("https://example.com//"), "segment" },
		{ SPAN("https://example.com//team"), "segment" },
		{ SPAN("https://example.com/team//"), "segment" },
		{ SPAN("https://example.com/a//b"), "segment" },
		{ SPAN("https://example.com/."), "segment" },
		{ SPAN("https://example.com/.."), "segment" },
		{ SPAN("https://example.com/a/../b"), "segment" },
		{ SPAN("https://example.com/a/./b"), "segment" },
		{ SPAN("https://example.com/a/.."), "segment" },
		{ SPAN("https://example.com/a?b"), "'?'" },
		{ SPAN("https://example.com/a#b"), "'#'" },
		{ SPAN("https://example.com/\xc3\xa9"), "ASCII" },
		{ SPAN("https://example.com/a\tb"), "ASCII" },
		{ SPAN("https://example.com/a\0"), "ASCII" },
		{ SPAN("https://example.com/a\x7f"), "ASCII" },
	};
	static const struct mistake docker_only[] = {
		{ SPAN("registry.example/team"), "no path" },
		{ SPAN("https://registry.example/v2/"), "no path" },
		{ SPAN("registry.example//"), "no path" },
		{ SPAN("http://127.0.0.1:5000"), "https only" },
		{ SPAN("http://registry.example"), "https only" },
		{ SPAN("registry.example."), "label" },
		{ SPAN("registry.example:"), "port" },
		{ SPAN("s3cret@registry.example"), "user info" },
		{ SPAN("*"), "label" },
		{ SPAN("/"), "no host" },
	};
	static const struct mistake url_only[] = {
		{ SPAN("HTTPS://example.com"), "'https://'" },
		{ SPAN("https://example.com/a%2e"), "'%'" },
		{ SPAN("https://example.com/a\\b"), "'%'" },
		{ SPAN("https://example.com/a b"), "'%'" },
		{ SPAN("https://example.com/a\"b"), "'%'" },
		{ SPAN("https://example.com/{x}"), "'%'" },
		{ SPAN("https://example.com/a|b"), "'%'" },
		{ SPAN("https://example.com/<a>"), "'%'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(both); i++) {
		assert_refused(place_from_conf_git, &both[i]);
		assert_refused(place_from_conf_docker, &both[i]);
		assert_refused(place_from_url, &both[i]);
	}
	for (size_t i = 0; i < COUNT(git_only); i++) {
		assert_refused(place_from_conf_git, &git_only[i]);
		assert_refused(place_from_url, &git_only[i]);
	}
	for (size_t i = 0; i < COUNT(docker_only); i++)
		assert_refused(place_from_conf_docker, &docker_only[i]);
	for (size_t i = 0; i < COUNT(url_only); i++)
		assert_refused(place_from_url, &url_only[i]);
}

static void
a_value_of_more_than_the_longest_url_is_refused(void **state)
{
	char url[URL_LEN_MAX + 1] = "https://example.com/";
	struct place p;

	(void)state;
	memset(url + 20, 'x', sizeof(url) - 20);
	assert_int_equal(place_from_url((struct span){ url, URL_LEN_MAX }, &p,
					NULL),
			 RC_OK);
	assert_int_equal(p.path.len, URL_LEN_MAX - 20);
	assert_int_equal(place_from_url((struct span){ url, URL_LEN_MAX + 1 },
					&p, NULL),
			 RC_CONFIG);
}

static void
a_base_url_has_host_and_path(void **state)
{
	static const struct {
		const char *url, *host, *path;
		unsigned port;
		bool is_http, is_loopback;
	} table[] = {
		{ "https://api.example", "api.example", NULL, 443, 0, 0 },
		{ "https://API.example/", "api.example", NULL, 443, 0, 0 },
		{ "https://a.example:8443/v1/", "a.example", "v1", 8443, 0, 0 },
		{ "https://a.example/x/y@z", "a.example", "x/y@z", 443, 0, 0 },
		{ "http://127.0.0.1:8080/x", "127.0.0.1", "x", 8080, 1, 1 },
		{ "http://[::1]", "[::1]", NULL, 80, 1, 1 },
		{ "https://127.9.9.9", "127.9.9.9", NULL, 443, 0, 1 },
		{ "https://[::1]", "[::1]", NULL, 443, 0, 1 },
		{ "https://[::2]", "[::2]", NULL, 443, 0, 0 },
		{ "https://128.0.0.1", "128.0.0.1", NULL, 443, 0, 0 },
		{ "https://127.example", "127.example", NULL, 443, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct place p;

		assert_int_equal(
			place_from_url(span_of(table[i].url), &p, NULL), RC_OK);
		assert_string_equal(p.host, table[i].host);
		assert_int_equal(p.host_len, strlen(table[i].host));
		assert_int_equal(p.port, table[i].port);
		assert_int_equal(p.is_http, table[i].is_http);
		assert_int_equal(p.is_loopback, table[i].is_loopback);
		assert_int_equal(span_is_set(p.path), table[i].path != NULL);
		assert_true(span_eq(p.path, span_of(table[i].path)));
	}
}

static void
http_serves_http_only_and_https_https_only(void **state)
{
	struct place http = git_place("http://127.0.0.1"),
		     https = git_place("https://127.0.0.1"),
		     https80 = git_place("https://127.0.0.1:80"), asked;

	(void)state;
	assert_int_equal(place_from_git(SPAN("http"), SPAN("127.0.0.1"), unset,
					&asked),
			 RC_OK);
	assert_true(place_serves(&http, &asked));
	assert_false(place_serves(&https, &asked));
	assert_false(place_serves(&https80, &asked));
	assert_int_equal(place_from_git(SPAN("https"), SPAN("127.0.0.1:80"),
					unset, &asked),
			 RC_OK);
	assert_false(place_serves(&http, &asked));
	assert_true(place_serves(&https80, &asked));
	assert_int_equal(place_from_git(SPAN("http"), SPAN("localhost"), unset,
					&asked),
			 RC_NOT_OURS);
}

static void
a_zeroed_place_serves_nothing(void **state)
{
	struct place none = { 0 }, also_none = { 0 };

	(void)state;
	assert_false(place_serves(&none, &also_none));
	assert_false(place_is_same_host(&none, &also_none));
}

static void
a_format_that_does_not_fit_is_told(void **state)
{
	struct place p = git_place("https://example.com:8443/team");
	const char *whole = "https://example.com:8443/team";
	char out[64];

	(void)state;
	for (size_t size = 0; size <= strlen(whole) + 1; size++) {
		memset(out, 'z', sizeof(out));
		if (size <= strlen(whole)) {
			assert_int_equal(place_format(&p, true, out, size),
					 RC_TOO_LARGE);
			assert_int_equal(out[0], 'z');
			continue;
		}
		assert_int_equal(place_format(&p, true, out, size), RC_OK);
		assert_string_equal(out, whole);
	}
	assert_int_equal(place_format(&p, false, out, sizeof(out)), RC_OK);
	assert_string_equal(out, "example.com:8443");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			hosts_of_254_bytes_and_labels_of_64_are_nobodys),
		cmocka_unit_test(only_the_protocols_of_git_itself_match),
		cmocka_unit_test(an_empty_docker_request_is_told_apart),
		cmocka_unit_test(configured_values_become_canonical),
		cmocka_unit_test(configured_registries_become_canonical),
		cmocka_unit_test(wrong_values_are_refused_with_the_right_form),
		cmocka_unit_test(
			a_value_of_more_than_the_longest_url_is_refused),
		cmocka_unit_test(a_base_url_has_host_and_path),
		cmocka_unit_test(http_serves_http_only_and_https_https_only),
		cmocka_unit_test(a_zeroed_place_serves_nothing),
		cmocka_unit_test(a_format_that_does_not_fit_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
