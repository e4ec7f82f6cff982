/* Tests of platform/lockfile.c: one lock per app. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/clock.h"
#include "platform/lockfile.h"
#include "tests/support/private.h"

#include "core/banned.h"

PRIVATE_GETEUID

#define BOOT "5f2a9a52-0c0f-4d0a-8a5c-3a1f5f0a7b11"
#define SOON_MS 30000

static char dir[PRIVATE_MAX];

static int
make(void **state)
{
	(void)state;
	private_make(dir);
	private_pretended = 0;
	return setenv("XDG_RUNTIME_DIR", dir, 1);
}

static int
drop(void **state)
{
	(void)state;
	private_pretended = 0;
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

static void
assert_unusable(const char *app)
{
	int64_t start = clock_mono_ms();
	struct note n = { .minted_ms = 5 };
	struct lockfile *l = NULL;
	bool waited = false;

	assert_int_equal(lockfile_take(span_of(app), start + SOON_MS, &l,
				       &waited),
			 RC_UNAVAILABLE);
	assert_true(clock_mono_ms() < start + SOON_MS);
	assert_null(l);
	assert_false(waited);
	lockfile_peek(span_of(app), BOOT, &n);
	assert_int_equal(n.minted_ms, 0);
}

static void
assert_mode(const char *name, mode_t mode)
{
	char path[PRIVATE_MAX];
	struct stat st;

	assert_int_equal(lstat(private_path(dir, name, path), &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void
the_lock_is_made_private(void **state)
{
	mode_t old = umask(0);
	struct lockfile *l;

	(void)state;
	assert_int_equal(try("acme", &l), RC_OK);
	umask(old);
	assert_mode("apptoken", 0700);
	assert_mode("apptoken/acme.lock", 0600);
	assert_null(lockfile_release(l));
}

static void
the_file_stays_after_the_release(void **state)
{
	struct lockfile *l;

	(void)state;
	assert_int_equal(try("acme", &l), RC_OK);
	lockfile_release(l);
	assert_mode("apptoken/acme.lock", 0600);
	assert_int_equal(try("acme", &l), RC_OK);
	lockfile_release(l);
}

static void
a_held_lock_ends_at_the_deadline(void **state)
{
	int64_t start = clock_mono_ms();
	struct lockfile *second = NULL;
	struct lockfile *first;
	bool waited = false;

	(void)state;
	assert_int_equal(try("acme", &first), RC_OK);
	assert_int_equal(lockfile_take(SPAN("acme"), start + 60, &second,
				       &waited),
			 RC_TIMEOUT);
	assert_true(clock_mono_ms() >= start + 60);
	assert_null(second);
	lockfile_release(first);
	assert_int_equal(try("acme", &first), RC_OK);
	lockfile_release(first);
}

static void
apps_do_not_wait_for_each_other(void **state)
{
	struct lockfile *a, *b;

	(void)state;
	assert_int_equal(try("a", &a), RC_OK);
	assert_int_equal(try("b", &b), RC_OK);
	lockfile_release(a);
	lockfile_release(b);
}

/* A child holds the lock, says so, and waits to be told to end. */
static pid_t
start_holder(int *ret_tell)
{
	int told[2], ready[2];
	struct lockfile *l;
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		close(told[1]);
		if (try("acme", &l) != RC_OK || write(ready[1], "r", 1) != 1)
			_exit(1);
		/* Ends by the byte, or when the test has died. */
		if (read(told[0], &byte, 1) == 1)
			clock_sleep_ms(30);
		_exit(0);
	}
	close(told[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*ret_tell = told[1];
	return pid;
}

static void
who_waited_is_told_so(void **state)
{
	struct lockfile *l = NULL;
	bool waited = false;
	int tell;
	pid_t pid = start_holder(&tell);

	(void)state;
	assert_int_equal(write(tell, "x", 1), 1);
	assert_int_equal(lockfile_take(SPAN("acme"), clock_mono_ms() + SOON_MS,
				       &l, &waited),
			 RC_OK);
	assert_true(waited);
	lockfile_release(l);
	close(tell);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
a_killed_holder_frees_the_lock(void **state)
{
	struct lockfile *l = NULL;
	int tell;
	pid_t pid = start_holder(&tell);

	(void)state;
	assert_int_equal(try("acme", &l), RC_TIMEOUT);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(try("acme", &l), RC_OK);
	lockfile_release(l);
	close(tell);
}

static void
a_stopped_holder_ends_at_the_deadline(void **state)
{
	struct lockfile *l = NULL;
	int tell;
	pid_t pid = start_holder(&tell);

	(void)state;
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(try("acme", &l), RC_TIMEOUT);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(tell);
}

static void
no_runtime_directory_is_unavailable(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
	assert_unusable("acme");
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "run", 1), 0);
	assert_unusable("acme");
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "/nonexistent/run", 1), 0);
	assert_unusable("acme");
}

