/*
 * Vectors for core/place.c: which requested place a configured one serves.
 * Every row goes through the git function (protocol https, the text as
 * host) and through the docker function (the text as server URL).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/place.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum verdict { NO = 0, GIT = 1, DOCKER = 2, BOTH = 3 };

struct vector {
	struct span text;
	enum verdict verdict;
};

/* Configured: https://example.com */
static const struct vector host_vectors[] = {
	{ SPAN("example.com"), BOTH },
	{ SPAN("EXAMPLE.com"), BOTH },
	{ SPAN("Example.Com"), BOTH },
	{ SPAN("example.COM"), BOTH },
	{ SPAN("example.com:443"), BOTH },
	{ SPAN("EXAMPLE.COM:443"), BOTH },
	/* docker's spellings */
	{ SPAN("https://example.com"), DOCKER },
	{ SPAN("https://example.com/"), DOCKER },
	{ SPAN("https://example.com/v1/"), DOCKER },
	{ SPAN("https://example.com/v2/"), DOCKER },
	{ SPAN("https://example.com:443"), DOCKER },
	{ SPAN("https://example.com:443/v2/"), DOCKER },
	{ SPAN("https://EXAMPLE.com"), DOCKER },
	{ SPAN("example.com/"), DOCKER },
	{ SPAN("example.com//"), DOCKER },
	{ SPAN("example.com/team/repo"), DOCKER },
	{ SPAN("example.com:443/team/repo"), DOCKER },
	{ SPAN("example.com/../evil.org"), DOCKER },
	{ SPAN("example.com/:8443"), DOCKER },
	{ SPAN("example.com\n"), DOCKER },
	{ SPAN("example.com\n\n"), DOCKER },
	{ SPAN("\nexample.com"), DOCKER },
	{ SPAN(" example.com"), DOCKER },
	{ SPAN("example.com "), DOCKER },
	{ SPAN("\texample.com\t"), DOCKER },
	{ SPAN(" \t\n https://example.com/v2/ \n"), DOCKER },
	/* another host */
	{ SPAN("example.com.evil.org"), NO },
	{ SPAN("evil-example.com"), NO },
	{ SPAN("notexample.com"), NO },
	{ SPAN("sub.example.com"), NO },
	{ SPAN("www.example.com"), NO },
	{ SPAN("a.b.example.com"), NO },
	{ SPAN("com"), NO },
	{ SPAN("example"), NO },
	{ SPAN("example.co"), NO },
	{ SPAN("example.comm"), NO },
	{ SPAN("xample.com"), NO },
	{ SPAN("eexample.com"), NO },
	{ SPAN("examp1e.com"), NO },
	{ SPAN("exam-ple.com"), NO },
	{ SPAN("example-com"), NO },
	{ SPAN("examplecom"), NO },
	{ SPAN("example.com.com"), NO },
	{ SPAN("example.example.com"), NO },
	{ SPAN("com.example"), NO },
	{ SPAN("localhost"), NO },
	{ SPAN("93.184.216.34"), NO },
	{ SPAN("docker.io"), NO },
	/* another port, an odd port */
	{ SPAN("example.com:8443"), NO },
	{ SPAN("example.com:80"), NO },
	{ SPAN("example.com:44"), NO },
	{ SPAN("example.com:4433"), NO },
	{ SPAN("example.com:0443"), NO },
	{ SPAN("example.com:00443"), NO },
	{ SPAN("example.com:0"), NO },
	{ SPAN("example.com:"), NO },
	{ SPAN("example.com::"), NO },
	{ SPAN("example.com::443"), NO },
	{ SPAN("example.com:443:"), NO },
	{ SPAN("example.com:443:443"), NO },
	{ SPAN("example.com:65979"), NO },
	{ SPAN("example.com:65536"), NO },
	{ SPAN("example.com:4294967739"), NO },
	{ SPAN("example.com:18446744073709552059"), NO },
	{ SPAN("example.com:-443"), NO },
	{ SPAN("example.com:+443"), NO },
	{ SPAN("example.com: 443"), NO },
	{ SPAN("example.com :443"), NO },
	{ SPAN("example.com:443a"), NO },
	{ SPAN("example.com:a443"), NO },
	{ SPAN("example.com:0x1bb"), NO },
	{ SPAN("example.com:443.0"), NO },
	{ SPAN("example.com:https"), NO },
	{ SPAN("example.com:\xd9\xa4\xd9\xa4\xd9\xa3"), NO },
	{ SPAN(":443"), NO },
	{ SPAN(":"), NO },
	/* dots, wildcards, hyphens */
	{ SPAN("example.com."), NO },
	{ SPAN("example.com.:443"), NO },
	{ SPAN("example.com.."), NO },
	{ SPAN(".example.com"), NO },
	{ SPAN("..example.com"), NO },
	{ SPAN("example..com"), NO },
	{ SPAN("."), NO },
	{ SPAN(".."), NO },
	{ SPAN("*.example.com"), NO },
	{ SPAN("*"), NO },
	{ SPAN("*.com"), NO },
	{ SPAN("example.*"), NO },
	{ SPAN("e*.com"), NO },
	{ SPAN("?xample.com"), NO },
	{ SPAN("^example.com$"), NO },
	{ SPAN("example.com$"), NO },
	{ SPAN("(example.com)"), NO },
	{ SPAN("-example.com"), NO },
	{ SPAN("example-.com"), NO },
	{ SPAN("example.com-"), NO },
	{ SPAN("example.-com"), NO },
	{ SPAN("_example.com"), NO },
	{ SPAN("exam_ple.com"), NO },
	{ SPAN("example,com"), NO },
	{ SPAN("example.com,evil.org"), NO },
	{ SPAN("example.com;evil.org"), NO },
	/* user info, separators, schemes */
	{ SPAN("user@example.com"), NO },
	{ SPAN("user:password@example.com"), NO },
	{ SPAN("@example.com"), NO },
	{ SPAN("example.com@"), NO },
	{ SPAN("example.com@evil.org"), NO },
	{ SPAN("example.com:443@evil.org"), NO },
	{ SPAN("evil.org@example.com"), NO },
	{ SPAN("evil.org#@example.com"), NO },
	{ SPAN("evil.org?example.com"), NO },
	{ SPAN("evil.org/example.com"), NO },
	{ SPAN("evil.org\\example.com"), NO },
	{ SPAN("evil.org\\@example.com"), NO },
	{ SPAN("example.com\\evil.org"), NO },
	{ SPAN("example.com\\"), NO },
	{ SPAN("example.com?"), NO },
	{ SPAN("example.com?x=y"), NO },
	{ SPAN("example.com#"), NO },
	{ SPAN("example.com#x"), NO },
	{ SPAN("example.com/?x"), NO },
	{ SPAN("example.com/#x"), NO },
	{ SPAN("example.com/@x"), NO },
	{ SPAN("example.com/%2e"), NO },
	{ SPAN("example.com/\\x"), NO },
	{ SPAN("example.com/a b"), NO },
	{ SPAN("#example.com"), NO },
	{ SPAN("/example.com"), NO },
	{ SPAN("//example.com"), NO },
	{ SPAN("///example.com"), NO },
	{ SPAN("http://example.com"), NO },
	{ SPAN("http://example.com:443"), NO },
	{ SPAN("HTTPS://example.com"), NO },
	{ SPAN("Https://example.com"), NO },
	{ SPAN("https:example.com"), NO },
	{ SPAN("https:/example.com"), NO },
	{ SPAN("https:///example.com"), NO },
	{ SPAN("https://"), NO },
	{ SPAN("https:///"), NO },
	{ SPAN("https://https://example.com"), NO },
	{ SPAN("https://user@example.com"), NO },
	{ SPAN("https://example.com@evil.org"), NO },
	{ SPAN("https://example.com:8443/v2/"), NO },
	{ SPAN("https:\\\\example.com"), NO },
	{ SPAN("https//example.com"), NO },
	{ SPAN("https"), NO },
	{ SPAN("://example.com"), NO },
	{ SPAN("ssh://example.com"), NO },
	{ SPAN("git://example.com"), NO },
	{ SPAN("ftp://example.com"), NO },
	{ SPAN("file:///example.com"), NO },
	{ SPAN("docker://example.com"), NO },
	{ SPAN("httpss://example.com"), NO },
	{ SPAN("javascript:example.com"), NO },
	/* encodings, control bytes, blanks */
	{ SPAN("example.com%00.evil.org"), NO },
	{ SPAN("example%2ecom"), NO },
	{ SPAN("%65xample.com"), NO },
	{ SPAN("example.com%"), NO },
	{ SPAN("example.com%20"), NO },
	{ SPAN("example.com%0a"), NO },
	{ SPAN("example.com\0"), NO },
	{ SPAN("\0example.com"), NO },
	{ SPAN("example\0.com"), NO },
	{ SPAN("example.com\0.evil.org"), NO },
	{ SPAN("example.com\0:443"), NO },
	{ SPAN("example.com:443\0"), NO },
	{ SPAN("example.com\rhost=x"), NO },
	{ SPAN("example.com\nhost=x"), NO },
	{ SPAN("example.com\r"), NO },
	{ SPAN("\rexample.com"), NO },
	{ SPAN("example.com\r\n"), NO },
	{ SPAN("example\r.com"), NO },
	{ SPAN("example\n.com"), NO },
	{ SPAN("example .com"), NO },
	{ SPAN("example\t.com"), NO },
	{ SPAN("example.com evil.org"), NO },
	{ SPAN("example.com\v"), NO },
	{ SPAN("example.com\f"), NO },
	{ SPAN("example.com\b"), NO },
	{ SPAN("example.com\x7f"), NO },
	{ SPAN("example.com\033[0m"), NO },
	{ SPAN("example.com/\x01"), NO },
	{ SPAN("example.com/\r"), NO },
	{ SPAN("example.com/a\nb"), NO },
	{ SPAN("'example.com'"), NO },
	{ SPAN("\"example.com\""), NO },
	{ SPAN("<example.com>"), NO },
	{ SPAN("[example.com]"), NO },
	{ SPAN("{example.com}"), NO },
	{ SPAN("example.com|"), NO },
	{ SPAN("`example.com`"), NO },
	{ SPAN("example.com+"), NO },
	{ SPAN("example=.com"), NO },
	{ SPAN("host=example.com"), NO },
	{ SPAN("~example.com"), NO },
	{ SPAN("!example.com"), NO },
	/* look-alikes */
	{ SPAN("\xd0\xb5xample.com"), NO }, /* Cyrillic e */
	{ SPAN("exampl\xd0\xb5.com"), NO },
	{ SPAN("example\xe3\x80\x82"
	       "com"),
	  NO }, /* ideographic stop */
	{ SPAN("example\xef\xbc\x8e"
	       "com"),
	  NO }, /* full-width stop */
	{ SPAN("example\xef\xbd\xa1"
	       "com"),
	  NO },					 /* half-width stop */
	{ SPAN("\xef\xbd\x85xample.com"), NO },	 /* full-width e */
	{ SPAN("example.com\xe2\x80\x8b"), NO }, /* zero-width space */
	{ SPAN("exam\xc2\xadple.com"), NO },	 /* soft hyphen */
	{ SPAN("\xef\xbb\xbf"
	       "example.com"),
	  NO },
	{ SPAN("\xe2\x80\xae"
	       "moc.elpmaxe"),
	  NO },
	{ SPAN("example.com\xc2\xa0"), NO },
	{ SPAN("example.com\xc2\x85"), NO },
	{ SPAN("example.com\xef\xbc\x9a"
	       "443"),
	  NO },
	{ SPAN("example.com\xef\xbc\x8f"
	       "x"),
	  NO }, /* full-width slash */
	{ SPAN("example\xff.com"), NO },
	{ SPAN("example.\xe2\x84\x82om"), NO },
	{ SPAN("xn--xample-9uf.com"), NO },
	/* nothing at all */
	{ { 0 }, NO },
	{ SPAN(""), NO },
	{ SPAN(" "), NO },
	{ SPAN("\n"), NO },
	{ SPAN("/"), NO },
	{ SPAN("//"), NO },
};

