/* Tests of core/wire.c: what the keeper answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/wire.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SERIAL "0123456789abcdef"

static const char answer_text[] = "apptoken-keeper-answer 1\n"
				  "rc=LOCKED\n"
				  "why=cause; next step\n"
				  "warning=a word\n"
				  "token=abc.DEF\n"
				  "username=bot\n"
				  "serial=" SERIAL "\n"
				  "left=599\n"
				  "life=600\n"
				  "expiry-known=yes\n"
				  "minted=yes\n"
				  "key-source=keyring\n"
				  "key-fingerprint=SHA256:x\n"
				  "key-bits=2048\n"
				  "key-rc=KEY_BAD\n"
				  "key-why=two keys\n"
				  "state=2\n"
				  "secret=c2VjcmV0\n"
				  "hidden=3\n"
				  "end\n";

static struct safebuf *room;

static int
make(void **state)
{
	(void)state;
	return safebuf_new(2 * WIRE_MAX, &room) == RC_OK ? 0 : -1;
}

static int
drop(void **state)
{
	(void)state;
	room = safebuf_free(room);
	return 0;
}

/* Refused, and the result untouched. */
static void
assert_no_answer(struct span text)
{
	struct wire_answer a;
	struct wire_answer before;

	memset(&a, 0x5a, sizeof(a));
	memcpy(&before, &a, sizeof(a));
	assert_int_equal(wire_get_answer(text, &a), RC_INVALID);
	assert_memory_equal(&a, &before, sizeof(a));
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
an_answer_is_the_documented_text(void **state)
{
	struct wire_answer a = {
		.rc = RC_LOCKED,
		.why = SPAN("cause; next step"),
		.warning = SPAN("a word"),
		.token = SPAN("abc.DEF"),
		.username = SPAN("bot"),
		.serial = SPAN(SERIAL),
		.left_s = 599,
		.life_s = 600,
		.expiry_known = true,
		.minted = true,
		.key_source = SPAN("keyring"),
		.key_fingerprint = SPAN("SHA256:x"),
		.key_bits = 2048,
		.key_rc = RC_KEY_BAD,
		.key_why = SPAN("two keys"),
		.state = TOKEN_DUE,
		.secret = SPAN("c2VjcmV0"),
		.hidden = 3,
	};
	struct wire_answer back;

	(void)state;
	assert_int_equal(wire_put_answer(&a, room), RC_OK);
	assert_true(span_is(safebuf_view(room), answer_text));

	assert_int_equal(wire_get_answer(safebuf_view(room), &back), RC_OK);
	assert_true(span_is(back.why, "cause; next step"));
	assert_true(span_is(back.username, "bot"));
	assert_int_equal(back.left_s, 599);
	assert_int_equal(back.life_s, 600);
	assert_true(span_is(back.secret, "c2VjcmV0"));
	assert_true(back.expiry_known && back.minted);
	assert_true(span_is(back.token, "abc.DEF"));
	assert_true(span_is(back.serial, SERIAL));
	assert_true(span_is(back.warning, "a word"));
	assert_true(span_is(back.key_source, "keyring"));
	assert_true(span_is(back.key_fingerprint, "SHA256:x"));
	assert_true(span_is(back.key_why, "two keys"));
	assert_int_equal(back.key_bits, 2048);
	assert_int_equal(back.hidden, 3);
}

static void
an_answer_of_each_class_and_state_comes_back(void **state)
{
	(void)state;
	for (int rc = 0; rc < RC_COUNT; rc++) {
		struct wire_answer a = { .rc = (enum rc)rc,
					 .key_rc = (enum rc)(RC_COUNT - 1 - rc),
					 .state = (enum token_state)(rc % 4) };
		struct wire_answer back;

		safebuf_clear(room);
		assert_int_equal(wire_put_answer(&a, room), RC_OK);
		assert_int_equal(wire_get_answer(safebuf_view(room), &back),
				 RC_OK);
		assert_int_equal(back.rc, a.rc);
		assert_int_equal(back.key_rc, a.key_rc);
		assert_int_equal(back.state, a.state);
		assert_false(back.minted || back.expiry_known);
		assert_false(span_is_set(back.token));
	}
}

static void
an_odd_answer_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "answer 1", "answer 2" },
		{ "rc=LOCKED\n", "" },
		{ "rc=LOCKED", "rc=" },
		{ "rc=LOCKED", "rc=locked" },
		{ "rc=LOCKED", "rc=RC_LOCKED" },
		{ "rc=LOCKED", "rc=LOCKEDLOCKEDLOCKEDLOCKEDLOCKEDLOCKED" },
		{ "key-rc=KEY_BAD\n", "" },
		{ "token=abc", "token=ab c" },
		{ "token=abc.DEF", "token=" },
		{ "token=abc.DEF", "token==" },
		{ "left=599", "left=-1" },
		{ "life=600", "life=600.0" },
		{ "state=2", "state=4" },
		{ "state=2", "state=-1" },
		{ "minted=yes", "minted=YES" },
		{ "minted=yes", "conf=x\nminted=yes" },
		{ "minted=yes", "more=x\nminted=yes" },
		{ "why=cause", "why=cau\rse" },
	};
	const struct span text = SPAN(answer_text);
	struct wire_answer a;

	(void)state;
	assert_int_equal(wire_get_answer(text, &a), RC_OK);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_no_answer(change(answer_text, rows[i][0], rows[i][1]));
}