static void
an_open_directory_is_not_used(void **state)
{
	(void)state;
	private_dir(dir, "apptoken", 0777);
	assert_unusable("acme");
	assert_mode("apptoken", 0777);
}

static void
a_read_only_directory_is_not_used(void **state)
{
	(void)state;
	private_dir(dir, "apptoken", 0500);
	assert_unusable("acme");
}

static void
a_linked_directory_is_not_used(void **state)
{
	char path[PRIVATE_MAX];

	(void)state;
	private_dir(dir, "real", 0700);
	assert_int_equal(symlink("real", private_path(dir, "apptoken", path)),
			 0);
	assert_unusable("acme");
	assert_int_equal(rmdir(private_path(dir, "real", path)), 0);
}

static void
a_foreign_directory_is_not_used(void **state)
{
	char path[PRIVATE_MAX];

	(void)state;
	private_dir(dir, "apptoken", 0700);
	private_path(dir, "apptoken", path);
	if (getuid() == 0)
		assert_int_equal(chown(path, PRIVATE_STRANGER, 0), 0);
	else
		private_pretended = PRIVATE_STRANGER;
	assert_unusable("acme");
}

static void
a_foreign_file_is_not_used(void **state)
{
	char path[PRIVATE_MAX];

	(void)state;
	if (getuid() != 0) {
		/* Only the directory's check can be reached without root. */
		private_dir(dir, "apptoken", 0700);
		private_pretended = PRIVATE_STRANGER;
		assert_unusable("acme");
		return;
	}
	private_dir(dir, "apptoken", 0700);
	private_write(dir, "apptoken/acme.lock", "x", 1, 0600);
	private_path(dir, "apptoken/acme.lock", path);
	assert_int_equal(chown(path, PRIVATE_STRANGER, 0), 0);
	assert_unusable("acme");
	assert_true(private_holds(dir, "apptoken/acme.lock", "x"));
}

static void
a_linked_file_is_not_used(void **state)
{
	char path[PRIVATE_MAX];

	(void)state;
	private_dir(dir, "apptoken", 0700);
	private_write(dir, "victim", "precious", 8, 0600);
	assert_int_equal(symlink("../victim",
				 private_path(dir, "apptoken/acme.lock", path)),
			 0);
	assert_unusable("acme");
	assert_true(private_holds(dir, "victim", "precious"));
}

static void
a_second_name_of_a_file_is_not_used(void **state)
{
	char path[PRIVATE_MAX];
	char victim[PRIVATE_MAX];

	(void)state;
	private_dir(dir, "apptoken", 0700);
	private_write(dir, "victim", "precious", 8, 0600);
	assert_int_equal(link(private_path(dir, "victim", victim),
			      private_path(dir, "apptoken/acme.lock", path)),
			 0);
	assert_unusable("acme");
	assert_true(private_holds(dir, "victim", "precious"));
}

static void
a_fifo_is_not_used_and_does_not_hang(void **state)
{
	char path[PRIVATE_MAX];

	(void)state;
	private_dir(dir, "apptoken", 0700);
	assert_int_equal(
		mkfifo(private_path(dir, "apptoken/acme.lock", path), 0600), 0);
	assert_unusable("acme");
}

