#include "support/rawserver.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "support/private.h"

#include "core/banned.h"

/* Nobody waits longer for a peer: the test has failed by then. */
#define PATIENCE_MS 20000

struct rawserver {
	struct rawserver_script script;
	struct rawserver_seen seen;
	gnutls_certificate_credentials_t credentials;
	pthread_t thread;
	int listener;
	int stop; /* an eventfd, readable once we have to end */
	int port;
};

/* One connection; session is NULL without TLS. */
struct link {
	struct rawserver *server;
	int fd;
	gnutls_session_t session;
};

/* Wait until fd is readable; false: the end, or the time is over. */
static bool
readable(const struct rawserver *s, int fd, int wait_ms)
{
	struct pollfd fds[2] = { { .fd = s->stop, .events = POLLIN },
				 { .fd = fd, .events = POLLIN } };

	/* What has come counts, even if we have to end by now. */
	return poll(fds, 2, wait_ms) > 0 && fds[1].revents != 0;
}

static ssize_t
take(struct link *l, char *at, size_t size)
{
	ssize_t n;

	if (l->session == NULL) {
		if (!readable(l->server, l->fd, PATIENCE_MS))
			return -1;
		return read(l->fd, at, size);
	}
	do {
		if (gnutls_record_check_pending(l->session) == 0 &&
		    !readable(l->server, l->fd, PATIENCE_MS))
			return -1;
		n = gnutls_record_recv(l->session, at, size);
	} while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
	return n;
}

static bool
give(struct link *l, const char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = l->session == NULL
				    ? send(l->fd, at, len, MSG_NOSIGNAL)
				    : gnutls_record_send(l->session, at, len);

		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
		l->server->seen.sent += (size_t)n;
	}
	return true;
}

/* The length that the head announces; the head is NUL-terminated. */
static size_t
body_length(const char *head)
{
	const char *at = strcasestr(head, "\r\ncontent-length:");
	size_t n = 0;

	if (at == NULL)
		return 0;
	for (at += strlen("\r\ncontent-length:"); *at == ' '; at++)
		;
	for (; *at >= '0' && *at <= '9'; at++)
		n = n * 10 + (size_t)(*at - '0');
	return n;
}

/* A whole request into out, NUL-terminated; how many bytes came. */
static size_t
take_request(struct link *l, char *out, size_t size, bool *whole)
{
	size_t used = 0;
	const char *end;
	ssize_t n;

	*whole = false;
	out[0] = '\0';
	while (used < size - 1) {
		n = take(l, out + used, size - 1 - used);
		if (n <= 0)
			return used;
		used += (size_t)n;
		out[used] = '\0';
		end = strstr(out, "\r\n\r\n");
		if (end != NULL &&
		    used >= (size_t)(end + 4 - out) + body_length(out)) {
			*whole = true;
			return used;
		}
	}
	return used;
}

static bool
play(struct link *l)
{
	const struct rawserver_script *p = &l->server->script;
	size_t len = p->len == 0 && p->send != NULL ? strlen(p->send) : p->len;

	if (p->think_ms > 0 && readable(l->server, l->fd, (int)p->think_ms))
		return false;
	for (size_t i = 0; p->pause_ms > 0 && i < len; i++) {
		if (readable(l->server, l->fd, (int)p->pause_ms) ||
		    !give(l, p->send + i, 1))
			return false;
	}
	if (p->pause_ms == 0 && !give(l, p->send, len))
		return false;
	for (size_t i = 0; i < p->times; i++) {
		if (!give(l, p->again, strlen(p->again)))
			return false;
	}
	return true;
}

static bool
be_proxy(struct link *l)
{
	struct rawserver *s = l->server;
	bool whole;

	take_request(l, s->seen.connect, sizeof(s->seen.connect), &whole);
	return whole &&
	       give(l, s->script.connect_reply,
		    strlen(s->script.connect_reply)) &&
	       !s->script.connect_only;
}

