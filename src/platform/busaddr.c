/*
 * Only a socket of this machine, owned by a process of our user, MUST ever be
 * asked for a secret; an address that would start a program or cross the
 * network MUST be refused.
 * Addresses: D-Bus Specification, Server Addresses.
 */
#include "platform/busaddr.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/clean.h"
#include "core/num.h"
#include "core/span.h"
#include "platform/fdio.h"

#include "core/banned.h"

#define VARIABLE "DBUS_SESSION_BUS_ADDRESS"
#define PREFIX "unix:"
/* An address as messages show it. */
#define SHOWN_MAX 80
#define CONNECT_S 5
#define NEXT_STEP                                                              \
	"start a bus with 'dbus-run-session', or log in to a desktop session"

/* Where an address leads: what connect(2) wants. */
struct target {
	struct sockaddr_un socket;
	socklen_t len;
};

/* Bytes of sun_path from escaped text; false when odd or too long. */
static bool
unescape(struct span s, char *out, size_t size, size_t *ret_len)
{
	size_t len = 0;

	for (size_t i = 0; i < s.len; i++) {
		uint64_t byte = (unsigned char)s.at[i];

		if (s.at[i] == '%') {
			struct span hex = span_cut(s, i + 1, 2);

			if (hex.len != 2 || num_parse_hex(hex, &byte) != RC_OK)
				return false;
			i += 2;
		}
		if (byte == 0 || len == size)
			return false;
		out[len++] = (char)byte;
	}
	*ret_len = len;
	return true;
}

static bool
set_target(struct span value, bool is_abstract, struct target *ret)
{
	struct target t = { .socket = { .sun_family = AF_UNIX } };
	size_t first = is_abstract ? 1 : 0;
	size_t len;

	/* A path keeps room for its NUL; an abstract name has none. */
	if (!unescape(value, t.socket.sun_path + first,
		      sizeof(t.socket.sun_path) - 1, &len) ||
	    len == 0 || (!is_abstract && t.socket.sun_path[0] != '/'))
		return false;
	t.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	*ret = t;
	return true;
}

/* One address of the form that we accept, nothing else. */
static bool
parse(struct span address, struct target *ret)
{
	bool has_target = false;
	bool has_guid = false;
	struct span rest;

	if (!span_starts(address, PREFIX) || !span_is_printable(address) ||
	    span_find(address, ';') != address.len)
		return false;
	rest = span_from(address, sizeof(PREFIX) - 1);
	for (;;) {
		size_t end = span_find(rest, ',');
		struct span pair = span_cut(rest, 0, end);
		size_t sign = span_find(pair, '=');
		struct span key = span_cut(pair, 0, sign);
		struct span value = span_from(pair, sign + 1);
		bool is_abstract = span_is(key, "abstract");

		if (sign == pair.len)
			return false;
		if (span_is(key, "guid") && !has_guid)
			has_guid = true;
		else if ((is_abstract || span_is(key, "path")) && !has_target &&
			 set_target(value, is_abstract, ret))
			has_target = true;
		else
			return false;
		if (end == rest.len)
			return has_target;
		rest = span_from(rest, end + 1);
	}
}

static bool
is_socket(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Append path with every byte escaped that an address cannot hold. */
static bool
escape(const char *path, char *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	static const char plain[] = "-_/.\\*0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz";
	size_t len = 0;

	for (const char *c = path; *c != '\0'; c++) {
		unsigned char byte = (unsigned char)*c;

		/* An escape and the NUL. */
		if (size - len < 4)
			return false;
		if (strchr(plain, *c) != NULL) {
			out[len++] = *c;
		} else {
			out[len++] = '%';
			out[len++] = digits[byte >> 4];
			out[len++] = digits[byte & 15];
		}
	}
	out[len] = '\0';
	return true;
}

/* unix:path=$XDG_RUNTIME_DIR/bus when that is a socket. */
static bool
find_default(char *out, size_t size)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	char escaped[sizeof(path) * 3 + 1];
	int n;

	if (base == NULL || base[0] != '/')
		return false;
	n = snprintf(path, sizeof(path), "%s/bus", base);
	if (n < 0 || (size_t)n >= sizeof(path) || !is_socket(path) ||
	    !escape(path, escaped, sizeof(escaped)))
		return false;
	n = snprintf(out, size, PREFIX "path=%s", escaped);
	return n >= 0 && (size_t)n < size;
}

enum rc
busaddr_get(char *out, size_t size, struct why *why)
{
	const char *given = getenv(VARIABLE);
	char found[BUSADDR_MAX];
	char shown[SHOWN_MAX];
	struct target target;

	if (given == NULL || given[0] == '\0') {
		if (!find_default(found, sizeof(found)) ||
		    !span_copy(span_of(found), out, size))
			return why_set(why, RC_UNAVAILABLE,
				       VARIABLE " is not set and "
						"$XDG_RUNTIME_DIR/bus is no "
						"socket; " NEXT_STEP);
		return RC_OK;
	}
	if (!parse(span_of(given), &target) ||
	    !span_copy(span_of(given), out, size))
		return why_set(why, RC_UNAVAILABLE,
			       VARIABLE " is '%s', which is no address of a "
					"local socket; " NEXT_STEP,
			       clean_text(span_of(given), shown,
					  sizeof(shown)));
	return RC_OK;
}

/* Connect, 5 seconds at most; errno tells. */
static bool
reach(int fd, const struct target *t)
{
	struct timeval wait = { .tv_sec = CONNECT_S };
	int n;

	/* For a local socket it bounds the wait for a full backlog. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0)
		return false;
	do
		n = connect(fd,
			    (const struct sockaddr *)(const void *)&t->socket,
			    t->len);
	while (n != 0 && errno == EINTR);
	return n == 0;
}

enum rc
busaddr_probe(const char *address, struct why *why)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);
	char shown[SHOWN_MAX];
	struct target target;
	int fd = -1;
	enum rc rc = RC_OK;

	clean_text(span_of(address), shown, sizeof(shown));
	if (!parse(span_of(address), &target)) {
		rc = why_set(why, RC_UNAVAILABLE,
			     "'%s' is no address of a local socket; " NEXT_STEP,
			     shown);
		goto out;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		rc = why_set(why, RC_INTERNAL, "cannot make a socket: %s",
			     fdio_error_text(errno));
		goto out;
	}
	if (!reach(fd, &target)) {
		rc = why_set(why, RC_UNAVAILABLE,
			     "no session bus answers at '%s'; " NEXT_STEP,
			     shown);
		goto out;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
	    peer.uid != geteuid()) {
		rc = why_set(why, RC_UNAVAILABLE,
			     "the session bus at '%s' is another user's; "
			     "unset %s or log in as that user",
			     shown, VARIABLE);
		goto out;
	}
out:
	fdio_close(fd);
	return rc;
}
