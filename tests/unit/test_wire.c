/* Tests of core/wire.c: what fronts ask the keeper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "core/wire.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SERIAL "0123456789abcdef"

static const char request_text[] = "apptoken-keeper-request 1\n"
				   "verb=import\n"
				   "app=acme\n"
				   "caller=docker\n"
				   "min-life=120\n"
				   "force=yes\n"
				   "may-prompt=yes\n"
				   "verify=yes\n"
				   "presented=abc.DEF\n"
				   "refused=" SERIAL "\n"
				   "conf=app-id = 42\n"
				   "conf=\n"
				   "conf=x = a=b\n"
				   "end\n";

static const char login_text[] = "apptoken-keeper-request 1\n"
				 "verb=login-store\n"
				 "caller=git\n"
				 "kind=git\n"
				 "server=git.b.example\n"
				 "protocol=https\n"
				 "port=8443\n"
				 "path=a/b.git\n"
				 "user=u\n"
				 "secret=c2VjcmV0\n"
				 "end\n";

static struct safebuf *room;
static struct safebuf *conf;
static struct safebuf *again;

static int
make(void **state)
{
	(void)state;
	assert_int_equal(safebuf_new(2 * WIRE_MAX, &room), RC_OK);
	assert_int_equal(safebuf_new(2 * WIRE_MAX, &conf), RC_OK);
	assert_int_equal(safebuf_new(2 * WIRE_MAX, &again), RC_OK);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	room = safebuf_free(room);
	conf = safebuf_free(conf);
	again = safebuf_free(again);
	return 0;
}

static enum rc
get_request(struct span text, struct wire_request *ret)
{
	safebuf_clear(conf);
	return wire_get_request(text, conf, ret);
}

/* Refused, and the result untouched. */
static void
assert_no_request(struct span text)
{
	struct wire_request r;
	struct wire_request before;

	memset(&r, 0x5a, sizeof(r));
	memcpy(&before, &r, sizeof(r));
	assert_int_equal(get_request(text, &r), RC_INVALID);
	assert_memory_equal(&r, &before, sizeof(r));
}

/* text with the first occurrence of from replaced, in room. */
static struct span
change(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert_non_null(at);
	safebuf_clear(room);
	safebuf_put(room, (struct span){ text, (size_t)(at - text) });
	safebuf_puts(room, to);
	safebuf_puts(room, at + strlen(from));
	return safebuf_view(room);
}

static void
a_request_is_the_documented_text(void **state)
{
	struct wire_request r = {
		.verb = WIRE_IMPORT,
		.app = SPAN("acme"),
		.caller = TOKEN_FOR_DOCKER,
		.min_life_s = 120,
		.force = true,
		.may_prompt = true,
		.verify = true,
		.presented = SPAN("abc.DEF"),
		.refused = SPAN(SERIAL),
		.conf = SPAN("app-id = 42\n\nx = a=b\n"),
	};
	struct wire_request back;

	(void)state;
	assert_int_equal(wire_put_request(&r, room), RC_OK);
	assert_true(span_is(safebuf_view(room), request_text));

	assert_int_equal(get_request(safebuf_view(room), &back), RC_OK);
	assert_int_equal(back.verb, WIRE_IMPORT);
	assert_true(span_is(back.app, "acme"));
	assert_int_equal(back.caller, TOKEN_FOR_DOCKER);
	assert_int_equal(back.min_life_s, 120);
	assert_true(back.force && back.may_prompt && back.verify);
	assert_true(span_is(back.presented, "abc.DEF"));
	assert_true(span_is(back.refused, SERIAL));
	assert_true(span_eq(back.conf, r.conf));
}

static void
a_login_request_is_the_documented_text(void **state)
{
	struct wire_request r = {
		.verb = WIRE_LOGIN_STORE,
		.login = { .kind = LOGIN_GIT,
			   .server = SPAN("git.b.example"),
			   .protocol = SPAN("https"),
			   .port = SPAN("8443"),
			   .path = SPAN("a/b.git"),
			   .user = SPAN("u") },
		.secret = SPAN("c2VjcmV0"),
	};
	struct wire_request back;

	(void)state;
	assert_int_equal(wire_put_request(&r, room), RC_OK);
	assert_true(span_is(safebuf_view(room), login_text));

	assert_int_equal(get_request(safebuf_view(room), &back), RC_OK);
	assert_int_equal(back.verb, WIRE_LOGIN_STORE);
	assert_int_equal(back.login.kind, LOGIN_GIT);
	assert_true(span_is(back.login.server, "git.b.example"));
	assert_true(span_is(back.login.protocol, "https"));
	assert_true(span_is(back.login.port, "8443"));
	assert_true(span_is(back.login.path, "a/b.git"));
	assert_true(span_is(back.login.user, "u"));
	assert_true(span_is(back.secret, "c2VjcmV0"));
}