static void
a_directory_is_not_used(void **state)
{
	(void)state;
	private_dir(dir, "apptoken", 0700);
	private_dir(dir, "apptoken/acme.lock", 0700);
	assert_unusable("acme");
}

static void
a_file_with_another_mode_is_not_used(void **state)
{
	(void)state;
	private_dir(dir, "apptoken", 0700);
	private_write(dir, "apptoken/acme.lock", "x", 1, 0000);
	assert_unusable("acme");
	private_write(dir, "apptoken/acme.lock", "x", 1, 0666);
	assert_unusable("acme");
	assert_mode("apptoken/acme.lock", 0666);
}

static void
lock_without_rights(const char *base)
{
	struct lockfile *l = NULL;
	bool waited = false;

	PRIVATE_CHECK(getuid() != 0);
	/* Somebody else's runtime directory, which we cannot write to. */
	PRIVATE_CHECK(setenv("XDG_RUNTIME_DIR", "/proc/1", 1) == 0);
	PRIVATE_CHECK(lockfile_take(SPAN("acme"), 1, &l, &waited) ==
		      RC_UNAVAILABLE);
	PRIVATE_CHECK(setenv("XDG_RUNTIME_DIR", base, 1) == 0);
	PRIVATE_CHECK(lockfile_take(SPAN("acme"), 1, &l, &waited) == RC_OK);
	lockfile_release(l);
	PRIVATE_CHECK(chmod(base, 0500) == 0);
	PRIVATE_CHECK(lockfile_take(SPAN("acme"), 1, &l, &waited) == RC_OK);
	lockfile_release(l);
	PRIVATE_CHECK(chmod(base, 0700) == 0);
}

static void
an_ordinary_user_gets_the_lock(void **state)
{
	(void)state;
	assert_int_equal(private_run(lock_without_rights, dir, true), 0);
}

static void
a_name_that_is_no_app_opens_nothing(void **state)
{
	(void)state;
	private_dir(dir, "apptoken", 0700);
	assert_unusable("../x");
	assert_unusable("a/b");
	assert_unusable("");
	assert_unusable(".");
}

static void
nothing_is_left_open(void **state)
{
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct lockfile *l;
	struct note n;
	int after;

	(void)state;
	close(before);
	assert_int_equal(try("acme", &l), RC_OK);
	/* One more is open while the directory is. */
	assert_int_equal(fcntl(before + 1, F_GETFD), FD_CLOEXEC);
	lockfile_release(l);
	lockfile_peek(SPAN("acme"), BOOT, &n);
	private_write(dir, "apptoken/acme.lock", "x", 1, 0666);
	assert_int_equal(try("acme", &l), RC_UNAVAILABLE);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(after, before);
	close(after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_lock_is_made_private),
		TEST(the_file_stays_after_the_release),
		TEST(a_held_lock_ends_at_the_deadline),
		TEST(apps_do_not_wait_for_each_other),
		TEST(who_waited_is_told_so),
		TEST(a_killed_holder_frees_the_lock),
		TEST(a_stopped_holder_ends_at_the_deadline),
		TEST(no_runtime_directory_is_unavailable),
		TEST(an_open_directory_is_not_used),
		TEST(a_read_only_directory_is_not_used),
		TEST(a_linked_directory_is_not_used),
		TEST(a_foreign_directory_is_not_used),
		TEST(a_foreign_file_is_not_used),
		TEST(a_linked_file_is_not_used),
		TEST(a_second_name_of_a_file_is_not_used),
		TEST(a_fifo_is_not_used_and_does_not_hang),
		TEST(a_directory_is_not_used),
		TEST(a_file_with_another_mode_is_not_used),
		TEST(an_ordinary_user_gets_the_lock),
		TEST(a_name_that_is_no_app_opens_nothing),
		TEST(nothing_is_left_open),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
