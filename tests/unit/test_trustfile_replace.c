/* Tests of platform/trustfile.c: files that we replace. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/trustfile.h"
#include "tests/support/private.h"

#include "core/banned.h"

static char dir[PRIVATE_MAX];
static char path[PRIVATE_MAX];

static int
make(void **state)
{
	(void)state;
	private_make(dir);
	private_path(dir, "file", path);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	private_remove(dir);
	return 0;
}

/* Names in the directory, "." and ".." not counted. */
static size_t
count(const char *in)
{
	DIR *d = opendir(in);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static mode_t
mode_of(const char *name)
{
	char file[PRIVATE_MAX];
	struct stat st;

	assert_int_equal(lstat(private_path(dir, name, file), &st), 0);
	return st.st_mode & 07777;
}

static enum rc
replace(const char *text, struct why *why)
{
	return trustfile_replace(path, span_of(text), why);
}

static void
a_new_file_is_private(void **state)
{
	mode_t old = umask(0);

	(void)state;
	assert_int_equal(replace("new", NULL), RC_OK);
	umask(old);
	assert_true(private_holds(dir, "file", "new"));
	assert_int_equal(mode_of("file"), 0600);
	assert_int_equal(count(dir), 1);
}

static void
missing_directories_are_made_private(void **state)
{
	mode_t old = umask(0);

	(void)state;
	private_path(dir, "a/b/file", path);
	assert_int_equal(replace("new", NULL), RC_OK);
	umask(old);
	assert_true(private_holds(dir, "a/b/file", "new"));
	assert_int_equal(mode_of("a"), 0700);
	assert_int_equal(mode_of("a/b"), 0700);
}

static void
an_old_file_keeps_its_mode(void **state)
{
	mode_t old = umask(077);

	(void)state;
	private_write(dir, "file", "a longer old one", 16, 0664);
	assert_int_equal(replace("new", NULL), RC_OK);
	umask(old);
	assert_true(private_holds(dir, "file", "new"));
	assert_int_equal(mode_of("file"), 0664);
	assert_int_equal(count(dir), 1);
}

static void
an_open_reader_keeps_the_old_file(void **state)
{
	char bytes[8];
	int fd;

	(void)state;
	private_write(dir, "file", "old", 3, 0600);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd != -1);
	assert_int_equal(replace("new!", NULL), RC_OK);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 3);
	assert_memory_equal(bytes, "old", 3);
	close(fd);
}

static void
an_owner_is_kept_by_root(void **state)
{
	struct stat st;

	(void)state;
	private_write(dir, "file", "old", 3, 0640);
	if (getuid() == 0)
		assert_int_equal(
			chown(path, PRIVATE_STRANGER, PRIVATE_STRANGER), 0);
	assert_int_equal(replace("new", NULL), RC_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid,
			 getuid() == 0 ? PRIVATE_STRANGER : getuid());
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void
a_link_is_not_replaced(void **state)
{
	struct why why = { "" };
	struct stat st;

	(void)state;
	private_write(dir, "other", "old", 3, 0600);
	assert_int_equal(symlink("other", path), 0);
	assert_int_equal(replace("new", &why), RC_CONFIG);
	assert_non_null(strstr(why.text, "is a symbolic link"));
	assert_true(private_holds(dir, "other", "old"));
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count(dir), 2);
}

static void
what_is_no_file_is_not_replaced(void **state)
{
	struct why why = { "" };

	(void)state;
	private_dir(dir, "file", 0700);
	assert_int_equal(replace("new", &why), RC_CONFIG);
	assert_non_null(strstr(why.text, "is not a regular file"));
	assert_int_equal(count(dir), 1);
	private_write(dir, "plain", "", 0, 0600);
	private_path(dir, "plain/file", path);
	assert_int_equal(replace("new", &why), RC_CONFIG);
	assert_non_null(strstr(why.text, "not a directory"));
	private_path(dir, "", path);
	assert_int_equal(replace("new", &why), RC_CONFIG);
	assert_int_equal(trustfile_replace("file", SPAN("new"), &why),
			 RC_CONFIG);
	assert_int_equal(count(dir), 2);
}

static void
replace_without_rights(const char *base)
{
	struct why why = { "" };
	char file[PRIVATE_MAX];

	PRIVATE_CHECK(getuid() != 0);
	private_path(base, "file", file);
	PRIVATE_CHECK(chmod(base, 0500) == 0);
	PRIVATE_CHECK(trustfile_replace(file, SPAN("new"), &why) == RC_CONFIG);
	PRIVATE_CHECK(strstr(why.text, "permission denied") != NULL);
	private_path(base, "a/file", file);
	PRIVATE_CHECK(trustfile_replace(file, SPAN("new"), &why) == RC_CONFIG);
	PRIVATE_CHECK(strstr(why.text, "cannot make '") != NULL);
	PRIVATE_CHECK(strstr(why.text, "permission denied") != NULL);
	PRIVATE_CHECK(chmod(base, 0700) == 0);
	PRIVATE_CHECK(private_holds(base, "file", "old"));
	private_path(base, "file", file);
	PRIVATE_CHECK(trustfile_replace(file, SPAN("new"), NULL) == RC_OK);
	PRIVATE_CHECK(private_holds(base, "file", "new"));
}

static void
the_old_file_stays_when_we_may_not_write(void **state)
{
	(void)state;
	private_write(dir, "file", "old", 3, 0600);
	assert_int_equal(private_run(replace_without_rights, dir, true), 0);
	assert_int_equal(count(dir), 1);
}

static void
replace_with_a_file_size_limit(const char *base)
{
	struct rlimit limit = { 1, 1 };
	struct why why = { "" };
	char file[PRIVATE_MAX];

	private_path(base, "file", file);
	PRIVATE_CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	PRIVATE_CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	PRIVATE_CHECK(trustfile_replace(file, SPAN("new"), &why) == RC_CONFIG);
	PRIVATE_CHECK(strstr(why.text, "file too large") != NULL);
}

static void
a_failed_write_leaves_the_old_file_alone(void **state)
{
	(void)state;
	private_write(dir, "file", "old", 3, 0600);
	assert_int_equal(
		private_run(replace_with_a_file_size_limit, dir, false), 0);
	assert_true(private_holds(dir, "file", "old"));
	assert_int_equal(count(dir), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_is_private),
		TEST(missing_directories_are_made_private),
		TEST(an_old_file_keeps_its_mode),
		TEST(an_open_reader_keeps_the_old_file),
		TEST(an_owner_is_kept_by_root),
		TEST(a_link_is_not_replaced),
		TEST(what_is_no_file_is_not_replaced),
		TEST(the_old_file_stays_when_we_may_not_write),
		TEST(a_failed_write_leaves_the_old_file_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
