/* Tests of core/safebuf.c: the buffer for secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/safebuf.h"

#include "core/banned.h"

static struct safebuf *
buffer(size_t capacity)
{
	struct safebuf *b = NULL;

	assert_int_equal(safebuf_new(capacity, &b), RC_OK);
	assert_non_null(b);
	return b;
}

static void
assert_holds(const struct safebuf *b, const char *want)
{
	struct span got = safebuf_view(b);

	assert_int_equal(safebuf_check(b), RC_OK);
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.at, want, got.len);
}

static void
a_new_buffer_is_empty_and_has_its_room(void **state)
{
	struct safebuf *b = buffer(10);

	(void)state;
	assert_int_equal(safebuf_len(b), 0);
	assert_int_equal(safebuf_room(b), 10);
	assert_int_equal(safebuf_view(b).len, 0);
	assert_int_equal(safebuf_check(b), RC_OK);
	assert_null(safebuf_free(b));
}

static void
freeing_nothing_is_fine(void **state)
{
	(void)state;
	assert_null(safebuf_free(NULL));
}

static void
an_impossible_size_is_refused(void **state)
{
	struct safebuf *b = NULL;

	(void)state;
	assert_int_equal(safebuf_new(SIZE_MAX, &b), RC_INTERNAL);
	assert_int_equal(safebuf_new(SIZE_MAX / 2, &b), RC_INTERNAL);
	assert_null(b);
}

static void
appends_stand_one_after_the_other(void **state)
{
	struct safebuf *b = buffer(200);

	(void)state;
	safebuf_put(b, SPAN("ab"));
	safebuf_put(b, (struct span){ 0 });
	safebuf_puts(b, "cd");
	safebuf_putc(b, 'e');
	safebuf_putc(b, ' ');
	safebuf_put_u64(b, 0);
	safebuf_putc(b, ' ');
	safebuf_put_u64(b, UINT64_MAX);
	safebuf_putc(b, ' ');
	safebuf_put_i64(b, INT64_MIN);
	safebuf_putc(b, ' ');
	safebuf_put_i64(b, INT64_MAX);
	safebuf_putc(b, ' ');
	safebuf_put_i64(b, -1);
	assert_holds(b, "abcde 0 18446744073709551615 "
			"-9223372036854775808 9223372036854775807 -1");
	safebuf_free(b);
}

static void
a_buffer_can_be_filled_to_the_last_byte(void **state)
{
	struct safebuf *b = buffer(4);

	(void)state;
	safebuf_puts(b, "abcd");
	assert_holds(b, "abcd");
	assert_int_equal(safebuf_room(b), 0);
	safebuf_free(b);
}

static void
one_byte_too_many_fails_the_whole_buffer(void **state)
{
	struct safebuf *b = buffer(4);

	(void)state;
	safebuf_puts(b, "abc");
	safebuf_puts(b, "de");
	assert_int_equal(safebuf_check(b), RC_TOO_LARGE);
	assert_int_equal(safebuf_len(b), 0);
	assert_int_equal(safebuf_view(b).len, 0);
	assert_int_equal(safebuf_room(b), 0);
	safebuf_putc(b, 'x');
	assert_int_equal(safebuf_check(b), RC_TOO_LARGE);
	safebuf_free(b);
}

static void
clearing_forgets_a_failure_and_wipes(void **state)
{
	struct safebuf *b = buffer(4);

	(void)state;
	safebuf_puts(b, "abcd");
	safebuf_fail(b);
	safebuf_clear(b);
	assert_int_equal(safebuf_check(b), RC_OK);
	assert_int_equal(safebuf_len(b), 0);
	assert_int_equal(safebuf_room(b), 4);
	assert_memory_equal(safebuf_bytes(b), "\0\0\0\0", 4);
	safebuf_free(b);
}

static void
a_cut_wipes_what_falls_off(void **state)
{
	struct safebuf *b = buffer(8);

	(void)state;
	safebuf_puts(b, "abcdef");
	safebuf_cut(b, 6);
	safebuf_cut(b, 7);
	assert_holds(b, "abcdef");
	safebuf_cut(b, 2);
	assert_holds(b, "ab");
	assert_memory_equal(safebuf_bytes(b), "ab\0\0\0\0", 6);
	safebuf_free(b);
}

static void
lines_are_written_as_key_and_value(void **state)
{
	struct safebuf *b = buffer(40);

	(void)state;
	safebuf_put_line(b, "key", SPAN("a=b c"));
	safebuf_put_line(b, "empty", (struct span){ 0 });
	assert_holds(b, "key=a=b c\nempty=\n");
	safebuf_free(b);
}

static void
a_value_that_would_break_the_line_fails_the_buffer(void **state)
{
	static const struct {
		const char *key;
		struct span value;
	} table[] = {
		{ "k", SPAN("a\nhost=evil") }, { "k", SPAN("\r") },
		{ "k", SPAN("a\r") },	       { "k", SPAN("a\0b") },
		{ "k", SPAN("a\n") },	       { "k=x", SPAN("a") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct safebuf *b = buffer(40);

		safebuf_put_line(b, "first", SPAN("1"));
		safebuf_put_line(b, table[i].key, table[i].value);
		safebuf_put_line(b, "last", SPAN("1"));
		assert_int_equal(safebuf_check(b), RC_TOO_LARGE);
		assert_int_equal(safebuf_view(b).len, 0);
		safebuf_free(b);
	}
}

static void
readers_fill_the_tail(void **state)
{
	struct safebuf *b = buffer(5);

	(void)state;
	safebuf_putc(b, 'a');
	memcpy(safebuf_tail(b), "bcd", 3);
	safebuf_grown(b, 3);
	assert_holds(b, "abcd");
	assert_ptr_equal(safebuf_tail(b), safebuf_bytes(b) + 4);
	safebuf_grown(b, 2);
	assert_int_equal(safebuf_check(b), RC_TOO_LARGE);
	safebuf_free(b);
}

static void
a_child_of_fork_finds_zeros(void **state)
{
	struct safebuf *b = buffer(16);
	int status = 0;
	pid_t pid;

	(void)state;
	safebuf_puts(b, "secret");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(memcmp(safebuf_bytes(b), "\0\0\0\0\0\0", 6) == 0 ? 0 : 9);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_holds(b, "secret");
	safebuf_free(b);
}

/* Has the mapping of at that flag in /proc/self/smaps? */
static bool
mapping_has(const void *at, const char *flag)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	char line[512], start[40], flags[16];
	bool is_ours = false, found = false;

	assert_non_null(maps);
	snprintf(start, sizeof(start), "%lx-",
		 (unsigned long)(uintptr_t)at / 4096 * 4096);
	snprintf(flags, sizeof(flags), " %s", flag);
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (strncmp(line, start, strlen(start)) == 0)
			is_ours = true;
		if (!is_ours || strncmp(line, "VmFlags:", 8) != 0)
			continue;
		found = strstr(line, flags) != NULL;
		break;
	}
	fclose(maps);
	return found;
}