static bool
shake_hands(struct link *l)
{
	int code;

	if (gnutls_init(&l->session, GNUTLS_SERVER) < 0 ||
	    gnutls_set_default_priority(l->session) < 0 ||
	    gnutls_credentials_set(l->session, GNUTLS_CRD_CERTIFICATE,
				   l->server->credentials) < 0)
		private_die("TLS");
	gnutls_transport_set_int(l->session, l->fd);
	gnutls_handshake_set_timeout(l->session, PATIENCE_MS);
	do {
		code = gnutls_handshake(l->session);
	} while (code < 0 && gnutls_error_is_fatal(code) == 0);
	return code == 0;
}

static void
serve(struct rawserver *s, int fd)
{
	struct link l = { .server = s, .fd = fd };
	bool whole = false;
	char byte;

	s->seen.connections++;
	if (s->script.hang_up)
		return;
	if (s->script.mute) {
		while (readable(s, fd, PATIENCE_MS) && read(fd, &byte, 1) == 1)
			;
		return;
	}
	if (s->script.blurt && !play(&l))
		return;
	if (s->script.connect_reply != NULL && !be_proxy(&l))
		return;
	if (s->script.tls != NULL && !shake_hands(&l))
		goto out;
	if (take_request(&l, s->seen.request, sizeof(s->seen.request), &whole) >
	    0)
		s->seen.requests++;
	if (!whole || s->script.blurt || !play(&l))
		goto out;
	if (s->script.hold)
		(void)readable(s, fd, PATIENCE_MS);
	if (l.session != NULL && !s->script.no_goodbye)
		gnutls_bye(l.session, GNUTLS_SHUT_WR);
out:
	if (l.session != NULL)
		gnutls_deinit(l.session);
}

static void *
run(void *self)
{
	struct rawserver *s = self;
	struct pollfd fds[2] = { { .fd = s->stop, .events = POLLIN },
				 { .fd = s->listener, .events = POLLIN } };
	int fd;

	while (poll(fds, 2, -1) > 0 &&
	       (fds[1].revents != 0 || fds[0].revents == 0)) {
		fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd == -1)
			continue;
		serve(s, fd);
		close(fd);
	}
	return NULL;
}

static void
load_cert(struct rawserver *s)
{
	struct rawserver_pair copy = *s->script.tls;
	gnutls_datum_t cert = { .data = (unsigned char *)copy.cert,
				.size = (unsigned)strlen(copy.cert) };
	gnutls_datum_t key = { .data = (unsigned char *)copy.key,
			       .size = (unsigned)strlen(copy.key) };

	if (gnutls_certificate_allocate_credentials(&s->credentials) < 0 ||
	    gnutls_certificate_set_x509_key_mem(s->credentials, &cert, &key,
						GNUTLS_X509_FMT_PEM) < 0)
		private_die("the server's certificate");
}

struct rawserver *
rawserver_start(const struct rawserver_script *script)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct rawserver *s = calloc(1, sizeof(*s));
	socklen_t len = sizeof(at);

	if (s == NULL)
		private_die("memory");
	s->script = *script;
	if (script->tls != NULL)
		load_cert(s);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->stop = eventfd(0, EFD_CLOEXEC);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->stop == -1 || s->listener == -1 ||
	    bind(s->listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(s->listener, 16) != 0 ||
	    getsockname(s->listener, (struct sockaddr *)&at, &len) != 0)
		private_die("listening");
	s->port = ntohs(at.sin_port);
	if (pthread_create(&s->thread, NULL, run, s) != 0)
		private_die("a thread");
	return s;
}

int
rawserver_port(const struct rawserver *s)
{
	return s->port;
}

void
rawserver_stop(struct rawserver *s, struct rawserver_seen *seen)
{
	uint64_t one = 1;

	if (write(s->stop, &one, sizeof(one)) != (ssize_t)sizeof(one))
		private_die("stopping a server");
	pthread_join(s->thread, NULL);
	if (seen != NULL)
		*seen = s->seen;
	close(s->listener);
	close(s->stop);
	if (s->credentials != NULL)
		gnutls_certificate_free_credentials(s->credentials);
	free(s);
}