static const struct vector port_vectors[] = {
	{ SPAN("example.com:8443"), BOTH },
	{ SPAN("EXAMPLE.com:8443"), BOTH },
	{ SPAN("https://example.com:8443/v2/"), DOCKER },
	{ SPAN("example.com"), NO },
	{ SPAN("example.com:443"), NO },
	{ SPAN("example.com:844"), NO },
	{ SPAN("example.com:84430"), NO },
	{ SPAN("example.com:08443"), NO },
	{ SPAN("example.com:18443"), NO },
	{ SPAN("example.com/:8443"), NO },
};

static const struct vector ipv4_vectors[] = {
	{ SPAN("127.0.0.1"), BOTH },
	{ SPAN("127.0.0.1:443"), BOTH },
	{ SPAN("127.1"), NO },
	{ SPAN("127.0.1"), NO },
	{ SPAN("127"), NO },
	{ SPAN("0x7f000001"), NO },
	{ SPAN("0X7F000001"), NO },
	{ SPAN("0x7f.0.0.1"), NO },
	{ SPAN("127.0.0.0x1"), NO },
	{ SPAN("2130706433"), NO },
	{ SPAN("017700000001"), NO },
	{ SPAN("0177.0.0.1"), NO },
	{ SPAN("127.0.0.01"), NO },
	{ SPAN("127.000.000.001"), NO },
	{ SPAN("127.0.0.1."), NO },
	{ SPAN("127.0.0.1.1"), NO },
	{ SPAN("127.0.0.257"), NO },
	{ SPAN("127.0.0.2"), NO },
	{ SPAN("127.0.0.10"), NO },
	{ SPAN("127.0.0."), NO },
	{ SPAN(".127.0.0.1"), NO },
	{ SPAN("127.0.0.1 "), DOCKER },
	{ SPAN("[127.0.0.1]"), NO },
	{ SPAN("[::1]"), NO },
	{ SPAN("[::ffff:127.0.0.1]"), NO },
	{ SPAN("[::127.0.0.1]"), NO },
	{ SPAN("[::ffff:7f00:1]"), NO },
	{ SPAN("localhost"), NO },
	{ SPAN("127.0.0.1.nip.io"), NO },
	{ SPAN("1.0.0.127"), NO },
};

