/*
 * docker's config.json and the auth.json of podman, skopeo and buildah:
 * "credHelpers", one entry a registry; docker's "credsStore" on request.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/jsonedit.h"
#include "core/clean.h"
#include "core/place.h"
#include "platform/paths.h"
#include "platform/trustfile.h"

#include "core/banned.h"

#define FILE_MAX (1024 * 1024)
#define HELPER "apptoken"
/* docker's own key for Docker Hub. */
#define HUB_KEY "https://index.docker.io/v1/"

/* Which member of which file. */
struct entry {
	char path[PATHS_MAX];
	const char *group; /* NULL: of the top object */
	struct span key;
};

static enum rc
join(struct cmd *c, const char *folder, const char *rest, char *out)
{
	size_t n = strlen(folder);

	if (folder[0] != '/' || n + strlen(rest) + 1 > PATHS_MAX)
		return why_set(&c->why, RC_CONFIG,
			       "the client's folder is no absolute path; set "
			       "HOME");
	(void)span_copy(span_of(folder), out, PATHS_MAX);
	(void)span_copy(span_of(rest), out + n, PATHS_MAX - n);
	return RC_OK;
}

static enum rc
home_file(struct cmd *c, const char *rest, char *out)
{
	const char *home = client_variable(c, "HOME");

	if (home == NULL)
		return why_set(&c->why, RC_CONFIG,
			       "HOME is not set; set it to your home folder");
	return join(c, home, rest, out);
}

static enum rc
docker_file(struct cmd *c, char *out)
{
	const char *folder = client_variable(c, "DOCKER_CONFIG");

	return folder != NULL ? join(c, folder, "/config.json", out)
			      : home_file(c, "/.docker/config.json", out);
}

/* Not the one below XDG_RUNTIME_DIR: that goes with the session. */
static enum rc
podman_file(struct cmd *c, char *out)
{
	const char *file = client_variable(c, "REGISTRY_AUTH_FILE");
	const char *folder = client_variable(c, "XDG_CONFIG_HOME");

	if (file != NULL)
		return join(c, file, "", out);
	return folder != NULL
		       ? join(c, folder, "/containers/auth.json", out)
		       : home_file(c, "/.config/containers/auth.json", out);
}

/* A link stays one: what it leads to is edited. */
static void
follow_link(char path[PATHS_MAX])
{
	char real[PATH_MAX];

	if (realpath(path, real) != NULL)
		(void)span_copy(span_of(real), path, PATHS_MAX);
}

static enum rc
read_file(struct cmd *c, const char *path, struct safebuf **ret)
{
	enum rc rc = trustfile_read(path, FILE_MAX, ret, &c->why);

	return rc == RC_NOT_FOUND ? safebuf_new(1, ret) : rc;
}

static void
show(struct client_job *j, const struct entry *e)
{
	j->changes++;
	cmd_print(j->c, "%s%s: %s%s%s\"%.*s\": \"" HELPER "\"\n",
		  j->dry_run ? "would change: " : "", e->path,
		  j->undo ? "- " : "+ ", e->group == NULL ? "" : e->group,
		  e->group == NULL ? "" : ": ", (int)e->key.len, e->key.at);
}

static enum rc
edit(struct client_job *j, const struct entry *e, struct span text,
     struct span present)
{
	struct cmd *c = j->c;
	struct safebuf *fresh = NULL;
	char shown[64];
	enum rc rc;

	if (j->undo ? !span_is(present, HELPER) : span_is(present, HELPER))
		return RC_OK;
	if (!j->undo && span_is_set(present))
		return why_set(&c->why, RC_CONFIG,
			       "'%s' has the helper '%s' for '%.*s' already; "
			       "remove it there first",
			       e->path,
			       clean_text(present, shown, sizeof(shown)),
			       (int)e->key.len, e->key.at);
	if ((rc = safebuf_new(FILE_MAX + SERVER_MAX, &fresh)) != RC_OK)
		return rc;
	rc = j->undo ? jsonedit_remove(text, e->group, e->key, fresh, &c->why)
		     : jsonedit_put(text, e->group, e->key, SPAN(HELPER), fresh,
				    &c->why);
	if (rc == RC_OK) {
		show(j, e);
		if (!j->dry_run)
			rc = trustfile_replace(e->path, safebuf_view(fresh),
					       &c->why);
	}
	safebuf_free(fresh);
	return rc;
}

static enum rc
wire(struct client_job *j, struct entry *e)
{
	struct safebuf *present = NULL;
	struct safebuf *text = NULL;
	enum rc rc;

	follow_link(e->path);
	if ((rc = safebuf_new(FILE_MAX, &present)) != RC_OK ||
	    (rc = read_file(j->c, e->path, &text)) != RC_OK)
		goto out;
	rc = jsonedit_get(safebuf_view(text), e->group, e->key, present,
			  &j->c->why);
	if (rc == RC_OK)
		rc = edit(j, e, safebuf_view(text), safebuf_view(present));
	else if (rc == RC_NOT_FOUND)
		rc = edit(j, e, safebuf_view(text), (struct span){ 0 });
	if (rc == RC_INVALID) {
		why_wrap(&j->c->why, "'%s'", e->path);
		rc = RC_CONFIG;
	}
out:
	safebuf_free(text);
	safebuf_free(present);
	return rc;
}

static enum rc
wire_registry(struct client_job *j, struct span value, bool is_docker)
{
	struct entry e = { .group = "credHelpers" };
	struct place place;
	char host[HOST_MAX + 16];
	enum rc rc;

	if ((rc = place_from_conf_docker(value, &place, &j->c->why)) != RC_OK ||
	    (rc = place_format(&place, false, host, sizeof(host))) != RC_OK ||
	    (rc = is_docker ? docker_file(j->c, e.path)
			    : podman_file(j->c, e.path)) != RC_OK)
		return rc;
	e.key = is_docker && strcmp(host, "docker.io") == 0 ? SPAN(HUB_KEY)
							    : span_of(host);
	return wire(j, &e);
}

static enum rc
docker_place(struct client_job *j, const struct appload_app *a,
	     struct span value)
{
	(void)a;
	return j->store ? RC_OK : wire_registry(j, value, true);
}

static enum rc
docker_whole(struct client_job *j)
{
	struct entry e = { .key = SPAN("credsStore") };
	enum rc rc;

	if (!j->store)
		return RC_OK;
	if ((rc = docker_file(j->c, e.path)) != RC_OK)
		return rc;
	return wire(j, &e);
}

static enum rc
podman_place(struct client_job *j, const struct appload_app *a,
	     struct span value)
{
	(void)a;
	return wire_registry(j, value, false);
}

const struct client client_docker = {
	.name = "docker",
	.key = "docker",
	.helper = "docker-credential-apptoken",
	.place = docker_place,
	.whole = docker_whole,
};

const struct client client_podman = {
	.name = "podman",
	.key = "docker",
	.helper = "docker-credential-apptoken",
	.place = podman_place,
};
