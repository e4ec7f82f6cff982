/* Tests of platform/say.c: one line for a person. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/fdio.h"
#include "platform/say.h"

#include "core/banned.h"

#define LINE_ROOM 1024

/* What say_line writes, by one write(2): a packet pipe keeps them apart. */
static size_t
said(const char *text, char out[LINE_ROOM])
{
	int ends[2];
	int saved;
	ssize_t n;

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_DIRECT), 0);
	saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	assert_true(saved != -1);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	say_line("%s", text);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	fdio_close(saved);
	fdio_close(ends[1]);
	n = read(ends[0], out, LINE_ROOM - 1);
	assert_true(n > 0);
	out[n] = '\0';
	/* Nothing comes after the first packet. */
	assert_int_equal(read(ends[0], &ends[1], 1), 0);
	fdio_close(ends[0]);
	return (size_t)n;
}

static void
a_line_has_prefix_and_end(void **state)
{
	char line[LINE_ROOM];

	(void)state;
	said("get: the keyring is locked; unlock it", line);
	assert_string_equal(
		line, "apptoken: get: the keyring is locked; unlock it\n");
}

static void
a_line_is_one_line_of_printable_ascii(void **state)
{
	char line[LINE_ROOM];

	(void)state;
	said("a\nb\r\x1b[31m\x7f\xc3\xa9 ~", line);
	assert_string_equal(line, "apptoken: a?b??[31m??? ~\n");
}

static void
a_long_line_is_cut_and_says_so(void **state)
{
	char text[LINE_ROOM];
	char line[LINE_ROOM];
	size_t n;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	n = said(text, line);
	assert_int_equal(n, LINE_MAX_STDERR);
	assert_string_equal(line + n - 5, "x...\n");
	/* One byte too many. */
	text[290] = '\0';
	n = said(text, line);
	assert_int_equal(n, LINE_MAX_STDERR);
	assert_string_equal(line + n - 5, "x...\n");
}

static void
the_longest_line_is_whole(void **state)
{
	char text[LINE_ROOM];
	char line[LINE_ROOM];
	size_t n;

	(void)state;
	memset(text, 'x', 289);
	text[289] = '\0';
	n = said(text, line);
	assert_int_equal(n, LINE_MAX_STDERR);
	assert_string_equal(line + n - 5, "xxxx\n");
}

static void
the_text_has_neither_prefix_nor_end(void **state)
{
	char out[LINE_ROOM];

	(void)state;
	say_text(out, sizeof(out), "%s: %d\n", "get", 7);
	assert_string_equal(out, "get: 7?");
}

static void
the_text_is_cut_like_the_line(void **state)
{
	char text[LINE_ROOM];
	char out[LINE_ROOM];
	char small[8];
	char none[1] = { 'x' };

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	say_text(out, sizeof(out), "%s", text);
	assert_int_equal(strlen(out), 289);
	assert_string_equal(out + 285, "x...");
	say_text(small, sizeof(small), "%s", text);
	assert_string_equal(small, "xxxx...");
	say_text(small, sizeof(small), "%s", "seven77");
	assert_string_equal(small, "seven77");
	say_text(none, 1, "%s", text);
	assert_string_equal(none, "");
	none[0] = 'x';
	say_text(none, 0, "%s", text);
	assert_int_equal(none[0], 'x');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_prefix_and_end),
		cmocka_unit_test(a_line_is_one_line_of_printable_ascii),
		cmocka_unit_test(a_long_line_is_cut_and_says_so),
		cmocka_unit_test(the_longest_line_is_whole),
		cmocka_unit_test(the_text_has_neither_prefix_nor_end),
		cmocka_unit_test(the_text_is_cut_like_the_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