static void
a_bare_request_of_each_verb_and_caller_comes_back(void **state)
{
	(void)state;
	for (int verb = 0; verb < WIRE_VERBS; verb++) {
		for (int caller = 0; caller <= TOKEN_FOR_COMMAND; caller++) {
			struct wire_request r = {
				.verb = (enum wire_verb)verb,
				.caller = (enum token_caller)caller,
				.app = SPAN("a"),
			};
			struct wire_request back;

			if (verb >= WIRE_LOGIN_GET)
				r.app = (struct span){ 0 };
			safebuf_clear(room);
			safebuf_clear(again);
			assert_int_equal(wire_put_request(&r, room), RC_OK);
			assert_int_equal(get_request(safebuf_view(room), &back),
					 RC_OK);
			assert_int_equal(back.verb, verb);
			assert_int_equal(back.caller, caller);
			assert_int_equal(back.min_life_s, 0);
			assert_false(back.force || back.may_prompt ||
				     back.verify);
			assert_false(span_is_set(back.presented));
			assert_false(span_is_set(back.refused));
			assert_int_equal(back.conf.len, 0);
			assert_int_equal(wire_put_request(&back, again), RC_OK);
			assert_true(span_eq(safebuf_view(room),
					    safebuf_view(again)));
		}
	}
}

static void
an_empty_secret_is_not_an_absent_one(void **state)
{
	struct wire_request r = { .verb = WIRE_DROP,
				  .app = SPAN("a"),
				  .presented = SPAN("") };
	struct wire_request back;

	(void)state;
	assert_int_equal(wire_put_request(&r, room), RC_OK);
	assert_int_equal(get_request(safebuf_view(room), &back), RC_OK);
	assert_true(span_is_set(back.presented));
	assert_int_equal(back.presented.len, 0);
}

static void
cut_text_is_refused(void **state)
{
	const struct span request = SPAN(request_text);

	(void)state;
	for (size_t i = 0; i < request.len; i++)
		assert_no_request(span_cut(request, 0, i));
}

static void
text_after_the_end_is_refused(void **state)
{
	(void)state;
	assert_no_request(change(request_text, "end\n", "end\n\n"));
	assert_no_request(change(request_text, "end\n", "end\nforce=yes\n"));
	assert_no_request(change(request_text, "end\n", "end\nend\n"));
}

static void
assert_twice_refused(const char *text)
{
	struct span rest = span_of(text);
	struct span line;

	while (span_next_line(&rest, &line)) {
		size_t start = (size_t)(line.at - text);

		/* "conf" is the one key that repeats. */
		if (span_find(line, '=') == line.len ||
		    span_starts(line, "conf="))
			continue;
		safebuf_clear(room);
		safebuf_put(room, (struct span){ text, start });
		safebuf_put(room, (struct span){ line.at, line.len + 1 });
		safebuf_puts(room, text + start);
		assert_no_request(safebuf_view(room));
	}
}

static void
a_key_given_twice_is_refused(void **state)
{
	(void)state;
	assert_twice_refused(request_text);
	assert_twice_refused(login_text);
}

static void
an_odd_request_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "request 1", "request 2" },
		{ "request 1", "answer 1" },
		{ "apptoken-keeper-request 1\n", "" },
		{ "verb=import\n", "" },
		{ "verb=import", "verb=Import" },
		{ "verb=import", "verb=" },
		{ "verb=import", "verb=import " },
		{ "app=acme\n", "" },
		{ "app=acme", "app=" },
		{ "caller=docker\n", "" },
		{ "caller=docker", "caller=root" },
		{ "force=yes", "force=no" },
		{ "force=yes", "force=1" },
		{ "force=yes", "force=" },
		{ "force=yes", "force" },
		{ "min-life=120", "min-life=-1" },
		{ "min-life=120", "min-life=0120" },
		{ "min-life=120", "min-life=99999999999999999999" },
		{ "min-life=120", "min-life=2m" },
		{ "refused=", "endpoint=https://evil.example\nrefused=" },
		{ "refused=", "=\nrefused=" },
		{ "refused=", "\nrefused=" },
		{ "refused=", "Force=yes\nrefused=" },
		{ "app=acme", "app=ac\rme" },
		{ "conf=\n", "conf=\r\n" },
		{ "verb=import\n", "verb=import\nkind=git\n" },
	};
	struct span text = SPAN(request_text);
	struct wire_request r;

	(void)state;
	assert_int_equal(get_request(text, &r), RC_OK);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_no_request(change(request_text, rows[i][0], rows[i][1]));
	assert_no_request(change(login_text, "kind=git\n", ""));
	assert_no_request(change(login_text, "kind=git", "kind=svn"));
}

