#include "core/expand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/banned.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROOM 512
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char config[] = "[acme]\n"
			     "git = https://git.acme.example\n"
			     "endpoint = https://api.acme.example/v1/\n"
			     "plain = https://api.acme.example\n"
			     "six = https://[::1]:8443/x\n"
			     "bad-url = ftp://acme.example\n"
			     "app-id = 42\n"
			     "owner = a/b c%?#:@~\n"
			     "accent = \xc3\xa9\n"
			     "tab = a\tb\n"
			     "mixed = Acme-xyz_9\n"
			     "dot = .\n"
			     "dots = ..\n";

struct world {
	struct conf_app *app;
	struct safebuf *out;
	struct expand_values values;
};

static int
setup(void **state)
{
	static struct world w;
	struct conf c = { .sources = { { SPAN(config), "f" } }, .count = 1 };

	w = (struct world){ 0 };
	assert_int_equal(conf_app(&c, SPAN("acme"), &w.app, NULL), RC_OK);
	assert_int_equal(safebuf_new(ROOM, &w.out), RC_OK);
	w.values = (struct expand_values){
		.app = w.app,
		.url = SPAN("https://api.acme.example/token?x=1"),
		.now_s = 1767323045,
		.uuid = SPAN("123e4567-e89b-42d3-a456-426614174000"),
	};
	*state = &w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	conf_app_free(w->app);
	safebuf_free(w->out);
	return 0;
}

static void
assert_out(const struct world *w, const char *want)
{
	struct span got = safebuf_view(w->out);

	assert_int_equal(safebuf_check(w->out), RC_OK);
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.at, want, got.len);
}

static void
assert_expands(struct world *w, const char *template, enum expand_form form,
	       const char *want)
{
	struct why why = { "" };

	safebuf_clear(w->out);
	if (expand_put(span_of(template), &w->values, form, w->out, &why) !=
	    RC_OK)
		fail_msg("%s: %s", template, why.text);
	assert_out(w, want);
}

static void
assert_refuses(struct world *w, const char *template, enum expand_form form,
	       const char *want)
{
	struct why why = { "" };

	safebuf_clear(w->out);
	safebuf_puts(w->out, "before");
	assert_int_equal(expand_put(span_of(template), &w->values, form, w->out,
				    &why),
			 RC_CONFIG);
	assert_string_equal(why.text, want);
	assert_out(w, "before");
}

static void
wellformed_templates_pass(void **state)
{
	static const char *const rows[] = {
		"",
		"plain text",
		"{a}",
		"{" A64 "}",
		"{{}}",
		"{{not-a-variable}}",
		"{app-id}{app-id}",
		"x {host:endpoint} {upper:account}.y",
		"{url}{now}{uuid}",
		"{{{a}}}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct why why = { "" };

		assert_int_equal(expand_check(span_of(rows[i]), &why), RC_OK);
		assert_string_equal(why.text, "");
	}
}

#define BRACE(at) "a single brace at '" at "'; write '{{' or '}}'"
#define NONE(inner)                                                            \
	"'{" inner "}' is no placeholder; name a variable of [a-z0-9-]"
#define LATER(inner)                                                           \
	"the placeholder '{" inner "}' is not supported; do without it"

static void
other_templates_are_refused(void **state)
{
	static const struct {
		const char *template;
		const char *why;
	} rows[] = {
		{ "{", BRACE("{") },
		{ "}", BRACE("}") },
		{ "a}b", BRACE("}b") },
		{ "{endpoint", BRACE("{endpoint") },
		{ "{{endpoint}", BRACE("}") },
		{ "{endpoint}}", BRACE("}") },
		{ "{}", NONE("") },
		{ "{ endpoint }", NONE("endpoint") },
		{ "{End}", NONE("End") },
		{ "{-a}", NONE("-a") },
		{ "{" A64 "a}", NONE(A64 "a") },
		{ "{a{b}", NONE("a{b") },
		{ "{host:}", NONE("host:") },
		{ "{host:url}", NONE("host:url") },
		{ "{host:A}", NONE("host:A") },
		{ "{upper:now}", NONE("upper:now") },
		{ "{lower:a}", NONE("lower:a") },
		{ "{username}", NONE("username") },
		{ "{upper:git}", NONE("upper:git") },
		{ "{secret:client-secret}", LATER("secret:client-secret") },
		{ "x{spki-sha256}", LATER("spki-sha256") },
		{ "{cert-sha256}", LATER("cert-sha256") },
		{ "{cert-sha1}", LATER("cert-sha1") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct why why = { "" };

		assert_int_equal(expand_check(span_of(rows[i].template), &why),
				 RC_INVALID);
		assert_string_equal(why.text, rows[i].why);
	}
}

static void
variables_of_a_template_are_visited(void **state)
{
	static const char *const want[] = { "a", "endpoint", "account", "a" };
	struct span template =
		SPAN("{a}/{{b}}/{host:endpoint}{url}{upper:account}{now}{a}");
	struct span found;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_true(expand_next_variable(template, &at, &found));
		assert_int_equal(found.len, strlen(want[i]));
		assert_memory_equal(found.at, want[i], found.len);
	}
	assert_false(expand_next_variable(template, &at, &found));
	assert_false(expand_next_variable(template, &at, &found));
}

