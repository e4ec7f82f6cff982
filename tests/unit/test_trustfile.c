/* Tests of platform/trustfile.c: files that we trust. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/trustfile.h"
#include "tests/support/private.h"

#include "core/banned.h"

PRIVATE_GETEUID

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
	private_pretended = 0;
	private_remove(dir);
	return 0;
}

static void
assert_read(const char *want)
{
	struct safebuf *b = NULL;
	struct why why = { "" };

	assert_int_equal(trustfile_read(path, 16, &b, &why), RC_OK);
	assert_true(span_is(safebuf_view(b), want));
	safebuf_free(b);
}

/* words: what stands after the path. */
static void
assert_refused(enum rc rc, const char *words)
{
	struct safebuf *b = NULL;
	struct why why = { "" };
	char want[WHY_MAX];

	private_format(want, sizeof(want), "'%s'%s", path, words);
	assert_int_equal(trustfile_read(path, 16, &b, &why), rc);
	assert_null(b);
	assert_string_equal(why.text, want);
}

static void
a_private_file_is_read(void **state)
{
	(void)state;
	private_write(dir, "file", "hello", 5, 0600);
	assert_read("hello");
	private_write(dir, "file", "hello", 5, 0644);
	assert_read("hello");
}

static void
an_empty_file_is_read(void **state)
{
	(void)state;
	private_write(dir, "file", "", 0, 0600);
	assert_read("");
}

static void
the_limit_is_the_largest_size(void **state)
{
	(void)state;
	private_write(dir, "file", "0123456789abcdef", 16, 0600);
	assert_read("0123456789abcdef");
	private_write(dir, "file", "0123456789abcdefg", 17, 0600);
	assert_refused(RC_CONFIG, " is larger than 16 bytes; check that it is "
				  "the right file");
}

static void
a_missing_file_is_not_found(void **state)
{
	(void)state;
	assert_refused(RC_NOT_FOUND, " does not exist");
	private_write(dir, "file", "", 0, 0600);
	private_path(dir, "file/below", path);
	assert_refused(RC_NOT_FOUND, " does not exist");
	private_path(dir, "nowhere/below", path);
	assert_refused(RC_NOT_FOUND, " does not exist");
}

static void
a_relative_path_is_refused(void **state)
{
	(void)state;
	assert_int_equal(chdir(dir), 0);
	private_write(dir, "file", "hello", 5, 0600);
	private_format(path, sizeof(path), "file");
	assert_refused(RC_CONFIG, " is not an absolute path; write it from "
				  "the first '/' on");
	assert_int_equal(chdir("/"), 0);
}

static void
a_file_that_others_can_write_is_refused(void **state)
{
	static const mode_t modes[] = { 0666, 0620, 0602, 0660 };
	char words[PRIVATE_MAX * 2];

	(void)state;
	private_format(words, sizeof(words),
		       " is writable by others; run 'chmod go-w %s'", path);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		private_write(dir, "file", "hello", 5, modes[i]);
		assert_refused(RC_CONFIG, words);
	}
}

static void
a_symbolic_link_is_refused(void **state)
{
	char other[PRIVATE_MAX];

	(void)state;
	private_write(dir, "other", "hello", 5, 0600);
	assert_int_equal(symlink(private_path(dir, "other", other), path), 0);
	assert_refused(RC_CONFIG, " is a symbolic link; put the file itself "
				  "there");
}

static void
a_fifo_is_refused_and_does_not_hang(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(RC_CONFIG, " is not a regular file; put one there");
}

static void
a_directory_is_refused(void **state)
{
	(void)state;
	private_dir(dir, "file", 0700);
	assert_refused(RC_CONFIG, " is not a regular file; put one there");
}

