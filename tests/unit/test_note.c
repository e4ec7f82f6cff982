/* Tests of core/note.c: the note of the lock file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/note.h"

#include "core/banned.h"

#define BOOT "5f2a9a52-0c0f-4d0a-8a5c-3a1f5f0a7b11"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct note full = {
	.minted_ms = 1,
	.rejected_ms = 22,
	.rejected_again = true,
	.failed_ms = 333,
	.failed = RC_BUSY,
	.why = { "the endpoint is busy; try again in 900 s" },
	.hold_until_ms = INT64_MAX,
	.refresh_failed_ms = 55555,
};

static const char full_text[] = "apptoken-note 1\n"
				"boot=" BOOT "\n"
				"minted=1\n"
				"rejected=22\n"
				"rejected-again=yes\n"
				"failed=333\n"
				"class=BUSY\n"
				"why=the endpoint is busy; try again in 900 s\n"
				"hold-until=9223372036854775807\n"
				"refresh-failed=55555\n"
				"end\n";

static struct safebuf *
buffer(size_t capacity)
{
	struct safebuf *b = NULL;

	assert_int_equal(safebuf_new(capacity, &b), RC_OK);
	return b;
}

static void
assert_same(const struct note *a, const struct note *b)
{
	assert_int_equal(a->minted_ms, b->minted_ms);
	assert_int_equal(a->rejected_ms, b->rejected_ms);
	assert_int_equal(a->rejected_again, b->rejected_again);
	assert_int_equal(a->failed_ms, b->failed_ms);
	assert_int_equal(a->failed, b->failed);
	assert_string_equal(a->why.text, b->why.text);
	assert_int_equal(a->hold_until_ms, b->hold_until_ms);
	assert_int_equal(a->refresh_failed_ms, b->refresh_failed_ms);
}

static void
assert_void(struct span text, const char *boot)
{
	static const struct note empty = { 0 };
	struct note n = full;

	note_parse(text, boot, &n);
	assert_same(&n, &empty);
}

static void
a_note_is_written_in_its_form(void **state)
{
	struct safebuf *out = buffer(NOTE_MAX);

	(void)state;
	assert_int_equal(note_encode(&full, BOOT, out), RC_OK);
	assert_true(span_is(safebuf_view(out), full_text));
	safebuf_free(out);
}

static void
a_note_is_read_back(void **state)
{
	struct note n = { 0 };

	(void)state;
	note_parse(SPAN(full_text), BOOT, &n);
	assert_same(&n, &full);
}

static void
the_empty_note_survives(void **state)
{
	static const struct note empty = { 0 };
	struct safebuf *out = buffer(NOTE_MAX);
	struct note n = full;

	(void)state;
	assert_int_equal(note_encode(&empty, BOOT, out), RC_OK);
	note_parse(safebuf_view(out), BOOT, &n);
	assert_same(&n, &empty);
	safebuf_free(out);
}

static void
the_longest_note_fits(void **state)
{
	struct safebuf *out = buffer(NOTE_MAX);
	struct note n = full;
	struct note back = { 0 };

	(void)state;
	n.minted_ms = n.rejected_ms = n.failed_ms = INT64_MAX;
	n.refresh_failed_ms = INT64_MAX;
	n.failed = RC_KEYRING_TIMEOUT;
	memset(n.why.text, 'x', WHY_MAX - 1);
	assert_int_equal(note_encode(&n, BOOT, out), RC_OK);
	note_parse(safebuf_view(out), BOOT, &back);
	assert_same(&back, &n);
	safebuf_free(out);
}

static void
a_note_of_another_boot_is_void(void **state)
{
	(void)state;
	assert_void(SPAN(full_text), "5f2a9a52-0c0f-4d0a-8a5c-3a1f5f0a7b12");
	assert_void(SPAN(full_text), "5f2a9a52");
	assert_void(SPAN(full_text), "");
}

static void
an_unknown_boot_never_equals_itself(void **state)
{
	struct safebuf *out = buffer(NOTE_MAX);

	(void)state;
	assert_int_equal(note_encode(&full, "", out), RC_INVALID);
	assert_int_equal(safebuf_len(out), 0);
	assert_void(SPAN("apptoken-note 1\nboot=\nminted=1\nrejected=0\n"
			 "rejected-again=no\nfailed=0\nclass=OK\nwhy=\n"
			 "hold-until=0\nrefresh-failed=0\nend\n"),
		    "");
	safebuf_free(out);
}

/* Replace the first from of the full text by to; room for both. */
static struct span
changed(const char *from, const char *to, char *out, size_t size)
{
	const char *at = strstr(full_text, from);
	size_t head;
	size_t tail;

	assert_non_null(at);
	head = (size_t)(at - full_text);
	tail = strlen(at + strlen(from));
	assert_true(head + strlen(to) + tail < size);
	memcpy(out, full_text, head);
	memcpy(out + head, to, strlen(to));
	memcpy(out + head + strlen(to), at + strlen(from), tail);
	return (struct span){ .at = out, .len = head + strlen(to) + tail };
}

