/* Passphrases, fingerprints and signatures, compared with openssl's. */
#include "support/testkey.h"

#include "core/banned.h"

static void
an_encrypted_key_needs_its_passphrase(void **state)
{
	char text[TESTKEY_MAX], wrong[] = "wrong horse", empty[] = "";
	char half[] = "correct";
	struct span pem = { .at = text };
	struct sign_key *k = NULL;
	struct why why = { 0 };

	(void)state;
	pem.len = testkey_read(testkey_dir, "enc.pem", text);
	assert_int_equal(sign_key_parse(pem, NULL, NULL, &k, &why), RC_KEY_BAD);
	assert_non_null(strstr(why.text, "encrypted"));
	assert_int_equal(sign_key_parse(pem, testkey_ask, NULL, &k, &why),
			 RC_DISMISSED);
	assert_int_equal(sign_key_parse(pem, testkey_ask, wrong, &k, &why),
			 RC_KEY_BAD);
	assert_non_null(strstr(why.text, "passphrase"));
	assert_null(strstr(why.text, wrong));
	assert_int_equal(sign_key_parse(pem, testkey_ask, half, &k, &why),
			 RC_KEY_BAD);
	assert_int_equal(sign_key_parse(pem, testkey_ask, empty, &k, &why),
			 RC_KEY_BAD);
	assert_null(k);
}

/* Raises the count; a key without encryption must not come here. */
static enum rc
count_asks(void *self, struct safebuf *out, struct why *why)
{
	unsigned *count = self;

	(void)out;
	(void)why;
	++*count;
	return RC_INTERNAL;
}

static void
a_plain_key_asks_for_nothing(void **state)
{
	char text[TESTKEY_MAX];
	struct span pem = { .at = text };
	struct sign_key *k = NULL;
	unsigned count = 0;

	(void)state;
	pem.len = testkey_read(testkey_dir, "rsa.pem", text);
	assert_int_equal(sign_key_parse(pem, count_asks, &count, &k, NULL),
			 RC_OK);
	assert_int_equal(count, 0);
	sign_key_free(k);
}

static void
the_fingerprint_is_that_of_the_public_key(void **state)
{
	struct sign_key *k = testkey_parse_file("rsa.pem");
	char ours[SIGN_FINGERPRINT_MAX], theirs[TESTKEY_MAX];

	(void)state;
	testkey_fingerprint_of(k, ours);
	testkey_openssl(testkey_dir,
			"dgst -sha256 -binary -out spki.hash spki.der");
	testkey_openssl(testkey_dir, "base64 -in spki.hash -out spki.text");
	testkey_read(testkey_dir, "spki.text", theirs);

	assert_int_equal(strncmp(ours, "SHA256:", 7), 0);
	assert_int_equal(strlen(ours), 7 + 43);
	assert_int_equal(strncmp(ours + 7, theirs, 43), 0);
	assert_string_equal(theirs + 43, "=\n");
	sign_key_free(k);
}

static void
an_encoded_key_is_pkcs8_and_reads_back(void **state)
{
	struct sign_key *k = testkey_parse_file("pkcs1.pem"), *back = NULL;
	char ours[SIGN_FINGERPRINT_MAX], other[SIGN_FINGERPRINT_MAX];
	struct safebuf *pem = NULL;

	(void)state;
	assert_int_equal(safebuf_new(PEM_MAX, &pem), RC_OK);
	safebuf_puts(pem, "before\n");
	assert_int_equal(sign_key_encode(k, pem, NULL), RC_OK);

	assert_true(span_starts(safebuf_view(pem),
				"before\n-----BEGIN PRIVATE KEY-----\n"));
	assert_true(
		span_ends(safebuf_view(pem), "-----END PRIVATE KEY-----\n"));
	assert_int_equal(sign_key_parse(safebuf_view(pem), NULL, NULL, &back,
					NULL),
			 RC_OK);
	testkey_fingerprint_of(k, ours);
	testkey_fingerprint_of(back, other);
	assert_string_equal(ours, other);
	private_write(testkey_dir, "ours.pem", safebuf_view(pem).at,
		      safebuf_len(pem), 0600);
	testkey_openssl(testkey_dir, "pkey -in ours.pem -noout -check");
	sign_key_free(back);
	sign_key_free(k);
	safebuf_free(pem);
}