static const struct vector ipv6_vectors[] = {
	{ SPAN("[::1]"), BOTH },
	{ SPAN("[::1]:443"), BOTH },
	{ SPAN("[0:0:0:0:0:0:0:1]"), BOTH },
	{ SPAN("[0000:0000:0000:0000:0000:0000:0000:0001]"), BOTH },
	{ SPAN("[0:0::0:1]"), BOTH },
	{ SPAN("[::0.0.0.1]"), BOTH },
	{ SPAN("https://[::1]/v2/"), DOCKER },
	{ SPAN("[::1]/team/repo"), DOCKER },
	{ SPAN("::1"), NO },
	{ SPAN("[::2]"), NO },
	{ SPAN("[1::1]"), NO },
	{ SPAN("[0:1::1]"), NO },
	{ SPAN("[0:0:1::1]"), NO },
	{ SPAN("[::1:0:0:1]"), NO },
	{ SPAN("[::1:0:1]"), NO },
	{ SPAN("[::1:1]"), NO },
	{ SPAN("[::]"), NO },
	{ SPAN("[::1"), NO },
	{ SPAN("::1]"), NO },
	{ SPAN("[::1]]"), NO },
	{ SPAN("[[::1]]"), NO },
	{ SPAN("[]"), NO },
	{ SPAN("["), NO },
	{ SPAN("]"), NO },
	{ SPAN("[::1]443"), NO },
	{ SPAN("[::1]:"), NO },
	{ SPAN("[::1]:8443"), NO },
	{ SPAN("[::1]:0443"), NO },
	{ SPAN("[::1].com"), NO },
	{ SPAN("[::1]example.com"), NO },
	{ SPAN("x[::1]"), NO },
	{ SPAN("[ ::1]"), NO },
	{ SPAN("[::1 ]"), NO },
	{ SPAN("[::1\0]"), NO },
	{ SPAN("[::1%lo]"), NO },
	{ SPAN("[::1%25lo]"), NO },
	{ SPAN("[::1%1]"), NO },
	{ SPAN("[:::1]"), NO },
	{ SPAN("[::1::]"), NO },
	{ SPAN("[00000::1]"), NO },
	{ SPAN("[1]"), NO },
	{ SPAN("[v1.fe80]"), NO },
	{ SPAN("[::ffff:0.0.0.1]"), NO },
	{ SPAN("127.0.0.1"), NO },
	{ SPAN("localhost"), NO },
	{ SPAN("[0:0:0:0:0:0:0:0:1]"), NO },
	{ SPAN("[0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:1]"), NO },
};

