#include "keeper/sign.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/base64.h"
#include "keeper/pem.h"

#include "core/banned.h"

#define RSA_BITS_MIN 2048
#define SHA256_LEN 32

struct sign_key {
	gnutls_x509_privkey_t x509;
	gnutls_privkey_t private;
	gnutls_pubkey_t public;
	unsigned bits;
};

static enum rc
fail(struct why *why, const char *what, int code)
{
	return why_set(why, RC_INTERNAL,
		       "%s: %s (GnuTLS %d); try again, else report this", what,
		       gnutls_strerror(code), code);
}

static enum rc
unfit(struct why *why)
{
	return why_set(why, RC_KEY_BAD,
		       "found a damaged RSA key: its numbers do not fit "
		       "together; give the unchanged file");
}

/* A signature gone wrong gives the key away: nobody sees it unchecked. */
static enum rc
sign_checked(const struct sign_key *k, const gnutls_datum_t *text,
	     gnutls_datum_t *ret, struct why *why)
{
	gnutls_datum_t signature = { 0 };
	int code;

	code = gnutls_privkey_sign_data2(k->private, GNUTLS_SIGN_RSA_SHA256, 0,
					 text, &signature);
	if (code == GNUTLS_E_MEMORY_ERROR)
		return fail(why, "cannot sign", code);
	if (code >= 0)
		code = gnutls_pubkey_verify_data2(
			k->public, GNUTLS_SIGN_RSA_SHA256, 0, text, &signature);
	if (code < 0) {
		if (signature.data != NULL)
			wipe(signature.data, signature.size);
		gnutls_free(signature.data);
		return unfit(why);
	}
	*ret = signature;
	return RC_OK;
}

/* Do both halves belong together? Their numbers alone do not tell. */
static enum rc
check_pair(const struct sign_key *k, struct why *why)
{
	unsigned char byte = 0;
	const gnutls_datum_t text = { .data = &byte, .size = 1 };
	gnutls_datum_t signature = { 0 };
	enum rc rc;

	rc = sign_checked(k, &text, &signature, why);
	gnutls_free(signature.data);
	return rc;
}

static enum rc
import_plain(gnutls_x509_privkey_t key, const gnutls_datum_t *pem, bool pkcs8,
	     struct why *why)
{
	int code;

