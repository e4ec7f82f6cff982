#include "cache/secretread.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "core/limits.h"
#include "platform/busaddr.h"
#include "platform/clock.h"

#include "core/banned.h"

#define SERVICE "org.freedesktop.secrets"
#define SERVICE_PATH "/org/freedesktop/secrets"
#define SERVICE_INTERFACE "org.freedesktop.Secret.Service"
#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define ITEM_INTERFACE "org.freedesktop.Secret.Item"

struct secretread {
	sd_bus *bus;
	int64_t deadline_ms;
	sd_bus_message *session; /* answer of OpenSession */
	sd_bus_message *lock;	 /* answer of GetAll, default collection */
	sd_bus_message *search;	 /* answer of SearchItems, owns the paths */
	sd_bus_message *secret;	 /* answer of GetSecret */
	size_t unlocked;
	size_t locked;
	const char *paths[SECRETREAD_ITEMS_MAX]; /* unlocked, then locked */
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
left_us(const struct secretread *r)
{
	int64_t left_ms = r->deadline_ms - clock_mono_ms();

	return left_ms <= 0 ? 0 : left_ms * 1000;
}

/* Run the connection until *slot holds a reply. */
static enum rc
wait_reply(struct secretread *r, sd_bus_message *const *slot)
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
connect_bus(struct secretread *r, struct why *why)
{
	char address[BUSADDR_MAX];
	enum rc rc;

	if ((rc = busaddr_get(address, sizeof(address), why)) != RC_OK)
		return rc;
	if (sd_bus_new(&r->bus) < 0)
		return RC_INTERNAL;
	if (sd_bus_set_address(r->bus, address) < 0 ||
	    sd_bus_set_bus_client(r->bus, 1) < 0 || sd_bus_start(r->bus) < 0 ||
	    !peer_is_us(r->bus))
		return RC_UNAVAILABLE;
	return RC_OK;
}

struct secretread *
secretread_free(struct secretread *r)
{
	if (r == NULL)
		return NULL;
	if (r->secret != NULL)
		sd_bus_message_sensitive(r->secret);
	sd_bus_message_unref(r->secret);
	sd_bus_message_unref(r->search);
	sd_bus_message_unref(r->lock);
	sd_bus_message_unref(r->session);
	sd_bus_close_unref(r->bus);
	free(r);
	return NULL;
}

/*
 * Not in flight together with the search: gnome-keyring 42 keeps its list of
 * clients in two threads without a lock, and ends when OpenSession is the
 * first call of a client that fell out of it. It happens once in some
 * thousand calls when 200 come at once.
 */
static enum rc
send_open_session(struct secretread *r)
{
	/* Sessions live as long as the connection: nothing to close. */
	int n = sd_bus_call_method_async(r->bus, NULL, SERVICE, SERVICE_PATH,
					 SERVICE_INTERFACE, "OpenSession",
					 keep_reply, &r->session, "sv", "plain",
					 "s", "");

	return n < 0 ? RC_UNAVAILABLE : RC_OK;
}

static enum rc
send_get_lock(struct secretread *r)
{
	int n = sd_bus_call_method_async(r->bus, NULL, SERVICE,
					 SERVICE_PATH "/aliases/default",
					 PROPERTIES_INTERFACE, "GetAll",
					 keep_reply, &r->lock, "s",
					 "org.freedesktop.Secret.Collection");

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
send_search(struct secretread *r, const char *schema,
	    const struct secretread_attribute *attributes, size_t count)
{
	sd_bus_message *m = NULL;
	enum rc rc = RC_UNAVAILABLE;

	if (sd_bus_message_new_method_call(r->bus, &m, SERVICE, SERVICE_PATH,
					   SERVICE_INTERFACE,
					   "SearchItems") < 0 ||
	    sd_bus_message_open_container(m, 'a', "{ss}") < 0)
		goto out;
	for (size_t i = 0; i < count; i++) {
		if (put_attribute(m, attributes[i].name, attributes[i].value) <
		    0)
			goto out;
	}
	if ((schema != NULL &&
	     put_attribute(m, "xdg:schema", span_of(schema)) < 0) ||
	    sd_bus_message_close_container(m) < 0)
		goto out;
	if (sd_bus_call_async(r->bus, NULL, m, keep_reply, &r->search,
			      (uint64_t)left_us(r)) >= 0)
		rc = RC_OK;
out:
	sd_bus_message_unref(m);
	return rc;
}

/* Two arrays of object paths: the unlocked ones, the locked ones. */
static enum rc
read_search(struct secretread *r)
{
	size_t *counts[2] = { &r->unlocked, &r->locked };

	for (int i = 0; i < 2; i++) {
		const char *path;
		int n;

		if (sd_bus_message_enter_container(r->search, 'a', "o") < 0)
			return RC_UNAVAILABLE;
		while ((n = sd_bus_message_read(r->search, "o", &path)) > 0) {
			size_t at = r->unlocked + r->locked;

			if (at == SECRETREAD_ITEMS_MAX)
				return RC_TOO_LARGE;
			r->paths[at] = path;
			(*counts[i])++;
		}
		if (n < 0 || sd_bus_message_exit_container(r->search) < 0)
			return RC_UNAVAILABLE;
	}
	return RC_OK;
}

enum rc
secretread_search(const char *schema,
		  const struct secretread_attribute *attributes, size_t count,
		  enum secretread_want want, int64_t deadline_ms,
		  struct secretread **ret, struct why *why)
{
	struct secretread *r;
	enum rc rc;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return RC_INTERNAL;
	r->deadline_ms = deadline_ms;
	if ((rc = connect_bus(r, why)) != RC_OK ||
	    (want == SECRETREAD_LOGINS && (rc = send_get_lock(r)) != RC_OK) ||
	    (rc = send_search(r, schema, attributes, count)) != RC_OK ||
	    (rc = wait_reply(r, &r->search)) != RC_OK ||
	    (rc = read_search(r)) != RC_OK)
		goto out;
	*ret = r;
	r = NULL;
out:
	if (rc == RC_KEYRING_TIMEOUT)
		why_set(why, rc,
			"the keyring did not answer in time; see whether its "
			"daemon hangs, and try again");
	secretread_free(r);
	return rc;
}

size_t
secretread_unlocked(const struct secretread *r)
{
	return r->unlocked;
}

size_t
secretread_locked(const struct secretread *r)
{
	return r->locked;
}

/* One property: "Locked" or "Items"; others are passed over. */
static int
read_property(sd_bus_message *m, const char *name, int *locked, bool *items)
{
	int n;

	if (strcmp(name, "Locked") == 0)
		return sd_bus_message_read(m, "v", "b", locked);
	if (strcmp(name, "Items") != 0)
		return sd_bus_message_skip(m, "v");
	if ((n = sd_bus_message_enter_container(m, 'v', "ao")) < 0 ||
	    (n = sd_bus_message_enter_container(m, 'a', "o")) < 0)
		return n;
	*items = sd_bus_message_at_end(m, 0) == 0;
	while ((n = sd_bus_message_skip(m, "o")) > 0 &&
	       sd_bus_message_at_end(m, 0) == 0)
		continue;
	if (n >= 0 && (n = sd_bus_message_exit_container(m)) >= 0)
		n = sd_bus_message_exit_container(m);
	return n;
}

bool
secretread_may_hide(struct secretread *r)
{
	const char *name;
	bool items = false;
	int locked = 0;
	int n;

	/* No default collection: nothing that could hide anything. */
	if (wait_reply(r, &r->lock) != RC_OK ||
	    sd_bus_message_enter_container(r->lock, 'a', "{sv}") < 0)
		return false;
	while ((n = sd_bus_message_enter_container(r->lock, 'e', "sv")) > 0) {
		if (sd_bus_message_read(r->lock, "s", &name) < 0 ||
		    read_property(r->lock, name, &locked, &items) < 0 ||
		    sd_bus_message_exit_container(r->lock) < 0)
			return true; /* odd: the keeper knows more */
	}
	return n < 0 || (locked != 0 && !items);
}

enum rc
secretread_secret(struct secretread *r, size_t i, struct span *ret)
{
	sd_bus_message *m = NULL;
	const char *session;
	const void *at;
	size_t len;
	enum rc rc;

	if ((rc = send_open_session(r)) != RC_OK ||
	    (rc = wait_reply(r, &r->session)) != RC_OK)
		return rc;
	if (sd_bus_message_skip(r->session, "v") < 0 ||
	    sd_bus_message_read(r->session, "o", &session) < 0 ||
	    sd_bus_message_new_method_call(r->bus, &m, SERVICE, r->paths[i],
					   ITEM_INTERFACE, "GetSecret") < 0)
		return RC_UNAVAILABLE;
	rc = RC_UNAVAILABLE;
	if (sd_bus_message_append(m, "o", session) < 0 ||
	    sd_bus_call_async(r->bus, NULL, m, keep_reply, &r->secret,
			      (uint64_t)left_us(r)) < 0 ||
	    (rc = wait_reply(r, &r->secret)) != RC_OK)
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
send_get_attributes(struct secretread *r, size_t i, sd_bus_message **slot)
{
	int n = sd_bus_call_method_async(r->bus, NULL, SERVICE, r->paths[i],
					 PROPERTIES_INTERFACE, "Get",
					 keep_reply, slot, "ss", ITEM_INTERFACE,
					 "Attributes");

	return n < 0 ? RC_UNAVAILABLE : RC_OK;
}

enum rc
secretread_attributes(struct secretread *r,
		      void (*each)(void *self, size_t item, bool locked,
				   const char *name, struct span value),
		      void *self)
{
	size_t count = r->unlocked + r->locked;
	sd_bus_message **replies;
	enum rc rc = RC_OK;

	if ((replies = calloc(count + 1, sizeof(*replies))) == NULL)
		return RC_INTERNAL;
	for (size_t i = 0; i < count && rc == RC_OK; i++)
		rc = send_get_attributes(r, i, &replies[i]);
	for (size_t i = 0; i < count && rc == RC_OK; i++) {
		const char *name, *value;
		int n = -1;

		if ((rc = wait_reply(r, &replies[i])) != RC_OK)
			break;
		if (sd_bus_message_enter_container(replies[i], 'v', "a{ss}") >=
			    0 &&
		    sd_bus_message_enter_container(replies[i], 'a', "{ss}") >=
			    0) {
			while ((n = sd_bus_message_read(replies[i], "{ss}",
							&name, &value)) > 0)
				each(self, i, i >= r->unlocked, name,
				     span_of(value));
		}
		if (n < 0)
			rc = RC_UNAVAILABLE;
		else
			each(self, i, i >= r->unlocked, NULL,
			     (struct span){ 0 });
	}
	/* A reply that comes late must not find its slot gone. */
	if (rc != RC_OK)
		sd_bus_close(r->bus);
	for (size_t i = 0; i < count; i++)
		sd_bus_message_unref(replies[i]);
	free(replies);
	return rc;
}
