#include "core/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/banned.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PATH "/usr/share/apptoken/providers/acme.conf"
#define URL "url = {endpoint}/token\n"

static void
assert_refuses(struct span text, const char *want)
{
	struct profile *untouched = NULL;
	struct why why = { "" };

	assert_int_equal(profile_parse(text, PATH, &untouched, &why),
			 RC_CONFIG);
	assert_null(untouched);
	assert_string_equal(why.text, want);
}

static void
assert_accepts(const char *text)
{
	struct profile *p = NULL;
	struct why why = { "" };

	if (profile_parse(span_of(text), PATH, &p, &why) != RC_OK)
		fail_msg("%s: %s", text, why.text);
	profile_free(p);
}

#define LINE(line, want)                                                       \
	{                                                                      \
		URL line "\n", "'" PATH "' line 2: " want                      \
	}
#define VALUE(key, value, want)                                                \
	LINE(key " = " value, "bad value of '" key "'; " want)

#define WANT_REQUIRE "name variables, blanks between them"
#define WANT_URL                                                               \
	"begin it with a variable as in '{endpoint}/path', "                   \
	"without {url}, {now}, {uuid}"
#define WANT_EXCHANGE                                                          \
	"supported are 'bearer', 'assertion' and 'client-assertion'"
#define WANT_JWT_TTL "use whole seconds from 1 to 86400"
#define WANT_BACKDATE "use whole seconds from 0 to 3600"
#define WANT_TTL "use whole seconds from 0 to 86400, or one variable"
#define WANT_WORD "write one plain word"
#define WANT_PATH "write names with dots between"
#define WANT_FORM                                                              \
	"supported are 'in-seconds', 'in-milliseconds', 'unix', 'unix-ms' "    \
	"and 'rfc3339'"
#define WANT_USER "use 1 to 255 bytes of plain text without braces"
#define NO_NAME(key)                                                           \
	"no name or an odd one in '" key                                       \
	"'; write printable ASCII without blanks"
#define OURS(key)                                                              \
	"a line of its own is not allowed for '" key                           \
	"'; remove it: its value is always made"
#define NO_TYPE(key)                                                           \
	"no type before the value of '" key                                    \
	"'; write string, number, bool, list, auto or none first"
#define MISFIT(key) "bad value of '" key "'; make value and type agree"
#define LATER(key)                                                             \
	"not supported is '" key                                               \
	"'; remove the line, or set the variable in the app"

