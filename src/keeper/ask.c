#include "keeper/ask.h"

#include <fcntl.h>
#include <signal.h>
#include <termios.h>

#include "platform/clock.h"
#include "platform/fdio.h"

#include "core/banned.h"

/* Up to LF, which is not kept. */
static enum rc
read_line(int fd, struct safebuf *out, struct why *why)
{
	int64_t deadline_ms = clock_mono_ms() + PROMPT_MS;
	size_t start = safebuf_len(out);
	bool end = false;
	enum rc rc;

	while (!end) {
		struct span line = span_from(safebuf_view(out), start);
		size_t at = span_find(line, '\n');

		if (at < line.len) {
			safebuf_cut(out, start + at);
			break;
		}
		if ((rc = fdio_read_some(fd, deadline_ms, out, &end, why)) !=
		    RC_OK)
			return why_set(why, RC_KEY_BAD,
				       "no passphrase was given; run it again");
	}
	if (safebuf_len(out) == start)
		return why_set(why, RC_KEY_BAD,
			       "the passphrase is empty; run it again");
	return RC_OK;
}

enum rc
ask_passphrase(const char *prompt, struct safebuf *out, struct why *why)
{
	struct termios before;
	struct termios quiet;
	sigset_t stops;
	sigset_t mask;
	enum rc rc;
	int fd;

	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || tcgetattr(fd, &before) != 0) {
		fdio_close(fd);
		return why_set(why, RC_KEY_BAD,
			       "the key is encrypted and there is no terminal "
			       "to ask for its passphrase on; run this in a "
			       "terminal, or decrypt the key first");
	}
	/* A signal must not leave the terminal without echo. */
	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTSTP);
	sigaddset(&stops, SIGQUIT);
	sigprocmask(SIG_BLOCK, &stops, &mask);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &quiet);
	if ((rc = fdio_write_all(fd, span_of(prompt), 0, why)) == RC_OK)
		rc = read_line(fd, out, why);
	tcsetattr(fd, TCSAFLUSH, &before);
	(void)!fdio_write_all(fd, SPAN("\n"), 0, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	fdio_close(fd);
	return rc;
}
