#include "keeper/secretbus.h"

#include <libsecret/secret.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clean.h"
#include "core/span.h"
#include "keeper/watch.h"

#include "core/banned.h"

#define SERVICE "org.freedesktop.secrets"
#define SERVICE_PATH "/org/freedesktop/secrets"
#define SERVICE_IFACE "org.freedesktop.Secret.Service"
#define PROMPT_IFACE "org.freedesktop.Secret.Prompt"
#define BUS "org.freedesktop.DBus"
#define US_PER_MS G_GINT64_CONSTANT(1000)
/* How often a waiting prompt looks whether the bus is still there. */
#define TICK_MS 200

#define QUIET_TYPE "ApptokenQuietService"

struct secretbus {
	GDBusConnection *bus;
	gchar *owner; /* the service's unique name when we connected */
	gint64 end_us;
	bool may_prompt;
};

/* What the signals of a prompt told. */
struct prompt {
	bool completed, dismissed, vanished;
};

void
secretbus_begin(struct secretbus *b)
{
	b->end_us = g_get_monotonic_time() + KEYRING_CALL_MS * US_PER_MS;
}

int64_t
secretbus_left_ms(const struct secretbus *b)
{
	return (b->end_us - g_get_monotonic_time()) / US_PER_MS;
}

static enum rc
late(struct why *why)
{
	return why_set(why, RC_KEYRING_TIMEOUT,
		       "the keyring service did not answer within %d s; "
		       "restart it",
		       KEYRING_CALL_MS / 1000);
}

enum rc
secretbus_locked(struct why *why)
{
	return why_set(why, RC_LOCKED,
		       "the keyring is locked; unlock it, e.g. by logging in, "
		       "or with your desktop's password program");
}

static enum rc
died(struct why *why)
{
	return why_set(why, RC_UNAVAILABLE,
		       "the keyring service went away meanwhile; try again");
}

enum rc
secretbus_error(void *gerror, struct why *why)
{
	GError *e = gerror;
	char text[96];
	enum rc rc;

	if (e == NULL)
		return why_set(why, RC_UNAVAILABLE,
			       "the keyring service gave an odd answer; "
			       "restart it");
	if (g_error_matches(e, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
	    g_error_matches(e, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
	    g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT) ||
	    g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_TIMED_OUT)) {
		rc = late(why);
	} else if (g_error_matches(e, SECRET_ERROR, SECRET_ERROR_IS_LOCKED)) {
		rc = secretbus_locked(why);
	} else if (g_error_matches(e, G_DBUS_ERROR,
				   G_DBUS_ERROR_SERVICE_UNKNOWN) ||
		   g_error_matches(e, G_DBUS_ERROR,
				   G_DBUS_ERROR_NAME_HAS_NO_OWNER)) {
		rc = why_set(why, RC_UNAVAILABLE,
			     "nobody serves the Secret Service on the session "
			     "bus; start gnome-keyring or KeePassXC");
	} else if (g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
		   g_error_matches(e, G_DBUS_ERROR,
				   G_DBUS_ERROR_DISCONNECTED) ||
		   g_error_matches(e, G_IO_ERROR, G_IO_ERROR_CLOSED)) {
		rc = died(why);
	} else {
		g_dbus_error_strip_remote_error(e);
		rc = why_set(why, RC_UNAVAILABLE,
			     "the keyring service failed: %s; restart it",
			     clean_text(span_of(e->message), text,
					sizeof(text)));
	}
	g_error_free(e);
	return rc;
}

/* One plain D-Bus call. ret: NULL when nobody wants the answer. */
static enum rc
call(struct secretbus *b, const char *name, const char *path, const char *iface,
     const char *method, GVariant *arguments, const char *type, GVariant **ret,
     struct why *why)
{
	int64_t left_ms = secretbus_left_ms(b);
	GError *e = NULL;
	GVariant *answer;

	/* Sent even when no time is left: it takes the arguments over. */
	if (left_ms < 1)
		left_ms = 1;
	answer = g_dbus_connection_call_sync(b->bus, name, path, iface, method,
					     arguments, G_VARIANT_TYPE(type),
					     G_DBUS_CALL_FLAGS_NO_AUTO_START,
					     (gint)left_ms, NULL, &e);
	if (answer == NULL)
		return secretbus_error(e, why);
	if (ret != NULL)
		*ret = answer;
	else
		g_variant_unref(answer);
	return RC_OK;
}

static enum rc
ask_owner(struct secretbus *b, gchar **ret, struct why *why)
{
	GVariant *answer;
	enum rc rc;

	rc = call(b, BUS, "/org/freedesktop/DBus", BUS, "GetNameOwner",
		  g_variant_new("(s)", SERVICE), "(s)", &answer, why);
	if (rc != RC_OK)
		return rc;
	g_variant_get(answer, "(s)", ret);
	g_variant_unref(answer);
	return RC_OK;
}

enum rc
secretbus_note_owner(struct secretbus *b, struct why *why)
{
	gchar *owner = NULL;
	enum rc rc;

	if ((rc = ask_owner(b, &owner, why)) != RC_OK)
		return rc;
	g_free(b->owner);
	b->owner = owner;
	return RC_OK;
}

