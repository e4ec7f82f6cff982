/* Certificates for tests, made when they are needed. */
#include "support/rawserver.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <time.h>

#include "support/private.h"

#include "core/banned.h"

static void
must(int code, const char *what)
{
	if (code < 0)
		private_die(what);
}

static gnutls_datum_t
datum_of(char *text)
{
	return (gnutls_datum_t){ .data = (unsigned char *)text,
				 .size = (unsigned)strlen(text) };
}

static void
export_pair(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key,
	    struct rawserver_pair *ret)
{
	size_t size = sizeof(ret->cert);

	must(gnutls_x509_crt_export(cert, GNUTLS_X509_FMT_PEM, ret->cert,
				    &size),
	     "exporting a certificate");
	size = sizeof(ret->key);
	must(gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, ret->key,
					&size),
	     "exporting a key");
}

static gnutls_x509_privkey_t
new_key(void)
{
	gnutls_x509_privkey_t key;

	must(gnutls_x509_privkey_init(&key), "a key");
	/* EC, because it is made in no time. */
	must(gnutls_x509_privkey_generate(
		     key, GNUTLS_PK_ECDSA,
		     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
	     "making a key");
	return key;
}

static gnutls_x509_crt_t
new_cert(gnutls_x509_privkey_t key, const char *name, long from_s, long to_s)
{
	static const unsigned char serial[] = { 0x01, 0x02, 0x03 };
	gnutls_x509_crt_t cert;
	time_t now = time(NULL);

	must(gnutls_x509_crt_init(&cert), "a certificate");
	must(gnutls_x509_crt_set_version(cert, 3), "version");
	must(gnutls_x509_crt_set_serial(cert, serial, sizeof(serial)),
	     "serial");
	must(gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0,
					   name, (unsigned)strlen(name)),
	     "name");
	must(gnutls_x509_crt_set_activation_time(cert, now + from_s), "from");
	must(gnutls_x509_crt_set_expiration_time(cert, now + to_s), "to");
	must(gnutls_x509_crt_set_key(cert, key), "key");
	return cert;
}

void
rawserver_make_ca(struct rawserver_pair *ca)
{
	gnutls_x509_privkey_t key = new_key();
	gnutls_x509_crt_t cert = new_cert(key, "test authority", -60, 86400);

	must(gnutls_x509_crt_set_ca_status(cert, 1), "authority");
	must(gnutls_x509_crt_set_key_usage(cert, GNUTLS_KEY_KEY_CERT_SIGN),
	     "usage");
	must(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0),
	     "signing");
	export_pair(cert, key, ca);
	gnutls_x509_crt_deinit(cert);
	gnutls_x509_privkey_deinit(key);
}

static void
sign_by(const struct rawserver_pair *ca, gnutls_x509_crt_t cert)
{
	struct rawserver_pair copy = *ca;
	gnutls_datum_t cert_text = datum_of(copy.cert);
	gnutls_datum_t key_text = datum_of(copy.key);
	gnutls_x509_crt_t issuer;
	gnutls_x509_privkey_t key;

	must(gnutls_x509_crt_init(&issuer), "the authority");
	must(gnutls_x509_privkey_init(&key), "its key");
	must(gnutls_x509_crt_import(issuer, &cert_text, GNUTLS_X509_FMT_PEM),
	     "reading the authority");
	must(gnutls_x509_privkey_import(key, &key_text, GNUTLS_X509_FMT_PEM),
	     "reading its key");
	must(gnutls_x509_crt_sign2(cert, issuer, key, GNUTLS_DIG_SHA256, 0),
	     "signing");
	gnutls_x509_crt_deinit(issuer);
	gnutls_x509_privkey_deinit(key);
}

void
rawserver_make_cert(const struct rawserver_pair *ca,
		    const struct rawserver_name *name,
		    struct rawserver_pair *ret)
{
	static const unsigned char loopback[] = { 127, 0, 0, 1 };
	gnutls_x509_privkey_t key = new_key();
	gnutls_x509_crt_t cert =
		new_cert(key, "test server", name->from_s, name->to_s);

	if (name->loopback)
		must(gnutls_x509_crt_set_subject_alt_name(
			     cert, GNUTLS_SAN_IPADDRESS, loopback,
			     sizeof(loopback), GNUTLS_FSAN_APPEND),
		     "address");
	if (name->dns != NULL)
		must(gnutls_x509_crt_set_subject_alt_name(
			     cert, GNUTLS_SAN_DNSNAME, name->dns,
			     (unsigned)strlen(name->dns), GNUTLS_FSAN_APPEND),
		     "host name");
	must(gnutls_x509_crt_set_key_purpose_oid(cert, GNUTLS_KP_TLS_WWW_SERVER,
						 0),
	     "purpose");
	if (ca != NULL)
		sign_by(ca, cert);
	else
		must(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256,
					   0),
		     "signing");
	export_pair(cert, key, ret);
	gnutls_x509_crt_deinit(cert);
	gnutls_x509_privkey_deinit(key);
}
