/*
 * The host MUST be judged by this grammar before any library sees it:
 * libraries decode, fold and repair hosts, each in its own way. What is not
 * allowed here MUST be refused; nothing is repaired but upper case, the
 * default port and the spelling of an IPv6 address.
 */
#include "core/place.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "core/num.h"

#include "core/banned.h"

#define HTTP_PORT 80
#define HTTPS_PORT 443

/*
 * The functions below that return text return NULL for "fine", else what is
 * wrong and what to write instead, as a struct why wants it.
 */
static const char bad_label[] =
	"a label of the host name is not 1 to 63 letters, digits and inner "
	"hyphens; write the host as DNS knows it, without a final dot";
static const char bad_number[] =
	"the host looks like a number; write an IPv4 address as four decimal "
	"numbers without leading zeros";
static const char bad_port[] =
	"the port is not a number from 1 to 65535; write HOST:PORT without "
	"leading zeros, or leave ':PORT' out";
static const char bad_ipv6[] =
	"the host is not an IPv6 address in brackets; write it like '[::1]', "
	"without zone and not as a mapped IPv4 address";

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Would a resolver take the label for a number? It is in lower case. */
static bool
is_numeric(struct span label)
{
	bool (*is_right)(char) = is_digit;

	if (span_starts(label, "0x")) {
		label = span_from(label, 2);
		is_right = is_hex;
	}
	for (size_t i = 0; i < label.len; i++) {
		if (!is_right(label.at[i]))
			return false;
	}
	return true;
}

static const char *
check_label(struct span label)
{
	if (label.len == 0 || label.len > HOST_LABEL_MAX ||
	    label.at[0] == '-' || label.at[label.len - 1] == '-')
		return bad_label;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.at[i];

		if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-')
			return bad_label;
	}
	return NULL;
}

/* Four decimal numbers; inet_pton takes no other spelling. */
static bool
is_ipv4(const char *host)
{
	struct in_addr addr;

	return inet_pton(AF_INET, host, &addr) == 1;
}

/* A host name or an IPv4 address; p->host receives it in lower case. */
static const char *
parse_name(struct span host, struct place *p)
{
	struct span rest, label;
	const char *cause;

	if (host.len == 0)
		return "there is no host; write it after 'https://'";
	if (host.len > HOST_NAME_MAX_LEN)
		return "the host name is longer than 253 bytes; write its "
		       "real name";
	for (size_t i = 0; i < host.len; i++) {
		if ((unsigned char)host.at[i] > 0x7f)
			return "the host holds a byte that is not ASCII; "
			       "write the form that begins with 'xn--'";
		p->host[i] = lower(host.at[i]);
	}
	p->host[host.len] = '\0';
	p->host_len = host.len;

	rest = (struct span){ .at = p->host, .len = p->host_len };
	do {
		size_t dot = span_find(rest, '.');

		label = span_cut(rest, 0, dot);
		if ((cause = check_label(label)) != NULL)
			return cause;
		if (dot == rest.len)
			break;
		rest = span_from(rest, dot + 1);
	} while (true);
	if (is_ipv4(p->host))
		p->is_loopback = span_starts(span_of(p->host), "127.");
	else if (is_numeric(label))
		return bad_number;
	return NULL;
}

/* host: with its brackets. */
static const char *
parse_ipv6(struct span host, struct place *p)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (!span_copy(span_cut(host, 1, host.len - 2), text, sizeof(text)) ||
	    inet_pton(AF_INET6, text, &addr) != 1 ||
	    IN6_IS_ADDR_V4MAPPED(&addr) ||
	    inet_ntop(AF_INET6, &addr, text, sizeof(text)) == NULL)
		return bad_ipv6;
	p->host_len = (size_t)snprintf(p->host, sizeof(p->host), "[%s]", text);
	p->is_loopback = IN6_IS_ADDR_LOOPBACK(&addr);
	return NULL;
}

