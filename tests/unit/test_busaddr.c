/* Tests of platform/busaddr.c: which session bus is ours. */
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

#include "platform/busaddr.h"
#include "platform/clock.h"
#include "tests/support/private.h"

#include "core/banned.h"

PRIVATE_GETEUID

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* The row no-bus of the fault matrix, with room for a slow machine. */
#define AT_ONCE_MS 2000

static char dir[PRIVATE_MAX];

static int
make(void **state)
{
	(void)state;
	private_make(dir);
	return unsetenv("DBUS_SESSION_BUS_ADDRESS") != 0 ||
	       setenv("XDG_RUNTIME_DIR", dir, 1) != 0;
}

static int
drop(void **state)
{
	(void)state;
	private_pretended = 0;
	private_remove(dir);
	return 0;
}

/* A socket that listens; name starts with "@" when it is abstract. */
static int
listen_at(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || len >= sizeof(at.sun_path))
		private_die("socket");
	memcpy(at.sun_path, name, len);
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	len += offsetof(struct sockaddr_un, sun_path);
	if (bind(fd, (struct sockaddr *)&at, (socklen_t)len) != 0 ||
	    listen(fd, 4) != 0)
		private_die(name);
	return fd;
}

static int
listen_in_dir(const char *name)
{
	char path[PRIVATE_MAX];

	return listen_at(private_path(dir, name, path));
}

static const char *
address(const char *key, const char *name, char out[PRIVATE_MAX * 2])
{
	private_format(out, PRIVATE_MAX * 2, "unix:%s=%s%s%s", key,
		       name[0] == '/' ? "" : dir, name[0] == '/' ? "" : "/",
		       name);
	return out;
}

static void
assert_got(const char *want)
{
	char out[BUSADDR_MAX] = "";

	assert_int_equal(busaddr_get(out, sizeof(out), NULL), RC_OK);
	assert_string_equal(out, want);
}

static void
assert_refused(const char *value, const char *words)
{
	char out[BUSADDR_MAX] = "untouched";
	struct why why = { "" };

	assert_int_equal(value ? setenv("DBUS_SESSION_BUS_ADDRESS", value, 1)
			       : unsetenv("DBUS_SESSION_BUS_ADDRESS"),
			 0);
	assert_int_equal(busaddr_get(out, sizeof(out), &why), RC_UNAVAILABLE);
	assert_string_equal(out, "untouched");
	assert_non_null(strstr(why.text, "DBUS_SESSION_BUS_ADDRESS"));
	assert_non_null(strstr(why.text, words));
	assert_true(strlen(why.text) <= 230);
}

static void
the_variable_is_used(void **state)
{
	static const char *const good[] = {
		"unix:path=/run/user/1000/bus",
		"unix:abstract=/tmp/dbus-AbCdEf",
		"unix:path=/a,guid=0123456789abcdef0123456789abcdef",
		"unix:guid=0123456789abcdef0123456789abcdef,path=/a",
		"unix:path=/a%20b",
		"unix:path=/a%2Cb%3b",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		setenv("DBUS_SESSION_BUS_ADDRESS", good[i], 1);
		assert_got(good[i]);
	}
}

static void
other_addresses_are_refused(void **state)
{
	static const char *const bad[] = {
		"tcp:host=127.0.0.1,port=1",
		"nonce-tcp:host=127.0.0.1,port=1,noncefile=/a",
		"unixexec:path=/bin/true",
		"autolaunch:",
		"launchd:env=A",
		"systemd:",
		"unix:path=/a;unix:path=/b",
		"unix:path=/a;",
		";unix:path=/a",
		"unix:path=/a;tcp:host=h",
		"unix:",
		"unix:path",
		"unix:path=",
		"unix:path=relative",
		"unix:abstract=",
		"unix:path=/a,path=/b",
		"unix:path=/a,abstract=b",
		"unix:path=/a,",
		"unix:,path=/a",
		"unix:guid=0123456789abcdef0123456789abcdef",
		"unix:path=/a,guid=1,guid=2",
		"unix:path=/a,runtime=yes",
		"unix:tmpdir=/tmp",
		"unix:runtime=yes",
		"unix:path=/a%",
		"unix:path=/a%2",
		"unix:path=/a%2g",
		"unix:path=/a%00",
		"unix:path=%2",
		"unix:path=/a\nb",
		"unix:path=/a\x1b[31m",
		"unix:path=/\xc3\xa9",
		"UNIX:path=/a",
		" unix:path=/a",
		"x",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct why why = { "" };

		assert_refused(bad[i], "which is no address of a local socket; "
				       "start a bus with 'dbus-run-session'");
		assert_int_equal(busaddr_probe(bad[i], &why), RC_UNAVAILABLE);
		assert_non_null(strstr(why.text, "no address of a local"));
	}
}

static void
an_address_is_never_cut(void **state)
{
	char value[BUSADDR_MAX * 2] = "unix:path=/";
	size_t head = strlen(value);
	char out[12] = "untouched";

	(void)state;
	memset(value + head, 'x', sizeof(value) - head - 1);
	assert_refused(value, "no address of a local socket");
	/* sun_path has 108 bytes with the NUL. */
	value[head + 107] = '\0';
	assert_refused(value, "no address of a local socket");
	value[head + 106] = '\0';
	setenv("DBUS_SESSION_BUS_ADDRESS", value, 1);
	assert_got(value);
	assert_int_equal(busaddr_get(out, sizeof(out), NULL), RC_UNAVAILABLE);
	assert_string_equal(out, "untouched");
}

