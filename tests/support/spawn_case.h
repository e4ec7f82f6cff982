/*
 * What the tests of platform/spawn.c share. A test program plays its own
 * children: started by a link named "child-KIND", it does what KIND says.
 */
#ifndef SUPPORT_SPAWN_CASE_H
#define SUPPORT_SPAWN_CASE_H

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/clock.h"
#include "platform/fdio.h"
#include "platform/spawn.h"
#include "tests/support/private.h"

#define SOON_MS 30000
/* More than two pipes hold. */
#define LARGE ((size_t)300 * 1024)
#define LAST_FD 255
/* A child of a test that died ends by itself. */
#define CHILD_LIFE_S 60

/* "0p1p2n": each open descriptor and whether it is a pipe, null, a file. */
static inline void
list_fds(char *out, size_t size)
{
	struct stat null, st;
	size_t used = 0;

	if (stat("/dev/null", &null) != 0)
		_exit(90);
	out[0] = '\0';
	for (int fd = 0; fd <= LAST_FD; fd++) {
		char kind = '?';

		if (fstat(fd, &st) != 0)
			continue;
		if (S_ISFIFO(st.st_mode))
			kind = 'p';
		else if (S_ISREG(st.st_mode))
			kind = 'f';
		else if (st.st_rdev == null.st_rdev)
			kind = 'n';
		private_format(out + used, size - used, "%d%c", fd, kind);
		used = strlen(out);
	}
}

static inline void
say(int fd, const char *text)
{
	if (fdio_write_all(fd, span_of(text), 0, NULL) != RC_OK)
		_exit(91);
}

static inline int
child_fds(void)
{
	char list[256];

	list_fds(list, sizeof(list));
	say(STDOUT_FILENO, list);
	return 0;
}

/* Writes a lot before it reads anything. */
static inline int
child_flood(void)
{
	static char bytes[LARGE];
	size_t total = 0;
	ssize_t n;

	if (fdio_write_all(STDOUT_FILENO,
			   (struct span){ .at = bytes, .len = LARGE }, 0,
			   NULL) != RC_OK)
		return 1;
	while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0)
		total += (size_t)n;
	return total == LARGE ? 0 : 2;
}

static inline int
child_deaf(void)
{
	close(STDIN_FILENO);
	say(STDOUT_FILENO, "no");
	return 7;
}

static inline int
child_hang(void)
{
	/* The alarm ends it, if nothing else does. */
	while (pause() == -1)
		continue;
	return 0;
}

static inline int
child_late(void)
{
	say(STDOUT_FILENO, "answer");
	close(STDOUT_FILENO);
	return child_hang();
}

static inline int
child_argv(int argc, char **argv)
{
	char text[PRIVATE_MAX * 2];

	private_format(text, sizeof(text), "%d %s %s", argc, argv[0],
		       getenv("HOME"));
	say(STDOUT_FILENO, text);
	return 0;
}

static inline int
child_killed(void)
{
	raise(SIGTERM);
	return 0;
}

/* Waits for $HOME/go, then tells $HOME/report what it is like. */
static inline int
child_detached(void)
{
	char path[PRIVATE_MAX];
	char list[256];
	char request[64] = "";
	char cwd[PRIVATE_MAX] = "";
	char sid[32];
	char text[PRIVATE_MAX * 2];
	int fd;

	list_fds(list, sizeof(list));
	if (read(STDIN_FILENO, request, sizeof(request) - 1) < 0 ||
	    getcwd(cwd, sizeof(cwd)) == NULL)
		return 1;
	fd = open(private_path(getenv("HOME"), "go", path),
		  O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return 1;
	close(fd);
	private_format(sid, sizeof(sid), "%d", (int)getsid(0));
	private_format(text, sizeof(text), "%s %s %s %s", list, request, cwd,
		       strcmp(sid, getenv("TERM")) == 0 ? "same" : "other");
	fd = open(private_path(getenv("HOME"), "report", path),
		  O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return 1;
	say(fd, text);
	return 0;
}

static inline int
play(const char *kind, int argc, char **argv)
{
	alarm(CHILD_LIFE_S);
	if (strcmp(kind, "fds") == 0)
		return child_fds();
	if (strcmp(kind, "flood") == 0)
		return child_flood();
	if (strcmp(kind, "deaf") == 0)
		return child_deaf();
	if (strcmp(kind, "hang") == 0)
		return child_hang();
	if (strcmp(kind, "late") == 0)
		return child_late();
	if (strcmp(kind, "argv") == 0)
		return child_argv(argc, argv);
	if (strcmp(kind, "killed") == 0)
		return child_killed();
	if (strcmp(kind, "detached") == 0)
		return child_detached();
	return 99;
}

/*
 * First in main: what to return when this is a child, or -1. A front ignores
 * SIGPIPE, so the tests do.
 */
static inline int
spawn_case_play(int argc, char **argv)
{
	const char *kind = argc > 0 ? strstr(argv[0], "/child-") : NULL;

	if (kind != NULL)
		return play(kind + strlen("/child-"), argc, argv);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	return -1;
}

/* The path of a child, a link in dir. */
static inline const char *
child(const char *dir, const char *kind, char out[PRIVATE_MAX])
{
	char self[PRIVATE_MAX * 8];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		private_die("/proc/self/exe");
	self[n] = '\0';
	private_format(out, PRIVATE_MAX, "%s/child-%s", dir, kind);
	(void)unlink(out);
	if (symlink(self, out) != 0)
		private_die(out);
	return out;
}

struct outcome {
	enum rc rc;
	int status;
	struct safebuf *answer;
	struct why why;
};

static inline void
call(struct outcome *o, const char *path, struct span request, int key_fd,
     int64_t wait_ms, size_t room)
{
	memset(o, 0, sizeof(*o));
	o->status = -1;
	if (safebuf_new(room, &o->answer) != RC_OK)
		private_die("memory");
	o->rc = spawn_call(path, request, key_fd, clock_mono_ms() + wait_ms,
			   o->answer, &o->status, &o->why);
}

#endif
