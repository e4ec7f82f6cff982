#include <string.h>

#include "cli/cmd.h"
#include "cli/confedit.h"
#include "core/lines.h"
#include "core/place.h"
#include "platform/appload.h"
#include "platform/clock.h"
#include "platform/fdio.h"
#include "platform/lockfile.h"
#include "platform/trustfile.h"

#include "core/banned.h"

/* What the options say. lines: the section to be, "key = value" each. */
struct plan {
	struct span name;
	const char *key_file; /* "-": standard input */
	bool verify;
	bool delete_key_file;
	struct safebuf *lines;
	struct appload *conf; /* what is configured already */
	struct appload *proposed;
	struct appload_app *app; /* the proposal, checked */
	int key_fd;
};

static enum rc
usage(struct cmd *c, const char *text)
{
	return why_set(&c->why, RC_USAGE, "%s; see 'apptoken add --help'",
		       text);
}

static enum rc
put_entry(struct cmd *c, struct plan *p, const char *key, const char *value)
{
	struct span v = span_trim(span_of(value));

	if (!lines_key_is_valid(span_of(key)))
		return usage(c, "an option's name has small letters, digits "
				"and '-' only");
	if (v.len == 0 || !span_has_no_control(v))
		return why_set(&c->why, RC_USAGE,
			       "option '--%s' is empty or holds a control "
			       "character; give it in one line",
			       key);
	safebuf_puts(p->lines, key);
	safebuf_puts(p->lines, " = ");
	safebuf_put(p->lines, v);
	safebuf_putc(p->lines, '\n');
	return RC_OK;
}

/* Places go into the file in their canonical form, and are shown so. */
static enum rc
put_place(struct cmd *c, struct plan *p, const char *key, const char *value)
{
	bool is_git = strcmp(key, "git") == 0;
	char text[URL_LEN_MAX];
	struct place place;
	enum rc rc;

	rc = is_git ? place_from_conf_git(span_of(value), &place, &c->why)
		    : place_from_conf_docker(span_of(value), &place, &c->why);
	if (rc != RC_OK) {
		why_wrap(&c->why, "option '--%s'", key);
		return rc;
	}
	if (place_format(&place, is_git, text, sizeof(text)) != RC_OK)
		return usage(c, "a place is too long");
	return put_entry(c, p, key, text);
}

static enum rc
take_option(struct cmd *c, struct plan *p, const struct opts_item *o)
{
	if (strcmp(o->name, "key") == 0) {
		if (p->key_file != NULL)
			return usage(c, "--key is given twice");
		p->key_file = o->value;
		return RC_OK;
	}
	if (strcmp(o->name, "no-verify") == 0) {
		p->verify = false;
		return RC_OK;
	}
	if (strcmp(o->name, "delete-key-file") == 0) {
		p->delete_key_file = true;
		return RC_OK;
	}
	if (strcmp(o->name, "git") == 0 || strcmp(o->name, "docker") == 0)
		return put_place(c, p, o->name, o->value);
	if (strcmp(o->name, "key-source") == 0)
		return put_entry(c, p, "key", o->value);
	return put_entry(c, p, o->name, o->value);
}

static enum rc
read_options(struct cmd *c, struct plan *p)
{
	struct opts_item item;
	bool end;
	enum rc rc;

	for (;;) {
		if ((rc = opts_next(&c->opts, &item, &end, &c->why)) != RC_OK)
			return rc;
		if (end)
			break;
		if (item.name != NULL)
			rc = take_option(c, p, &item);
		else if (!span_is_set(p->name))
			p->name = span_of(item.value);
		else
			rc = usage(c, "one app's name is wanted");
		if (rc != RC_OK)
			return rc;
	}
	if (!lines_name_is_valid(p->name))
		return usage(c, "a name for the app is wanted: up to 64 "
				"letters, digits, '.', '_', '-'");
	if (p->key_file == NULL)
		return usage(c, "--key FILE is wanted ('-': standard input)");
	if (p->delete_key_file && strcmp(p->key_file, "-") == 0)
		return usage(c, "--delete-key-file wants a file, not '-'");
	if (p->delete_key_file && !p->verify)
		return usage(c, "--delete-key-file needs a proven key; leave "
				"out --no-verify");
	if (safebuf_check(p->lines) != RC_OK)
		return usage(c, "the options are too long");
	return RC_OK;
}

