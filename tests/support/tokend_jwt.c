/*
 * What the token routes demand of a JWT. It MUST accept nothing that the
 * route's provider is known to refuse: exact members, exact types, no
 * padding, no member given twice. Nothing here is shared with the signer.
 */
#include "tokend.h"

#include <gnutls/crypto.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "core/banned.h"

#define JWT_MAX 16384

static const struct {
	const char *name;
	gnutls_sign_algorithm_t sign;
	unsigned half; /* bytes of r and of s; 0: signature as it stands */
} algs[] = {
	{ "RS256", GNUTLS_SIGN_RSA_SHA256, 0 },
	{ "RS384", GNUTLS_SIGN_RSA_SHA384, 0 },
	{ "RS512", GNUTLS_SIGN_RSA_SHA512, 0 },
	{ "PS256", GNUTLS_SIGN_RSA_PSS_SHA256, 0 },
	{ "PS384", GNUTLS_SIGN_RSA_PSS_SHA384, 0 },
	{ "PS512", GNUTLS_SIGN_RSA_PSS_SHA512, 0 },
	{ "ES256", GNUTLS_SIGN_ECDSA_SHA256, 32 },
	{ "ES384", GNUTLS_SIGN_ECDSA_SHA384, 48 },
	{ "EdDSA", GNUTLS_SIGN_EDDSA_ED25519, 0 },
};

/* json-c keeps the last of two equal keys: count what the text has. */
static size_t
count_members(const char *s, size_t n)
{
	size_t colons = 0;
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		if (quoted) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				quoted = false;
		} else if (s[i] == '"') {
			quoted = true;
		} else if (s[i] == '{' || s[i] == '[') {
			depth++;
		} else if (s[i] == '}' || s[i] == ']') {
			depth--;
		} else if (s[i] == ':' && depth == 1) {
			colons++;
		}
	}
	return colons;
}

static struct json_object *
parse_object(const struct text *t)
{
	struct json_tokener *tok = json_tokener_new_ex(8);
	struct json_object *o;

	if (!tok)
		text_oom();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
					JSON_TOKENER_VALIDATE_UTF8);
	/* A NUL within, or a single quote, is not what a signer writes. */
	if (t->n == 0 || memchr(t->p, 0, t->n) || memchr(t->p, '\'', t->n)) {
		json_tokener_free(tok);
		return NULL;
	}
	/* With its NUL, so that the parser knows that no more will come. */
	o = json_tokener_parse_ex(tok, t->p, (int)t->n + 1);
	if (o && (json_tokener_get_error(tok) != json_tokener_success ||
		  json_tokener_get_parse_end(tok) < t->n ||
		  !json_object_is_type(o, json_type_object) ||
		  (size_t)json_object_object_length(o) !=
		      count_members(t->p, t->n))) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tok);
	return o;
}

static bool
has_text(struct json_object *o, const char *name, const char *value)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) &&
	       json_object_is_type(v, json_type_string) &&
	       strcmp(json_object_get_string(v), value) == 0;
}

static bool
get_integer(struct json_object *o, const char *name, int64_t *ret)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, name, &v) ||
	    !json_object_is_type(v, json_type_int))
		return false;
	*ret = json_object_get_int64(v);
	return *ret > 0 && *ret < INT64_C(100000000000);
}

/* Index in algs, or -1. */
static int
check_header(struct json_object *o, enum jwt_rule rule)
{
	bool typ = json_object_object_get_ex(o, "typ", NULL);

	if (rule != JWT_OAUTH &&
	    (json_object_object_length(o) != 2 || !has_text(o, "alg", "RS256")))
		return -1;
	if (typ ? !has_text(o, "typ", "JWT") : rule != JWT_OAUTH)
		return -1;
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (has_text(o, "alg", algs[i].name))
			return (int)i;
	return -1;
}

static const char *
find_app(const struct server *srv, struct json_object *claims,
	 enum jwt_rule rule, const struct app **ret)
{
	struct json_object *iss;
	const struct app *app;
	char id[32];

	if (!json_object_object_get_ex(claims, "iss", &iss))
		return "no iss";
	if (json_object_is_type(iss, json_type_int)) {
		snprintf(id, sizeof(id), "%" PRId64,
			 json_object_get_int64(iss));
		app = store_app(srv, id);
	} else if (json_object_is_type(iss, json_type_string)) {
		app = store_app(srv, json_object_get_string(iss));
		if (app && app->numeric && rule == JWT_UNIFIZE)
			return "iss must be a number";
	} else {
		return "iss has a wrong type";
	}
	if (!app)
		return "unknown app";
	*ret = app;
	return NULL;
}