static void
a_key_that_does_not_fit_is_not_cut(void **state)
{
	struct sign_key *k = testkey_parse_file("rsa.pem");
	struct safebuf *pem = NULL;

	(void)state;
	assert_int_equal(safebuf_new(1000, &pem), RC_OK);
	assert_int_equal(sign_key_encode(k, pem, NULL), RC_TOO_LARGE);
	assert_int_equal(safebuf_check(pem), RC_TOO_LARGE);
	safebuf_free(pem);
	sign_key_free(k);
}

static void
a_signature_is_the_one_that_openssl_makes(void **state)
{
	static const char *const texts[] = { "", "x", "eyJh.eyJp" };
	struct sign_key *k = testkey_parse_file("pkcs8.pem");

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct safebuf *out = NULL;
		char theirs[TESTKEY_MAX];
		size_t len;

		assert_int_equal(safebuf_new(512, &out), RC_OK);
		assert_int_equal(sign_rs256(k, span_of(texts[i]), out, NULL),
				 RC_OK);
		private_write(testkey_dir, "text", texts[i], strlen(texts[i]),
			      0600);
		testkey_openssl(testkey_dir,
				"dgst -sha256 -sign rsa.pem -out sig text");
		len = testkey_read(testkey_dir, "sig", theirs);
		/* PKCS#1 v1.5 signatures have no random part. */
		assert_int_equal(len, 256);
		assert_true(span_eq(safebuf_view(out),
				    (struct span){ .at = theirs, .len = len }));
		safebuf_free(out);
	}
	sign_key_free(k);
}

static void
a_signature_or_text_too_large_is_refused(void **state)
{
	static char text[JWT_MAX + 1];
	struct sign_key *k = testkey_parse_file("rsa.pem");
	struct safebuf *out = NULL;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(safebuf_new(255, &out), RC_OK);
	assert_int_equal(sign_rs256(k, SPAN("x"), out, NULL), RC_TOO_LARGE);
	safebuf_free(out);
	assert_int_equal(safebuf_new(512, &out), RC_OK);
	assert_int_equal(
		sign_rs256(k, (struct span){ .at = text, .len = sizeof(text) },
			   out, NULL),
		RC_TOO_LARGE);
	assert_int_equal(safebuf_len(out), 0);
	safebuf_free(out);
	sign_key_free(k);
}

static void
random_names_have_their_form_and_differ(void **state)
{
	char one[17], two[17], uuid[37], other[37];

	(void)state;
	assert_int_equal(sign_random_serial(one, NULL), RC_OK);
	assert_int_equal(sign_random_serial(two, NULL), RC_OK);
	assert_int_equal(strspn(one, "0123456789abcdef"), 16);
	assert_int_equal(one[16], '\0');
	assert_string_not_equal(one, two);
	for (int i = 0; i < 64; i++) {
		assert_int_equal(sign_random_uuid(uuid, NULL), RC_OK);
		assert_int_equal(sign_random_uuid(other, NULL), RC_OK);
		assert_string_not_equal(uuid, other);
		assert_int_equal(strspn(uuid, "0123456789abcdef-"), 36);
		assert_int_equal(uuid[36], '\0');
		assert_true(uuid[8] == '-' && uuid[13] == '-' &&
			    uuid[18] == '-' && uuid[23] == '-');
		assert_int_equal(uuid[14], '4');
		assert_non_null(strchr("89ab", uuid[19]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_encrypted_key_needs_its_passphrase),
		cmocka_unit_test(a_plain_key_asks_for_nothing),
		cmocka_unit_test(the_fingerprint_is_that_of_the_public_key),
		cmocka_unit_test(an_encoded_key_is_pkcs8_and_reads_back),
		cmocka_unit_test(a_key_that_does_not_fit_is_not_cut),
		cmocka_unit_test(a_signature_is_the_one_that_openssl_makes),
		cmocka_unit_test(a_signature_or_text_too_large_is_refused),
		cmocka_unit_test(random_names_have_their_form_and_differ),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("sign", tests, testkey_set_up,
					   testkey_tear_down);
}