static const struct {
	const char *from, *to;
} damages[] = {
	{ "apptoken-note 1", "apptoken-note 2" },
	{ "minted=1\n", "" },
	{ "minted=1\n", "minted=1\nminted=1\n" },
	{ "minted=1\nrejected=22\n", "rejected=22\nminted=1\n" },
	{ "minted=1", "minted=" },
	{ "minted=1", "minted=-1" },
	{ "minted=1", "minted=01" },
	{ "minted=1", "minted=1x" },
	{ "minted=1", "minted" },
	{ "minted=1", "other=1" },
	{ "hold-until=9223372036854775807", "hold-until=9223372036854775808" },
	{ "again=yes", "again=maybe" },
	{ "again=yes", "again=" },
	{ "class=BUSY", "class=busy" },
	{ "class=BUSY", "class=" },
	{ "class=BUSY", "class=NOT_FOUND" }, /* an inner result */
	{ "class=BUSY", "class=?" },
	{ "the endpoint", "the \x1b[31mendpoint" },
	{ "the endpoint", "the \x7f endpoint" },
	{ "the endpoint", "the \xc3\xa9 endpoint" },
	{ "end\n", "end" },
	{ "end\n", "" },
	{ "end\n", "end\nend\n" },
	{ "end\n", "end\nx" },
	{ "\nend\n", "\nmore=1\nend\n" },
};

static void
an_odd_note_is_void(void **state)
{
	char text[NOTE_MAX * 2];

	(void)state;
	for (size_t i = 0; i < COUNT(damages); i++)
		assert_void(changed(damages[i].from, damages[i].to, text,
				    sizeof(text)),
			    BOOT);
	assert_void((struct span){ 0 }, BOOT);
	assert_void(SPAN(""), BOOT);
	assert_void(SPAN("\0"), BOOT);
}

static void
a_cut_note_is_void(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(full_text) - 1; len++)
		assert_void(span_cut(SPAN(full_text), 0, len), BOOT);
}

static void
a_sentence_that_is_too_long_is_void(void **state)
{
	char why[WHY_MAX + 1];
	char text[NOTE_MAX * 2];

	(void)state;
	memset(why, 'x', WHY_MAX);
	why[WHY_MAX] = '\0';
	assert_void(changed("the endpoint is busy; try again in 900 s", why,
			    text, sizeof(text)),
		    BOOT);
}

static void
a_sentence_stays_one_printable_line(void **state)
{
	struct safebuf *out = buffer(NOTE_MAX);
	struct note n = { .why = { "a\nminted=9 \x1b \xc3\xa9 \x7f" } };
	struct note back = { 0 };

	(void)state;
	assert_int_equal(note_encode(&n, BOOT, out), RC_OK);
	note_parse(safebuf_view(out), BOOT, &back);
	assert_string_equal(back.why.text, "a?minted=9 ? ?? ?");
	assert_int_equal(back.minted_ms, 0);
	safebuf_free(out);
}

static void
values_without_a_form_are_refused(void **state)
{
	struct safebuf *out = buffer(NOTE_MAX);
	struct note n;

	(void)state;
	n = full;
	n.minted_ms = -1;
	assert_int_equal(note_encode(&n, BOOT, out), RC_INVALID);
	n = full;
	n.rejected_ms = -1;
	assert_int_equal(note_encode(&n, BOOT, out), RC_INVALID);
	n = full;
	n.failed_ms = -1;
	assert_int_equal(note_encode(&n, BOOT, out), RC_INVALID);
	n = full;
	n.hold_until_ms = -1;
	assert_int_equal(note_encode(&n, BOOT, out), RC_INVALID);
	n = full;
	n.refresh_failed_ms = -1;
	assert_int_equal(note_encode(&n, BOOT, out), RC_INVALID);
	n = full;
	n.failed = RC_NOT_FOUND;
	assert_int_equal(note_encode(&n, BOOT, out), RC_INVALID);
	assert_int_equal(safebuf_len(out), 0);
	safebuf_free(out);
}

static void
a_buffer_without_room_is_too_large(void **state)
{
	struct safebuf *out = buffer(sizeof(full_text) - 2);

	(void)state;
	assert_int_equal(note_encode(&full, BOOT, out), RC_TOO_LARGE);
	safebuf_free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_note_is_written_in_its_form),
		cmocka_unit_test(a_note_is_read_back),
		cmocka_unit_test(the_empty_note_survives),
		cmocka_unit_test(the_longest_note_fits),
		cmocka_unit_test(a_note_of_another_boot_is_void),
		cmocka_unit_test(an_unknown_boot_never_equals_itself),
		cmocka_unit_test(an_odd_note_is_void),
		cmocka_unit_test(a_cut_note_is_void),
		cmocka_unit_test(a_sentence_that_is_too_long_is_void),
		cmocka_unit_test(a_sentence_stays_one_printable_line),
		cmocka_unit_test(values_without_a_form_are_refused),
		cmocka_unit_test(a_buffer_without_room_is_too_large),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
