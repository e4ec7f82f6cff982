/* Tests of platform/lockfile.c: the note of an app. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/clock.h"
#include "platform/lockfile.h"
#include "tests/support/private.h"

#include "core/banned.h"

#define BOOT "5f2a9a52-0c0f-4d0a-8a5c-3a1f5f0a7b11"

static char dir[PRIVATE_MAX];

static int
make(void **state)
{
	(void)state;
	private_make(dir);
	return setenv("XDG_RUNTIME_DIR", dir, 1);
}

static int
drop(void **state)
{
	(void)state;
	private_remove(dir);
	return 0;
}

static enum rc
try(const char *app, struct lockfile **l)
{
	bool waited = true;
	enum rc rc;

	*l = NULL;
	rc = lockfile_take(span_of(app), clock_mono_ms(), l, &waited);
	if (rc == RC_OK && waited)
		return RC_INVALID;
	return rc;
}

static const struct note some = { .minted_ms = 7,
				  .failed = RC_NET,
				  .why = { "no route; try again" } };

static void
a_note_is_kept_for_the_next_holder(void **state)
{
	struct lockfile *l;
	struct note n;

	(void)state;
	assert_int_equal(try("acme", &l), RC_OK);
	lockfile_note(l, BOOT, &n);
	assert_int_equal(n.minted_ms, 0);
	lockfile_set_note(l, BOOT, &some);
	lockfile_release(l);
	assert_int_equal(try("acme", &l), RC_OK);
	lockfile_note(l, BOOT, &n);
	assert_int_equal(n.minted_ms, 7);
	assert_int_equal(n.failed, RC_NET);
	assert_string_equal(n.why.text, "no route; try again");
	lockfile_release(l);
}

static void
a_shorter_note_replaces_a_longer_one(void **state)
{
	struct note n = { .minted_ms = 8 };
	struct lockfile *l;

	(void)state;
	assert_int_equal(try("acme", &l), RC_OK);
	lockfile_set_note(l, BOOT, &some);
	lockfile_set_note(l, BOOT, &n);
	lockfile_note(l, BOOT, &n);
	assert_int_equal(n.minted_ms, 8);
	assert_int_equal(n.failed, RC_OK);
	lockfile_release(l);
}

static void
a_note_can_be_seen_without_the_lock(void **state)
{
	struct lockfile *l;
	struct note n;

	(void)state;
	assert_int_equal(try("acme", &l), RC_OK);
	lockfile_set_note(l, BOOT, &some);
	lockfile_peek(SPAN("acme"), BOOT, &n);
	assert_int_equal(n.minted_ms, 7);
	lockfile_peek(SPAN("acme"), "other", &n);
	assert_int_equal(n.minted_ms, 0);
	lockfile_release(l);
}

static void
a_peek_makes_nothing(void **state)
{
	struct note n = { .minted_ms = 9 };
	char path[PRIVATE_MAX];

	(void)state;
	lockfile_peek(SPAN("acme"), BOOT, &n);
	assert_int_equal(n.minted_ms, 0);
	assert_int_equal(access(private_path(dir, "apptoken", path), F_OK), -1);
	private_dir(dir, "apptoken", 0700);
	lockfile_peek(SPAN("acme"), BOOT, &n);
	assert_int_equal(access(private_path(dir, "apptoken/acme.lock", path),
				F_OK),
			 -1);
}

static void
an_odd_file_holds_no_note(void **state)
{
	static const char junk[NOTE_MAX + 100] = "apptoken-note 1\n";
	struct note n = { .minted_ms = 9 };
	struct lockfile *l;

	(void)state;
	private_dir(dir, "apptoken", 0700);
	private_write(dir, "apptoken/acme.lock", junk, sizeof(junk), 0600);
	assert_int_equal(try("acme", &l), RC_OK);
	lockfile_note(l, BOOT, &n);
	assert_int_equal(n.minted_ms, 0);
	lockfile_set_note(l, BOOT, &some);
	lockfile_note(l, BOOT, &n);
	assert_int_equal(n.minted_ms, 7);
	lockfile_release(l);
}

static void
no_lock_has_no_note(void **state)
{
	struct note n = { .minted_ms = 9 };

	(void)state;
	lockfile_set_note(NULL, BOOT, &some);
	lockfile_note(NULL, BOOT, &n);
	assert_int_equal(n.minted_ms, 0);
	assert_null(lockfile_release(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_note_is_kept_for_the_next_holder),
		TEST(a_shorter_note_replaces_a_longer_one),
		TEST(a_note_can_be_seen_without_the_lock),
		TEST(a_peek_makes_nothing),
		TEST(an_odd_file_holds_no_note),
		TEST(no_lock_has_no_note),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
