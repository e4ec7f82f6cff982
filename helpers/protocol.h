/*
 * A client's protocol: one file, one const struct, named by -DPROTOCOL when
 * main.c is built. Bytes in, request, answer, bytes out.
 */
#ifndef HELPERS_PROTOCOL_H
#define HELPERS_PROTOCOL_H

#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"
#include "front/front.h"
#include "platform/confine.h"

/* One start of a helper: what a protocol gets and what it leaves. */
struct helper_call {
	const struct front_ports *ports;
	const struct confine *confine; /* for programs of the person */
	const char *const *args;       /* argv[1..], NULL at the end */
	int args_count;
	int in_fd;
	bool keep_logins; /* git: --keep-logins was given */
	/*
	 * The whole answer, written to stdout in one write when run()
	 * returns, whatever it returns: so a protocol that failed clears it
	 * unless its clients want to read the failure there.
	 */
	struct safebuf *answer;
	struct why why;	    /* with a failure: one line for stderr */
	struct why warning; /* with a success: one line for stderr, or "" */
};

struct protocol {
	const char *program; /* for usage and version */
	/*
	 * Returns the class; exit_status() turns it into the process's.
	 * RC_NOT_OURS prints nothing on stderr.
	 */
	enum rc (*run)(struct helper_call *c);
	int (*exit_status)(enum rc rc);
	const char *usage;
};

extern const struct protocol protocol_git;
extern const struct protocol protocol_docker;

#endif