enum rc
secretbus_check_owner(struct secretbus *b, struct why *why)
{
	gchar *owner = NULL;
	enum rc rc;

	if ((rc = ask_owner(b, &owner, why)) != RC_OK)
		return rc;
	if (g_strcmp0(owner, b->owner) != 0)
		rc = died(why);
	g_free(owner);
	return rc;
}

static void
on_completed(GDBusConnection *bus, const gchar *sender, const gchar *path,
	     const gchar *iface, const gchar *signal, GVariant *arguments,
	     gpointer self)
{
	struct prompt *p = self;
	gboolean dismissed = TRUE;

	(void)bus, (void)sender, (void)path, (void)iface, (void)signal;
	if (g_variant_is_of_type(arguments, G_VARIANT_TYPE("(bv)")))
		g_variant_get_child(arguments, 0, "b", &dismissed);
	p->completed = true;
	p->dismissed = dismissed;
}

static void
on_vanished(GDBusConnection *bus, const gchar *sender, const gchar *path,
	    const gchar *iface, const gchar *signal, GVariant *arguments,
	    gpointer self)
{
	struct prompt *p = self;

	(void)bus, (void)sender, (void)path, (void)iface, (void)signal;
	(void)arguments;
	p->vanished = true;
}

static gboolean
on_tick(gpointer self)
{
	(void)self;
	return G_SOURCE_CONTINUE;
}

/*
 * Wait for the end of a prompt that was raised, at most PROMPT_MS; also when
 * the caller has gone, and without Dismiss in the end: gnome-keyring 42 fails
 * an assertion, and ends, when a prompt that is up is dismissed or its client
 * leaves. Who comes next waits for the lock, and the answer serves him, too.
 */
static enum rc
wait_prompt(struct secretbus *b, GMainContext *context, const struct prompt *p,
	    struct why *why)
{
	gint64 end_us = g_get_monotonic_time() + PROMPT_MS * US_PER_MS;
	GSource *tick = g_timeout_source_new(TICK_MS);

	g_source_set_callback(tick, on_tick, NULL, NULL);
	g_source_attach(tick, context);
	while (!p->completed && !p->vanished &&
	       !g_dbus_connection_is_closed(b->bus) &&
	       g_get_monotonic_time() < end_us)
		g_main_context_iteration(context, TRUE);
	g_source_destroy(tick);
	g_source_unref(tick);
	secretbus_begin(b);

	if (p->completed && !p->dismissed)
		return RC_OK;
	if (p->completed)
		return why_set(why, RC_DISMISSED,
			       "the keyring's prompt was refused; unlock the "
			       "keyring, or answer the next prompt");
	if (p->vanished || g_dbus_connection_is_closed(b->bus))
		return died(why);
	return why_set(why, RC_KEYRING_TIMEOUT,
		       "nobody answered the keyring's prompt within %d s; "
		       "unlock the keyring first",
		       PROMPT_MS / 1000);
}

static enum rc
run_prompt(struct secretbus *b, const char *path, struct why *why)
{
	GMainContext *context = g_main_context_new();
	struct prompt p = { 0 };
	guint completed, vanished;
	enum rc rc;

	g_main_context_push_thread_default(context);
	completed = g_dbus_connection_signal_subscribe(
		b->bus, b->owner, PROMPT_IFACE, "Completed", path, NULL,
		G_DBUS_SIGNAL_FLAGS_NONE, on_completed, &p, NULL);
	vanished = g_dbus_connection_signal_subscribe(
		b->bus, BUS, BUS, "NameOwnerChanged", NULL, SERVICE,
		G_DBUS_SIGNAL_FLAGS_NONE, on_vanished, &p, NULL);
	rc = call(b, SERVICE, path, PROMPT_IFACE, "Prompt",
		  g_variant_new("(s)", ""), "()", NULL, why);
	if (rc == RC_OK)
		rc = wait_prompt(b, context, &p, why);
	g_dbus_connection_signal_unsubscribe(b->bus, completed);
	g_dbus_connection_signal_unsubscribe(b->bus, vanished);
	while (g_main_context_iteration(context, FALSE))
		;
	g_main_context_pop_thread_default(context);
	g_main_context_unref(context);
	return rc;
}

/* What a method asks for besides its result: "/" is nothing. */
static enum rc
follow_prompt(struct secretbus *b, const char *path, struct why *why)
{
	if (g_strcmp0(path, "/") == 0)
		return RC_OK;
	return b->may_prompt ? run_prompt(b, path, why) : secretbus_locked(why);
}

enum rc
secretbus_unlock(struct secretbus *b, const char *path, struct why *why)
{
	GVariant *answer = NULL;
	const char *prompt;
	enum rc rc;

	if (!b->may_prompt)
		return secretbus_locked(why);
	rc = call(b, SERVICE, SERVICE_PATH, SERVICE_IFACE, "Unlock",
		  g_variant_new("(@ao)", g_variant_new_objv(&path, 1)), "(aoo)",
		  &answer, why);
	if (rc != RC_OK)
		return rc;
	g_variant_get_child(answer, 1, "&o", &prompt);
	rc = follow_prompt(b, prompt, why);
	g_variant_unref(answer);
	return rc;
}

