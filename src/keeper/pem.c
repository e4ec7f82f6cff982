#include "keeper/pem.h"

#include "core/banned.h"

#define DASHES "-----"
#define BEGIN DASHES "BEGIN "
#define END DASHES "END "
/* RFC 7468 section 3 sets no length; the longest in use has 33 bytes. */
#define LABEL_MAX 64

/* What a block that holds no usable key is called in a message. */
static const struct {
	const char *label;
	const char *found;
} others[] = {
	{ "EC PRIVATE KEY", "an EC private key" },
	{ "DSA PRIVATE KEY", "a DSA private key" },
	{ "OPENSSH PRIVATE KEY", "a private key in OpenSSH's own format" },
	{ "SSH2 ENCRYPTED PRIVATE KEY", "a private key in SSH2's own format" },
	{ "PUBLIC KEY", "a public key" },
	{ "RSA PUBLIC KEY", "a public key" },
	{ "SSH2 PUBLIC KEY", "a public key" },
	{ "CERTIFICATE", "a certificate" },
	{ "X509 CERTIFICATE", "a certificate" },
	{ "TRUSTED CERTIFICATE", "a certificate" },
	{ "CERTIFICATE REQUEST", "a certificate request" },
	{ "NEW CERTIFICATE REQUEST", "a certificate request" },
	{ "EC PARAMETERS", "parameters of an elliptic curve" },
	{ "PGP PRIVATE KEY BLOCK", "an OpenPGP key" },
	{ "PGP PUBLIC KEY BLOCK", "an OpenPGP key" },
};

/* Index of the first occurrence, or s.len. */
static size_t
find(struct span s, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; n <= s.len && i <= s.len - n; i++) {
		if (memcmp(s.at + i, text, n) == 0)
			return i;
	}
	return s.len;
}

/* Take the next block off *rest. False when there is none. */
static bool
next_block(struct span *rest, struct pem_block *ret)
{
	char end[sizeof(END) + LABEL_MAX + sizeof(DASHES)];
	struct span from, body;
	size_t at;

	*ret = (struct pem_block){ 0 };
	for (;;) {
		from = span_from(*rest, find(*rest, BEGIN));
		if (from.len == 0)
			return false;
		*rest = span_from(from, strlen(BEGIN));
		ret->label = span_cut(*rest, 0, find(*rest, DASHES));
		if (ret->label.len < rest->len && ret->label.len <= LABEL_MAX &&
		    span_is_printable(ret->label))
			break;
	}
	memcpy(end, END, strlen(END));
	memcpy(end + strlen(END), ret->label.at, ret->label.len);
	memcpy(end + strlen(END) + ret->label.len, DASHES, sizeof(DASHES));
	at = find(*rest, end);
	body = span_cut(*rest, 0, at);
	if (at == rest->len || find(body, BEGIN) < body.len)
		return true; /* no END of its own: text stays unset */
	ret->text = span_cut(from, 0, strlen(BEGIN) + at + strlen(end));
	ret->old_encryption = find(body, "Proc-Type:") < body.len;
	*rest = span_from(from, ret->text.len);
	return true;
}

void
pem_put_lines(struct safebuf *out, struct span pem)
{
	for (size_t i = 0; i < pem.len; i++) {
		char next = i + 1 < pem.len ? pem.at[i + 1] : '\0';

		if (pem.at[i] == '\r' && next == '\n')
			continue;
		if (pem.at[i] == '\\' && next == 'n') {
			safebuf_putc(out, '\n');
			i++;
		} else {
			safebuf_putc(out, pem.at[i]);
		}
	}
}

enum rc
pem_name_other(const struct pem_block *b, struct why *why)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (span_is(b->label, others[i].label))
			return why_set(why, RC_KEY_BAD, "found %s; %s",
				       others[i].found, PEM_WANTED);
	}
	return why_set(why, RC_KEY_BAD, "found a PEM block '%.*s'; %s",
		       (int)b->label.len, b->label.at, PEM_WANTED);
}

enum rc
pem_find_key(struct span text, struct pem_block *ret, struct why *why)
{
	struct span rest = text;
	struct pem_block first = { 0 }, key = { 0 }, b;
	unsigned keys = 0;

	while (next_block(&rest, &b)) {
		if (!span_is_set(first.label))
			first = b;
		if (!span_ends(b.label, "PRIVATE KEY"))
			continue;
		key = b;
		keys++;
	}
	if (keys > 1)
		return why_set(why, RC_KEY_BAD,
			       "found %u private keys; give exactly one", keys);
	if (keys == 0 && span_is_set(first.label))
		return pem_name_other(&first, why);
	if (text.len == 0)
		return why_set(why, RC_KEY_BAD,
			       "found nothing, it is empty; %s", PEM_WANTED);
	if (keys == 0 && text.at[0] == 0x30)
		return why_set(why, RC_KEY_BAD,
			       "found no PEM but perhaps DER; convert it with "
			       "'openssl pkey -inform DER'");
	if (keys == 0)
		return why_set(why, RC_KEY_BAD, "found no PEM block; %s",
			       PEM_WANTED);
	if (!span_is_set(key.text))
		return why_set(why, RC_KEY_BAD,
			       "found a cut private key, without its line "
			       "'END %.*s'; give the whole file",
			       (int)key.label.len, key.label.at);
	*ret = key;
	return RC_OK;
}