static void
cut_and_lengthened_text_is_refused(void **state)
{
	const struct span text = SPAN(answer_text);

	(void)state;
	for (size_t i = 0; i < text.len; i++)
		assert_no_answer(span_cut(text, 0, i));
	assert_no_answer(change(answer_text, "end\n", "end\nend\n"));
	assert_no_answer(change(answer_text, "end\n", "end\ntoken=x\nend\n"));
}

static void
a_key_given_twice_is_refused(void **state)
{
	struct span rest = SPAN(answer_text);
	struct span line;

	(void)state;
	while (span_next_line(&rest, &line)) {
		size_t start = (size_t)(line.at - answer_text);

		if (span_find(line, '=') == line.len)
			continue;
		safebuf_clear(room);
		safebuf_put(room, (struct span){ answer_text, start });
		safebuf_put(room, (struct span){ line.at, line.len + 1 });
		safebuf_puts(room, answer_text + start);
		assert_no_answer(safebuf_view(room));
	}
}

static void
a_nul_is_refused_wherever_it_stands(void **state)
{
	const struct span text = SPAN(answer_text);

	(void)state;
	for (size_t i = 0; i < text.len; i++) {
		safebuf_clear(room);
		safebuf_put(room, text);
		safebuf_bytes(room)[i] = '\0';
		assert_no_answer(safebuf_view(room));
	}
}

static void
a_value_that_breaks_its_line_is_not_written(void **state)
{
	static const struct span bad[] = {
		{ "a\nb", 3 }, { "a\rb", 3 }, { "a\0b", 3 },
		{ "\n", 1 },   { "\r", 1 },   { "\0", 1 },
	};
	struct wire_answer a;
	struct span *const values[] = {
		&a.why,	     &a.warning, &a.token,
		&a.username, &a.serial,	 &a.key_source,
		&a.key_why,  &a.secret,	 &a.key_fingerprint,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		for (size_t j = 0; j < COUNT(values); j++) {
			a = (struct wire_answer){ 0 };
			*values[j] = bad[i];
			safebuf_clear(room);
			assert_int_equal(wire_put_answer(&a, room), RC_INVALID);
			assert_int_equal(safebuf_len(room), 0);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_is_the_documented_text),
		TEST(an_answer_of_each_class_and_state_comes_back),
		TEST(an_odd_answer_is_refused),
		TEST(cut_and_lengthened_text_is_refused),
		TEST(a_key_given_twice_is_refused),
		TEST(a_nul_is_refused_wherever_it_stands),
		TEST(a_value_that_breaks_its_line_is_not_written),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
