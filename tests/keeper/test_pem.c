/* Which private key a text holds, and what is named when it holds none. */
#include "support/testkey.h"

#include "core/banned.h"

static void
every_form_of_a_key_is_the_same_key(void **state)
{
	static const char *const names[] = { "pkcs1.pem", "pkcs8.pem",
					     "enc.pem", "des.pem" };
	char first[SIGN_FINGERPRINT_MAX], other[SIGN_FINGERPRINT_MAX];
	struct sign_key *k = testkey_parse_file("rsa.pem");

	(void)state;
	testkey_fingerprint_of(k, first);
	assert_int_equal(sign_key_bits(k), 2048);
	sign_key_free(k);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		k = testkey_parse_file(names[i]);
		testkey_fingerprint_of(k, other);
		assert_string_equal(first, other);
		sign_key_free(k);
	}
	k = testkey_parse_file("two.pem");
	testkey_fingerprint_of(k, other);
	assert_string_not_equal(first, other);
	sign_key_free(k);
	k = testkey_parse_file("large.pem");
	assert_int_equal(sign_key_bits(k), 3072);
	sign_key_free(k);
}

/* Put from in place of each LF of text. */
static size_t
put_breaks(const char *text, const char *from, char out[TESTKEY_MAX])
{
	size_t used = 0;

	for (; *text != '\0'; text++) {
		size_t n = *text == '\n' ? strlen(from) : 1;

		assert_true(used + n < TESTKEY_MAX);
		memcpy(out + used, *text == '\n' ? from : text, n);
		used += n;
	}
	out[used] = '\0';
	return used;
}

static void
line_ends_and_text_around_do_not_matter(void **state)
{
	static const char *const breaks[] = { "\n", "\r\n", "\\n", "\n\n",
					      " \n" };
	static const char *const around[][2] = {
		{ "", "" },
		{ "Bag Attributes\n    friendlyName: x\n", "the end\n" },
		{ "{\"private_key\": \"", "\"}" },
		{ "\xef\xbb\xbf", "" },
		{ "-----BEGIN nothing\n", "" },
	};
	char first[SIGN_FINGERPRINT_MAX], other[SIGN_FINGERPRINT_MAX];
	char text[TESTKEY_MAX], broken[TESTKEY_MAX], whole[TESTKEY_MAX];
	struct sign_key *k = testkey_parse_file("rsa.pem");
	struct why why;

	(void)state;
	testkey_fingerprint_of(k, first);
	sign_key_free(k);
	testkey_read(testkey_dir, "rsa.pem", text);
	for (size_t i = 0; i < 25; i++) {
		put_breaks(text, breaks[i % 5], broken);
		private_format(whole, sizeof(whole), "%s%s%s", around[i / 5][0],
			       broken, around[i / 5][1]);
		if (testkey_parse(whole, strlen(whole), &k, &why) != RC_OK)
			print_error("# row %zu: %s\n", i, why.text);
		assert_non_null(k);
		testkey_fingerprint_of(k, other);
		assert_string_equal(first, other);
		sign_key_free(k);
	}
}

static void
a_certificate_or_parameters_beside_the_key_are_fine(void **state)
{
	char text[TESTKEY_MAX], cert[TESTKEY_MAX], whole[TESTKEY_MAX];
	struct sign_key *k;
	struct why why;

	(void)state;
	testkey_read(testkey_dir, "rsa.pem", text);
	testkey_read(testkey_dir, "cert.pem", cert);
	private_format(whole, sizeof(whole), "%s%s%s", cert, text, cert);

	assert_int_equal(testkey_parse(whole, strlen(whole), &k, &why), RC_OK);
	sign_key_free(k);
}