static const struct vector link_local_vectors[] = {
	{ SPAN("[fe80::1]"), BOTH },	  { SPAN("[FE80::1]"), BOTH },
	{ SPAN("[fe80:0::0001]"), BOTH }, { SPAN("[fe80::1%eth0]"), NO },
	{ SPAN("[fe80::1%25eth0]"), NO }, { SPAN("[fe80::1%]"), NO },
	{ SPAN("[fe80::1%1]"), NO },	  { SPAN("[fe80::10]"), NO },
};

static const struct vector idn_vectors[] = {
	{ SPAN("xn--bcher-kva.example"), BOTH },
	{ SPAN("XN--BCHER-KVA.example"), BOTH },
	{ SPAN("b\xc3\xbc"
	       "cher.example"),
	  NO },
	{ SPAN("B\xc3\x9c"
	       "CHER.example"),
	  NO },
	{ SPAN("bu\xcc\x88"
	       "cher.example"),
	  NO },
	{ SPAN("b%C3%BCcher.example"), NO },
	{ SPAN("bcher-kva.example"), NO },
	{ SPAN("bcher.example"), NO },
};

static const struct vector hub_vectors[] = {
	{ SPAN("docker.io"), BOTH },
	{ SPAN("DOCKER.io"), BOTH },
	{ SPAN("https://index.docker.io/v1/"), DOCKER },
	{ SPAN("https://index.docker.io/v1"), DOCKER },
	{ SPAN("https://index.docker.io"), DOCKER },
	{ SPAN("index.docker.io"), DOCKER },
	{ SPAN("index.docker.io/v1/"), DOCKER },
	{ SPAN("Index.Docker.io:443"), DOCKER },
	{ SPAN("registry-1.docker.io"), DOCKER },
	{ SPAN("https://registry-1.docker.io/v2/"), DOCKER },
	{ SPAN("docker.io/library/debian"), DOCKER },
	{ SPAN("https://docker.io/"), DOCKER },
	{ SPAN("hub.docker.com"), NO },
	{ SPAN("auth.docker.io"), NO },
	{ SPAN("registry.docker.io"), NO },
	{ SPAN("registry-2.docker.io"), NO },
	{ SPAN("index.docker.io:5000"), NO },
	{ SPAN("registry-1.docker.io:80"), NO },
	{ SPAN("docker.io:5000"), NO },
	{ SPAN("http://index.docker.io/v1/"), NO },
	{ SPAN("index.docker.io.evil.org"), NO },
	{ SPAN("xindex.docker.io"), NO },
	{ SPAN("x.index.docker.io"), NO },
	{ SPAN("docker.com"), NO },
};

