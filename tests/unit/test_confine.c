/* Tests of platform/confine.c: the first thing of every main. */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/span.h"
#include "platform/confine.h"
#include "tests/support/confine_case.h"

#include "core/banned.h"

#define VALUE_MAX 4096

static char dir[PRIVATE_MAX];
/* The environment as the kernel put it, for what stands behind it. */
static char **first_env;

static int
make(void **state)
{
	(void)state;
	private_make(dir);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	private_remove(dir);
	return 0;
}

static bool
is_value(const char *name, const char *want)
{
	const char *value = getenv(name);

	return value != NULL && strcmp(value, want) == 0;
}

static enum rc
front(void)
{
	struct confine c;

	return confine_front(&c, NULL);
}

static void
front_keeps_the_list(const char *base)
{
	(void)base;
	enter(allowed);
	PRIVATE_CHECK(front() == RC_OK);
	PRIVATE_CHECK(count(environ) == 11);
	for (size_t i = 0; i < 11; i++) {
		size_t found = 0;

		for (char **e = environ; *e != NULL; e++)
			found += strcmp(*e, allowed[i]) == 0;
		PRIVATE_CHECK(found == 1);
	}
}

static void
a_front_keeps_the_allowed_names(void **state)
{
	(void)state;
	assert_int_equal(private_run(front_keeps_the_list, dir, false), 0);
}

static void
front_drops_the_rest(const char *base)
{
	static char *const hostile[] = {
		"PATH=/bin",
		"HOME=/h",
		"HOME=/second",
		"SSLKEYLOGFILE=/x",
		"https_proxy=http://x",
		"LD_PRELOAD=",
		"GNUTLS_DEBUG_LEVEL=9",
		"home=/x",
		"HOMES=/x",
		"HOM=/x",
		"=x",
		"USER",
		"",
		"TERM=",
		NULL,
	};
	struct confine c = { 0 };
	char **before;

	(void)base;
	enter(hostile);
	before = environ;
	PRIVATE_CHECK(confine_front(&c, NULL) == RC_OK);
	PRIVATE_CHECK(count(environ) == 2);
	PRIVATE_CHECK(is_value("HOME", "/h"));
	PRIVATE_CHECK(is_value("TERM", ""));
	/* The caller's copy is as it was. */
	PRIVATE_CHECK(c.caller_env == before && count(before) == 14);
	PRIVATE_CHECK(strcmp(before[0], "PATH=/bin") == 0);
}

static void
a_front_drops_every_other_name(void **state)
{
	(void)state;
	assert_int_equal(private_run(front_drops_the_rest, dir, false), 0);
}

static void
front_drops_long_values(const char *base)
{
	static char user[sizeof("USER=") + VALUE_MAX];
	static char home[sizeof("HOME=") + VALUE_MAX + 1];
	static char *const entries[] = { user, home, NULL };

	(void)base;
	memset(user, 'x', sizeof(user) - 1);
	memset(home, 'x', sizeof(home) - 1);
	memcpy(user, "USER=", 5);
	memcpy(home, "HOME=", 5);
	enter(entries);
	PRIVATE_CHECK(front() == RC_OK);
	PRIVATE_CHECK(count(environ) == 1);
	PRIVATE_CHECK(strlen(getenv("USER")) == VALUE_MAX);
	PRIVATE_CHECK(getenv("HOME") == NULL);
}

static void
a_value_has_at_most_4096_bytes(void **state)
{
	(void)state;
	assert_int_equal(private_run(front_drops_long_values, dir, false), 0);
}

static void
front_without_environment(const char *base)
{
	(void)base;
	environ = NULL;
	PRIVATE_CHECK(front() == RC_OK);
	PRIVATE_CHECK(environ != NULL && environ[0] == NULL);
	environ = NULL;
	PRIVATE_CHECK(confine_keeper(&(int){ 0 }, NULL) == RC_OK);
	PRIVATE_CHECK(environ != NULL && environ[0] == NULL);
}

static void
no_environment_at_all_is_fine(void **state)
{
	(void)state;
	assert_int_equal(private_run(front_without_environment, dir, false), 0);
}

static void
front_is_closed(const char *base)
{
	struct confine c = { 0 };
	struct rlimit core;

	(void)base;
	loosen();
	PRIVATE_CHECK(getrlimit(RLIMIT_CORE, &core) == 0);
	PRIVATE_CHECK(confine_front(&c, NULL) == RC_OK);
	PRIVATE_CHECK(c.core_limit == core.rlim_cur);
	PRIVATE_CHECK(c.caller_umask == 022);
	check_process(true);
	/* What a person's command is given back. */
	PRIVATE_CHECK(getrlimit(RLIMIT_CORE, &core) == 0);
	core.rlim_cur = c.core_limit;
	PRIVATE_CHECK(setrlimit(RLIMIT_CORE, &core) == 0);
}

static void
a_front_is_closed_to_others(void **state)
{
	(void)state;
	assert_int_equal(private_run(front_is_closed, dir, false), 0);
	assert_int_equal(private_run(front_is_closed, dir, true), 0);
}

static void
front_for_exec_keeps_privileges(const char *base)
{
	struct confine c = { 0 };

	(void)base;
	loosen();
	PRIVATE_CHECK(confine_front_for_exec(&c, NULL) == RC_OK);
	check_process(false);
}

static void
a_front_for_exec_may_start_sudo(void **state)
{
	(void)state;
	assert_int_equal(
		private_run(front_for_exec_keeps_privileges, dir, false), 0);
}

