#include <string.h>

#include "cli/cmd.h"
#include "core/clean.h"
#include "core/jput.h"
#include "core/lines.h"
#include "core/stamp.h"
#include "front/front.h"
#include "platform/appload.h"

#include "core/banned.h"

/* The first thing that was wrong decides the exit status. */
struct report {
	struct cmd *c;
	const struct appload *conf;
	bool json;
	bool first;
	enum rc worst;
};

static void
note_problem(struct report *r, enum rc rc, struct span app, const char *text)
{
	if (r->worst != RC_OK)
		return;
	r->worst = why_set(&r->c->why, rc, "'%.*s': %s", (int)app.len, app.at,
			   text);
}

/* "59 min left", "40 s left": a number a person can use. */
static void
print_left(struct cmd *c, int64_t left_s)
{
	if (left_s >= 2 * 3600)
		cmd_print(c, "%lld h left", (long long)(left_s / 3600));
	else if (left_s >= 2 * 60)
		cmd_print(c, "%lld min left", (long long)(left_s / 60));
	else
		cmd_print(c, "%lld s left", (long long)left_s);
}

static void
print_places(struct cmd *c, const struct conf_app *app, const char *key)
{
	const struct conf_entry *e;
	size_t at = 0;

	while ((e = conf_next(app, key, &at)) != NULL)
		cmd_print(c, "  %-11s%.*s\n", key, (int)e->value.len,
			  e->value.at);
}

static void
print_words(struct cmd *c, const struct appload_app *a,
	    const struct wire_answer *s)
{
	struct span endpoint = conf_value(a->app, "endpoint");
	char why[FOREIGN_MAX];

	cmd_print(c, "%.*s\n", (int)a->app->name.len, a->app->name.at);
	cmd_print(c, "  %-11s%.*s\n", "provider", (int)a->app->provider.len,
		  a->app->provider.at);
	if (span_is_set(endpoint))
		cmd_print(c, "  %-11s%.*s\n", "endpoint", (int)endpoint.len,
			  endpoint.at);
	if (s->key_rc == RC_OK)
		cmd_print(c, "  %-11s%.*s\n  %-11sRSA %lld bits, from %.*s\n",
			  "key", (int)s->key_fingerprint.len,
			  s->key_fingerprint.at, "", (long long)s->key_bits,
			  (int)s->key_source.len, s->key_source.at);
	else
		cmd_print(c, "  %-11s%s\n", "key",
			  clean_text(s->key_why, why, sizeof(why)));
	if (s->state == TOKEN_NONE) {
		cmd_print(c, "  %-11s%s\n", "token",
			  rc_exit_status(s->key_rc) == rc_exit_status(RC_LOCKED)
				  ? "unknown while the keyring cannot be read"
				  : "none cached");
	} else {
		cmd_print(c, "  %-11s%s, ", "token",
			  token_state_name(s->state));
		print_left(c, s->left_s);
		cmd_print(c, "\n");
	}
	print_places(c, a->app, "git");
	print_places(c, a->app, "docker");
}

static void
put_places(struct safebuf *out, const struct conf_app *app, const char *key)
{
	const struct conf_entry *e;
	const char *between = "";
	size_t at = 0;

	safebuf_puts(out, ",\"");
	safebuf_puts(out, key);
	safebuf_puts(out, "\":[");
	while ((e = conf_next(app, key, &at)) != NULL) {
		safebuf_puts(out, between);
		jput_string(out, e->value);
		between = ",";
	}
	safebuf_putc(out, ']');
}

static void
put_or_null(struct safebuf *out, const char *key, struct span value)
{
	if (span_is_set(value)) {
		jput_member(out, key, value);
	} else {
		safebuf_putc(out, '"');
		safebuf_puts(out, key);
		safebuf_puts(out, "\":null");
	}
}

static void
put_json(struct cmd *c, const struct appload_app *a,
	 const struct wire_answer *s)
{
	struct span expires = { 0 };
	char stamp[STAMP_TEXT_MAX];
	struct moment now;

	safebuf_putc(c->out, '{');
	jput_member(c->out, "app", a->app->name);
	safebuf_putc(c->out, ',');
	jput_member(c->out, "provider", a->app->provider);
	safebuf_putc(c->out, ',');
	put_or_null(c->out, "endpoint", conf_value(a->app, "endpoint"));
	safebuf_puts(c->out, ",\"key\":{");
	put_or_null(c->out, "source", s->key_source);
	safebuf_putc(c->out, ',');
	put_or_null(c->out, "fingerprint", s->key_fingerprint);
	safebuf_puts(c->out, "},\"token\":{");
	jput_member(c->out, "state", span_of(token_state_name(s->state)));
	if (s->state != TOKEN_NONE && s->expiry_known) {
		c->ports->clock->now(c->ports->clock->self, &now);
		stamp_format(now.wall_s + s->left_s, stamp);
		expires = span_of(stamp);
	}
	safebuf_putc(c->out, ',');
	put_or_null(c->out, "expires_at", expires);
	safebuf_putc(c->out, '}');
	put_places(c->out, a->app, "git");
	put_places(c->out, a->app, "docker");
	safebuf_putc(c->out, '}');
}

