#include "core/conf_check.h"

#include "core/clean.h"
#include "core/conf_walk.h"
#include "core/num.h"

#include "core/banned.h"

/* Linux: PATH_MAX with its NUL. */
#define FILE_NAME_MAX 4095

static bool
choose(struct span value, const char *no, const char *yes, bool *ret)
{
	bool is_yes = span_is(value, yes);

	if (!is_yes && !span_is(value, no))
		return false;
	*ret = is_yes;
	return true;
}

static bool
take_provider(struct conf_app *a, struct span value)
{
	a->provider = value;
	return lines_name_is_valid(value);
}

static bool
take_key(struct conf_app *a, struct span value)
{
	struct span word = span_cut(value, 0, span_find(value, ':'));

	(void)a;
	if (word.len == 0 || !span_has_no_control(value))
		return false;
	for (size_t i = 0; i < word.len; i++) {
		char c = word.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			return false;
	}
	return word.len == value.len || word.len + 1 < value.len;
}

static bool
take_cache(struct conf_app *a, struct span value)
{
	a->cache = value;
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < 'a' || value.at[i] > 'z')
			return false;
	}
	return value.len > 0;
}

static bool
take_username(struct conf_app *a, struct span value)
{
	a->username = value;
	return value.len > 0 && value.len <= USERNAME_MAX &&
	       span_has_no_control(value);
}

static bool
take_git_auth(struct conf_app *a, struct span value)
{
	return choose(value, "basic", "bearer", &a->git_bearer);
}

static bool
take_unlock(struct conf_app *a, struct span value)
{
	return choose(value, "never", "ask", &a->unlock_ask);
}

static bool
take_git_retry(struct conf_app *a, struct span value)
{
	return choose(value, "no", "yes", &a->git_retry);
}

static bool
take_on_error(struct conf_app *a, struct span value)
{
	return choose(value, "fail", "anonymous", &a->anonymous);
}

static bool
take_ca_file(struct conf_app *a, struct span value)
{
	a->ca_file = value;
	return span_starts(value, "/") && value.len <= FILE_NAME_MAX &&
	       span_has_no_control(value);
}

static bool
take_timeout(struct conf_app *a, struct span value)
{
	uint64_t n = 0;

	if (num_parse_u64(value, 1, TIMEOUT_MAX_S, &n) != RC_OK)
		return false;
	a->timeout_s = (unsigned)n;
	return true;
}

static bool
take_proxy(struct conf_app *a, struct span value)
{
	static const char scheme[] = "http://";
	struct span host = span_from(value, sizeof(scheme) - 1);
	struct place p;

	a->proxy = value;
	/* The grammar of docker's places, but without its "https://". */
	return span_starts(value, scheme) && span_find(host, '/') == host.len &&
	       place_from_conf_docker(host, &p, NULL) == RC_OK;
}

/* take is NULL for places, which explain themselves. */
static const struct rule {
	const char *key;
	bool repeats;
	bool (*take)(struct conf_app *a, struct span value);
	const char *want;
} rules[] = {
	{ "provider", false, take_provider,
	  "use a name of letters, digits, '.', '_' and '-'" },
	{ "git", true, NULL, NULL },
	{ "docker", true, NULL, NULL },
	{ "key", true, take_key,
	  "use 'keyring', or a word of [a-z0-9] with ':' and its argument" },
	{ "cache", false, take_cache, "use 'keyring', 'kernel' or 'none'" },
	{ "username", false, take_username,
	  "use 1 to 255 bytes without control bytes" },
	{ "git-auth", false, take_git_auth, "use 'basic' or 'bearer'" },
	{ "unlock", false, take_unlock, "use 'ask' or 'never'" },
	{ "git-retry", false, take_git_retry, "use 'yes' or 'no'" },
	{ "on-error", false, take_on_error, "use 'fail' or 'anonymous'" },
	{ "ca-file", false, take_ca_file, "use an absolute path" },
	{ "timeout", false, take_timeout, "use whole seconds from 1 to 120" },
	{ "proxy", false, take_proxy, "use http://host:port" },
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

static const struct rule *
find_rule(struct span key)
{
	for (size_t i = 0; i < RULES; i++) {
		if (span_is(key, rules[i].key))
			return &rules[i];
	}
	return NULL;
}

bool
conf_key_is_known(struct span key)
{
	return find_rule(key) != NULL;
}

bool
conf_check_repeats(struct span key)
{
	const struct rule *r = find_rule(key);

	return r != NULL && r->repeats;
}

enum rc
conf_check_place(enum conf_kind kind, struct span value, struct place *ret,
		 struct why *why)
{
	if (kind == CONF_GIT)
		return place_from_conf_git(value, ret, why);
	return place_from_conf_docker(value, ret, why);
}

enum rc
conf_check_entry(struct conf_app *a, const struct conf_entry *e,
		 struct why *why)
{
	const struct rule *r = find_rule(e->key);
	char app[CONF_SHOWN_MAX];
	char key[CONF_SHOWN_MAX];
	struct place p;

	clean_text(a->name, app, sizeof(app));
	clean_text(e->key, key, sizeof(key));
	if (r == NULL && !lines_key_is_valid(e->key))
		return why_set(why, RC_CONFIG,
			       "unknown key '%s' in [%s]; "
			       "correct or remove the line",
			       key, app);
	if (r == NULL)
		return RC_OK;
	if (r->take != NULL && !r->take(a, e->value))
		return why_set(why, RC_CONFIG, "bad value of '%s' in [%s]; %s",
			       key, app, r->want);
	if (r->take != NULL)
		return RC_OK;
	if (conf_check_place(span_is(e->key, "git") ? CONF_GIT : CONF_DOCKER,
			     e->value, &p, why) != RC_OK) {
		why_wrap(why, "'%s' in [%s]", key, app);
		return RC_CONFIG;
	}
	return RC_OK;
}