static void
a_template_is_set_when_all_its_variables_are(void **state)
{
	const struct world *w = *state;

	assert_true(expand_is_set(SPAN(""), w->app));
	assert_true(expand_is_set(SPAN("x{url}{now}{uuid}"), w->app));
	assert_true(expand_is_set(SPAN("{app-id}{host:endpoint}"), w->app));
	assert_false(expand_is_set(SPAN("{app-id}{org-id}"), w->app));
	assert_false(expand_is_set(SPAN("{host:org-id}"), w->app));
	assert_false(expand_is_set(SPAN("{upper:org-id}"), w->app));
	assert_true(expand_is_set(SPAN("plain"), NULL));
	assert_false(expand_is_set(SPAN("{app-id}"), NULL));
}

static void
plain_values_go_in_as_they_are(void **state)
{
	struct world *w = *state;

	assert_expands(w, "", EXPAND_PLAIN, "");
	assert_expands(w, "id {app-id}!", EXPAND_PLAIN, "id 42!");
	assert_expands(w, "{{{app-id}}}", EXPAND_PLAIN, "{42}");
	assert_expands(w, "{owner}", EXPAND_PLAIN, "a/b c%?#:@~");
	assert_expands(w, "{accent}", EXPAND_PLAIN, "\xc3\xa9");
	assert_expands(w, "{endpoint}", EXPAND_PLAIN,
		       "https://api.acme.example/v1/");
	assert_expands(w, "{url}", EXPAND_PLAIN,
		       "https://api.acme.example/token?x=1");
	assert_expands(w, "{now}", EXPAND_PLAIN, "1767323045");
	assert_expands(w, "{uuid}", EXPAND_PLAIN,
		       "123e4567-e89b-42d3-a456-426614174000");
	assert_expands(w, "{host:endpoint}", EXPAND_PLAIN, "api.acme.example");
	assert_expands(w, "{host:six}", EXPAND_PLAIN, "[::1]:8443");
	assert_expands(w, "{upper:mixed}.{upper:app-id}", EXPAND_PLAIN,
		       "ACME-XYZ_9.42");
}

static void
urls_keep_their_base_and_encode_the_rest(void **state)
{
	struct world *w = *state;

	assert_expands(w, "{endpoint}", EXPAND_URL,
		       "https://api.acme.example/v1");
	assert_expands(w, "{plain}", EXPAND_URL, "https://api.acme.example");
	assert_expands(w, "{plain}/", EXPAND_URL, "https://api.acme.example/");
	assert_expands(w, "{endpoint}/o/{owner}/token", EXPAND_URL,
		       "https://api.acme.example/v1/o/"
		       "a%2Fb%20c%25%3F%23%3A%40~/token");
	assert_expands(w, "{plain}/{accent}{tab}", EXPAND_URL,
		       "https://api.acme.example/%C3%A9a%09b");
	assert_expands(w, "{plain}/{plain}", EXPAND_URL,
		       "https://api.acme.example/"
		       "https%3A%2F%2Fapi.acme.example");
	assert_expands(w, "{plain}/{host:six}/{upper:owner}", EXPAND_URL,
		       "https://api.acme.example/%5B%3A%3A1%5D%3A8443/"
		       "A%2FB%20C%25%3F%23%3A%40~");
	assert_expands(w, "{plain}/a{dot}b/...", EXPAND_URL,
		       "https://api.acme.example/a.b/...");
}

#define SEGMENT                                                                \
	"the url has an empty, '.' or '..' segment, or none after the base "   \
	"URL; correct the variables"

static void
no_value_changes_host_or_segments(void **state)
{
	static const char begin[] = "the url does not begin with a variable; "
				    "begin it with '{endpoint}'";
	struct world *w = *state;

	assert_refuses(w, "{plain}/{dot}/x", EXPAND_URL, SEGMENT);
	assert_refuses(w, "{plain}/{dots}/x", EXPAND_URL, SEGMENT);
	assert_refuses(w, "{plain}/x/{dots}", EXPAND_URL, SEGMENT);
	assert_refuses(w, "{plain}/{dot}{dot}", EXPAND_URL, SEGMENT);
	assert_refuses(w, "{plain}/{dots}?x", EXPAND_URL, SEGMENT);
	assert_refuses(w, "{plain}//x", EXPAND_URL, SEGMENT);
	assert_refuses(w, "{plain}.evil.example", EXPAND_URL, SEGMENT);
	assert_refuses(w, "{plain}{app-id}", EXPAND_URL, SEGMENT);
	assert_refuses(w, "{plain}:8443/x", EXPAND_URL, SEGMENT);
	assert_refuses(w, "{plain}@evil.example/", EXPAND_URL, SEGMENT);
	assert_refuses(w, "https://evil.example/{app-id}", EXPAND_URL, begin);
	assert_refuses(w, "{host:plain}/x", EXPAND_URL, begin);
	assert_refuses(w, "{url}/x", EXPAND_URL, begin);
}