static void
a_nul_is_refused_wherever_it_stands(void **state)
{
	const struct span request = SPAN(request_text);

	(void)state;
	for (size_t i = 0; i < request.len; i++) {
		safebuf_clear(room);
		safebuf_put(room, request);
		safebuf_bytes(room)[i] = '\0';
		assert_no_request(safebuf_view(room));
	}
}

static void
a_value_that_breaks_its_line_is_not_written(void **state)
{
	static const struct span bad[] = {
		{ "a\nb", 3 }, { "a\rb", 3 }, { "a\0b", 3 },
		{ "\n", 1 },   { "\r", 1 },   { "\0", 1 },
	};
	struct wire_request r;
	struct span *const of_request[] = { &r.app, &r.presented, &r.refused };
	struct span *const of_login[] = { &r.login.server, &r.login.protocol,
					  &r.login.port,   &r.login.path,
					  &r.login.user,   &r.secret };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		for (size_t j = 0; j < COUNT(of_request); j++) {
			r = (struct wire_request){ .app = SPAN("a") };
			*of_request[j] = bad[i];
			safebuf_clear(room);
			assert_int_equal(wire_put_request(&r, room),
					 RC_INVALID);
			assert_int_equal(safebuf_len(room), 0);
		}
		for (size_t j = 0; j < COUNT(of_login); j++) {
			r = (struct wire_request){ .verb = WIRE_LOGIN_GET };
			*of_login[j] = bad[i];
			safebuf_clear(room);
			assert_int_equal(wire_put_request(&r, room),
					 RC_INVALID);
		}
	}
	r = (struct wire_request){ .app = SPAN("a"), .conf = SPAN("x\r\n") };
	safebuf_clear(room);
	assert_int_equal(wire_put_request(&r, room), RC_INVALID);
}

static void
lines_of_a_section_need_a_room_of_their_own(void **state)
{
	struct wire_request r;
	struct safebuf *small = NULL;
	struct span text = SPAN(request_text);

	(void)state;
	assert_int_equal(wire_get_request(text, NULL, &r), RC_INVALID);
	assert_int_equal(safebuf_new(8, &small), RC_OK);
	assert_int_equal(wire_get_request(text, small, &r), RC_INVALID);
	safebuf_free(small);
	text = change(request_text, "conf=app-id = 42\nconf=\nconf=x = a=b\n",
		      "");
	assert_int_equal(wire_get_request(text, NULL, &r), RC_OK);
	assert_false(span_is_set(r.conf));
}

static void
more_than_64_kib_are_refused(void **state)
{
	static char wide[WIRE_MAX];
	struct wire_request r = { .app = SPAN("a") };
	struct wire_request back;
	struct safebuf *wire = NULL;
	size_t frame;

	(void)state;
	memset(wide, 'x', sizeof(wide));
	assert_int_equal(wire_put_request(&r, room), RC_OK);
	frame = safebuf_len(room) + strlen("presented=\n");
	r.presented = (struct span){ wide, WIRE_MAX - frame };
	safebuf_clear(room);
	assert_int_equal(wire_put_request(&r, room), RC_OK);
	assert_int_equal(safebuf_len(room), WIRE_MAX);
	assert_int_equal(get_request(safebuf_view(room), &back), RC_OK);

	r.presented.len++;
	safebuf_clear(room);
	assert_int_equal(wire_put_request(&r, room), RC_OK);
	assert_no_request(safebuf_view(room));
	assert_int_equal(safebuf_new(WIRE_MAX, &wire), RC_OK);
	assert_int_equal(wire_put_request(&r, wire), RC_INVALID);
	safebuf_free(wire);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_the_documented_text),
		TEST(a_login_request_is_the_documented_text),
		TEST(a_bare_request_of_each_verb_and_caller_comes_back),
		TEST(an_empty_secret_is_not_an_absent_one),
		TEST(cut_text_is_refused),
		TEST(text_after_the_end_is_refused),
		TEST(a_key_given_twice_is_refused),
		TEST(an_odd_request_is_refused),
		TEST(a_nul_is_refused_wherever_it_stands),
		TEST(a_value_that_breaks_its_line_is_not_written),
		TEST(lines_of_a_section_need_a_room_of_their_own),
		TEST(more_than_64_kib_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
