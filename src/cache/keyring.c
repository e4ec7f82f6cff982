#include "cache/keyring.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "platform/busaddr.h"
#include "platform/clock.h"

#include "core/banned.h"

#define SERVICE "org.freedesktop.secrets"
#define SERVICE_PATH "/org/freedesktop/secrets"
#define SERVICE_INTERFACE "org.freedesktop.Secret.Service"
#define ITEM_INTERFACE "org.freedesktop.Secret.Item"
#define TOKEN_SCHEMA "org.apptoken.Token"
#define ITEM_VERSION "1"

/* One question to the bus and what came of it. */
struct reader {
	sd_bus *bus;
	int64_t deadline_ms;
	sd_bus_message *session; /* answer of OpenSession */
	sd_bus_message *search;	 /* answer of SearchItems */
	sd_bus_message *secret;	 /* answer of GetSecret */
};

static int
keep_reply(sd_bus_message *reply, void *slot, sd_bus_error *error)
{
	sd_bus_message **keep = slot;

	(void)error;
	*keep = sd_bus_message_ref(reply);
	return 0;
}

static int64_t
left_us(const struct reader *r)
{
	int64_t left_ms = r->deadline_ms - clock_mono_ms();

	return left_ms <= 0 ? 0 : left_ms * 1000;
}

/* Run the connection until *slot holds a reply. */
static enum rc
wait_reply(struct reader *r, sd_bus_message *const *slot)
{
	while (*slot == NULL) {
		int64_t us = left_us(r);
		int n = sd_bus_process(r->bus, NULL);

		if (n < 0)
			return n == -ETIMEDOUT ? RC_KEYRING_TIMEOUT
					       : RC_UNAVAILABLE;
		if (n > 0)
			continue;
		if (us == 0)
			return RC_KEYRING_TIMEOUT;
		if (sd_bus_wait(r->bus, (uint64_t)us) < 0)
			return RC_UNAVAILABLE;
	}
	if (!sd_bus_message_is_method_error(*slot, NULL))
		return RC_OK;
	/* sd-bus makes this error itself when its own timer ran out. */
	if (sd_bus_message_is_method_error(*slot, SD_BUS_ERROR_NO_REPLY) &&
	    left_us(r) == 0)
		return RC_KEYRING_TIMEOUT;
	return RC_UNAVAILABLE;
}

/* The socket's other end must be a process of ours: nobody else's bus. */
static bool
peer_is_us(sd_bus *bus)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);
	int fd = sd_bus_get_fd(bus);

	return fd >= 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       peer.uid == geteuid();
}

static enum rc
reader_open(struct reader *r, struct why *why)
{
	char address[BUSADDR_MAX];
	enum rc rc;

	if ((rc = busaddr_get(address, sizeof(address), why)) != RC_OK)
		return rc;
	if (sd_bus_new(&r->bus) < 0)
		return RC_INTERNAL;
	if (sd_bus_set_address(r->bus, address) < 0 ||
	    sd_bus_set_bus_client(r->bus, 1) < 0 ||
	    sd_bus_start(r->bus) < 0 || !peer_is_us(r->bus))
		return RC_UNAVAILABLE;
	return RC_OK;
}

static void
reader_close(struct reader *r)
{
	if (r->secret != NULL)
		sd_bus_message_sensitive(r->secret);
	sd_bus_message_unref(r->secret);
	sd_bus_message_unref(r->search);
	sd_bus_message_unref(r->session);
	sd_bus_close_unref(r->bus);
}

static enum rc
send_open_session(struct reader *r)
{
	/* Sessions live as long as the connection: nothing to close. */
	int n = sd_bus_call_method_async(r->bus, NULL, SERVICE, SERVICE_PATH,
					 SERVICE_INTERFACE, "OpenSession",
					 keep_reply, &r->session, "sv",
					 "plain", "s", "");

	return n < 0 ? RC_UNAVAILABLE : RC_OK;
}

static int
put_attribute(sd_bus_message *m, const char *name, struct span value)
{
	char text[VARIABLES_TEXT_MAX + 1];

	if (!span_copy(value, text, sizeof(text)))
		return -EINVAL;
	return sd_bus_message_append(m, "{ss}", name, text);
}

static enum rc
send_search(struct reader *r, const struct token_key *key)
{
	sd_bus_message *m = NULL;
	enum rc rc = RC_INTERNAL;

	if (sd_bus_message_new_method_call(r->bus, &m, SERVICE, SERVICE_PATH,
					   SERVICE_INTERFACE,
					   "SearchItems") < 0 ||
	    sd_bus_message_open_container(m, 'a', "{ss}") < 0 ||
	    put_attribute(m, "app", key->app) < 0 ||
	    put_attribute(m, "provider", key->provider) < 0 ||
	    put_attribute(m, "variables", key->variables) < 0 ||
	    put_attribute(m, "version", SPAN(ITEM_VERSION)) < 0 ||
	    put_attribute(m, "xdg:schema", SPAN(TOKEN_SCHEMA)) < 0 ||
	    sd_bus_message_close_container(m) < 0)
		goto out;
	rc = sd_bus_call_async(r->bus, NULL, m, keep_reply, &r->search,
			       (uint64_t)left_us(r)) < 0
		     ? RC_UNAVAILABLE
		     : RC_OK;
out:
	sd_bus_message_unref(m);
	return rc;
}