/* An option that neither the table nor the profile knows is a usage error. */
static enum rc
check_variables(struct cmd *c, const struct appload_app *a)
{
	for (size_t i = 0; i < a->app->count; i++) {
		struct span key = a->app->entries[i].key;

		if (!conf_key_is_known(key) && !profile_knows(a->profile, key))
			return why_set(&c->why, RC_USAGE,
				       "unknown option '--%.*s': provider "
				       "'%.*s' does not use it; see 'apptoken "
				       "add --help'",
				       (int)key.len, key.at,
				       (int)a->app->provider.len,
				       a->app->provider.at);
	}
	return RC_OK;
}

static enum rc
check_proposal(struct cmd *c, struct plan *p)
{
	struct appload_app *loose = NULL;
	struct conf_app *app = NULL;
	enum rc rc;

	if ((rc = appload_propose(p->name, safebuf_view(p->lines), &p->proposed,
				  &c->why)) != RC_OK ||
	    (rc = conf_app(&p->proposed->conf, p->name, &app, &c->why)) !=
		    RC_OK ||
	    (rc = appload_profile(app, &loose, &c->why)) != RC_OK ||
	    (rc = check_variables(c, loose)) != RC_OK)
		goto out;
	rc = appload_named(p->proposed, p->name, &p->app, &c->why);
out:
	appload_app_free(loose);
	return rc;
}

/*
 * A place that another app has would make both unusable: read the proposal
 * together with each file that is there.
 */
static enum rc
check_claims(struct cmd *c, const struct plan *p)
{
	for (size_t i = 0; i < p->conf->conf.count; i++) {
		const struct conf both = {
			.sources = { p->proposed->conf.sources[0],
				     p->conf->conf.sources[i] },
			.count = 2,
		};
		struct conf_app *app = NULL;
		enum rc rc;

		if ((rc = conf_app(&both, p->name, &app, &c->why)) != RC_OK)
			return rc;
		conf_app_free(app);
	}
	return RC_OK;
}

static enum rc
check_name(struct cmd *c, const struct plan *p, const struct appload *conf)
{
	struct span other;
	size_t at = 0;

	while (conf_next_name(&conf->conf, &at, &other)) {
		if (span_eq(other, p->name))
			return why_set(&c->why, RC_CONFIG,
				       "an app of this name is configured "
				       "already; run 'apptoken remove %.*s' "
				       "first, or choose another name",
				       (int)p->name.len, p->name.at);
	}
	return RC_OK;
}

static enum rc
check_present(struct cmd *c, struct plan *p)
{
	enum rc rc;

	if ((rc = appload_read(true, &p->conf, &c->why)) != RC_OK ||
	    (rc = check_name(c, p, p->conf)) != RC_OK)
		return rc;
	return check_claims(c, p);
}

/* The keyring has the key now; the file makes the app exist. */
static enum rc
write_section(struct cmd *c, struct plan *p)
{
	struct lockfile *lock = NULL;
	struct appload *fresh = NULL;
	struct safebuf *text = NULL;
	struct span old = { 0 };
	bool waited;
	enum rc rc;

	/* Two adds at once: each reads what the other has written. */
	(void)!lockfile_take(SPAN("apptoken.config"),
			     clock_mono_ms() + LOCK_WAIT_MS, &lock, &waited);
	if ((rc = appload_read(true, &fresh, &c->why)) != RC_OK ||
	    (rc = check_name(c, p, fresh)) != RC_OK)
		goto out;
	if (fresh->conf.count > 0 &&
	    strcmp(fresh->paths[0], fresh->own_path) == 0)
		old = fresh->conf.sources[0].text;
	if ((rc = safebuf_new(CONF_MAX, &text)) != RC_OK)
		goto out;
	confedit_add(old, p->name, safebuf_view(p->lines), text);
	if (safebuf_check(text) != RC_OK) {
		rc = why_set(&c->why, RC_CONFIG,
			     "the configuration would be larger than %d "
			     "bytes; remove an app first",
			     CONF_MAX);
		goto out;
	}
	rc = trustfile_replace(fresh->own_path, safebuf_view(text), &c->why);
out:
	lockfile_release(lock);
	safebuf_free(text);
	appload_free(fresh);
	return rc;
}

