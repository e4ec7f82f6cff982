/*
 * prompter: a person at the keyring's prompt. It stands in for the desktop's
 * program that gnome-keyring asks for passwords on the session bus.
 *
 *   prompter confirm|refuse|ignore [DELAY-MS]
 *
 * confirm: answers every prompt with the password, all of stdin; refuse:
 * cancels it; ignore: never answers. It takes that long to do so. stdout has
 * a line `ready` when it can be asked, then `prompt` for each prompt raised
 * and `gone` for each that was withdrawn. It ends with the bus, on SIGTERM,
 * and when its parent dies.
 *
 * The password goes over the bus as the protocol wants it, sx-aes-1: Diffie-
 * Hellman with the 1536 bit group of IKE, HKDF with SHA-256, AES-128 in CBC.
 * No stranger is to be kept out here, so our private number is 1: our public
 * one is the generator, and the peer's public one is the shared secret.
 */
#include <gio/gio.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/banned.h"

#define NAME "org.gnome.keyring.SystemPrompter"
#define PATH "/org/gnome/keyring/Prompter"
#define CALLBACK "org.gnome.keyring.internal.Prompter.Callback"
#define EXCHANGE "sx-aes-1"
#define GROUP_LEN 192
#define BLOCK_LEN 16
#define PASSWORD_MAX 64

static const char interface_xml[] =
	"<node><interface name='org.gnome.keyring.internal.Prompter'>"
	"<method name='BeginPrompting'><arg type='o' direction='in'/></method>"
	"<method name='PerformPrompt'><arg type='o' direction='in'/>"
	"<arg type='s' direction='in'/><arg type='a{sv}' direction='in'/>"
	"<arg type='s' direction='in'/></method>"
	"<method name='StopPrompting'><arg type='o' direction='in'/></method>"
	"</interface></node>";

enum wish { CONFIRM, REFUSE, IGNORE };

static const char *const wishes[] = { "confirm", "refuse", "ignore" };

struct person {
	enum wish wish;
	guint delay_ms;
	unsigned char password[PASSWORD_MAX + BLOCK_LEN];
	size_t password_len;
};

/* A prompt that waits for its answer. */
struct asked {
	const struct person *person;
	GDBusConnection *bus;
	gchar *sender, *path, *exchange;
};

static void
tell(const char *line)
{
	puts(line);
	fflush(stdout);
}

_Noreturn static void
fail(const char *what)
{
	fprintf(stderr, "prompter: %s\n", what);
	exit(1);
}

static void
put_bytes(GKeyFile *file, const char *key, const void *bytes, size_t len)
{
	gchar *text = g_base64_encode(bytes, len);

	g_key_file_set_value(file, EXCHANGE, key, text);
	g_free(text);
}

static void
derive_key(const char *exchange, unsigned char *ret)
{
	unsigned char shared[GROUP_LEN] = { 0 }, prk[32];
	gnutls_datum_t secret = { shared, sizeof(shared) };
	gnutls_datum_t salt = { NULL, 0 };
	gnutls_datum_t extracted = { prk, sizeof(prk) };
	GKeyFile *file = g_key_file_new();
	guchar *peer;
	gchar *text;
	gsize len;

	if (!g_key_file_load_from_data(file, exchange, strlen(exchange),
				       G_KEY_FILE_NONE, NULL) ||
	    (text = g_key_file_get_value(file, EXCHANGE, "public", NULL)) ==
		    NULL)
		fail("the prompt has no public key");
	peer = g_base64_decode(text, &len);
	if (len > sizeof(shared))
		fail("the prompt's public key is too long");
	memcpy(shared + sizeof(shared) - len, peer, len);
	if (gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &secret, &salt, prk) != 0 ||
	    gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &extracted, &salt, ret,
			       BLOCK_LEN) != 0)
		fail("no key of the exchange");
	g_free(peer);
	g_free(text);
	g_key_file_free(file);
}

static void
put_password(GKeyFile *file, const struct person *person, const char *exchange)
{
	unsigned char key[BLOCK_LEN], iv[BLOCK_LEN];
	unsigned char text[sizeof(person->password)];
	size_t pad = BLOCK_LEN - person->password_len % BLOCK_LEN;
	size_t len = person->password_len + pad;
	gnutls_datum_t key_datum = { key, sizeof(key) };
	gnutls_datum_t iv_datum = { iv, sizeof(iv) };
	gnutls_cipher_hd_t cipher;

	derive_key(exchange, key);
	memcpy(text, person->password, person->password_len);
	memset(text + person->password_len, (int)pad, pad);
	if (gnutls_rnd(GNUTLS_RND_NONCE, iv, sizeof(iv)) != 0 ||
	    gnutls_cipher_init(&cipher, GNUTLS_CIPHER_AES_128_CBC, &key_datum,
			       &iv_datum) != 0)
		fail("no cipher");
	put_bytes(file, "iv", iv, sizeof(iv));
	if (gnutls_cipher_encrypt(cipher, text, len) != 0)
		fail("no encryption");
	gnutls_cipher_deinit(cipher);
	put_bytes(file, "secret", text, len);
}

