/*
 * Private keys and signatures, through GnuTLS: the only file that includes
 * its headers. Keys arrive as PEM and rest as PKCS#8 PEM.
 */
#ifndef KEEPER_SIGN_H
#define KEEPER_SIGN_H

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

struct sign_key;

/* "SHA256:" and 43 characters and a NUL. */
#define SIGN_FINGERPRINT_MAX 64

/*
 * Asks for the passphrase of an encrypted key; appends it to out.
 * Any failure ends the parse with it.
 */
typedef enum rc (*sign_ask_fn)(void *self, struct safebuf *out,
			       struct why *why);

/*
 * The one private key in pem: PKCS#1, PKCS#8 or encrypted PKCS#8, LF or
 * CRLF line ends, or LF written as the two characters "\n", text around the
 * block. ask may be NULL: an encrypted key is RC_KEY_BAD then.
 * ret: release with sign_key_free().
 * RC_KEY_BAD, why naming what was found: no PEM block, public key,
 * certificate, OpenSSH format, EC or DSA or Ed25519 key, RSA below 2048
 * bits, two keys, a cut or damaged block, wrong passphrase.
 */
NODISCARD enum rc sign_key_parse(struct span pem, sign_ask_fn ask,
				 void *ask_self, struct sign_key **ret,
				 struct why *why);
/* NULL is fine; wipes what GnuTLS lets us wipe. Returns NULL. */
struct sign_key *sign_key_free(struct sign_key *k);

/* Append as PKCS#8 PEM, unencrypted, for the keyring. */
NODISCARD enum rc sign_key_encode(const struct sign_key *k, struct safebuf *out,
				  struct why *why);
/* SHA256: and the unpadded base64 digest of the SubjectPublicKeyInfo. */
NODISCARD enum rc sign_key_fingerprint(const struct sign_key *k,
				       char out[SIGN_FINGERPRINT_MAX],
				       struct why *why);
unsigned sign_key_bits(const struct sign_key *k);
/*
 * Append the raw RS256 signature of data (RFC 7518 3.3) and check it with
 * the public key before anybody sees it.
 */
NODISCARD enum rc sign_rs256(const struct sign_key *k, struct span data,
			     struct safebuf *out, struct why *why);

/* 16 random hexadecimal digits and a NUL; a random UUID (version 4). */
NODISCARD enum rc sign_random_serial(char out[17], struct why *why);
NODISCARD enum rc sign_random_uuid(char out[37], struct why *why);

#endif
