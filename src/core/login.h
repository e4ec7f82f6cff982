/*
 * Kept logins: what docker and git ask us to keep for places that no app
 * serves, in the very form that their own keyring helpers use, so that a
 * person can switch to apptoken and back without logging in again.
 */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

enum login_kind { LOGIN_DOCKER, LOGIN_GIT };

/* Schemas; git's own helper wrote the second one until git 2.41. */
#define LOGIN_DOCKER_SCHEMA "io.docker.Credentials"
#define LOGIN_GIT_SCHEMA "org.git.Password"
#define LOGIN_GIT_OLD_SCHEMA "org.gnome.keyring.NetworkPassword"
/* The value of docker's attribute "label". */
#define LOGIN_DOCKER_LABEL "Docker Credentials"

#define LOGIN_ATTRIBUTES_MAX 6
/* Secrets of people: a PEM bundle at most; base64 of it fits the wire. */
#define LOGIN_SECRET_MAX (32 * 1024)

/* A login, or the question for one: what is unset matches anything (git). */
struct login {
	enum login_kind kind;
	struct span server;   /* docker: as given; git: host without port */
	struct span protocol; /* git */
	struct span port;     /* git, digits; unset when not given */
	struct span path;     /* git */
	struct span user;
	struct span password;	/* secret */
	struct span expiry;	/* git: password_expiry_utc, digits */
	struct span refresh;	/* git: oauth_refresh_token, secret */
	struct span authtype;	/* git */
	struct span credential; /* git, secret */
};

struct login_attribute {
	const char *name;
	struct span value;
};

/*
 * git's host[:port] into server and port. "[::1]" has no port.
 */
void login_set_host(struct login *l, struct span host);

/*
 * The attributes to search for or to store: those that are set, in a fixed
 * order. Returns how many, at most LOGIN_ATTRIBUTES_MAX.
 */
size_t login_attributes(const struct login *l,
			struct login_attribute out[LOGIN_ATTRIBUTES_MAX]);
/* One field's value by the name of its attribute ("user", "object", …). */
struct span *login_field(struct login *l, const char *attribute);
const char *login_schema(enum login_kind kind);
/* Is it the schema of that kind (for git also the old one)? */
bool login_schema_is(enum login_kind kind, struct span schema);

/* Append the item's label, as the clients' own helpers write it. */
void login_put_label(const struct login *l, struct safebuf *out);

/*
 * Append the item's secret. docker: the secret itself. git: the password,
 * then each on its own line if known: password_expiry_utc=,
 * oauth_refresh_token=, and authtype=, credential=, which git's own helper
 * skips. RC_INVALID: a git field with CR, LF or NUL.
 */
NODISCARD enum rc login_put_secret(const struct login *l, struct safebuf *out);
/* The reverse; spans point into secret. Unknown lines are skipped. */
void login_take_secret(struct login *l, struct span secret);

/*
 * Does an entry with these attributes answer the question? protocol, server
 * and port equal (a port that is not given must be absent), user and path
 * equal if asked for. docker: server equal byte for byte.
 */
bool login_answers(const struct login *entry, const struct login *asked);
/*
 * Of several entries that answer, the better one: with a path when one is
 * asked for, for the whole host when none is.
 */
bool login_has_path_of(const struct login *entry, const struct login *asked);

/* Has password_expiry_utc passed? No expiry, or an odd one: no. */
bool login_is_expired(const struct login *l, int64_t now_s);

#endif