/* exchange: what the prompt sent; NULL at the beginning, when nobody asks. */
static void
send_ready(const struct asked *a, const char *reply, const char *exchange)
{
	static const unsigned char generator = 2;
	GKeyFile *file = g_key_file_new();
	gchar *text;

	put_bytes(file, "public", &generator, 1);
	if (exchange != NULL && a->person->wish == CONFIRM)
		put_password(file, a->person, exchange);
	text = g_key_file_to_data(file, NULL, NULL);
	g_dbus_connection_call(
		a->bus, a->sender, a->path, CALLBACK, "PromptReady",
		g_variant_new("(s@a{sv}s)", reply, g_variant_new("a{sv}", NULL),
			      g_strchug(text)),
		NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
	g_free(text);
	g_key_file_free(file);
}

static void
asked_free(void *self)
{
	struct asked *a = self;

	g_free(a->sender);
	g_free(a->path);
	g_free(a->exchange);
	g_free(a);
}

static gboolean
answer(void *self)
{
	const struct asked *a = self;

	send_ready(a, a->person->wish == CONFIRM ? "yes" : "no", a->exchange);
	return G_SOURCE_REMOVE;
}

static void
on_call(GDBusConnection *bus, const gchar *sender, const gchar *path,
	const gchar *iface, const gchar *method, GVariant *arguments,
	GDBusMethodInvocation *call, gpointer self)
{
	struct asked *a = g_new0(struct asked, 1);

	(void)path, (void)iface;
	a->person = self;
	a->bus = bus;
	a->sender = g_strdup(sender);
	g_variant_get_child(arguments, 0, "o", &a->path);
	g_dbus_method_invocation_return_value(call, NULL);
	if (strcmp(method, "BeginPrompting") == 0) {
		send_ready(a, "", NULL);
	} else if (strcmp(method, "PerformPrompt") == 0) {
		tell("prompt");
		g_variant_get_child(arguments, 3, "s", &a->exchange);
		if (a->person->wish != IGNORE) {
			g_timeout_add_full(G_PRIORITY_DEFAULT,
					   a->person->delay_ms, answer, a,
					   asked_free);
			return;
		}
	} else {
		tell("gone");
		g_dbus_connection_call(bus, sender, a->path, CALLBACK,
				       "PromptDone", NULL, NULL,
				       G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL,
				       NULL);
	}
	asked_free(a);
}

static void
on_name(GDBusConnection *bus, const gchar *name, gpointer self)
{
	(void)bus, (void)name, (void)self;
	tell("ready");
}

static void
on_no_name(GDBusConnection *bus, const gchar *name, gpointer self)
{
	(void)bus, (void)name, (void)self;
	exit(1);
}

static bool
take_arguments(struct person *p, int argc, char **argv)
{
	size_t i = 0;

	if (argc < 2 || argc > 3)
		return false;
	while (i < G_N_ELEMENTS(wishes) && strcmp(argv[1], wishes[i]) != 0)
		i++;
	if (i == G_N_ELEMENTS(wishes))
		return false;
	p->wish = (enum wish)i;
	if (argc == 3)
		p->delay_ms = (guint)g_ascii_strtoull(argv[2], NULL, 10);
	return true;
}

int
main(int argc, char **argv)
{
	static const GDBusInterfaceVTable table = { .method_call = on_call };
	struct person person = { 0 };
	GDBusNodeInfo *node;
	GDBusConnection *bus;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (!take_arguments(&person, argc, argv)) {
		fputs("usage: prompter confirm|refuse|ignore [DELAY-MS]\n",
		      stderr);
		return 2;
	}
	if (person.wish == CONFIRM)
		person.password_len =
			fread(person.password, 1, PASSWORD_MAX, stdin);
	node = g_dbus_node_info_new_for_xml(interface_xml, NULL);
	bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	if (node == NULL || bus == NULL ||
	    g_dbus_connection_register_object(bus, PATH, node->interfaces[0],
					      &table, &person, NULL, NULL) == 0)
		fail("cannot use the session bus");
	g_bus_own_name_on_connection(bus, NAME, G_BUS_NAME_OWNER_FLAGS_NONE,
				     on_name, on_no_name, NULL, NULL);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
	return 0;
}
