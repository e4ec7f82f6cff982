/* Tests of helpers/git_request.c: the framing of git's requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "core/safebuf.h"
#include "helpers/git_request.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PLACE "protocol=https\nhost=git.a.example\n"
#define SERIAL "0123456789abcdef"

static struct git_request r;
static struct why why;

static enum rc
parse(struct span text)
{
	memset(&r, 0, sizeof(r));
	why = (struct why){ "" };
	return git_request_parse(text, &r, &why);
}

static void
assert_place(struct span text)
{
	assert_int_equal(parse(text), RC_OK);
	assert_true(span_is(r.protocol, "https"));
	assert_true(span_is(r.host, "git.a.example"));
}

/* Refused, and the result untouched. */
static void
assert_refused(struct span text, enum rc rc)
{
	assert_int_equal(parse(text), rc);
	assert_false(span_is_set(r.protocol));
	assert_false(span_is_set(r.host));
}

static void
a_request_is_read_into_its_parts(void **state)
{
	(void)state;
	assert_place(SPAN("capability[]=authtype\ncapability[]=state\n"
			  "protocol=https\nhost=git.a.example\n"
			  "path=org/a.git\nusername=apptoken\npassword=p\n"
			  "wwwauth[]=Basic realm=\"x\"\n\n"));
	assert_true(span_is(r.path, "org/a.git"));
	assert_true(span_is(r.username, "apptoken"));
	assert_true(span_is(r.password, "p"));
	assert_false(span_is_set(r.credential));
	assert_false(span_is_set(r.state));
	assert_true(r.knows_authtype && r.knows_state);

	assert_place(SPAN(PLACE));
	assert_false(span_is_set(r.path));
	assert_false(span_is_set(r.username));
	assert_false(span_is_set(r.password));
	assert_false(r.knows_authtype || r.knows_state);
}

static void
the_request_ends_at_the_empty_line(void **state)
{
	(void)state;
	assert_place(SPAN(PLACE "\nhost=evil.example\nnonsense\n\r\n"));
	assert_int_equal(parse(SPAN("\n" PLACE)), RC_OK);
	assert_false(span_is_set(r.host));
	assert_int_equal(parse(SPAN("")), RC_OK);
	assert_false(span_is_set(r.host));
}

static void
the_last_line_may_lack_its_end(void **state)
{
	(void)state;
	assert_place(SPAN("protocol=https\nhost=git.a.example"));
	assert_place(SPAN("host=git.a.example\nprotocol=https"));
}

static void
the_first_sign_of_equality_splits(void **state)
{
	(void)state;
	assert_place(SPAN(PLACE "password==a=b=\npath=\n"));
	assert_true(span_is(r.password, "=a=b="));
	assert_true(span_is_set(r.path));
	assert_int_equal(r.path.len, 0);
}

static void
values_are_not_unquoted_or_trimmed(void **state)
{
	(void)state;
	assert_int_equal(parse(SPAN("protocol= https\nhost=\"a\"\n"
				    "username=%41\\n \t\n")),
			 RC_OK);
	assert_true(span_is(r.protocol, " https"));
	assert_true(span_is(r.host, "\"a\""));
	assert_true(span_is(r.username, "%41\\n \t"));
}

static void
unknown_keys_are_ignored_and_case_counts(void **state)
{
	(void)state;
	assert_place(SPAN("foo=bar\nfoo=baz\nx[]=y\ncapability[]=future\n"
			  "quit=1\n=nameless\nHost=evil.example\n"
			  " host=evil.example\nhost =evil.example\n"
			  "host[]=evil.example\nPROTOCOL=http\n" PLACE
			  "hostess=evil.example\n"));
	assert_false(r.knows_authtype || r.knows_state);
}

static void
a_line_without_a_sign_of_equality_is_no_request(void **state)
{
	(void)state;
	assert_refused(SPAN(PLACE "nonsense\n"), RC_BAD_REQUEST);
	assert_string_equal(why.text, "line 3 of the request is not "
				      "key=value; see git-credential(1)");
	assert_refused(SPAN("host\n" PLACE), RC_BAD_REQUEST);
	assert_string_equal(why.text, "line 1 of the request is not "
				      "key=value; see git-credential(1)");
	assert_refused(SPAN(PLACE "hunter2"), RC_BAD_REQUEST);
	assert_null(strstr(why.text, "hunter2"));
}

static void
a_single_key_given_twice_is_nobodys(void **state)
{
	static const char *const keys[] = { "protocol",
					    "host",
					    "path",
					    "username",
					    "password",
					    "authtype",
					    "password_expiry_utc",
					    "ephemeral",
					    "credential",
					    "oauth_refresh_token" };
	static const char *const values[] = { "", "a", "https" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		for (size_t j = 0; j < COUNT(values); j++) {
			snprintf(text, sizeof(text), "%s=%s\n%s=a\n", keys[i],
				 values[j], keys[i]);
			assert_refused(span_of(text), RC_NOT_OURS);
			/* As git ends it, and with others in between. */
			snprintf(text, sizeof(text), "%s=a\nx=y\n%s=%s\n\n",
				 keys[i], keys[i], values[j]);
			assert_refused(span_of(text), RC_NOT_OURS);
		}
	}
}

