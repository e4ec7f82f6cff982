/* Tests of cli/confedit.c: everything that is not ours stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/confedit.h"

#include "core/banned.h"

#define ROOM 4096

static struct safebuf *out;

static int
make(void **state)
{
	(void)state;
	assert_int_equal(safebuf_new(ROOM, &out), RC_OK);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	out = safebuf_free(out);
	return 0;
}

static void
assert_add(const char *text, const char *want)
{
	safebuf_clear(out);
	confedit_add(span_of(text), SPAN("acme"),
		     SPAN("app-id = 42\ngit = https://git.acme.example\n"),
		     out);
	assert_int_equal(safebuf_check(out), RC_OK);
	assert_int_equal(safebuf_len(out), strlen(want));
	assert_memory_equal(safebuf_bytes(out), want, strlen(want));
}

static void
assert_remove(const char *text, const char *want)
{
	safebuf_clear(out);
	assert_int_equal(confedit_remove(span_of(text), SPAN("acme"), out),
			 RC_OK);
	assert_int_equal(safebuf_len(out), strlen(want));
	assert_memory_equal(safebuf_bytes(out), want, strlen(want));
}

#define SECTION "[acme]\napp-id = 42\ngit = https://git.acme.example\n"

static void
a_section_is_added_at_the_end(void **state)
{
	(void)state;
	assert_add("", SECTION);
	assert_add("[b]\nx = 1\n", "[b]\nx = 1\n\n" SECTION);
	assert_add("# a comment\n", "# a comment\n\n" SECTION);
	assert_add("[b]\nx = 1\n# end\n\n", "[b]\nx = 1\n# end\n\n\n" SECTION);
}

static void
a_last_line_without_its_end_gets_one(void **state)
{
	(void)state;
	assert_add("[b]\nx = 1", "[b]\nx = 1\n\n" SECTION);
}

static void
what_does_not_fit_is_told(void **state)
{
	struct safebuf *small = NULL;

	(void)state;
	assert_int_equal(safebuf_new(20, &small), RC_OK);
	confedit_add(SPAN("[b]\n"), SPAN("acme"), SPAN("app-id = 42\n"), small);
	assert_int_equal(safebuf_check(small), RC_TOO_LARGE);
	safebuf_clear(small);
	assert_int_equal(confedit_remove(SPAN("[acme]\n"
					      "[b]\nlong = 12345678901234\n"),
					 SPAN("acme"), small),
			 RC_TOO_LARGE);
	safebuf_free(small);
}

static void
removing_undoes_adding(void **state)
{
	static const char *const texts[] = {
		"[b]\nx = 1\n",
		"[b]\nx = 1\n# end\n",
		"[b]\nx = 1\n\n",
		"# only a comment\n",
		"\n",
		"",
	};
	struct safebuf *added = NULL;

	(void)state;
	assert_int_equal(safebuf_new(ROOM, &added), RC_OK);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		safebuf_clear(added);
		safebuf_clear(out);
		confedit_add(span_of(texts[i]), SPAN("acme"),
			     SPAN("app-id = 42\n"), added);
		assert_int_equal(confedit_remove(safebuf_view(added),
						 SPAN("acme"), out),
				 RC_OK);
		assert_true(span_is(safebuf_view(out), texts[i]));
	}
	safebuf_free(added);
}

static void
a_section_between_others_goes_alone(void **state)
{
	(void)state;
	assert_remove("[b]\nx = 1\n\n" SECTION "\n[c]\ny = 2\n",
		      "[b]\nx = 1\n\n[c]\ny = 2\n");
	assert_remove("[b]\nx = 1\n" SECTION "[c]\ny = 2\n",
		      "[b]\nx = 1\n[c]\ny = 2\n");
}

static void
a_first_and_an_only_section_can_go(void **state)
{
	(void)state;
	assert_remove(SECTION "[c]\ny = 2\n", "[c]\ny = 2\n");
	assert_remove(SECTION, "");
	assert_remove("[acme]", "");
	assert_remove("[acme]\n", "");
	assert_remove("[acme]\n[c]\n", "[c]\n");
	assert_remove("[acme]\na = 1\n[b]\n[acme]\na = 2\n",
		      "[b]\n[acme]\na = 2\n");
}

static void
comments_before_the_header_stay(void **state)
{
	(void)state;
	assert_remove("# top\n\n# about acme\n" SECTION "[c]\n",
		      "# top\n\n# about acme\n[c]\n");
}

static void
comments_after_the_last_entry_stay(void **state)
{
	(void)state;
	assert_remove(SECTION "# about c\n; more\n[c]\ny = 2\n",
		      "# about c\n; more\n[c]\ny = 2\n");
	assert_remove("[b]\n\n" SECTION "\n# about c\n[c]\n",
		      "[b]\n\n# about c\n[c]\n");
	assert_remove(SECTION "# the end", "# the end");
}

static void
comments_inside_the_section_go_with_it(void **state)
{
	(void)state;
	assert_remove("[acme]\n# which app\n\napp-id = 42\n[c]\n", "[c]\n");
}

static void
lines_that_are_no_entries_go_with_their_section(void **state)
{
	(void)state;
	assert_remove("[acme]\napp-id = 42\nnonsense\n[c]\n", "[c]\n");
}

static void
a_last_line_without_its_end_can_go(void **state)
{
	(void)state;
	assert_remove("[b]\nx = 1\n\n[acme]\napp-id = 42", "[b]\nx = 1\n");
}

static void
other_spellings_are_other_sections(void **state)
{
	static const char text[] = "[acme2]\na = 1\n[acm]\nb = 2\n"
				   "[Acme]\nc = 3\n# [acme]\n"
				   "x = [acme]\n";

	(void)state;
	assert_int_equal(confedit_remove(span_of(text), SPAN("acme"), out),
			 RC_NOT_FOUND);
	assert_int_equal(safebuf_len(out), 0);
	assert_int_equal(confedit_remove(SPAN(""), SPAN("acme"), out),
			 RC_NOT_FOUND);
}

static void
bytes_of_other_sections_are_not_touched(void **state)
{
	(void)state;
	assert_remove("  [b]  \n\tx\t=  1 \r\n\xff\xfe\n" SECTION
		      "[c]\n\n\n\n;\n y=2",
		      "  [b]  \n\tx\t=  1 \r\n\xff\xfe\n[c]\n\n\n\n;\n y=2");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_section_is_added_at_the_end),
		TEST(a_last_line_without_its_end_gets_one),
		TEST(what_does_not_fit_is_told),
		TEST(removing_undoes_adding),
		TEST(a_section_between_others_goes_alone),
		TEST(a_first_and_an_only_section_can_go),
		TEST(comments_before_the_header_stay),
		TEST(comments_after_the_last_entry_stay),
		TEST(comments_inside_the_section_go_with_it),
		TEST(lines_that_are_no_entries_go_with_their_section),
		TEST(a_last_line_without_its_end_can_go),
		TEST(other_spellings_are_other_sections),
		TEST(bytes_of_other_sections_are_not_touched),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