static void
hostile_text_is_shown_clean(void **state)
{
	char out[BUSADDR_MAX];
	struct why why = { "" };

	(void)state;
	setenv("DBUS_SESSION_BUS_ADDRESS", "tcp:\n\x1b[31mhost", 1);
	assert_int_equal(busaddr_get(out, sizeof(out), &why), RC_UNAVAILABLE);
	assert_true(span_is_printable(span_of(why.text)));
}

static void
the_runtime_directory_has_the_default(void **state)
{
	char want[PRIVATE_MAX * 2];
	int fd = listen_in_dir("bus");

	(void)state;
	address("path", "bus", want);
	assert_got(want);
	setenv("DBUS_SESSION_BUS_ADDRESS", "", 1);
	assert_got(want);
	assert_int_equal(busaddr_probe(want, NULL), RC_OK);
	close(fd);
}

static void
the_default_is_escaped(void **state)
{
	char base[PRIVATE_MAX];
	char want[PRIVATE_MAX * 2];
	int fd;

	(void)state;
	private_dir(dir, "a b,c;%", 0700);
	setenv("XDG_RUNTIME_DIR", private_path(dir, "a b,c;%", base), 1);
	fd = listen_in_dir("a b,c;%/bus");
	address("path", "a%20b%2cc%3b%25/bus", want);
	assert_got(want);
	assert_int_equal(busaddr_probe(want, NULL), RC_OK);
	close(fd);
}

static void
without_a_bus_nothing_is_started(void **state)
{
	(void)state;
	assert_refused(NULL, "is no socket; start a bus with "
			     "'dbus-run-session', or log in to a desktop "
			     "session");
	private_write(dir, "bus", "", 0, 0600);
	assert_refused(NULL, "is no socket");
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "run", 1), 0);
	assert_refused(NULL, "is no socket");
	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
	assert_refused(NULL, "is no socket");
}

static void
a_bus_of_ours_is_reached(void **state)
{
	char at[PRIVATE_MAX * 2];
	int path = listen_in_dir("my bus");
	char name[PRIVATE_MAX];
	int abstract;

	(void)state;
	assert_int_equal(busaddr_probe(address("path", "my%20bus", at), NULL),
			 RC_OK);
	/* Abstract names are not below the directory, but as unique. */
	private_format(name, sizeof(name), "@%s-abstract", dir);
	abstract = listen_at(name);
	private_format(at, sizeof(at), "unix:abstract=%s-abstract", dir);
	assert_int_equal(busaddr_probe(at, NULL), RC_OK);
	private_format(at, sizeof(at), "unix:path=%s-abstract", dir);
	assert_int_equal(busaddr_probe(at, NULL), RC_UNAVAILABLE);
	close(path);
	close(abstract);
}

static void
nobody_there_is_unavailable_at_once(void **state)
{
	int64_t start = clock_mono_ms();
	struct why why = { "" };
	char at[PRIVATE_MAX * 2];
	char want[WHY_MAX];
	int fd;

	(void)state;
	address("path", "bus", at);
	private_format(want, sizeof(want),
		       "no session bus answers at '%s'; start a bus with "
		       "'dbus-run-session', or log in to a desktop session",
		       at);
	assert_int_equal(busaddr_probe(at, &why), RC_UNAVAILABLE);
	assert_string_equal(why.text, want);
	/* Bound, then left alone: refused. */
	fd = listen_in_dir("bus");
	close(fd);
	assert_int_equal(busaddr_probe(at, &why), RC_UNAVAILABLE);
	assert_string_equal(why.text, want);
	assert_true(clock_mono_ms() < start + AT_ONCE_MS);
}

/* Listens as somebody else until the test closes the pipe. */
static pid_t
start_stranger(const char *path, int *ret_pipe)
{
	int ready[2], stop[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		close(stop[1]);
		if (setgroups(0, NULL) != 0 || setgid(PRIVATE_NOBODY) != 0 ||
		    setuid(PRIVATE_NOBODY) != 0)
			_exit(1);
		listen_at(path);
		if (write(ready[1], "r", 1) != 1 || read(stop[0], &byte, 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(stop[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*ret_pipe = stop[1];
	return pid;
}

static void
a_bus_of_somebody_else_is_refused(void **state)
{
	struct why why = { "" };
	char path[PRIVATE_MAX];
	char at[PRIVATE_MAX * 2];
	int status = 1;
	int fd = -1;
	pid_t pid = -1;

	(void)state;
	private_path(dir, "bus", path);
	address("path", "bus", at);
	if (getuid() == 0) {
		assert_int_equal(chmod(dir, 0777), 0);
		pid = start_stranger(path, &fd);
	} else {
		fd = listen_at(path);
		private_pretended = PRIVATE_STRANGER;
	}
	assert_int_equal(busaddr_probe(at, &why), RC_UNAVAILABLE);
	assert_non_null(strstr(why.text, "is another user's; unset "
					 "DBUS_SESSION_BUS_ADDRESS"));
	close(fd);
	if (pid != -1) {
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

static void
nothing_is_left_open(void **state)
{
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char at[PRIVATE_MAX * 2];
	int after;

	(void)state;
	close(before);
	assert_int_equal(busaddr_probe(address("path", "bus", at), NULL),
			 RC_UNAVAILABLE);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(after, before);
	close(after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_variable_is_used),
		TEST(other_addresses_are_refused),
		TEST(an_address_is_never_cut),
		TEST(hostile_text_is_shown_clean),
		TEST(the_runtime_directory_has_the_default),
		TEST(the_default_is_escaped),
		TEST(without_a_bus_nothing_is_started),
		TEST(a_bus_of_ours_is_reached),
		TEST(nobody_there_is_unavailable_at_once),
		TEST(a_bus_of_somebody_else_is_refused),
		TEST(nothing_is_left_open),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