/*
 * How many items, unlocked and locked; the path of the first unlocked one
 * is lent from the reply.
 */
static enum rc
read_search(struct reader *r, unsigned *unlocked, unsigned *locked,
	    const char **first)
{
	unsigned *counts[2] = { unlocked, locked };

	*first = NULL;
	for (int i = 0; i < 2; i++) {
		const char *path;
		int n;

		*counts[i] = 0;
		if (sd_bus_message_enter_container(r->search, 'a', "o") < 0)
			return RC_UNAVAILABLE;
		while ((n = sd_bus_message_read(r->search, "o", &path)) > 0) {
			if (i == 0 && *counts[i] == 0)
				*first = path;
			(*counts[i])++;
		}
		if (n < 0 || sd_bus_message_exit_container(r->search) < 0)
			return RC_UNAVAILABLE;
	}
	return RC_OK;
}

/* The secret's bytes are lent from the reply. */
static enum rc
get_secret(struct reader *r, const char *item, struct span *ret)
{
	sd_bus_message *m = NULL;
	const char *session;
	const void *at;
	size_t len;
	enum rc rc;

	if ((rc = wait_reply(r, &r->session)) != RC_OK)
		return rc;
	if (sd_bus_message_skip(r->session, "v") < 0 ||
	    sd_bus_message_read(r->session, "o", &session) < 0)
		return RC_UNAVAILABLE;
	if (sd_bus_message_new_method_call(r->bus, &m, SERVICE, item,
					   ITEM_INTERFACE, "GetSecret") < 0)
		return RC_INTERNAL;
	if (sd_bus_message_append(m, "o", session) < 0) {
		rc = RC_INTERNAL;
		goto out;
	}
	if (sd_bus_call_async(r->bus, NULL, m, keep_reply, &r->secret,
			      (uint64_t)left_us(r)) < 0) {
		rc = RC_UNAVAILABLE;
		goto out;
	}
	if ((rc = wait_reply(r, &r->secret)) != RC_OK)
		goto out;
	/* (session, parameters, value, content type) */
	if (sd_bus_message_enter_container(r->secret, 'r', "oayays") < 0 ||
	    sd_bus_message_skip(r->secret, "oay") < 0 ||
	    sd_bus_message_read_array(r->secret, 'y', &at, &len) < 0) {
		rc = RC_UNAVAILABLE;
		goto out;
	}
	*ret = (struct span){ .at = at, .len = len };
out:
	sd_bus_message_unref(m);
	return rc;
}

static enum rc
search(struct reader *r, const struct token_key *key, bool with_session,
       unsigned *unlocked, unsigned *locked, const char **first,
       struct why *why)
{
	enum rc rc;

	if ((rc = reader_open(r, why)) != RC_OK ||
	    (with_session && (rc = send_open_session(r)) != RC_OK) ||
	    (rc = send_search(r, key)) != RC_OK ||
	    (rc = wait_reply(r, &r->search)) != RC_OK)
		return rc;
	return read_search(r, unlocked, locked, first);
}

static enum rc
explain(enum rc rc, struct why *why)
{
	if (rc == RC_KEYRING_TIMEOUT)
		why_set(why, rc,
			"the keyring did not answer in time; see whether its "
			"daemon hangs, and try again");
	return rc;
}

enum rc
cache_keyring_get(const struct token_key *key, int64_t deadline_ms,
		  struct token **ret, struct why *why)
{
	struct reader r = { .deadline_ms = deadline_ms };
	struct span bytes;
	const char *item;
	unsigned unlocked;
	unsigned locked;
	enum rc rc;

	if ((rc = search(&r, key, true, &unlocked, &locked, &item, why)) !=
	    RC_OK)
		goto out;
	if (unlocked == 0) {
		rc = locked == 0 ? RC_NOT_FOUND : RC_LOCKED;
		goto out;
	}
	/* Which of several is the newest is for the keeper to find out. */
	if (unlocked + locked > 1) {
		rc = RC_CACHE_BAD;
		goto out;
	}
	if ((rc = get_secret(&r, item, &bytes)) != RC_OK)
		goto out;
	rc = token_decode(bytes, key, ret);
out:
	reader_close(&r);
	return explain(rc, why);
}

enum rc
cache_keyring_has(const struct token_key *key, int64_t deadline_ms,
		  struct why *why)
{
	struct reader r = { .deadline_ms = deadline_ms };
	const char *item;
	unsigned unlocked;
	unsigned locked;
	enum rc rc;

	if ((rc = search(&r, key, false, &unlocked, &locked, &item, why)) ==
		    RC_OK &&
	    unlocked + locked == 0)
		rc = RC_NOT_FOUND;
	reader_close(&r);
	return explain(rc, why);
}