static void
report_app(struct report *r, const struct appload_app *a)
{
	const struct wire_request request = { .verb = WIRE_INSPECT,
					      .app = a->app->name,
					      .caller = TOKEN_FOR_COMMAND };
	struct wire_answer s = { 0 };
	struct safebuf *room = NULL;
	struct why why = { "" };
	char text[FOREIGN_MAX];
	enum rc rc;

	if ((rc = safebuf_new(WIRE_MAX, &room)) != RC_OK)
		return;
	rc = r->c->ports->ask_keeper(&request, -1, 4 * KEYRING_CALL_MS, room,
				     &s, &why);
	if (rc != RC_OK) {
		s = (struct wire_answer){ .key_rc = rc,
					  .key_why = span_of(why.text) };
	}
	if (s.key_rc != RC_OK)
		note_problem(r, s.key_rc, a->app->name,
			     clean_text(s.key_why, text, sizeof(text)));
	if (r->json)
		put_json(r->c, a, &s);
	else
		print_words(r->c, a, &s);
	safebuf_free(room);
}

static void
report_broken(struct report *r, struct span name, enum rc rc,
	      const struct why *why)
{
	char shown[NAME_LEN_MAX + 1];

	clean_text(name, shown, sizeof(shown));
	note_problem(r, rc, span_of(shown), why->text);
	if (r->json) {
		safebuf_putc(r->c->out, '{');
		jput_member(r->c->out, "app", name);
		safebuf_putc(r->c->out, ',');
		jput_member(r->c->out, "error", span_of(why->text));
		safebuf_putc(r->c->out, '}');
	} else {
		cmd_print(r->c, "%s\n  not usable %s\n", shown, why->text);
	}
}

static void
report_name(struct report *r, struct span name)
{
	struct appload_app *a = NULL;
	struct why why = { "" };
	enum rc rc;

	if (!r->first)
		safebuf_puts(r->c->out, r->json ? "," : "\n");
	r->first = false;
	rc = appload_named(r->conf, name, &a, &why);
	if (rc == RC_OK)
		report_app(r, a);
	else
		report_broken(r, name, rc, &why);
	appload_app_free(a);
}

static enum rc
report(struct report *r, struct span only)
{
	struct appload_app *a = NULL;
	struct span name;
	size_t at = 0;
	enum rc rc;

	if (r->json)
		safebuf_putc(r->c->out, '[');
	if (span_is_set(only)) {
		rc = appload_named(r->conf, only, &a, &r->c->why);
		appload_app_free(a);
		if (rc != RC_OK) {
			safebuf_clear(r->c->out);
			return rc;
		}
		report_name(r, only);
	} else {
		while (conf_next_name(&r->conf->conf, &at, &name))
			report_name(r, name);
		if (r->first && !r->json)
			cmd_print(r->c, "No app is configured; begin with "
					"'apptoken add --help'.\n");
	}
	if (r->json)
		safebuf_puts(r->c->out, "]\n");
	/* A stray line is nobody's, and still a mistake worth a word. */
	if (r->worst == RC_OK)
		r->worst = conf_check_strays(&r->conf->conf, &r->c->why);
	return r->worst;
}

static enum rc
run(struct cmd *c)
{
	struct report r = { .c = c, .first = true, .worst = RC_OK };
	struct appload *conf = NULL;
	struct span only = { 0 };
	struct opts_item item;
	bool end;
	enum rc rc;

	for (;;) {
		if ((rc = opts_next(&c->opts, &item, &end, &c->why)) != RC_OK)
			return rc;
		if (end)
			break;
		if (item.name != NULL)
			r.json = true;
		else if (!span_is_set(only) &&
			 lines_name_is_valid(span_of(item.value)))
			only = span_of(item.value);
		else
			return why_set(&c->why, RC_USAGE,
				       "at most one app's name is wanted");
	}
	if ((rc = appload_read(false, &conf, &c->why)) != RC_OK)
		return rc;
	r.conf = conf;
	rc = report(&r, only);
	appload_free(conf);
	return rc;
}

static const struct opts_row options[] = {
	{ "json", NULL, "print a list for scripts" },
	{ NULL, NULL, NULL },
};

const struct cmd_row cmd_status = {
	.name = "status",
	.usage = "[NAME] [--json]",
	.summary = "tell about apps, keys, tokens and where they serve",
	.options = options,
	.run = run,
};