static void
headers_hold_printable_ascii_only(void **state)
{
	struct world *w = *state;

	assert_expands(w, "Acme {owner} {now}", EXPAND_HEADER,
		       "Acme a/b c%?#:@~ 1767323045");
	assert_refuses(w, "{accent}", EXPAND_HEADER,
		       "'accent' holds a byte that no header may have; "
		       "use printable ASCII");
	assert_refuses(w, "{tab}", EXPAND_HEADER,
		       "'tab' holds a byte that no header may have; "
		       "use printable ASCII");
	assert_refuses(w, "x{upper:accent}", EXPAND_HEADER,
		       "'accent' holds a byte that no header may have; "
		       "use printable ASCII");
	assert_refuses(w, "a\nb", EXPAND_HEADER,
		       "'a b' is no text for a header; use printable ASCII");
	w->values.url = SPAN("https://x/\r\n");
	assert_refuses(w, "{url}", EXPAND_HEADER,
		       "'url' holds a byte that no header may have; "
		       "use printable ASCII");
}

static void
what_is_not_set_is_named(void **state)
{
	struct world *w = *state;

	w->values.url = (struct span){ 0 };
	w->values.uuid = (struct span){ 0 };
	assert_refuses(w, "{app-id}{org-id}", EXPAND_PLAIN,
		       "'org-id' is not set; add it to the app");
	assert_refuses(w, "{org-id}/x", EXPAND_URL,
		       "'org-id' is not set; add it to the app");
	assert_refuses(w, "{url}", EXPAND_PLAIN,
		       "'url' has no value here; "
		       "use the placeholder elsewhere");
	assert_refuses(w, "{uuid}", EXPAND_PLAIN,
		       "'uuid' has no value here; "
		       "use the placeholder elsewhere");
	assert_refuses(w, "{cert-sha1}", EXPAND_PLAIN,
		       "'cert-sha1' is no placeholder; correct the template");
	assert_refuses(w, "{host:bad-url}", EXPAND_PLAIN,
		       "'bad-url': the URL does not begin with 'https://'; "
		       "write https://HOST[:PORT][/PATH]");
}

static void
a_full_buffer_is_too_large(void **state)
{
	const struct world *w = *state;
	struct safebuf *small = NULL;
	struct why why = { "" };

	assert_int_equal(safebuf_new(10, &small), RC_OK);
	assert_int_equal(expand_put(SPAN("{now}"), &w->values, EXPAND_PLAIN,
				    small, NULL),
			 RC_OK);
	assert_int_equal(safebuf_len(small), 10);
	safebuf_clear(small);
	assert_int_equal(expand_put(SPAN("{now}x"), &w->values, EXPAND_PLAIN,
				    small, &why),
			 RC_TOO_LARGE);
	assert_string_equal(why.text,
			    "a value of the profile is too long when filled "
			    "in; shorten the app's variables");
	safebuf_free(small);
}

static void
every_byte_is_percent_encoded_or_unreserved(void **state)
{
	static const char unreserved[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-._~";
	const struct world *w = *state;

	for (unsigned byte = 0; byte < 256; byte++) {
		char c = (char)byte;
		char want[8];

		if (c != '\0' && strchr(unreserved, c) != NULL)
			snprintf(want, sizeof(want), "%c", c);
		else
			snprintf(want, sizeof(want), "%%%02X", byte);
		safebuf_clear(w->out);
		expand_put_percent(w->out, (struct span){ &c, 1 });
		assert_out(w, want);
	}
}

static void
every_byte_is_form_encoded(void **state)
{
	static const char kept[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-._*";
	const struct world *w = *state;

	for (unsigned byte = 0; byte < 256; byte++) {
		char c = (char)byte;
		char want[8];

		if (c == ' ')
			snprintf(want, sizeof(want), "+");
		else if (c != '\0' && strchr(kept, c) != NULL)
			snprintf(want, sizeof(want), "%c", c);
		else
			snprintf(want, sizeof(want), "%%%02X", byte);
		safebuf_clear(w->out);
		expand_put_form(w->out, (struct span){ &c, 1 });
		assert_out(w, want);
	}
	safebuf_clear(w->out);
	expand_put_form(w->out,
			SPAN("urn:ietf:params:oauth:grant-type:jwt-bearer"));
	assert_out(w, "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer");
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(wellformed_templates_pass),
		cmocka_unit_test(other_templates_are_refused),
		cmocka_unit_test(variables_of_a_template_are_visited),
		TEST(a_template_is_set_when_all_its_variables_are),
		TEST(plain_values_go_in_as_they_are),
		TEST(urls_keep_their_base_and_encode_the_rest),
		TEST(no_value_changes_host_or_segments),
		TEST(headers_hold_printable_ascii_only),
		TEST(what_is_not_set_is_named),
		TEST(a_full_buffer_is_too_large),
		TEST(every_byte_is_percent_encoded_or_unreserved),
		TEST(every_byte_is_form_encoded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
