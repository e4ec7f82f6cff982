/*
 * For tests of the helpers: a protocol run in this process, with a private
 * configuration, a request on a descriptor and the world of fake_front.h.
 */
#ifndef SUPPORT_HELPER_CASE_H
#define SUPPORT_HELPER_CASE_H

#include <sys/mman.h>

#include "helpers/protocol.h"
#include "tests/support/app.h"
#include "tests/support/fake_front.h"
#include "tests/support/private.h"

/* What the last run left. */
static struct {
	char dir[PRIVATE_MAX];
	char config[PRIVATE_MAX]; /* path */
	enum rc rc;
	int status; /* exit status */
	struct safebuf *out;
	struct why why;
	struct why warning;
	off_t taken; /* bytes read of the request */
} helper;

static inline void
helper_configure(const char *text)
{
	private_write(helper.dir, "config", text, strlen(text), 0600);
}

static inline int
helper_make(void **state)
{
	static const char *const unset[] = { "DISPLAY", "WAYLAND_DISPLAY",
					     "GIT_TERMINAL_PROMPT" };
	struct safebuf *profile = app_source("providers/unifize.conf");

	(void)state;
	private_make(helper.dir);
	private_dir(helper.dir, "apptoken", 0700);
	private_dir(helper.dir, "apptoken/providers", 0700);
	private_write(helper.dir, "apptoken/providers/unifize.conf",
		      safebuf_bytes(profile), safebuf_len(profile), 0600);
	safebuf_free(profile);
	private_path(helper.dir, "config", helper.config);
	if (setenv("HOME", helper.dir, 1) != 0 ||
	    setenv("XDG_CONFIG_HOME", helper.dir, 1) != 0 ||
	    setenv("APPTOKEN_CONFIG", helper.config, 1) != 0 ||
	    safebuf_new(REQUEST_MAX, &helper.out) != RC_OK)
		return -1;
	for (size_t i = 0; i < sizeof(unset) / sizeof(unset[0]); i++) {
		if (unsetenv(unset[i]) != 0)
			return -1;
	}
	fake_start();
	return 0;
}

static inline int
helper_drop(void **state)
{
	(void)state;
	helper.out = safebuf_free(helper.out);
	private_remove(helper.dir);
	return 0;
}

static inline void
helper_run_fd(const struct protocol *protocol, const char *const *args, int fd)
{
	char path[PRIVATE_MAX + sizeof("PATH=")];
	char *environment[] = { path, NULL };
	struct confine confine = { .caller_env = environment };
	struct helper_call c = { .ports = &fake_ports,
				 .confine = &confine,
				 .args = args,
				 .in_fd = fd,
				 .answer = helper.out };

	/* No program of the machine: those in the test's directory. */
	private_format(path, sizeof(path), "PATH=%s", helper.dir);
	while (args[c.args_count] != NULL)
		c.args_count++;
	safebuf_clear(helper.out);
	helper.rc = protocol->run(&c);
	helper.status = protocol->exit_status(helper.rc);
	helper.why = c.why;
	helper.warning = c.warning;
}

static inline void
helper_run(const struct protocol *protocol, const char *const *args,
	   struct span request)
{
	int fd = memfd_create("request", MFD_CLOEXEC);

	assert_true(fd != -1);
	assert_int_equal(write(fd, request.at, request.len), request.len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	helper_run_fd(protocol, args, fd);
	helper.taken = lseek(fd, 0, SEEK_CUR);
	close(fd);
}

static inline void
helper_out_is(const char *want)
{
	struct span out = safebuf_view(helper.out);

	if (!span_is(out, want))
		print_error("# answered: %.*s\n# wanted: %s\n", (int)out.len,
			    out.at, want);
	assert_true(span_is(out, want));
}

/* Nothing on stdout, nothing on stderr, exit 0. */
static inline void
helper_was_silent(void)
{
	helper_out_is("");
	assert_int_equal(helper.status, 0);
	assert_true(helper.rc == RC_OK || helper.rc == RC_NOT_OURS);
	assert_string_equal(helper.warning.text, "");
}

/* Nothing on stdout, one line on stderr that holds words. */
static inline void
helper_failed(int status, const char *words)
{
	helper_out_is("");
	assert_int_equal(helper.status, status);
	assert_true(helper.rc != RC_NOT_OURS);
	assert_non_null(strstr(helper.why.text, words));
	assert_null(strchr(helper.why.text, '\n'));
}

#endif
