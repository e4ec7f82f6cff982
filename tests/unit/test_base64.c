/* Tests of core/base64.c. Vectors: RFC 4648 section 10. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base64.h"

#include "core/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	struct span bytes;
	const char *padded, *plain, *url;
} vectors[] = {
	{ SPAN(""), "", "", "" },
	{ SPAN("f"), "Zg==", "Zg", "Zg" },
	{ SPAN("fo"), "Zm8=", "Zm8", "Zm8" },
	{ SPAN("foo"), "Zm9v", "Zm9v", "Zm9v" },
	{ SPAN("foob"), "Zm9vYg==", "Zm9vYg", "Zm9vYg" },
	{ SPAN("fooba"), "Zm9vYmE=", "Zm9vYmE", "Zm9vYmE" },
	{ SPAN("foobar"), "Zm9vYmFy", "Zm9vYmFy", "Zm9vYmFy" },
	{ SPAN("\xfb\xff\xbf"), "+/+/", "+/+/", "-_-_" },
	{ SPAN("\0\0"), "AAA=", "AAA", "AAA" },
	{ SPAN("\xff"), "/w==", "/w", "_w" },
};

static struct safebuf *
buffer(size_t capacity)
{
	struct safebuf *b = NULL;

	assert_int_equal(safebuf_new(capacity, &b), RC_OK);
	return b;
}

static void
assert_holds(struct safebuf *b, struct span want)
{
	assert_int_equal(safebuf_check(b), RC_OK);
	assert_true(span_eq(safebuf_view(b), want));
	safebuf_clear(b);
}

static void
the_vectors_are_encoded(void **state)
{
	struct safebuf *b = buffer(32);

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		base64_put(b, vectors[i].bytes, true);
		assert_holds(b, span_of(vectors[i].padded));
		base64_put(b, vectors[i].bytes, false);
		assert_holds(b, span_of(vectors[i].plain));
		base64_put_url(b, vectors[i].bytes);
		assert_holds(b, span_of(vectors[i].url));
	}
	safebuf_free(b);
}

static void
the_vectors_are_decoded(void **state)
{
	struct safebuf *b = buffer(32);

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		assert_int_equal(base64_get_url(span_of(vectors[i].url), b),
				 RC_OK);
		assert_holds(b, vectors[i].bytes);
	}
	safebuf_free(b);
}

static void
encoding_and_decoding_append(void **state)
{
	struct safebuf *b = buffer(32);

	(void)state;
	base64_put_url(b, SPAN("fo"));
	safebuf_putc(b, '.');
	base64_put_url(b, SPAN("f"));
	assert_holds(b, SPAN("Zm8.Zg"));
	safebuf_puts(b, "<");
	assert_int_equal(base64_get_url(SPAN("Zm8"), b), RC_OK);
	assert_holds(b, SPAN("<fo"));
	safebuf_free(b);
}

static void
every_length_and_byte_comes_back(void **state)
{
	struct safebuf *text = buffer(2048), *back = buffer(1024);
	char bytes[768];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + i / 256);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct span s = { bytes, len };

		base64_put_url(text, s);
		assert_int_equal(safebuf_len(text), (len * 4 + 2) / 3);
		assert_int_equal(base64_get_url(safebuf_view(text), back),
				 RC_OK);
		assert_holds(back, s);
		safebuf_clear(text);
	}
	safebuf_free(back);
	safebuf_free(text);
}

static void
foreign_characters_are_refused(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789-_";
	struct safebuf *b = buffer(32);
	char text[8];

	(void)state;
	for (int c = 0; c < 256; c++) {
		bool is_good = c != 0 && strchr(alphabet, c) != NULL;

		for (size_t at = 0; at < sizeof(text); at++) {
			memset(text, 'A', sizeof(text));
			text[at] = (char)c;
			assert_int_equal(
				base64_get_url((struct span){ text, 8 }, b),
				is_good ? RC_OK : RC_INVALID);
			if (!is_good)
				assert_holds(b, SPAN(""));
			safebuf_clear(b);
		}
	}
	safebuf_free(b);
}

static void
impossible_lengths_padding_and_spare_bits_are_refused(void **state)
{
	static const char *const bad[] = {
		"A",  "AAAAA", "Zg==",	 "Zm8=", "Zh", "Zn",	 "Zm9",	  "Zm-",
		"AB", "AAB",   "AAAAAB", "Zg=",	 "=",  "Zm9v\n", " Zm9v",
	};
	struct safebuf *b = buffer(32);

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(base64_get_url(span_of(bad[i]), b),
				 RC_INVALID);
		assert_holds(b, SPAN(""));
	}
	safebuf_free(b);
}

static void
a_full_buffer_is_told_and_holds_no_part(void **state)
{
	struct safebuf *b = buffer(5);

	(void)state;
	assert_int_equal(base64_get_url(SPAN("Zm9vYmE"), b), RC_OK);
	assert_holds(b, SPAN("fooba"));
	assert_int_equal(base64_get_url(SPAN("Zm9vYmFy"), b), RC_TOO_LARGE);
	assert_int_equal(safebuf_view(b).len, 0);
	safebuf_clear(b);
	base64_put_url(b, SPAN("foob"));
	assert_int_equal(safebuf_check(b), RC_TOO_LARGE);
	safebuf_free(b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_are_encoded),
		cmocka_unit_test(the_vectors_are_decoded),
		cmocka_unit_test(encoding_and_decoding_append),
		cmocka_unit_test(every_length_and_byte_comes_back),
		cmocka_unit_test(foreign_characters_are_refused),
		cmocka_unit_test(
			impossible_lengths_padding_and_spare_bits_are_refused),
		cmocka_unit_test(a_full_buffer_is_told_and_holds_no_part),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
