#include <string.h>

#include "cli/cmd.h"
#include "core/jput.h"
#include "core/lines.h"
#include "core/num.h"
#include "core/stamp.h"
#include "front/served.h"

#include "core/banned.h"

/* What the options say. */
struct wish {
	struct span name;
	bool header;
	bool json;
	struct front_ask ask;
};

static enum rc
read_options(struct cmd *c, struct wish *w)
{
	struct opts_item item;
	uint64_t n;
	bool end;
	enum rc rc;

	for (;;) {
		if ((rc = opts_next(&c->opts, &item, &end, &c->why)) != RC_OK)
			return rc;
		if (end)
			break;
		if (item.name == NULL && !span_is_set(w->name)) {
			w->name = span_of(item.value);
		} else if (item.name == NULL) {
			return why_set(&c->why, RC_USAGE,
				       "one app's name is wanted; see "
				       "'apptoken token --help'");
		} else if (strcmp(item.name, "header") == 0) {
			w->header = true;
		} else if (strcmp(item.name, "json") == 0) {
			w->json = true;
		} else if (strcmp(item.name, "force") == 0) {
			w->ask.force = true;
		} else if (num_parse_u64(span_of(item.value), 1, LIFE_MAX_S,
					 &n) == RC_OK) {
			w->ask.min_life_s = (int64_t)n;
		} else {
			return why_set(&c->why, RC_USAGE,
				       "--min-life wants whole seconds from 1 "
				       "to %d",
				       LIFE_MAX_S);
		}
	}
	if (!lines_name_is_valid(w->name))
		return why_set(&c->why, RC_USAGE,
			       "an app's name is wanted; see 'apptoken token "
			       "--help'");
	if (w->header && w->json)
		return why_set(&c->why, RC_USAGE,
			       "--header and --json exclude each other; give "
			       "one");
	return RC_OK;
}

/* {"app","token","expires_at","expires_in"}; null when nobody knows. */
static void
put_json(struct cmd *c, struct span name, const struct front_token *t)
{
	char stamp[STAMP_TEXT_MAX];
	struct moment now;

	safebuf_putc(c->out, '{');
	jput_member(c->out, "app", name);
	safebuf_putc(c->out, ',');
	jput_member(c->out, "token", t->token);
	if (t->expiry_known) {
		c->ports->clock->now(c->ports->clock->self, &now);
		stamp_format(now.wall_s + t->left_s, stamp);
		safebuf_putc(c->out, ',');
		jput_member(c->out, "expires_at", span_of(stamp));
		safebuf_puts(c->out, ",\"expires_in\":");
		safebuf_put_i64(c->out, t->left_s);
		safebuf_puts(c->out, "}\n");
	} else {
		safebuf_puts(c->out, ",\"expires_at\":null,"
				     "\"expires_in\":null}\n");
	}
}

static void
put_token(struct cmd *c, const struct wish *w, const struct served *served,
	  const struct front_token *t)
{
	if (w->json) {
		put_json(c, w->name, t);
		return;
	}
	if (w->header) {
		safebuf_puts(c->out, "Authorization: ");
		safebuf_put(c->out, profile_text(served->app->profile,
						 served->app->app, "scheme"));
		safebuf_putc(c->out, ' ');
	}
	safebuf_put(c->out, t->token);
	safebuf_putc(c->out, '\n');
}

static enum rc
run(struct cmd *c)
{
	struct wish w = { .ask = { .caller = TOKEN_FOR_COMMAND } };
	struct front_token token = { 0 };
	struct served served = { 0 };
	enum rc rc;

	if ((rc = read_options(c, &w)) != RC_OK)
		return rc;
	w.ask.may_prompt = cmd_may_prompt();
	if ((rc = served_named(w.name, &served, &c->why)) != RC_OK)
		goto out;
	rc = front_get(c->ports, served.app, &w.ask, &token, &c->why);
	if (rc != RC_OK) {
		served_wrap(&served, &c->why);
		goto out;
	}
	put_token(c, &w, &served, &token);
	c->warning = token.warning;
out:
	front_token_clear(&token);
	served_clear(&served);
	return rc;
}

static const struct opts_row options[] = {
	{ "header", NULL, "print it as an Authorization header" },
	{ "json", NULL, "print it with its expiry, as JSON" },
	{ "min-life", "SECONDS", "it must still live so long" },
	{ "force", NULL, "mint a new one, whatever is cached" },
	{ NULL, NULL, NULL },
};

const struct cmd_row cmd_token = {
	.name = "token",
	.usage = "NAME [--header | --json] [--min-life SECONDS] [--force]",
	.summary = "print an access token",
	.options = options,
	.run = run,
};