static void
the_mapping_stays_out_of_dumps_and_children(void **state)
{
	struct safebuf *b = buffer(64);

	(void)state;
	assert_true(mapping_has(safebuf_bytes(b), "dd"));
	assert_true(mapping_has(safebuf_bytes(b), "wf"));
	assert_false(mapping_has(safebuf_bytes(b), "ex"));
	safebuf_free(b);
}

static void
wipe_overwrites_exactly_what_it_is_told(void **state)
{
	char text[6] = "abcde";

	(void)state;
	wipe(text + 1, 3);
	assert_memory_equal(text, "a\0\0\0e", 6);
	wipe(NULL, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_buffer_is_empty_and_has_its_room),
		cmocka_unit_test(freeing_nothing_is_fine),
		cmocka_unit_test(an_impossible_size_is_refused),
		cmocka_unit_test(appends_stand_one_after_the_other),
		cmocka_unit_test(a_buffer_can_be_filled_to_the_last_byte),
		cmocka_unit_test(one_byte_too_many_fails_the_whole_buffer),
		cmocka_unit_test(clearing_forgets_a_failure_and_wipes),
		cmocka_unit_test(a_cut_wipes_what_falls_off),
		cmocka_unit_test(lines_are_written_as_key_and_value),
		cmocka_unit_test(
			a_value_that_would_break_the_line_fails_the_buffer),
		cmocka_unit_test(readers_fill_the_tail),
		cmocka_unit_test(a_child_of_fork_finds_zeros),
		cmocka_unit_test(the_mapping_stays_out_of_dumps_and_children),
		cmocka_unit_test(wipe_overwrites_exactly_what_it_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