	if (pkcs8)
		code = gnutls_x509_privkey_import_pkcs8(
			key, pem, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
	else
		code = gnutls_x509_privkey_import(key, pem,
						  GNUTLS_X509_FMT_PEM);
	if (code == GNUTLS_E_MEMORY_ERROR)
		return fail(why, "cannot read the private key", code);
	if (code == GNUTLS_E_UNKNOWN_PK_ALGORITHM ||
	    code == GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM ||
	    code == GNUTLS_E_UNIMPLEMENTED_FEATURE)
		return why_set(why, RC_KEY_BAD,
			       "found a private key of an unknown kind; %s",
			       PEM_WANTED);
	if (code < 0)
		return why_set(why, RC_KEY_BAD,
			       "found a damaged private key: %s (GnuTLS %d); "
			       "give the whole, unchanged file",
			       gnutls_strerror(code), code);
	return RC_OK;
}

static enum rc
import_encrypted(gnutls_x509_privkey_t key, const gnutls_datum_t *pem,
		 sign_ask_fn ask, void *ask_self, struct why *why)
{
	struct safebuf *phrase = NULL;
	enum rc rc;
	int code;

	if (ask == NULL)
		return why_set(why, RC_KEY_BAD,
			       "found an encrypted private key and nobody to "
			       "ask for its passphrase; run this on a "
			       "terminal");
	if ((rc = safebuf_new(PASSPHRASE_MAX + 1, &phrase)) != RC_OK) {
		why_set(why, rc, "out of memory; close other programs");
		goto out;
	}
	if ((rc = ask(ask_self, phrase, why)) != RC_OK)
		goto out;
	if (span_find(safebuf_view(phrase), '\0') != safebuf_len(phrase))
		safebuf_fail(phrase);
	safebuf_putc(phrase, '\0');
	if (safebuf_check(phrase) != RC_OK) {
		rc = why_set(why, RC_KEY_BAD,
			     "the passphrase is too long or holds a NUL; "
			     "give the right one");
		goto out;
	}
	code = gnutls_x509_privkey_import_pkcs8(key, pem, GNUTLS_X509_FMT_PEM,
						safebuf_bytes(phrase), 0);
	if (code == GNUTLS_E_MEMORY_ERROR)
		rc = fail(why, "cannot read the private key", code);
	else if (code == GNUTLS_E_UNKNOWN_CIPHER_TYPE ||
		 code == GNUTLS_E_UNIMPLEMENTED_FEATURE)
		rc = why_set(why, RC_KEY_BAD,
			     "the private key is encrypted in an unknown way; "
			     "convert it with 'openssl pkcs8 -topk8'");
	else if (code < 0)
		/* Wrong padding and wrong DER look alike from here. */
		rc = why_set(why, RC_KEY_BAD,
			     "the passphrase is wrong, or the encrypted key "
			     "is damaged (GnuTLS %d); try again",
			     code);
out:
	safebuf_free(phrase);
	return rc;
}

static enum rc
check_kind(struct sign_key *k, struct why *why)
{
	int kind = gnutls_x509_privkey_get_pk_algorithm2(k->x509, &k->bits);
	const char *found = NULL;

	switch (kind) {
	case GNUTLS_PK_RSA:
		break;
	case GNUTLS_PK_RSA_PSS:
		found = "an RSA key for PSS signatures alone";
		break;
	case GNUTLS_PK_DSA:
		found = "a DSA private key";
		break;
	case GNUTLS_PK_ECDSA:
		found = "an EC private key";
		break;
	case GNUTLS_PK_EDDSA_ED25519:
		found = "an Ed25519 private key";
		break;
	case GNUTLS_PK_EDDSA_ED448:
		found = "an Ed448 private key";
		break;
	default:
		found = "a private key of another kind";
		break;
	}
	if (found != NULL)
		return why_set(why, RC_KEY_BAD, "found %s; %s", found,
			       PEM_WANTED);
	if (k->bits < RSA_BITS_MIN)
		return why_set(why, RC_KEY_BAD,
			       "found an RSA key of %u bits; give one of at "
			       "least %d bits",
			       k->bits, RSA_BITS_MIN);
	if (gnutls_x509_privkey_verify_params(k->x509) < 0)
		return unfit(why);
	return RC_OK;
}

static enum rc
import_block(struct sign_key *k, const struct pem_block *b, sign_ask_fn ask,
	     void *ask_self, struct why *why)
{
	struct safebuf *pem = NULL;
	gnutls_datum_t datum;
	enum rc rc;

	/* A copy, because GnuTLS takes no const bytes. */
	if ((rc = safebuf_new(b->text.len + 2, &pem)) != RC_OK) {
		why_set(why, rc, "out of memory; close other programs");
		goto out;
	}
	safebuf_put(pem, b->text);
	safebuf_putc(pem, '\n');
	datum.data = (unsigned char *)safebuf_bytes(pem);
	datum.size = (unsigned)safebuf_len(pem);

	if (span_is(b->label, "ENCRYPTED PRIVATE KEY"))
		rc = import_encrypted(k->x509, &datum, ask, ask_self, why);
	else if (span_is(b->label, "PRIVATE KEY"))
		rc = import_plain(k->x509, &datum, true, why);
	else if (!span_is(b->label, "RSA PRIVATE KEY"))
		rc = pem_name_other(b, why);
	else if (b->old_encryption)
		rc = why_set(why, RC_KEY_BAD,
			     "found a key in OpenSSL's old encryption; "
			     "convert it with 'openssl pkcs8 -topk8'");
	else
		rc = import_plain(k->x509, &datum, false, why);
out:
	safebuf_free(pem);
	return rc;
}

static enum rc
new_key(struct sign_key **ret, struct why *why)
{
	struct sign_key *k = calloc(1, sizeof(*k));
	int code = GNUTLS_E_MEMORY_ERROR;

	if (k == NULL || (code = gnutls_x509_privkey_init(&k->x509)) < 0 ||
	    (code = gnutls_privkey_init(&k->private)) < 0 ||
	    (code = gnutls_pubkey_init(&k->public)) < 0) {
		sign_key_free(k);
		return fail(why, "cannot make room for the private key", code);
	}
	*ret = k;
	return RC_OK;
}

enum rc
sign_key_parse(struct span pem, sign_ask_fn ask, void *ask_self,
	       struct sign_key **ret, struct why *why)
{
	struct safebuf *text = NULL;
	struct sign_key *k = NULL;
	struct pem_block b = { 0 };
	enum rc rc;
	int code;