static void
what_is_no_usable_key_is_named(void **state)
{
	static const struct {
		const char *file, *word;
	} rows[] = {
		{ "public.pem", "a public key" },
		{ "rsapublic.pem", "a public key" },
		{ "cert.pem", "a certificate;" },
		{ "request.pem", "a certificate request" },
		{ "ec.pem", "an EC private key" },
		{ "ec8.pem", "an EC private key" },
		{ "ed.pem", "an Ed25519 private key" },
		{ "x25519.pem", "private key" },
		{ "pss.pem", "PSS" },
		{ "small.pem", "1024 bits" },
		{ "edge.pem", "2047 bits" },
		{ "rsa.der", "DER" },
		{ "phrase", "no PEM block" },
		{ "old.pem", "openssl pkcs8 -topk8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[TESTKEY_MAX];
		size_t len = testkey_read(testkey_dir, rows[i].file, text);
		struct sign_key *k;
		struct why why;

		assert_int_equal(testkey_parse(text, len, &k, &why),
				 RC_KEY_BAD);
		if (strstr(why.text, rows[i].word) == NULL)
			print_error("# %s: %s\n", rows[i].file, why.text);
		assert_non_null(strstr(why.text, rows[i].word));
		assert_non_null(strstr(why.text, "; "));
	}
}

/* DSA needs parameters first, and OpenSSH's format another program. */
static void
dsa_and_openssh_keys_are_named(void **state)
{
	static const struct {
		const char *label, *word;
	} rows[] = {
		{ "DSA PRIVATE KEY", "a DSA private key" },
		{ "OPENSSH PRIVATE KEY", "OpenSSH" },
		{ "PGP PRIVATE KEY BLOCK", "OpenPGP" },
		{ "ANY PRIVATE KEY", "'ANY PRIVATE KEY'" },
		{ "STRANGE THING", "'STRANGE THING'" },
	};
	char text[512];
	struct sign_key *k;
	struct why why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		private_format(text, sizeof(text),
			       "-----BEGIN %s-----\nAAAA\n-----END %s-----\n",
			       rows[i].label, rows[i].label);
		assert_int_equal(testkey_parse(text, strlen(text), &k, &why),
				 RC_KEY_BAD);
		assert_non_null(strstr(why.text, rows[i].word));
	}
	testkey_openssl(testkey_dir, "dsaparam -genkey -out dsa.pem 1024");
	testkey_openssl(testkey_dir,
			"pkcs8 -topk8 -nocrypt -in dsa.pem -out dsa8.pem");
	{
		char dsa[TESTKEY_MAX];
		size_t len = testkey_read(testkey_dir, "dsa8.pem", dsa);

		assert_int_equal(testkey_parse(dsa, len, &k, &why), RC_KEY_BAD);
		assert_non_null(strstr(why.text, "DSA"));
	}
}

static void
two_keys_are_refused(void **state)
{
	static const char *const pairs[][2] = {
		{ "rsa.pem", "two.pem" }, { "rsa.pem", "rsa.pem" },
		{ "rsa.pem", "ec8.pem" }, { "enc.pem", "pkcs1.pem" },
		{ "ec.pem", "rsa.pem" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char one[TESTKEY_MAX], two[TESTKEY_MAX], both[TESTKEY_MAX];
		struct sign_key *k;
		struct why why;

		testkey_read(testkey_dir, pairs[i][0], one);
		testkey_read(testkey_dir, pairs[i][1], two);
		private_format(both, sizeof(both), "%s%s", one, two);
		assert_int_equal(testkey_parse(both, strlen(both), &k, &why),
				 RC_KEY_BAD);
		assert_non_null(strstr(why.text, "2 private keys"));
	}
}

static void
a_key_cut_anywhere_is_refused(void **state)
{
	char text[TESTKEY_MAX];
	size_t len = testkey_read(testkey_dir, "rsa.pem", text);
	struct sign_key *k;
	struct why why;

	(void)state;
	/* The last byte is a line end, which nobody misses. */
	for (size_t n = 0; n + 1 < len; n++)
		assert_int_equal(testkey_parse(text, n, &k, &why), RC_KEY_BAD);
	assert_int_equal(testkey_parse(text, len / 2, &k, &why), RC_KEY_BAD);
	assert_non_null(strstr(why.text, "a cut private key"));
}

static void
a_key_with_a_changed_character_is_refused_or_the_same(void **state)
{
	char text[TESTKEY_MAX];
	char first[SIGN_FINGERPRINT_MAX], other[SIGN_FINGERPRINT_MAX];
	size_t len = testkey_read(testkey_dir, "pkcs8.pem", text);
	struct sign_key *k = testkey_parse_file("rsa.pem");
	struct why why;

	(void)state;
	testkey_fingerprint_of(k, first);
	sign_key_free(k);
	for (size_t i = 30; i + 30 < len; i += 7) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		if (testkey_parse(text, len, &k, &why) == RC_OK) {
			testkey_fingerprint_of(k, other);
			assert_string_equal(first, other);
			sign_key_free(k);
		}
		text[i] = was;
	}
}

static void
more_than_the_largest_file_is_refused(void **state)
{
	static char text[PEM_MAX + 1];
	char pem[TESTKEY_MAX];
	size_t len = testkey_read(testkey_dir, "rsa.pem", pem);
	struct sign_key *k;
	struct why why;

	(void)state;
	memset(text, '#', sizeof(text));
	memcpy(text, pem, len);

	assert_int_equal(testkey_parse(text, PEM_MAX, &k, &why), RC_OK);
	sign_key_free(k);
	assert_int_equal(testkey_parse(text, PEM_MAX + 1, &k, &why),
			 RC_KEY_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_key_is_the_same_key),
		cmocka_unit_test(line_ends_and_text_around_do_not_matter),
		cmocka_unit_test(
			a_certificate_or_parameters_beside_the_key_are_fine),
		cmocka_unit_test(what_is_no_usable_key_is_named),
		cmocka_unit_test(dsa_and_openssh_keys_are_named),
		cmocka_unit_test(two_keys_are_refused),
		cmocka_unit_test(a_key_cut_anywhere_is_refused),
		cmocka_unit_test(
			a_key_with_a_changed_character_is_refused_or_the_same),
		cmocka_unit_test(more_than_the_largest_file_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("pem", tests, testkey_set_up,
					   testkey_tear_down);
}
