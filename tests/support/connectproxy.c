/*
 * connectproxy LOG: an HTTP proxy that knows CONNECT alone, for one client
 * at a time, on 127.0.0.1 and a port of the kernel's choice.
 *
 * Prints "ready PORT". Appends to LOG the head of each request as it came,
 * so that a test can see what a proxy gets to read. Ends with its parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/num.h"

#include "core/banned.h"

#define HEAD_MAX 8192

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "connectproxy: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in
loopback(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

/* The head of the request, up to its empty line. */
static size_t
read_head(int fd, char head[HEAD_MAX])
{
	size_t len = 0;

	while (len < HEAD_MAX - 1) {
		ssize_t n = read(fd, head + len, 1);

		if (n <= 0)
			return 0;
		len++;
		head[len] = '\0';
		if (len >= 4 && strcmp(head + len - 4, "\r\n\r\n") == 0)
			return len;
	}
	return 0;
}

/* "CONNECT HOST:PORT HTTP/1.1": only the port counts, all is loopback. */
static int
connect_there(const char *head)
{
	struct span target = span_from(span_of(head), strlen("CONNECT "));
	struct sockaddr_in a;
	struct span port;
	uint64_t n;
	int fd;

	if (!span_starts(span_of(head), "CONNECT "))
		return -1;
	target = span_cut(target, 0, span_find(target, ' '));
	port = span_from(target, span_find(target, ':') + 1);
	if (num_parse_u64(port, 1, 65535, &n) != RC_OK)
		return -1;
	a = loopback((uint16_t)n);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Bytes both ways until one side ends. */
static void
relay(int a, int b)
{
	struct pollfd fds[2] = { { .fd = a, .events = POLLIN },
				 { .fd = b, .events = POLLIN } };
	char bytes[4096];

	while (poll(fds, 2, 30000) > 0) {
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (fds[i].revents == 0)
				continue;
			n = read(fds[i].fd, bytes, sizeof(bytes));
			if (n <= 0 ||
			    write(fds[1 - i].fd, bytes, (size_t)n) != n)
				return;
		}
	}
}

static void
serve(int client, int log)
{
	static const char ok[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	static const char no[] = "HTTP/1.1 403 Forbidden\r\n"
				 "Content-Length: 0\r\n\r\n";
	char head[HEAD_MAX];
	size_t len = read_head(client, head);
	int server;

	if (len == 0 || write(log, head, len) != (ssize_t)len)
		return;
	server = connect_there(head);
	if (server < 0) {
		(void)!write(client, no, sizeof(no) - 1);
		return;
	}
	if (write(client, ok, sizeof(ok) - 1) == (ssize_t)sizeof(ok) - 1)
		relay(client, server);
	close(server);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in a = loopback(0);
	socklen_t size = sizeof(a);
	int fd, log;

	prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	if (argc != 2)
		return 2;
	log = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (log < 0 || fd < 0 ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &size) != 0)
		die("cannot start");
	printf("ready %u\n", (unsigned)ntohs(a.sin_port));
	fflush(stdout);
	for (;;) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (client < 0)
			continue;
		serve(client, log);
		close(client);
	}
}