static void
a_cr_makes_the_request_nobodys(void **state)
{
	static const char *const rows[] = {
		"protocol=https\nhost=git.a.example\r\n\n",
		"protocol=https\nhost=\rgit.a.example\n\n",
		"protocol=https\nhost=git.a\r.example\n\n",
		"protocol=https\rhost=git.a.example\n\n",
		"protocol=https\r\nhost=git.a.example\r\n\r\n",
		PLACE "\r\n",
		PLACE "path=a\rb\n",
		PLACE "username=\r\n",
		PLACE "password=a\rhost=evil.example\n",
		PLACE "x=a\rb\n",
		PLACE "x\ry=b\n",
		PLACE "\r",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_refused(span_of(rows[i]), RC_NOT_OURS);
}

static void
a_nul_makes_the_request_nobodys(void **state)
{
	static const char text[] = PLACE "path=a\nx=y\n";
	const struct span whole = SPAN(text);
	char bytes[sizeof(text)];

	(void)state;
	for (size_t i = 0; i < whole.len; i++) {
		memcpy(bytes, text, whole.len);
		bytes[i] = '\0';
		assert_refused((struct span){ bytes, whole.len }, RC_NOT_OURS);
	}
}

static void
a_url_stands_for_its_parts(void **state)
{
	(void)state;
	assert_place(SPAN("url=https://git.a.example/org/a.git\n"));
	assert_true(span_is(r.path, "org/a.git"));
	assert_place(SPAN("url=https://git.a.example\n"));
	assert_false(span_is_set(r.path));
	assert_place(SPAN("url=https://git.a.example/\n"));
	assert_false(span_is_set(r.path));
	assert_int_equal(parse(SPAN("url=https://git.a.example:8443/x@y\n")),
			 RC_OK);
	assert_true(span_is(r.host, "git.a.example:8443"));
	assert_true(span_is(r.path, "x@y"));
	assert_refused(SPAN("url=https://u@git.a.example/\n"), RC_NOT_OURS);
	assert_refused(SPAN("url=https://u:p@git.a.example\n"), RC_NOT_OURS);
	assert_refused(SPAN("url=https://@git.a.example/x\n"), RC_NOT_OURS);
	assert_refused(SPAN("url=git.a.example\n"), RC_NOT_OURS);
	assert_refused(SPAN("url=https:/git.a.example\n"), RC_NOT_OURS);
	assert_refused(SPAN("url=\n"), RC_NOT_OURS);
	/* Parts and a url, or two of them, would be one thing said twice. */
	assert_refused(SPAN(PLACE "url=https://git.a.example\n"), RC_NOT_OURS);
	assert_refused(SPAN("url=https://git.a.example\nhost=evil.example\n"),
		       RC_NOT_OURS);
	assert_refused(SPAN("url=https://git.a.example\n"
			    "url=https://git.a.example\n"),
		       RC_NOT_OURS);
	assert_refused(SPAN("url=https://git.a.example/a\npath=b\n"),
		       RC_NOT_OURS);
}

static void
an_empty_list_value_clears_the_list(void **state)
{
	(void)state;
	assert_place(SPAN(PLACE "capability[]=authtype\ncapability[]=state\n"
				"capability[]=\n"
				"state[]=apptoken:1:" SERIAL "\nstate[]=\n"));
	assert_false(r.knows_authtype || r.knows_state);
	assert_false(span_is_set(r.state));
	assert_place(SPAN(PLACE "capability[]=\ncapability[]=state\n"));
	assert_false(r.knows_authtype);
	assert_true(r.knows_state);
}

static void
of_all_states_only_a_right_one_of_ours_counts(void **state)
{
	static const char *const others[] = {
		"other:1:" SERIAL,
		"apptoken:2:" SERIAL,
		"apptoken:1:",
		"apptoken:1",
		"apptoken:1:0123456789abcde",
		"apptoken:1:0123456789abcdef0",
		"apptoken:1:0123456789ABCDEF",
		"apptoken:1:0123456789abcdeg",
		"apptoken:1: 123456789abcdef",
		"Apptoken:1:" SERIAL,
		" apptoken:1:" SERIAL,
		"xapptoken:1:" SERIAL,
	};
	char text[256];

	(void)state;
	assert_place(SPAN(PLACE "state[]=apptoken:1:" SERIAL "\n"));
	assert_true(span_is(r.state, SERIAL));
	for (size_t i = 0; i < COUNT(others); i++) {
		snprintf(text, sizeof(text), PLACE "state[]=%s\n", others[i]);
		assert_place(span_of(text));
		assert_false(span_is_set(r.state));
		/* Before and after ours, which stays. */
		snprintf(text, sizeof(text),
			 PLACE "state[]=%s\nstate[]=apptoken:1:" SERIAL
			       "\nstate[]=%s\n",
			 others[i], others[i]);
		assert_place(span_of(text));
		assert_true(span_is(r.state, SERIAL));
	}
}

/* A line of len bytes with its LF: KEY, filler, evil from seam on. */
static void
put_line(struct safebuf *out, size_t len, size_t seam)
{
	static const char key[] = "wwwauth[]=";
	static const char evil[] = "host=evil.example";
	size_t end = safebuf_len(out) + len - 1;
	size_t start = safebuf_len(out);

	safebuf_puts(out, key);
	while (safebuf_len(out) < start + seam)
		safebuf_putc(out, 'x');
	if (safebuf_len(out) == start + seam &&
	    end >= safebuf_len(out) + sizeof(evil) - 1)
		safebuf_puts(out, evil);
	while (safebuf_len(out) < end)
		safebuf_putc(out, 'x');
	safebuf_putc(out, '\n');
}

static void
a_long_line_is_never_split(void **state)
{
	static const size_t lens[] = { 1023,  1024,  1025,  4095,  4096, 4097,
				       65533, 65534, 65535, 65536, 70000 };
	static const size_t seams[] = { 1022, 1023,  1024,  1025,  4094, 4095,
					4096, 32767, 65500, 65516, 65517 };
	struct safebuf *text = NULL;

	(void)state;
	assert_int_equal(safebuf_new(2 * REQUEST_MAX, &text), RC_OK);
	for (size_t i = 0; i < COUNT(lens); i++) {
		for (size_t j = 0; j < COUNT(seams); j++) {
			if (seams[j] >= lens[i])
				continue;
			safebuf_clear(text);
			safebuf_puts(text, "protocol=https\n");
			put_line(text, lens[i], seams[j]);
			safebuf_puts(text, "host=git.a.example\n");
			if (lens[i] <= GIT_LINE_MAX) {
				assert_place(safebuf_view(text));
				continue;
			}
			assert_refused(safebuf_view(text), RC_BAD_REQUEST);
			assert_string_equal(
				why.text,
				"line 2 of the request is longer than 65535 "
				"bytes; git sends none like it");
		}
	}
	safebuf_free(text);
}

static void
values_of_the_longest_line_are_whole(void **state)
{
	struct safebuf *text = NULL;

	(void)state;
	assert_int_equal(safebuf_new(REQUEST_MAX, &text), RC_OK);
	safebuf_puts(text, PLACE "password=");
	for (size_t i = 0; i < GIT_LINE_MAX - sizeof("password="); i++)
		safebuf_putc(text, 'p');
	safebuf_puts(text, "\n\n");
	assert_place(safebuf_view(text));
	assert_int_equal(r.password.len, GIT_LINE_MAX - sizeof("password="));
	safebuf_free(text);
}

static void
a_request_is_whole_at_its_empty_line(void **state)
{
	static const char text[] = PLACE "x=y\n\nmore";
	const size_t end = sizeof(PLACE "x=y\n\n") - 1;

	(void)state;
	assert_false(git_request_is_whole(SPAN(""), 0));
	assert_false(git_request_is_whole(SPAN(PLACE), 0));
	assert_true(git_request_is_whole(SPAN("\n"), 0));
	assert_true(git_request_is_whole(SPAN("\nhost=x"), 0));
	/* Read in any two pieces, the seam before, in and after the LFs. */
	for (size_t len = 0; len <= end; len++) {
		for (size_t seen = 0; seen <= len && seen < end; seen++) {
			bool whole = git_request_is_whole(
				(struct span){ text, len }, seen);

			assert_int_equal(whole, len == end);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read_into_its_parts),
		cmocka_unit_test(the_request_ends_at_the_empty_line),
		cmocka_unit_test(the_last_line_may_lack_its_end),
		cmocka_unit_test(the_first_sign_of_equality_splits),
		cmocka_unit_test(values_are_not_unquoted_or_trimmed),
		cmocka_unit_test(unknown_keys_are_ignored_and_case_counts),
		cmocka_unit_test(
			a_line_without_a_sign_of_equality_is_no_request),
		cmocka_unit_test(a_single_key_given_twice_is_nobodys),
		cmocka_unit_test(a_cr_makes_the_request_nobodys),
		cmocka_unit_test(a_nul_makes_the_request_nobodys),
		cmocka_unit_test(a_url_stands_for_its_parts),
		cmocka_unit_test(an_empty_list_value_clears_the_list),
		cmocka_unit_test(of_all_states_only_a_right_one_of_ours_counts),
		cmocka_unit_test(a_long_line_is_never_split),
		cmocka_unit_test(values_of_the_longest_line_are_whole),
		cmocka_unit_test(a_request_is_whole_at_its_empty_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