/* Returns how many of the rows were looked at. */
static size_t
check_rows(const char *configured, const struct vector *rows, size_t count)
{
	struct place git, docker, asked;
	char url[300];

	snprintf(url, sizeof(url), "https://%s", configured);
	assert_int_equal(place_from_conf_git(span_of(url), &git, NULL), RC_OK);
	assert_int_equal(place_from_conf_docker(span_of(configured), &docker,
						NULL),
			 RC_OK);
	for (size_t i = 0; i < count; i++) {
		int got = NO;

		if (place_from_git(SPAN("https"), rows[i].text,
				   (struct span){ 0 }, &asked) == RC_OK &&
		    place_serves(&git, &asked))
			got |= GIT;
		if (place_from_docker(rows[i].text, &asked) == RC_OK &&
		    place_serves(&docker, &asked))
			got |= DOCKER;
		if (got != (int)rows[i].verdict)
			fail_msg("%s, row %zu '%.*s': %d", configured, i,
				 (int)rows[i].text.len, rows[i].text.at, got);
	}
	return count;
}

static void
no_vector_matches_that_must_not_and_all_match_that_must(void **state)
{
	size_t count = 0;

	(void)state;
	count += check_rows("example.com", host_vectors, COUNT(host_vectors));
	count += check_rows("example.com:8443", port_vectors,
			    COUNT(port_vectors));
	count += check_rows("127.0.0.1", ipv4_vectors, COUNT(ipv4_vectors));
	count += check_rows("[::1]", ipv6_vectors, COUNT(ipv6_vectors));
	count += check_rows("[fe80::1]", link_local_vectors,
			    COUNT(link_local_vectors));
	count += check_rows("xn--bcher-kva.example", idn_vectors,
			    COUNT(idn_vectors));
	count += check_rows("docker.io", hub_vectors, COUNT(hub_vectors));
	assert_true(count >= 300);
}

static void
a_configured_alias_of_the_hub_is_the_hub(void **state)
{
	static const struct vector rows[] = {
		{ SPAN("docker.io"), DOCKER },
		{ SPAN("registry-1.docker.io"), DOCKER },
		{ SPAN("index.docker.io"), BOTH },
		{ SPAN("https://index.docker.io/v1/"), DOCKER },
	};

	(void)state;
	check_rows("index.docker.io", rows, COUNT(rows));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			no_vector_matches_that_must_not_and_all_match_that_must),
		cmocka_unit_test(a_configured_alias_of_the_hub_is_the_hub),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