static bool
verify(gnutls_pubkey_t key, int alg, const char *jwt, size_t signed_len,
       const struct text *sig)
{
	gnutls_datum_t data = { (unsigned char *)text_dup(jwt, signed_len),
				(unsigned)signed_len };
	gnutls_datum_t raw = { (unsigned char *)sig->p, (unsigned)sig->n };
	gnutls_datum_t der = { 0 };
	unsigned half = algs[alg].half;
	bool good = false;

	if (half) {
		gnutls_datum_t r = { raw.data, half };
		gnutls_datum_t s = { raw.data + half, half };

		if (raw.size != 2 * half ||
		    gnutls_encode_rs_value(&der, &r, &s) != 0)
			goto out;
		raw = der;
	}
	good = gnutls_pubkey_verify_data2(key, algs[alg].sign, 0, &data,
					  &raw) >= 0;
out:
	gnutls_free(der.data);
	gnutls_free(data.data);
	return good;
}

static const char *
check_times(const struct server *srv, struct json_object *claims,
	    enum jwt_rule rule, int64_t now_s)
{
	int64_t back = rule == JWT_INSTALLATION ? 60 : 0;
	int64_t iat;
	int64_t exp;

	if (!get_integer(claims, "iat", &iat))
		return "iat is not an integer";
	if (!get_integer(claims, "exp", &exp))
		return "exp is not an integer";
	if (iat > now_s + srv->skew_s)
		return "iat is in the future";
	if (rule != JWT_OAUTH && iat < now_s - back - srv->skew_s)
		return "iat is too old";
	if (exp <= now_s - srv->skew_s)
		return "exp is past";
	if (rule == JWT_UNIFIZE && exp != iat + 600)
		return "exp is not iat + 600";
	if (exp - iat > (rule == JWT_OAUTH ? 3600 : 660) || exp <= iat)
		return "exp is too far from iat";
	return NULL;
}

/* Start of the payload and of the signature; false without two dots. */
static bool
find_parts(const char *jwt, const char **payload, const char **sig)
{
	const char *one = strchr(jwt, '.');
	const char *two = one ? strchr(one + 1, '.') : NULL;

	if (!two || strchr(two + 1, '.') || strlen(jwt) > JWT_MAX)
		return false;
	*payload = one + 1;
	*sig = two + 1;
	return true;
}

void
jwt_open(const char *jwt, struct text *header, struct text *claims)
{
	const char *payload;
	const char *sig;

	if (!find_parts(jwt, &payload, &sig))
		return;
	if (!base64url_decode(jwt, (size_t)(payload - jwt) - 1, header))
		text_free(header);
	if (!base64url_decode(payload, (size_t)(sig - payload) - 1, claims))
		text_free(claims);
}

const char *
jwt_check(const struct server *srv, const char *jwt, enum jwt_rule rule,
	  int64_t now_s, const struct app **ret)
{
	struct text header = { 0 };
	struct text body = { 0 };
	struct text sig = { 0 };
	struct json_object *head = NULL;
	struct json_object *claims = NULL;
	const struct app *app = NULL;
	const char *payload;
	const char *mark;
	const char *wrong;
	int alg;

	if (!find_parts(jwt, &payload, &mark))
		return "not three parts";
	wrong = "not base64url";
	if (!base64url_decode(jwt, (size_t)(payload - jwt) - 1, &header) ||
	    !base64url_decode(payload, (size_t)(mark - payload) - 1, &body) ||
	    !base64url_decode(mark, strlen(mark), &sig) || sig.n == 0)
		goto out;
	wrong = "not JSON objects";
	if (!(head = parse_object(&header)) || !(claims = parse_object(&body)))
		goto out;
	wrong = "wrong header";
	if ((alg = check_header(head, rule)) < 0)
		goto out;
	if ((wrong = find_app(srv, claims, rule, &app)) != NULL)
		goto out;
	wrong = "wrong signature";
	if (!verify(app->key, alg, jwt, (size_t)(mark - jwt) - 1, &sig))
		goto out;
	wrong = "unexpected claims";
	if (rule != JWT_OAUTH && json_object_object_length(claims) != 3)
		goto out;
	wrong = "no aud";
	if (rule == JWT_OAUTH &&
	    !json_object_object_get_ex(claims, "aud", NULL))
		goto out;
	if ((wrong = check_times(srv, claims, rule, now_s)) != NULL)
		goto out;
	*ret = app;
out:
	json_object_put(claims);
	json_object_put(head);
	text_free(&sig);
	text_free(&body);
	text_free(&header);
	return wrong;
}
