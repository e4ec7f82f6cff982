/*
 * For tests: an app and its provider's profile, completed from two texts in
 * memory as appload_complete() does it from files.
 */
#ifndef SUPPORT_APP_H
#define SUPPORT_APP_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "platform/appload.h"
#include "platform/fdio.h"

#define APP_PATH "/etc/test/config"
#define APP_PROFILE_PATH "/etc/test/providers/test.conf"

static inline _Noreturn void
app_die(const char *what, const struct why *why)
{
	printf("Bail out! %s: %s\n", what, why->text);
	fflush(stdout);
	_exit(99);
}

/*
 * The only app of conf (both texts are lent, path too). Ends the program
 * when they are wrong. Release with appload_app_free().
 */
static inline struct appload_app *
app_make(const char *conf, struct span profile)
{
	struct conf c = { .count = 1 };
	struct appload_app *a = calloc(1, sizeof(*a));
	struct why why = { "" };
	struct span name;
	size_t cursor = 0;

	c.sources[0].text = span_of(conf);
	c.sources[0].path = APP_PATH;
	if (a == NULL || !conf_next_name(&c, &cursor, &name))
		app_die("no app", &why);
	if (conf_app(&c, name, &a->app, &why) != RC_OK ||
	    profile_parse(profile, APP_PROFILE_PATH, &a->profile, &why) !=
		    RC_OK ||
	    profile_check(a->profile, a->app, &why) != RC_OK ||
	    safebuf_new(VARIABLES_TEXT_MAX, &a->variables) != RC_OK ||
	    profile_variables(a->profile, a->app, a->variables) != RC_OK)
		app_die("the app's texts", &why);
	return a;
}

/* A file of the source, e.g. "providers/unifize.conf"; free it. */
static inline struct safebuf *
app_source(const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[PATHS_MAX];
	struct safebuf *text = NULL;
	struct why why = { "" };
	int fd = -1;
	int n;

	n = snprintf(path, sizeof(path), "%s/%s", top == NULL ? "." : top,
		     name);
	if (n > 0 && (size_t)n < sizeof(path))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 || safebuf_new(PROFILE_MAX, &text) != RC_OK ||
	    fdio_read_all(fd, 0, text, &why) != RC_OK)
		app_die("a file of the source; set top_srcdir", &why);
	fdio_close(fd);
	return text;
}

#endif