static void
report(struct cmd *c, const struct plan *p, const struct wire_answer *a)
{
	struct span rest = safebuf_view(p->lines);
	struct span line;

	cmd_print(c, "%.*s: key %.*s (RSA, %lld bits) is in the keyring\n",
		  (int)p->name.len, p->name.at, (int)a->key_fingerprint.len,
		  a->key_fingerprint.at, (long long)a->key_bits);
	if (p->verify)
		cmd_print(c,
			  "%.*s: a token was minted to prove it, %lld s "
			  "left\n",
			  (int)p->name.len, p->name.at, (long long)a->left_s);
	cmd_print(c, "%.*s: added to '%s':\n", (int)p->name.len, p->name.at,
		  p->conf->own_path);
	while (span_next_line(&rest, &line))
		cmd_print(c, "    %.*s\n", (int)line.len, line.at);
}

static enum rc
import(struct cmd *c, struct plan *p)
{
	const struct wire_request request = {
		.verb = WIRE_IMPORT,
		.app = p->name,
		.caller = TOKEN_FOR_COMMAND,
		.may_prompt = cmd_may_prompt() && p->app->app->unlock_ask,
		.conf = safebuf_view(p->lines),
		.verify = p->verify,
	};
	struct safebuf *room = NULL;
	struct wire_answer answer;
	struct why lost;
	enum rc rc;

	if ((rc = safebuf_new(WIRE_MAX, &room)) != RC_OK)
		return rc;
	/* A passphrase may be asked for, and the keyring's own prompt. */
	rc = c->ports->ask_keeper(&request, p->key_fd,
				  front_wait_ms(p->app->app, true) + PROMPT_MS,
				  room, &answer, &c->why);
	if (rc != RC_OK)
		goto out;
	if (span_is_set(answer.warning))
		why_set(&c->warning, RC_OK, "%.*s", (int)answer.warning.len,
			answer.warning.at);
	if ((rc = write_section(c, p)) != RC_OK) {
		/* Leave nothing behind: take the key out again, unless it
		 * was there before and may be another configuration's. */
		lost = c->why;
		if (!answer.key_present)
			(void)!cmd_tell_keeper(c, WIRE_REMOVE, p->name);
		c->why = lost;
		goto out;
	}
	report(c, p, &answer);
out:
	safebuf_free(room);
	return rc;
}

static enum rc
run(struct cmd *c)
{
	struct plan p = { .verify = true, .key_fd = -1 };
	enum rc rc;

	if ((rc = safebuf_new(WIRE_MAX / 2, &p.lines)) != RC_OK ||
	    (rc = read_options(c, &p)) != RC_OK ||
	    (rc = check_proposal(c, &p)) != RC_OK ||
	    (rc = check_present(c, &p)) != RC_OK ||
	    (rc = cmd_open_key(c, p.key_file, &p.key_fd)) != RC_OK ||
	    (rc = import(c, &p)) != RC_OK)
		goto out;
	if (p.delete_key_file)
		cmd_delete_key(c, p.key_file);
out:
	if (rc != RC_OK && rc != RC_USAGE && lines_name_is_valid(p.name))
		why_wrap(&c->why, "'%.*s' was not added", (int)p.name.len,
			 p.name.at);
	fdio_close(p.key_fd);
	appload_app_free(p.app);
	appload_free(p.proposed);
	appload_free(p.conf);
	safebuf_free(p.lines);
	return rc;
}

static const struct opts_row options[] = {
	{ "key", "FILE", "the private key, PEM; '-' reads standard input" },
	{ "endpoint", "URL", "base URL of the provider" },
	{ "app-id", "ID", "the app's id there" },
	{ "provider", "NAME", "its profile; unifize if left out" },
	{ "git", "URL", "a place that git gets tokens for; repeatable" },
	{ "docker", "HOST",
	  "a registry that docker gets tokens for; "
	  "repeatable" },
	{ "no-verify", NULL, "do not mint a first token to prove the key" },
	{ "delete-key-file", NULL,
	  "delete FILE once the key is proven and "
	  "kept" },
	{ "key-source", "SOURCE", "the configuration's 'key'" },
	{ OPTS_ANY, "VALUE",
	  "any other key of the configuration or variable "
	  "of the provider" },
	{ NULL, NULL, NULL },
};

const struct cmd_row cmd_add = {
	.name = "add",
	.usage = "NAME --endpoint URL --app-id ID [--KEY VALUE]... --key "
		 "FILE|-",
	.summary = "import a private key, prove it, configure the app",
	.options = options,
	.run = run,
};