	if (pem.len > PEM_MAX)
		return why_set(why, RC_KEY_BAD,
			       "found more than %d bytes; give the private "
			       "key alone",
			       PEM_MAX);
	if ((rc = safebuf_new(PEM_MAX, &text)) != RC_OK) {
		why_set(why, rc, "out of memory; close other programs");
		goto out;
	}
	pem_put_lines(text, pem);
	if ((rc = pem_find_key(safebuf_view(text), &b, why)) != RC_OK ||
	    (rc = new_key(&k, why)) != RC_OK ||
	    (rc = import_block(k, &b, ask, ask_self, why)) != RC_OK ||
	    (rc = check_kind(k, why)) != RC_OK)
		goto out;
	if ((code = gnutls_privkey_import_x509(k->private, k->x509, 0)) < 0 ||
	    (code = gnutls_pubkey_import_privkey(k->public, k->private, 0, 0)) <
		    0) {
		rc = fail(why, "cannot use the private key", code);
		goto out;
	}
	if ((rc = check_pair(k, why)) != RC_OK)
		goto out;
	*ret = k;
	k = NULL;
out:
	sign_key_free(k);
	safebuf_free(text);
	return rc;
}

struct sign_key *
sign_key_free(struct sign_key *k)
{
	if (k == NULL)
		return NULL;
	if (k->public != NULL)
		gnutls_pubkey_deinit(k->public);
	/* The handle borrows the numbers of the other one: it goes first. */
	if (k->private != NULL)
		gnutls_privkey_deinit(k->private);
	if (k->x509 != NULL)
		gnutls_x509_privkey_deinit(k->x509);
	free(k);
	return NULL;
}

enum rc
sign_key_encode(const struct sign_key *k, struct safebuf *out, struct why *why)
{
	size_t size = safebuf_room(out);
	int code;

	code = gnutls_x509_privkey_export_pkcs8(k->x509, GNUTLS_X509_FMT_PEM,
						NULL, GNUTLS_PKCS_PLAIN,
						safebuf_tail(out), &size);
	if (code == GNUTLS_E_SHORT_MEMORY_BUFFER) {
		safebuf_fail(out);
		return why_set(why, RC_TOO_LARGE,
			       "the private key does not fit; use a shorter "
			       "one");
	}
	if (code < 0)
		return fail(why, "cannot encode the private key", code);
	safebuf_grown(out, size);
	return RC_OK;
}

enum rc
sign_key_fingerprint(const struct sign_key *k, char out[SIGN_FINGERPRINT_MAX],
		     struct why *why)
{
	gnutls_datum_t der = { 0 };
	struct safebuf *text = NULL;
	char digest[SHA256_LEN];
	enum rc rc;
	int code;

	if ((rc = safebuf_new(SIGN_FINGERPRINT_MAX, &text)) != RC_OK) {
		why_set(why, rc, "out of memory; close other programs");
		goto out;
	}
	if ((code = gnutls_pubkey_export2(k->public, GNUTLS_X509_FMT_DER,
					  &der)) < 0 ||
	    (code = gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size,
				     digest)) < 0) {
		rc = fail(why, "cannot compute the fingerprint", code);
		goto out;
	}
	safebuf_puts(text, "SHA256:");
	base64_put(text, (struct span){ .at = digest, .len = sizeof(digest) },
		   false);
	if (safebuf_check(text) != RC_OK ||
	    !span_copy(safebuf_view(text), out, SIGN_FINGERPRINT_MAX))
		rc = why_set(why, RC_INTERNAL,
			     "the fingerprint does not fit; report this");
out:
	gnutls_free(der.data);
	safebuf_free(text);
	return rc;
}

unsigned
sign_key_bits(const struct sign_key *k)
{
	return k->bits;
}

enum rc
sign_rs256(const struct sign_key *k, struct span data, struct safebuf *out,
	   struct why *why)
{
	gnutls_datum_t text, signature = { 0 };
	struct safebuf *copy = NULL;
	enum rc rc;

	if (data.len > JWT_MAX)
		return why_set(why, RC_TOO_LARGE,
			       "the text to sign has more than %d bytes; use "
			       "shorter claims",
			       JWT_MAX);
	/* A copy, because GnuTLS takes no const bytes. */
	if ((rc = safebuf_new(data.len + 1, &copy)) != RC_OK) {
		why_set(why, rc, "out of memory; close other programs");
		goto out;
	}
	safebuf_put(copy, data);
	text.data = (unsigned char *)safebuf_bytes(copy);
	text.size = (unsigned)safebuf_len(copy);
	if ((rc = sign_checked(k, &text, &signature, why)) != RC_OK)
		goto out;
	for (unsigned i = 0; i < signature.size; i++)
		safebuf_putc(out, (char)signature.data[i]);
	if ((rc = safebuf_check(out)) != RC_OK)
		why_set(why, rc, "the signature does not fit; report this");
out:
	if (signature.data != NULL)
		wipe(signature.data, signature.size);
	gnutls_free(signature.data);
	safebuf_free(copy);
	return rc;
}

static enum rc
random_hex(char *out, size_t digits, struct why *why)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[16];
	int code;

	code = gnutls_rnd(GNUTLS_RND_RANDOM, bytes, sizeof(bytes));
	if (code < 0)
		return fail(why, "no random numbers", code);
	for (size_t i = 0; i < digits; i++)
		out[i] = hex[(i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2]) &
			     15];
	return RC_OK;
}

enum rc
sign_random_serial(char out[17], struct why *why)
{
	enum rc rc = random_hex(out, 16, why);

	if (rc == RC_OK)
		out[16] = '\0';
	return rc;
}

enum rc
sign_random_uuid(char out[37], struct why *why)
{
	char digits[32];
	enum rc rc = random_hex(digits, sizeof(digits), why);
	size_t at = 0;

	if (rc != RC_OK)
		return rc;
	/* RFC 9562 5.4: version 4, variant 10. */
	digits[12] = '4';
	digits[16] = "89ab"[(unsigned char)digits[16] & 3];
	for (size_t i = 0; i < sizeof(digits); i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[at++] = '-';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return RC_OK;
}
