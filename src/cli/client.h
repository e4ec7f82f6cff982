/*
 * Clients that apptoken wires itself into, and out of again: one row each.
 * Wiring twice is the same as once; undoing removes exactly what was put in.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "cli/cmd.h"
#include "platform/appload.h"

struct client_job {
	struct cmd *c;
	bool undo;
	bool dry_run;
	bool store;	  /* docker: credsStore in place of credHelpers */
	unsigned changes; /* how many there were, or would be */
};

struct client {
	const char *name;   /* the command's word */
	const char *key;    /* the configuration's key of its places */
	const char *helper; /* the program that it looks for on PATH */
	/* One place of an app, in the configuration's spelling. */
	enum rc (*place)(struct client_job *j, const struct appload_app *a,
			 struct span place);
	/* What concerns no single place (credsStore); may be NULL. */
	enum rc (*whole)(struct client_job *j);
};

extern const struct client client_git;
extern const struct client client_docker;
extern const struct client client_podman;

/*
 * Undo the wiring of an app that is about to go, in all clients: without it
 * nobody could tell any more which entries were ours. Best effort.
 */
void client_unwire(struct cmd *c, const struct appload *conf, struct span name);

/* The caller's variable of that name; NULL when unset or empty. */
const char *client_variable(const struct cmd *c, const char *name);

#endif