static void
bad_lines_are_named(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} rows[] = {
		LINE("[acme]", "a profile has no section 'acme'; "
			       "remove the line"),
		LINE("word", "the line is not 'key = value'; "
			     "correct or remove it"),
		LINE("title = x\r", "a control byte in the line; "
				    "write plain text with LF line ends"),
		LINE("titel = x", "unknown key 'titel'; "
				  "correct or remove the line"),
		LINE("clame.iss = string x", "unknown key 'clame.iss'; "
					     "correct or remove the line"),
		LINE("endpoint = x", "unknown key 'endpoint'; "
				     "correct or remove the line"),
		VALUE("title", "", "write plain text without braces"),
		VALUE("title", "{endpoint}", "write plain text without braces"),
		VALUE("require", "", WANT_REQUIRE),
		VALUE("require", "endpoint App", WANT_REQUIRE),
		VALUE("require", "endpoint,app", WANT_REQUIRE),
		VALUE("require", "url", WANT_REQUIRE),
		VALUE("require", "timeout", WANT_REQUIRE),
		VALUE("require", "spki-sha256", WANT_REQUIRE),
		VALUE("url", "", WANT_URL),
		VALUE("url", "https://evil.example/{x}", WANT_URL),
		VALUE("url", "{host:endpoint}/x", WANT_URL),
		VALUE("url", "{{endpoint}}/x", WANT_URL),
		VALUE("url", "{url}/x", WANT_URL),
		VALUE("url", "{endpoint}.evil.example/", WANT_URL),
		VALUE("url", "{endpoint}:8443/", WANT_URL),
		VALUE("url", "{endpoint}{x}", WANT_URL),
		VALUE("url", "{endpoint}?x", WANT_URL),
		VALUE("url", "{endpoint}/{url}", WANT_URL),
		VALUE("url", "{endpoint}/x/{uuid}", WANT_URL),
		VALUE("url", "{endpoint}/{now}", WANT_URL),
		VALUE("url", "{endpoint}/a b", WANT_URL),
		VALUE("url", "{endpoint}/%2e", WANT_URL),
		VALUE("url", "{endpoint}/a#b", WANT_URL),
		VALUE("url", "{endpoint}/a\\b", WANT_URL),
		VALUE("exchange", "none", WANT_EXCHANGE),
		VALUE("exchange", "", WANT_EXCHANGE),
		VALUE("exchange", "Bearer", WANT_EXCHANGE),
		VALUE("alg", "ES256", "supported is 'RS256'"),
		VALUE("alg", "none", "supported is 'RS256'"),
		VALUE("alg", "{alg}", "supported is 'RS256'"),
		VALUE("jwt-ttl", "0", WANT_JWT_TTL),
		VALUE("jwt-ttl", "86401", WANT_JWT_TTL),
		VALUE("jwt-ttl", "{ttl}", WANT_JWT_TTL),
		VALUE("jwt-backdate", "3601", WANT_BACKDATE),
		VALUE("jwt-backdate", "-1", WANT_BACKDATE),
		VALUE("assertion-param", "", WANT_WORD),
		VALUE("assertion-param", "a b", WANT_WORD),
		VALUE("scheme", "Bea:rer", WANT_WORD),
		VALUE("token-path", "", WANT_PATH),
		VALUE("token-path", ".a", WANT_PATH),
		VALUE("token-path", "a.", WANT_PATH),
		VALUE("token-path", "a..b", WANT_PATH),
		VALUE("expiry-path", "a b", WANT_PATH),
		VALUE("expiry-path", "{x}", WANT_PATH),
		VALUE("expiry-form", "jwt", WANT_FORM),
		VALUE("expiry-form", "seconds", WANT_FORM),
		VALUE("default-ttl", "86401", WANT_TTL),
		VALUE("default-ttl", "{a}0", WANT_TTL),
		VALUE("default-ttl", "{now}", WANT_TTL),
		VALUE("min-ttl", "x", WANT_TTL),
		VALUE("min-ttl", "", WANT_TTL),
		VALUE("username", "", WANT_USER),
		VALUE("username", "{user}", WANT_USER),
		LINE("title = }", "a single brace at '}'; write '{{' or '}}'"),
		LINE("claim.a = string {", "a single brace at '{'; "
					   "write '{{' or '}}'"),
		LINE("header.kid = {Key}",
		     "'{Key}' is no placeholder; name a variable of [a-z0-9-]"),
		LINE("claim.iss = string {username}",
		     "'{username}' is no placeholder; "
		     "name a variable of [a-z0-9-]"),
		LINE("param.s = string {secret:x}",
		     "the placeholder '{secret:x}' is not supported; "
		     "do without it"),
		LINE("claim.iss = string {spki-sha256}",
		     "the placeholder '{spki-sha256}' is not supported; "
		     "do without it"),
		LINE("header.x5t#S256 = {cert-sha256}",
		     "the placeholder '{cert-sha256}' is not supported; "
		     "do without it"),
		LINE("lookup.url = {endpoint}/x", LATER("lookup.url")),
		LINE("use.X-Type = KEYPAIR_JWT", LATER("use.X-Type")),
		LINE("param.permissions = json {permissions}",
		     "type 'json' is not supported in 'param.permissions'; "
		     "use string, number, bool, list or auto"),
		LINE("claim. = string x", NO_NAME("claim.")),
		LINE("claim.a b = string x", NO_NAME("claim.a b")),
		LINE("request.X:Y = x", NO_NAME("request.X:Y")),
		LINE("request.X\xc3\xa9 = x", NO_NAME("request.X")),
		LINE("header.alg = none", OURS("header.alg")),
		LINE("claim.iat = number 1", OURS("claim.iat")),
		LINE("claim.exp = number 1", OURS("claim.exp")),
		LINE("request.Authorization = x",
		     OURS("request.Authorization")),
		LINE("request.HOST = x", OURS("request.HOST")),
		LINE("request.Content-length = 1",
		     OURS("request.Content-length")),
		LINE("claim.iss = {app-id}", NO_TYPE("claim.iss")),
		LINE("claim.iss =", NO_TYPE("claim.iss")),
		LINE("param.x = String x", NO_TYPE("param.x")),
		LINE("claim.x = string", MISFIT("claim.x")),
		LINE("claim.x = list", MISFIT("claim.x")),
		LINE("claim.x = number 1.5", MISFIT("claim.x")),
		LINE("claim.x = number 1000000000000000", MISFIT("claim.x")),
		LINE("claim.x = number -0", MISFIT("claim.x")),
		LINE("claim.x = number 007", MISFIT("claim.x")),
		LINE("claim.x = bool yes", MISFIT("claim.x")),
		LINE("claim.x = none x", MISFIT("claim.x")),
		LINE("claim.x = none {x}", MISFIT("claim.x")),
		LINE("header.kid =", MISFIT("header.kid")),
		LINE("request.X = \xc3\xa9", "not printable ASCII in "
					     "'request.X'; write the header "
					     "without such bytes"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_refuses(span_of(rows[i].text), rows[i].why);
}

static void
a_plain_key_stands_once(void **state)
{
	(void)state;
	assert_refuses(SPAN(URL "jwt-ttl = 60\n\njwt-ttl = 60\n"),
		       "'" PATH "' line 4: a second line of 'jwt-ttl'; "
		       "keep one of them");
	assert_refuses(SPAN(URL "require = a\nrequire = b\n"),
		       "'" PATH "' line 3: a second line of 'require'; "
		       "keep one of them");
}

static void
a_nul_is_refused(void **state)
{
	(void)state;
	assert_refuses(SPAN(URL "title = a\0b\n"),
		       "'" PATH "' line 2: a control byte in the line; "
		       "write plain text with LF line ends");
}

static void
the_whole_must_make_sense(void **state)
{
	(void)state;
	assert_refuses(SPAN(""), "'" PATH "': there is no url line; add one");
	assert_refuses(SPAN("title = x\n"),
		       "'" PATH "': there is no url line; add one");
	assert_refuses(SPAN(URL "jwt-ttl = 30\n"),
		       "'" PATH "': jwt-backdate is not below jwt-ttl; "
		       "lower it");
	assert_accepts(URL "jwt-ttl = 31\n");
}

static void
boundary_values_are_accepted(void **state)
{
	static const char *const rows[] = {
		"url = {endpoint}\n",
		"url = {a}/\n",
		"url = {a}/x?y={z}&w=1\n",
		URL "jwt-ttl = 1\njwt-backdate = 0\n",
		URL "jwt-ttl = 86400\njwt-backdate = 3600\n",
		URL "default-ttl = 0\nmin-ttl = 86400\n",
		URL "default-ttl = {a}\ndefault-ttl = {b}\n",
		URL "alg = RS256\n",
		URL "claim.x = number 999999999999999\n",
		URL "claim.x = number -999999999999999\n",
		URL "claim.x = bool false\nclaim.y = bool {y}\n",
		URL "claim.x = auto 007\n",
		URL "claim.x = string  a  b \n",
		URL "claim.x\t=\tstring\ta\n",
		URL "claim.x = string {{literal}}\n",
		URL "token-path = a.b.c\n",
		URL "require = a\tb  c\n",
		URL "header.x5t#S256 = {thumbprint}\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_accepts(rows[i]);
}

static void
the_size_is_limited(void **state)
{
	static const char want[] = "'" PATH
				   "': more than 65536 bytes or 256 lines; "
				   "shorten the profile";
	char *text = malloc(PROFILE_MAX + 2);
	size_t used = sizeof(URL) - 1;

	(void)state;
	assert_non_null(text);
	memset(text, '#', PROFILE_MAX + 1);
	text[PROFILE_MAX + 1] = '\0';
	memcpy(text, URL, used);
	assert_refuses(span_of(text), want);
	text[PROFILE_MAX] = '\0';
	assert_accepts(text);

	for (unsigned i = 1; i < PROFILE_LINES_MAX; i++)
		used += (size_t)snprintf(text + used, PROFILE_MAX - used,
					 "claim.x%u = string y\n", i);
	assert_accepts(text);
	snprintf(text + used, PROFILE_MAX - used, "title = z\n");
	assert_refuses(span_of(text), want);
	free(text);
}

static void
freeing_nothing_is_fine(void **state)
{
	(void)state;
	assert_null(profile_free(NULL));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_lines_are_named),
		cmocka_unit_test(a_plain_key_stands_once),
		cmocka_unit_test(a_nul_is_refused),
		cmocka_unit_test(the_whole_must_make_sense),
		cmocka_unit_test(boundary_values_are_accepted),
		cmocka_unit_test(the_size_is_limited),
		cmocka_unit_test(freeing_nothing_is_fine),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
