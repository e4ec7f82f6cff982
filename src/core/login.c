#include "core/login.h"

#include "core/num.h"

#include "core/banned.h"

static bool
is_digits(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
	}
	return s.len > 0;
}

void
login_set_host(struct login *l, struct span host)
{
	size_t at = host.len;

	while (at > 0 && host.at[at - 1] != ':')
		at--;
	/* "[::1]" ends in no digits; "::1" without brackets is no host. */
	if (at > 0 && is_digits(span_from(host, at))) {
		l->server = span_cut(host, 0, at - 1);
		l->port = span_from(host, at);
	} else {
		l->server = host;
		l->port = (struct span){ 0 };
	}
}

struct span *
login_field(struct login *l, const char *attribute)
{
	static const char *const names[] = { "server", "protocol", "port",
					     "object", "user",	   "username" };
	struct span *const fields[] = { &l->server, &l->protocol, &l->port,
					&l->path,   &l->user,	  &l->user };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(attribute, names[i]) == 0)
			return fields[i];
	}
	return NULL;
}

size_t
login_attributes(const struct login *l,
		 struct login_attribute out[LOGIN_ATTRIBUTES_MAX])
{
	const struct login_attribute docker[] = {
		{ "docker_cli", SPAN("1") },
		{ "label", SPAN(LOGIN_DOCKER_LABEL) },
		{ "server", l->server },
		{ "username", l->user },
	};
	const struct login_attribute git[] = {
		{ "object", l->path },	     { "port", l->port },
		{ "protocol", l->protocol }, { "server", l->server },
		{ "user", l->user },
	};
	const struct login_attribute *from = l->kind == LOGIN_DOCKER ? docker
								     : git;
	size_t n = l->kind == LOGIN_DOCKER ? sizeof(docker) / sizeof(docker[0])
					   : sizeof(git) / sizeof(git[0]);
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (span_is_set(from[i].value))
			out[count++] = from[i];
	}
	return count;
}

const char *
login_schema(enum login_kind kind)
{
	return kind == LOGIN_DOCKER ? LOGIN_DOCKER_SCHEMA : LOGIN_GIT_SCHEMA;
}

bool
login_schema_is(enum login_kind kind, struct span schema)
{
	return span_is(schema, login_schema(kind)) ||
	       (kind == LOGIN_GIT && span_is(schema, LOGIN_GIT_OLD_SCHEMA));
}

void
login_put_label(const struct login *l, struct safebuf *out)
{
	if (l->kind == LOGIN_DOCKER) {
		safebuf_put(out, l->server);
		return;
	}
	safebuf_puts(out, "Git: ");
	safebuf_put(out, l->protocol);
	safebuf_puts(out, "://");
	safebuf_put(out, l->server);
	if (span_is_set(l->port)) {
		safebuf_putc(out, ':');
		safebuf_put(out, l->port);
	}
	safebuf_putc(out, '/');
	safebuf_put(out, l->path);
}

static void
put_extra(struct safebuf *out, const char *name, struct span value)
{
	if (!span_is_set(value))
		return;
	safebuf_putc(out, '\n');
	safebuf_puts(out, name);
	safebuf_putc(out, '=');
	safebuf_put(out, value);
}

enum rc
login_put_secret(const struct login *l, struct safebuf *out)
{
	if (l->kind == LOGIN_DOCKER) {
		safebuf_put(out, l->password);
		return safebuf_check(out);
	}
	if (!span_is_clean(l->password) || !span_is_clean(l->expiry) ||
	    !span_is_clean(l->refresh) || !span_is_clean(l->authtype) ||
	    !span_is_clean(l->credential))
		return RC_INVALID;
	safebuf_put(out, l->password);
	put_extra(out, "password_expiry_utc", l->expiry);
	put_extra(out, "oauth_refresh_token", l->refresh);
	put_extra(out, "authtype", l->authtype);
	put_extra(out, "credential", l->credential);
	return safebuf_check(out);
}

static void
take_extra(struct login *l, struct span line)
{
	static const char *const names[] = { "password_expiry_utc",
					     "oauth_refresh_token", "authtype",
					     "credential" };
	struct span *const fields[] = { &l->expiry, &l->refresh, &l->authtype,
					&l->credential };
	size_t at = span_find(line, '=');

	if (at == line.len)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (span_is(span_cut(line, 0, at), names[i]))
			*fields[i] = span_from(line, at + 1);
	}
}

void
login_take_secret(struct login *l, struct span secret)
{
	struct span line;

	if (l->kind == LOGIN_DOCKER) {
		l->password = secret;
		return;
	}
	l->password = span_cut(secret, 0, span_find(secret, '\n'));
	secret = span_from(secret, l->password.len + 1);
	while (span_next_line(&secret, &line))
		take_extra(l, line);
	/* A credential stands in place of a password. */
	if (l->password.len == 0 && span_is_set(l->credential))
		l->password = (struct span){ 0 };
}

static bool
equal_if_asked(struct span entry, struct span asked)
{
	return !span_is_set(asked) ||
	       (span_is_set(entry) && span_eq(entry, asked));
}

bool
login_answers(const struct login *entry, const struct login *asked)
{
	if (!span_eq(entry->server, asked->server))
		return false;
	if (asked->kind == LOGIN_DOCKER)
		return true;
	return span_eq(entry->protocol, asked->protocol) &&
	       span_eq(entry->port, asked->port) &&
	       equal_if_asked(entry->user, asked->user) &&
	       equal_if_asked(entry->path, asked->path);
}

bool
login_has_path_of(const struct login *entry, const struct login *asked)
{
	return span_is_set(entry->path) == span_is_set(asked->path);
}

bool
login_is_expired(const struct login *l, int64_t now_s)
{
	int64_t at;

	/* git reads 0 and garbage as "never": so do we. */
	return span_is_set(l->expiry) &&
	       num_parse_i64(l->expiry, 1, INT64_MAX / 4, &at) == RC_OK &&
	       at <= now_s;
}