/* host[:port]; p->is_http is set before, it decides the default. */
static const char *
parse_authority(struct span text, struct place *p)
{
	size_t end = span_find(text, ':');
	bool is_ipv6 = text.len > 0 && text.at[0] == '[';
	const char *cause;
	struct span host, port;
	uint64_t number = p->is_http ? HTTP_PORT : HTTPS_PORT;

	if (span_find(text, '@') != text.len)
		return "there is user info before the host; write the host "
		       "alone";
	if (is_ipv6) {
		end = span_find(text, ']');
		if (end == text.len)
			return bad_ipv6;
		end++;
	}
	host = span_cut(text, 0, end);
	port = span_from(text, end);
	cause = is_ipv6 ? parse_ipv6(host, p) : parse_name(host, p);
	if (cause != NULL)
		return cause;
	if (port.len > 0 &&
	    (port.at[0] != ':' || num_parse_u64(span_from(port, 1), 1,
						UINT16_MAX, &number) != RC_OK))
		return bad_port;
	p->port = (uint16_t)number;
	if (p->is_http && !p->is_loopback)
		return "http is for a loopback address only, like "
		       "'http://127.0.0.1'; write 'https://'";
	return NULL;
}

/* Take scheme (lower case) off *text, in any case if fold says so. */
static bool
take_scheme(struct span *text, const char *scheme, bool fold)
{
	size_t len = strlen(scheme);

	if (text->len < len)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text->at[i];

		if ((fold ? lower(c) : c) != scheme[i])
			return false;
	}
	*text = span_from(*text, len);
	return true;
}

static struct span
without_final_slash(struct span path)
{
	if (span_ends(path, "/"))
		path.len--;
	return path;
}

/* No empty, "." or ".." segment. */
static bool
path_is_plain(struct span path)
{
	for (;;) {
		size_t end = span_find(path, '/');
		struct span segment = span_cut(path, 0, end);

		if (segment.len == 0 || span_is(segment, ".") ||
		    span_is(segment, ".."))
			return false;
		if (end == path.len)
			return true;
		path = span_from(path, end + 1);
	}
}

static bool
span_has(struct span s, const char *set)
{
	for (; *set != '\0'; set++) {
		if (span_find(s, *set) != s.len)
			return true;
	}
	return false;
}

enum rc
place_from_git(struct span protocol, struct span host, struct span path,
	       struct place *ret)
{
	struct place p = { .is_http = span_is(protocol, "http") };

	if ((!p.is_http && !span_is(protocol, "https")) ||
	    parse_authority(host, &p) != NULL || !span_has_no_control(path) ||
	    span_has(path, "?#"))
		return RC_NOT_OURS;
	path = without_final_slash(path);
	if (path.len > 0)
		p.path = path;
	*ret = p;
	return RC_OK;
}

/* Docker Hub is one registry with three names of one meaning. */
static void
fold_hub(struct place *p)
{
	static const char hub[] = "docker.io";
	struct span host = { .at = p->host, .len = p->host_len };

	if (p->port != HTTPS_PORT || (!span_is(host, "index.docker.io") &&
				      !span_is(host, "registry-1.docker.io")))
		return;
	memset(p->host, 0, sizeof(p->host));
	memcpy(p->host, hub, sizeof(hub));
	p->host_len = sizeof(hub) - 1;
}

