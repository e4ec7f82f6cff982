/*
 * For unit tests: a directory of their own, and running a piece of a test in
 * a child, as an ordinary user when we are root. All of it fails loudly.
 */
#ifndef SUPPORT_PRIVATE_H
#define SUPPORT_PRIVATE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRIVATE_MAX 512
#define PRIVATE_BASE_MAX 24
/* Users that own nothing. */
#define PRIVATE_NOBODY ((uid_t)65534)
#define PRIVATE_STRANGER ((uid_t)65533)

static inline _Noreturn void
private_die(const char *what)
{
	printf("Bail out! %s: errno %d\n", what, errno);
	fflush(stdout);
	_exit(99);
}

/* snprintf() that never cuts. */
static inline void __attribute__((format(printf, 3, 4)))
private_format(char *out, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(out, size, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= size)
		private_die("a text is too long");
}

static inline void
private_make(char dir[PRIVATE_MAX])
{
	const char *base = getenv("TMPDIR");

	/* A socket's path and a message hold no long ones. */
	if (base == NULL || base[0] != '/' || strlen(base) > PRIVATE_BASE_MAX)
		base = "/tmp";
	private_format(dir, PRIVATE_MAX, "%s/apptoken-XXXXXX", base);
	if (mkdtemp(dir) == NULL)
		private_die("mkdtemp");
}

static inline int
private_drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static inline void
private_remove(const char *dir)
{
	if (nftw(dir, private_drop, 16, FTW_DEPTH | FTW_PHYS) != 0)
		private_die("removing the test's directory");
}

/* "DIR/NAME" in out. */
static inline const char *
private_path(const char *dir, const char *name, char out[PRIVATE_MAX])
{
	private_format(out, PRIVATE_MAX, "%s/%s", dir, name);
	return out;
}

static inline void
private_dir(const char *dir, const char *name, mode_t mode)
{
	char path[PRIVATE_MAX];

	private_path(dir, name, path);
	if (mkdir(path, 0700) != 0 || chmod(path, mode) != 0)
		private_die(path);
}

/* Make or replace a file; mode as given, whatever the umask is. */
static inline void
private_write(const char *dir, const char *name, const char *text, size_t len,
	      mode_t mode)
{
	char path[PRIVATE_MAX];
	int fd;

	private_path(dir, name, path);
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, text, len) != (ssize_t)len ||
	    fchmod(fd, mode) != 0 || close(fd) != 0)
		private_die(path);
}

/* Is the file exactly text? */
static inline bool
private_holds(const char *dir, const char *name, const char *text)
{
	char path[PRIVATE_MAX];
	char bytes[4096];
	ssize_t n;
	int fd;

	fd = open(private_path(dir, name, path), O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	n = read(fd, bytes, sizeof(bytes));
	close(fd);
	return n == (ssize_t)strlen(text) &&
	       memcmp(bytes, text, (size_t)n) == 0;
}

/* In a child: say which line is wrong, and end. */
#define PRIVATE_CHECK(condition)                                               \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "# %s:%d: not so: %s\n", __FILE__,     \
				__LINE__, #condition);                         \
			_exit(1);                                              \
		}                                                              \
	} while (0)

/*
 * Run piece in a child and wait; it uses PRIVATE_CHECK only. 0 when all of
 * it held. With ordinary set and root before, the child is PRIVATE_NOBODY
 * and owns dir (its content as well).
 */
static inline int
private_own(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return lchown(path, PRIVATE_NOBODY, PRIVATE_NOBODY);
}

static inline int
private_run(void (*piece)(const char *dir), const char *dir, bool ordinary)
{
	int status = 0;
	pid_t pid;

	if (ordinary && getuid() == 0 &&
	    nftw(dir, private_own, 16, FTW_PHYS) != 0)
		private_die("giving the test's directory away");
	fflush(stdout);
	pid = fork();
	if (pid == -1)
		private_die("fork");
	if (pid == 0) {
		if (ordinary && getuid() == 0 &&
		    (setgroups(0, NULL) != 0 ||
		     setresgid(PRIVATE_NOBODY, PRIVATE_NOBODY,
			       PRIVATE_NOBODY) != 0 ||
		     setresuid(PRIVATE_NOBODY, PRIVATE_NOBODY,
			       PRIVATE_NOBODY) != 0)) {
			fprintf(stderr, "# cannot become an ordinary user\n");
			_exit(98);
		}
		piece(dir);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) == -1) {
		if (errno != EINTR)
			private_die("waitpid");
	}
	return status;
}

/*
 * For tests that need a file of somebody else: the one line that replaces
 * libc's geteuid() in the program, for users who cannot give files away.
 */
#define PRIVATE_GETEUID                                                        \
	static uid_t private_pretended;                                        \
	uid_t geteuid(void)                                                    \
	{                                                                      \
		return private_pretended != 0 ? private_pretended              \
					      : (uid_t)syscall(SYS_geteuid);   \
	}

#endif
