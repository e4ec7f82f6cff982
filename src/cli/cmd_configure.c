#include <string.h>

#include "cli/client.h"
#include "core/lines.h"
#include "platform/userprog.h"

#include "core/banned.h"

static const struct client *const clients[] = {
	&client_git,
	&client_docker,
	&client_podman,
};

struct wish {
	const struct client *client;
	struct span name; /* unset: every app */
};

const char *
client_variable(const struct cmd *c, const char *name)
{
	size_t n = strlen(name);

	for (char **e = c->confine->caller_env; e != NULL && *e != NULL; e++) {
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=' &&
		    (*e)[n + 1] != '\0')
			return *e + n + 1;
	}
	return NULL;
}

static const struct client *
find_client(const char *name)
{
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		if (strcmp(name, clients[i]->name) == 0)
			return clients[i];
	}
	return NULL;
}

static enum rc
read_options(struct cmd *c, struct client_job *j, struct wish *w)
{
	struct opts_item item;
	bool end;
	enum rc rc;

	for (;;) {
		if ((rc = opts_next(&c->opts, &item, &end, &c->why)) != RC_OK)
			return rc;
		if (end)
			break;
		if (item.name != NULL && strcmp(item.name, "store") == 0)
			j->store = true;
		else if (item.name != NULL)
			j->dry_run = true;
		else if (w->client == NULL)
			w->client = find_client(item.value);
		else if (!span_is_set(w->name))
			w->name = span_of(item.value);
		else
			return why_set(&c->why, RC_USAGE,
				       "at most one app's name is wanted");
		if (item.name == NULL && w->client == NULL)
			break;
	}
	if (w->client == NULL)
		return why_set(&c->why, RC_USAGE,
			       "git, docker or podman is wanted; see "
			       "'apptoken configure --help'");
	if (j->store && w->client->whole == NULL)
		return why_set(&c->why, RC_USAGE, "--store is for docker only");
	if (span_is_set(w->name) && !lines_name_is_valid(w->name))
		return why_set(&c->why, RC_USAGE, "that is no app's name");
	return RC_OK;
}

static enum rc
wire_app(struct client_job *j, const struct client *client,
	 const struct appload_app *a)
{
	const struct conf_entry *e;
	size_t at = 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK && (e = conf_next(a->app, client->key, &at)) != NULL)
		rc = client->place(j, a, e->value);
	return rc;
}

static enum rc
wire_named(struct client_job *j, const struct client *client,
	   const struct appload *conf, struct span name)
{
	struct appload_app *a = NULL;
	enum rc rc;

	if ((rc = appload_named(conf, name, &a, &j->c->why)) != RC_OK)
		return rc;
	rc = wire_app(j, client, a);
	appload_app_free(a);
	return rc;
}

/* One app that is wrong is no reason to leave the others as they are. */
static enum rc
wire_each(struct client_job *j, const struct client *client,
	  const struct appload *conf)
{
	struct why first = { "" };
	enum rc worst = RC_OK;
	struct span name;
	size_t at = 0;

	while (conf_next_name(&conf->conf, &at, &name)) {
		enum rc rc = wire_named(j, client, conf, name);

		if (rc != RC_OK && worst == RC_OK) {
			worst = rc;
			first = j->c->why;
		}
	}
	if (worst != RC_OK)
		j->c->why = first;
	return worst;
}

static enum rc
wire_all(struct client_job *j, const struct wish *w)
{
	struct appload *conf = NULL;
	enum rc rc;

	if ((rc = appload_read(true, &conf, &j->c->why)) != RC_OK)
		return rc;
	rc = span_is_set(w->name) ? wire_named(j, w->client, conf, w->name)
				  : wire_each(j, w->client, conf);
	if (rc == RC_OK && w->client->whole != NULL)
		rc = w->client->whole(j);
	appload_free(conf);
	return rc;
}

void
client_unwire(struct cmd *c, const struct appload *conf, struct span name)
{
	const struct why why = c->why;

	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		struct client_job j = { .c = c, .undo = true };

		(void)!wire_named(&j, clients[i], conf, name);
	}
	c->why = why;
}

static enum rc
run_job(struct client_job *j)
{
	struct wish w = { 0 };
	struct cmd *c = j->c;
	enum rc rc;

	if ((rc = read_options(c, j, &w)) != RC_OK)
		return rc;
	if ((rc = wire_all(j, &w)) != RC_OK)
		return rc;
	if (j->changes == 0)
		cmd_print(c, "%s: nothing to change\n", w.client->name);
	/* A helper that a client does not find breaks even public pulls. */
	if (!j->undo && !userprog_exists(c->confine, w.client->helper))
		why_set(&c->warning, RC_OK,
			"'%s' is not on PATH: %s will not find it; add its "
			"folder to PATH",
			w.client->helper, w.client->name);
	return RC_OK;
}

static enum rc
configure(struct cmd *c)
{
	struct client_job j = { .c = c };

	return run_job(&j);
}

static enum rc
unconfigure(struct cmd *c)
{
	struct client_job j = { .c = c, .undo = true };

	return run_job(&j);
}

static const struct opts_row options[] = {
	{ "dry-run", NULL, "show the change, make none" },
	{ "store", NULL,
	  "docker: 'credsStore', for every registry, in place "
	  "of one 'credHelpers' entry each" },
	{ NULL, NULL, NULL },
};

const struct cmd_row cmd_configure = {
	.name = "configure",
	.usage = "git|docker|podman [NAME] [--store] [--dry-run]",
	.summary = "make a client ask apptoken for the apps' places",
	.options = options,
	.run = configure,
};

const struct cmd_row cmd_unconfigure = {
	.name = "unconfigure",
	.usage = "git|docker|podman [NAME] [--store] [--dry-run]",
	.summary = "undo what configure did, and nothing else",
	.options = options,
	.run = unconfigure,
};