/* What docker may leave around a server. No CR: it is not repaired. */
static bool
is_margin(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

enum rc
place_from_docker(struct span server, struct place *ret)
{
	struct place p = { 0 };

	while (server.len > 0 && is_margin(server.at[0]))
		server = span_from(server, 1);
	while (server.len > 0 && is_margin(server.at[server.len - 1]))
		server.len--;
	if (server.len == 0)
		return RC_INVALID;
	if (!span_has_no_control(server) || span_has(server, "@%\\?# "))
		return RC_NOT_OURS;
	(void)take_scheme(&server, "https://", false);
	/* A path says which repository; the registry is the same. */
	if (parse_authority(span_cut(server, 0, span_find(server, '/')), &p) !=
	    NULL)
		return RC_NOT_OURS;
	fold_hub(&p);
	*ret = p;
	return RC_OK;
}

/* https://host[:port][/path], http for loopback addresses. */
static const char *
parse_url(struct span url, bool fold, struct place *p)
{
	const char *cause;
	struct span path;
	size_t slash;

	if (url.len > URL_LEN_MAX)
		return "the URL is longer than 4096 bytes; shorten it";
	if (take_scheme(&url, "http://", fold))
		p->is_http = true;
	else if (!take_scheme(&url, "https://", fold))
		return "the URL does not begin with 'https://'; write "
		       "https://HOST[:PORT][/PATH]";
	slash = span_find(url, '/');
	cause = parse_authority(span_cut(url, 0, slash), p);
	if (cause != NULL)
		return cause;
	path = span_from(url, slash + 1);
	if (path.len == 0)
		return NULL;
	path = without_final_slash(path);
	if (!span_is_printable(path))
		return "the path holds a byte that is not printable ASCII; "
		       "write it without";
	if (span_has(path, "?#"))
		return "there is a '?' or '#' in the URL; end it before";
	if (!path_is_plain(path))
		return "the path has an empty, '.' or '..' segment; write the "
		       "path that it stands for";
	p->path = path;
	return NULL;
}

enum rc
place_from_conf_git(struct span value, struct place *ret, struct why *why)
{
	struct place p = { 0 };
	const char *cause = parse_url(value, true, &p);

	if (cause != NULL)
		return why_set(why, RC_CONFIG, "%s", cause);
	*ret = p;
	return RC_OK;
}

enum rc
place_from_conf_docker(struct span value, struct place *ret, struct why *why)
{
	struct place p = { 0 };
	const char *cause;

	if (take_scheme(&value, "http://", true))
		return why_set(why, RC_CONFIG,
			       "a registry is reached by https only; write "
			       "HOST[:PORT]");
	(void)take_scheme(&value, "https://", true);
	if (span_ends(value, "/"))
		value.len--;
	if (span_has(value, "/"))
		return why_set(why, RC_CONFIG,
			       "a registry has no path; write HOST[:PORT]");
	cause = parse_authority(value, &p);
	if (cause != NULL)
		return why_set(why, RC_CONFIG, "%s", cause);
	fold_hub(&p);
	*ret = p;
	return RC_OK;
}

enum rc
place_from_url(struct span url, struct place *ret, struct why *why)
{
	struct place p = { 0 };
	const char *cause = parse_url(url, false, &p);

	/* libcurl reads the text itself: nothing that it would decode. */
	if (cause == NULL && span_has(p.path, "%\\ \"<>^`{|}"))
		cause = "the path holds a '%', a '\\' or another character "
			"that no URL has; write a plain path";
	if (cause != NULL)
		return why_set(why, RC_CONFIG, "%s", cause);
	*ret = p;
	return RC_OK;
}

bool
place_is_same_host(const struct place *a, const struct place *b)
{
	return a->is_http == b->is_http && a->port == b->port &&
	       a->host_len == b->host_len && a->host_len > 0 &&
	       memcmp(a->host, b->host, a->host_len) == 0;
}

bool
place_serves(const struct place *configured, const struct place *requested)
{
	struct span narrow = configured->path, path = requested->path;

	if (!place_is_same_host(configured, requested))
		return false;
	if (!span_is_set(narrow))
		return true;
	return path_is_plain(path) &&
	       span_eq(narrow, span_cut(path, 0, narrow.len)) &&
	       (path.len == narrow.len || path.at[narrow.len] == '/');
}

enum rc
place_format(const struct place *p, bool with_scheme, char *out, size_t size)
{
	unsigned standard = p->is_http ? HTTP_PORT : HTTPS_PORT;
	char port[sizeof(":65535")] = "";
	struct span path = with_scheme ? p->path : (struct span){ 0 };
	struct span parts[5];
	size_t used = 0;

	if (p->port != standard)
		snprintf(port, sizeof(port), ":%u", (unsigned)p->port);
	parts[0] = span_of(!with_scheme ? ""
			   : p->is_http ? "http://"
					: "https://");
	parts[1] = (struct span){ .at = p->host, .len = p->host_len };
	parts[2] = span_of(port);
	parts[3] = span_of(span_is_set(path) ? "/" : "");
	parts[4] = path;
	for (size_t i = 0; i < 5; i++) {
		if (parts[i].len >= size - used)
			return RC_TOO_LARGE;
		used += parts[i].len;
	}
	used = 0;
	for (size_t i = 0; i < 5; i++) {
		if (parts[i].len > 0)
			memcpy(out + used, parts[i].at, parts[i].len);
		used += parts[i].len;
	}
	out[used] = '\0';
	return RC_OK;
}