/* Another process of the same user, not root, looks at us. */
static void
observe(const char *base)
{
	char path[PRIVATE_MAX];
	int status = 1;
	pid_t pid;

	(void)base;
	PRIVATE_CHECK(getuid() != 0);
	PRIVATE_CHECK(prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L) == 0);
	private_format(path, sizeof(path), "/proc/%d/environ", (int)getpid());
	PRIVATE_CHECK(access(path, R_OK) == 0);
	PRIVATE_CHECK(front() == RC_OK);
	pid = fork();
	PRIVATE_CHECK(pid != -1);
	if (pid == 0) {
		/* A child is as closed as we are, but it may open itself. */
		PRIVATE_CHECK(prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L) == 0);
		_exit(open(path, O_RDONLY | O_CLOEXEC) == -1 ? 0 : 1);
	}
	PRIVATE_CHECK(waitpid(pid, &status, 0) == pid);
	PRIVATE_CHECK(status == (IS_SANITIZED ? 256 : 0));
}

static void
a_process_of_the_same_user_sees_nothing(void **state)
{
	(void)state;
	assert_int_equal(private_run(observe, dir, true), 0);
}

static void
front_without_descriptors(const char *base)
{
	char byte;

	(void)base;
	close(0);
	close(1);
	close(2);
	/* PRIVATE_CHECK still ends the child, though nobody reads why. */
	PRIVATE_CHECK(front() == RC_OK);
	for (int fd = 0; fd < 3; fd++) {
		PRIVATE_CHECK(is_null(fd));
		PRIVATE_CHECK(fcntl(fd, F_GETFD) == 0);
	}
	PRIVATE_CHECK(read(0, &byte, 1) == 0);
	PRIVATE_CHECK(write(1, "x", 1) == -1);
	PRIVATE_CHECK(write(2, "x", 1) == 1);
}

static void
missing_descriptors_lead_nowhere(void **state)
{
	(void)state;
	assert_int_equal(private_run(front_without_descriptors, dir, false), 0);
}

static void
front_with_descriptors(const char *base)
{
	char path[PRIVATE_MAX];
	struct stat before, after;
	int fd = open(private_path(base, "out", path),
		      O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	PRIVATE_CHECK(dup2(fd, 1) == 1);
	close(0);
	PRIVATE_CHECK(fstat(1, &before) == 0);
	PRIVATE_CHECK(front() == RC_OK);
	PRIVATE_CHECK(fstat(1, &after) == 0);
	PRIVATE_CHECK(before.st_ino == after.st_ino);
	PRIVATE_CHECK(is_null(0));
}

static void
present_descriptors_stay(void **state)
{
	(void)state;
	assert_int_equal(private_run(front_with_descriptors, dir, false), 0);
}

/* What the kernel tells a setuid program stands behind the environment. */
static void
pretend_setuid(void)
{
	char **end = first_env;
	ElfW(auxv_t) * aux;

	while (*end != NULL)
		end++;
	for (aux = (ElfW(auxv_t) *)(void *)(end + 1); aux->a_type != AT_NULL;
	     aux++) {
		if (aux->a_type == AT_SECURE)
			aux->a_un.a_val = 1;
	}
	PRIVATE_CHECK(getauxval(AT_SECURE) == 1);
}

static void
secure_is_refused(const char *base)
{
	struct confine c = { .core_limit = 7 };
	struct why why = { "" };
	char **env;
	int out = -7;

	(void)base;
	pretend_setuid();
	enter(allowed);
	env = environ;
	PRIVATE_CHECK(confine_front(&c, &why) == RC_INTERNAL);
	PRIVATE_CHECK(strstr(why.text, "remove its setuid and setgid bits") !=
		      NULL);
	PRIVATE_CHECK(confine_front_for_exec(&c, NULL) == RC_INTERNAL);
	PRIVATE_CHECK(confine_keeper(&out, NULL) == RC_INTERNAL);
	PRIVATE_CHECK(environ == env && c.core_limit == 7 && out == -7);
}

static void
a_setuid_start_is_refused(void **state)
{
	(void)state;
	assert_int_equal(private_run(secure_is_refused, dir, false), 0);
}

static void
a_display_is_seen(void **state)
{
	(void)state;
	unsetenv("DISPLAY");
	unsetenv("WAYLAND_DISPLAY");
	assert_false(confine_has_display());
	setenv("DISPLAY", "", 1);
	setenv("WAYLAND_DISPLAY", "", 1);
	assert_false(confine_has_display());
	setenv("DISPLAY", ":0", 1);
	assert_true(confine_has_display());
	unsetenv("DISPLAY");
	setenv("WAYLAND_DISPLAY", "wayland-0", 1);
	assert_true(confine_has_display());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(int argc, char **argv, char **env)
{
	const struct CMUnitTest tests[] = {
		TEST(a_front_keeps_the_allowed_names),
		TEST(a_front_drops_every_other_name),
		TEST(a_value_has_at_most_4096_bytes),
		TEST(no_environment_at_all_is_fine),
		TEST(a_front_is_closed_to_others),
		TEST(a_front_for_exec_may_start_sudo),
		TEST(a_process_of_the_same_user_sees_nothing),
		TEST(missing_descriptors_lead_nowhere),
		TEST(present_descriptors_stay),
		TEST(a_setuid_start_is_refused),
		TEST(a_display_is_seen),
	};

	(void)argc;
	(void)argv;
	first_env = env;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