enum rc
secretbus_delete(struct secretbus *b, const char *path, struct why *why)
{
	GVariant *answer = NULL;
	const char *prompt;
	enum rc rc;

	rc = call(b, SERVICE, path, "org.freedesktop.Secret.Item", "Delete",
		  NULL, "(o)", &answer, why);
	if (rc != RC_OK)
		return rc;
	g_variant_get(answer, "(&o)", &prompt);
	rc = follow_prompt(b, prompt, why);
	g_variant_unref(answer);
	return rc;
}

static GLogWriterOutput
write_no_log(GLogLevelFlags level, const GLogField *fields, gsize count,
	     gpointer self)
{
	(void)level, (void)fields, (void)count, (void)self;
	return G_LOG_WRITER_HANDLED;
}

static gpointer
silence(gpointer self)
{
	g_log_set_writer_func(write_no_log, NULL, NULL);
	return self;
}

/* In place of libsecret's own: it raises none on its own account. */
static GVariant *
refuse_prompt(SecretService *service, SecretPrompt *prompt,
	      GCancellable *cancellable, const GVariantType *type, GError **e)
{
	(void)service, (void)prompt, (void)cancellable, (void)type;
	g_set_error_literal(e, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "prompt");
	return NULL;
}

static void
quiet_class(gpointer class, gpointer data)
{
	SecretServiceClass *c = class;

	(void)data;
	c->prompt_sync = refuse_prompt;
}

size_t
secretbus_service_type(void)
{
	GType type = g_type_from_name(QUIET_TYPE);

	if (type == 0)
		type = g_type_register_static_simple(
			SECRET_TYPE_SERVICE, QUIET_TYPE,
			sizeof(SecretServiceClass), quiet_class,
			sizeof(SecretService), NULL, 0);
	return type;
}

static void
cancel(void *self)
{
	g_cancellable_cancel(self);
}

/* The socket's other end must be a process of ours: a key is going there. */
static bool
peer_is_us(GDBusConnection *bus)
{
	GIOStream *stream = g_dbus_connection_get_stream(bus);
	GCredentials *peer = NULL;
	bool ours = false;

	if (G_IS_SOCKET_CONNECTION(stream))
		peer = g_socket_get_credentials(
			g_socket_connection_get_socket(
				G_SOCKET_CONNECTION(stream)),
			NULL);
	if (peer != NULL)
		ours = g_credentials_get_unix_user(peer, NULL) == geteuid();
	g_clear_object(&peer);
	return ours;
}

static enum rc
connect_bus(struct secretbus *b, struct why *why)
{
	GCancellable *cancellable = g_cancellable_new();
	struct watch w;
	GError *e = NULL;
	char text[96];
	enum rc rc;

	rc = watch_start(&w, secretbus_left_ms(b), cancel, cancellable, why);
	if (rc != RC_OK)
		goto out;
	b->bus = g_bus_get_sync(G_BUS_TYPE_SESSION, cancellable, &e);
	watch_stop(&w);
	if (b->bus != NULL) {
		/* Else GLib ends the process when the bus goes away. */
		g_dbus_connection_set_exit_on_close(b->bus, FALSE);
		if (!peer_is_us(b->bus))
			rc = why_set(why, RC_UNAVAILABLE,
				     "the session bus belongs to another user; "
				     "correct DBUS_SESSION_BUS_ADDRESS");
	} else if (g_error_matches(e, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		rc = secretbus_error(g_steal_pointer(&e), why);
	} else {
		clean_text(span_of(e == NULL ? "" : e->message), text,
			   sizeof(text));
		rc = why_set(why, RC_UNAVAILABLE,
			     "no session bus: %s; log in to a session that "
			     "has one",
			     text);
	}
out:
	g_clear_error(&e);
	g_object_unref(cancellable);
	return rc;
}

enum rc
secretbus_open(const char *address, bool may_prompt, struct secretbus **ret,
	       struct why *why)
{
	/* GLib takes one writer in the life of a process, and no second. */
	static GOnce silenced = G_ONCE_INIT;
	struct secretbus *b;
	enum rc rc;

	if (setenv("DBUS_SESSION_BUS_ADDRESS", address, 1) != 0 ||
	    (b = calloc(1, sizeof(*b))) == NULL)
		return why_set(why, RC_INTERNAL,
			       "out of memory; close other programs");
	g_once(&silenced, silence, NULL);
	b->may_prompt = may_prompt;
	secretbus_begin(b);
	if ((rc = connect_bus(b, why)) != RC_OK) {
		secretbus_close(b);
		return rc;
	}
	*ret = b;
	return RC_OK;
}

struct secretbus *
secretbus_close(struct secretbus *b)
{
	if (b == NULL)
		return NULL;
	g_free(b->owner);
	g_clear_object(&b->bus);
	free(b);
	return NULL;
}