static void
a_socket_is_refused(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd != -1);
	private_format(at.sun_path, sizeof(at.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_refused(RC_CONFIG, " is not a regular file; put one there");
	close(fd);
}

static void
a_file_of_somebody_else_is_refused(void **state)
{
	(void)state;
	private_write(dir, "file", "hello", 5, 0644);
	if (getuid() == 0)
		assert_int_equal(chown(path, PRIVATE_STRANGER, 0), 0);
	else
		private_pretended = PRIVATE_STRANGER;
	assert_refused(RC_CONFIG, " belongs to another user; check what is in "
				  "it and make it your own");
}

static void
read_as_ordinary_user(const char *base)
{
	struct safebuf *b = NULL;
	struct why why = { "" };
	char file[PRIVATE_MAX];

	PRIVATE_CHECK(getuid() != 0 && geteuid() == getuid());
	/* Ours. */
	private_path(base, "file", file);
	PRIVATE_CHECK(trustfile_read(file, 16, &b, &why) == RC_OK);
	b = safebuf_free(b);
	/* Ours, but closed to us. */
	PRIVATE_CHECK(chmod(file, 0) == 0);
	PRIVATE_CHECK(trustfile_read(file, 16, &b, &why) == RC_CONFIG);
	PRIVATE_CHECK(strstr(why.text, "': permission denied; check") != NULL);
	/* Root's. */
	PRIVATE_CHECK(trustfile_read("/etc/passwd", (size_t)1 << 20, &b,
				     &why) == RC_OK);
	b = safebuf_free(b);
}

static void
files_of_ours_and_of_root_are_trusted(void **state)
{
	(void)state;
	private_write(dir, "file", "hello", 5, 0600);
	assert_int_equal(private_run(read_as_ordinary_user, dir, true), 0);
}

static void
a_long_path_keeps_the_next_step(void **state)
{
	char name[201];
	struct safebuf *b = NULL;
	struct why why = { "" };

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	private_write(dir, name, "", 0, 0666);
	private_path(dir, name, path);
	assert_int_equal(trustfile_read(path, 16, &b, &why), RC_CONFIG);
	assert_int_equal(strncmp(why.text, "'...nnn", 7), 0);
	assert_non_null(strstr(why.text, "nnn' is writable by others; run "
					 "'chmod go-w ...nnn"));
	assert_int_equal(why.text[strlen(why.text) - 1], '\'');
	assert_true(strlen(why.text) < 260);
}

static enum rc
open_key(int *fd, bool *open_to_others, struct why *why)
{
	*fd = -1;
	return trustfile_open_key(path, 16, fd, open_to_others, why);
}

static void
a_key_file_is_opened(void **state)
{
	bool others = true;
	char bytes[8];
	int fd;

	(void)state;
	private_write(dir, "file", "hello", 5, 0600);
	assert_int_equal(open_key(&fd, &others, NULL), RC_OK);
	assert_false(others);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 5);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void
a_key_file_may_be_behind_a_link(void **state)
{
	bool others;
	int fd;

	(void)state;
	private_write(dir, "other", "hello", 5, 0600);
	assert_int_equal(symlink("other", path), 0);
	assert_int_equal(open_key(&fd, &others, NULL), RC_OK);
	close(fd);
}

static void
a_key_that_others_can_read_is_told(void **state)
{
	static const mode_t modes[] = { 0644, 0640, 0604 };
	bool others;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		private_write(dir, "file", "hello", 5, modes[i]);
		others = false;
		assert_int_equal(open_key(&fd, &others, NULL), RC_OK);
		assert_true(others);
		close(fd);
	}
}

static void
what_is_no_key_file_is_bad(void **state)
{
	struct why why = { "" };
	bool others = true;
	int fd;

	(void)state;
	assert_int_equal(open_key(&fd, &others, &why), RC_KEY_BAD);
	assert_non_null(strstr(why.text, "no such file or directory"));
	private_write(dir, "file", "0123456789abcdefg", 17, 0644);
	assert_int_equal(open_key(&fd, &others, &why), RC_KEY_BAD);
	assert_non_null(strstr(why.text, "is larger than 16 bytes"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(open_key(&fd, &others, &why), RC_KEY_BAD);
	assert_non_null(strstr(why.text, "is not a regular file"));
	assert_int_equal(fd, -1);
	assert_true(others);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_private_file_is_read),
		TEST(an_empty_file_is_read),
		TEST(the_limit_is_the_largest_size),
		TEST(a_missing_file_is_not_found),
		TEST(a_relative_path_is_refused),
		TEST(a_file_that_others_can_write_is_refused),
		TEST(a_symbolic_link_is_refused),
		TEST(a_fifo_is_refused_and_does_not_hang),
		TEST(a_directory_is_refused),
		TEST(a_socket_is_refused),
		TEST(a_file_of_somebody_else_is_refused),
		TEST(files_of_ours_and_of_root_are_trusted),
		TEST(a_long_path_keeps_the_next_step),
		TEST(a_key_file_is_opened),
		TEST(a_key_file_may_be_behind_a_link),
		TEST(a_key_that_others_can_read_is_told),
		TEST(what_is_no_key_file_is_bad),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
