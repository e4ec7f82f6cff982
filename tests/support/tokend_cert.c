/*
 * Keys and certificates of tokend: a CA and a server certificate of its own,
 * new at each start, and the public keys of the apps.
 */
#include "tokend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/banned.h"

#define DAY_S 86400
#define HOUR_S 3600

struct pair {
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
};

static bool
add_name(gnutls_x509_crt_t crt, const char *name)
{
	unsigned char ip[16];
	unsigned ip_len = 0;

	if (inet_pton(AF_INET, name, ip) == 1)
		ip_len = 4;
	else if (inet_pton(AF_INET6, name, ip) == 1)
		ip_len = 16;
	if (ip_len)
		return gnutls_x509_crt_set_subject_alt_name(
			   crt, GNUTLS_SAN_IPADDRESS, ip, ip_len,
			   GNUTLS_FSAN_APPEND) == 0;
	return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
						    name,
						    (unsigned)strlen(name),
						    GNUTLS_FSAN_APPEND) == 0;
}

/* A fresh key, and a certificate that holds all but the names and the CA. */
static bool
pair_new(struct pair *p, const char *common_name)
{
	unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
	unsigned char serial[8];
	unsigned char id[20];
	size_t id_len = sizeof(id);
	time_t now = time(NULL);

	if (gnutls_x509_privkey_init(&p->key) != 0 ||
	    gnutls_x509_crt_init(&p->crt) != 0 ||
	    gnutls_x509_privkey_generate(p->key, GNUTLS_PK_ECDSA, bits, 0) !=
		0 ||
	    gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)) != 0)
		return false;
	serial[0] = (unsigned char)((serial[0] & 0x7f) | 1); /* positive */
	return gnutls_x509_crt_set_version(p->crt, 3) == 0 &&
	       gnutls_x509_crt_set_key(p->crt, p->key) == 0 &&
	       gnutls_x509_crt_set_serial(p->crt, serial, sizeof(serial)) ==
		   0 &&
	       gnutls_x509_crt_set_activation_time(p->crt, now - HOUR_S) == 0 &&
	       gnutls_x509_crt_set_expiration_time(p->crt, now + DAY_S) == 0 &&
	       gnutls_x509_crt_set_dn_by_oid(
		   p->crt, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
		   (unsigned)strlen(common_name)) == 0 &&
	       gnutls_x509_crt_get_key_id(p->crt, 0, id, &id_len) == 0 &&
	       gnutls_x509_crt_set_subject_key_id(p->crt, id, id_len) == 0;
}

static void
pair_free(struct pair *p)
{
	if (p->crt)
		gnutls_x509_crt_deinit(p->crt);
	if (p->key)
		gnutls_x509_privkey_deinit(p->key);
}

static bool
finish_ca(const struct pair *ca)
{
	return gnutls_x509_crt_set_basic_constraints(ca->crt, 1, 0) == 0 &&
	       gnutls_x509_crt_set_key_usage(ca->crt,
					     GNUTLS_KEY_KEY_CERT_SIGN |
						 GNUTLS_KEY_CRL_SIGN) == 0 &&
	       gnutls_x509_crt_sign2(ca->crt, ca->crt, ca->key,
				     GNUTLS_DIG_SHA256, 0) == 0;
}

static bool
finish_server(const struct server *srv, const struct pair *ca,
	      const struct pair *p)
{
	unsigned char id[20];
	size_t id_len = sizeof(id);

	if (!add_name(p->crt, "localhost") || !add_name(p->crt, "127.0.0.1") ||
	    !add_name(p->crt, "::1"))
		return false;
	for (size_t i = 0; i < srv->name_count; i++)
		if (!add_name(p->crt, srv->names[i]))
			return false;
	return gnutls_x509_crt_get_key_id(ca->crt, 0, id, &id_len) == 0 &&
	       gnutls_x509_crt_set_authority_key_id(p->crt, id, id_len) == 0 &&
	       gnutls_x509_crt_set_basic_constraints(p->crt, 0, -1) == 0 &&
	       gnutls_x509_crt_set_key_usage(
		   p->crt, GNUTLS_KEY_DIGITAL_SIGNATURE) == 0 &&
	       gnutls_x509_crt_set_key_purpose_oid(
		   p->crt, GNUTLS_KP_TLS_WWW_SERVER, 0) == 0 &&
	       gnutls_x509_crt_sign2(p->crt, ca->crt, ca->key,
				     GNUTLS_DIG_SHA256, 0) == 0;
}

static bool
export_crt(gnutls_x509_crt_t crt, struct text *ret)
{
	gnutls_datum_t pem = { 0 };

	if (gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem) != 0)
		return false;
	text_add(ret, pem.data, pem.size);
	gnutls_free(pem.data);
	return true;
}

bool
cert_make(const struct server *srv, struct text *ca_pem, struct text *cert_pem,
	  struct text *key_pem)
{
	struct pair ca = { 0 };
	struct pair server = { 0 };
	gnutls_datum_t pem = { 0 };
	bool done = false;

	if (!pair_new(&ca, "tokend test CA") || !finish_ca(&ca) ||
	    !pair_new(&server, "tokend") || !finish_server(srv, &ca, &server) ||
	    !export_crt(ca.crt, ca_pem) || !export_crt(server.crt, cert_pem) ||
	    gnutls_x509_privkey_export2(server.key, GNUTLS_X509_FMT_PEM,
					&pem) != 0)
		goto out;

	text_add(key_pem, pem.data, pem.size);
	done = true;
out:
	gnutls_free(pem.data);
	pair_free(&server);
	pair_free(&ca);
	return done;
}

bool
cert_read_file(const char *path, struct text *ret)
{
	char buf[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	while ((n = read(fd, buf, sizeof(buf))) > 0 ||
	       (n < 0 && errno == EINTR))
		if (n > 0)
			text_add(ret, buf, (size_t)n);
	close(fd);
	return n == 0;
}

bool
cert_read_pubkey(const char *path, gnutls_pubkey_t *ret)
{
	struct text pem = { 0 };
	gnutls_pubkey_t key = NULL;
	gnutls_datum_t datum;
	bool done = false;

	if (!cert_read_file(path, &pem) || pem.n == 0 || pem.n > 65536 ||
	    gnutls_pubkey_init(&key) != 0)
		goto out;
	datum.data = (unsigned char *)pem.p;
	datum.size = (unsigned)pem.n;
	if (gnutls_pubkey_import(key, &datum, GNUTLS_X509_FMT_PEM) != 0)
		goto out;

	*ret = key;
	key = NULL;
	done = true;
out:
	if (key)
		gnutls_pubkey_deinit(key);
	text_free(&pem);
	return done;
}
