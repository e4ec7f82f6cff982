#include <string.h>

#include "cli/cmd.h"
#include "core/lines.h"
#include "front/served.h"
#include "platform/fdio.h"

#include "core/banned.h"

struct wish {
	struct span name;
	const char *key_file;
	bool delete_key_file;
};

static enum rc
read_options(struct cmd *c, struct wish *w)
{
	struct opts_item item;
	bool end;
	enum rc rc;

	for (;;) {
		if ((rc = opts_next(&c->opts, &item, &end, &c->why)) != RC_OK)
			return rc;
		if (end)
			break;
		if (item.name == NULL && !span_is_set(w->name))
			w->name = span_of(item.value);
		else if (item.name == NULL)
			return why_set(&c->why, RC_USAGE,
				       "one app's name is wanted");
		else if (strcmp(item.name, "key") == 0)
			w->key_file = item.value;
		else
			w->delete_key_file = true;
	}
	if (!lines_name_is_valid(w->name) || w->key_file == NULL)
		return why_set(&c->why, RC_USAGE,
			       "an app's name and --key FILE are wanted; see "
			       "'apptoken rotate --help'");
	if (w->delete_key_file && strcmp(w->key_file, "-") == 0)
		return why_set(&c->why, RC_USAGE,
			       "--delete-key-file wants a file, not '-'");
	return RC_OK;
}

static enum rc
rotate(struct cmd *c, const struct wish *w, const struct served *served,
       int key_fd)
{
	const struct wire_request request = {
		.verb = WIRE_ROTATE,
		.app = w->name,
		.caller = TOKEN_FOR_COMMAND,
		.may_prompt = cmd_may_prompt() && served->app->app->unlock_ask,
	};
	struct safebuf *room = NULL;
	struct wire_answer a;
	enum rc rc;

	if ((rc = safebuf_new(WIRE_MAX, &room)) != RC_OK)
		return rc;
	rc = c->ports->ask_keeper(&request, key_fd,
				  front_wait_ms(served->app->app, true) +
					  PROMPT_MS,
				  room, &a, &c->why);
	if (rc == RC_OK) {
		cmd_print(c,
			  "%.*s: key %.*s (RSA, %lld bits) has replaced the "
			  "old one\n%.*s: a token was minted to prove it, "
			  "%lld s left; the old key's tokens are dropped\n",
			  (int)w->name.len, w->name.at,
			  (int)a.key_fingerprint.len, a.key_fingerprint.at,
			  (long long)a.key_bits, (int)w->name.len, w->name.at,
			  (long long)a.left_s);
		if (span_is_set(a.warning))
			why_set(&c->warning, RC_OK, "%.*s", (int)a.warning.len,
				a.warning.at);
	}
	safebuf_free(room);
	return rc;
}

static enum rc
run(struct cmd *c)
{
	struct served served = { 0 };
	struct wish w = { 0 };
	int key_fd = -1;
	enum rc rc;

	if ((rc = read_options(c, &w)) != RC_OK)
		return rc;
	if ((rc = served_named(w.name, &served, &c->why)) != RC_OK ||
	    (rc = cmd_open_key(c, w.key_file, &key_fd)) != RC_OK ||
	    (rc = rotate(c, &w, &served, key_fd)) != RC_OK) {
		why_wrap(&c->why, "the key of '%.*s' was not changed",
			 (int)w.name.len, w.name.at);
		goto out;
	}
	if (w.delete_key_file)
		cmd_delete_key(c, w.key_file);
out:
	fdio_close(key_fd);
	served_clear(&served);
	return rc;
}

static const struct opts_row options[] = {
	{ "key", "FILE",
	  "the new private key, PEM; '-' reads standard "
	  "input" },
	{ "delete-key-file", NULL,
	  "delete FILE once the key is proven and "
	  "kept" },
	{ NULL, NULL, NULL },
};

const struct cmd_row cmd_rotate = {
	.name = "rotate",
	.usage = "NAME --key FILE|-",
	.summary = "prove a new key, then put it in place of the old one",
	.options = options,
	.run = run,
};
