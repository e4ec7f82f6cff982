/*
 * A server for tests that sends exactly the bytes it was told to, over TLS
 * or not: one thread, one connection at a time, port 0 on 127.0.0.1.
 */
#ifndef SUPPORT_RAWSERVER_H
#define SUPPORT_RAWSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAWSERVER_REQUEST_MAX (64 * 1024)

/* Certificate and key as PEM. */
struct rawserver_pair {
	char cert[8 * 1024];
	char key[8 * 1024];
};

/* What is made; times are seconds from now. */
struct rawserver_name {
	const char *dns; /* or NULL */
	bool loopback;	 /* the address 127.0.0.1 as well */
	long from_s, to_s;
};

/* A certificate authority. Any failure ends the test program. */
void rawserver_make_ca(struct rawserver_pair *ca);
/* A server's certificate by ca, or self-signed when ca is NULL. */
void rawserver_make_cert(const struct rawserver_pair *ca,
			 const struct rawserver_name *name,
			 struct rawserver_pair *ret);

/* What happens on each connection; lent until rawserver_stop(). */
struct rawserver_script {
	const struct rawserver_pair *tls; /* NULL: no TLS */
	bool hang_up;			  /* close before anything else */
	bool mute;			  /* never say anything, TLS included */
	bool blurt; /* send without TLS and without being asked */
	const char *connect_reply; /* be a proxy first: answer to CONNECT */
	bool connect_only;	   /* and hang up after it */
	const char *send;	   /* after the whole request */
	size_t len;		   /* 0: strlen(send) */
	const char *again;	   /* then this, times times */
	size_t times;
	unsigned pause_ms; /* before each byte of send; 0: all at once */
	unsigned think_ms; /* before the first one */
	bool hold;	   /* keep the connection until the peer closes */
	bool no_goodbye;   /* close TLS without close_notify */
};

struct rawserver;

struct rawserver *rawserver_start(const struct rawserver_script *script);
int rawserver_port(const struct rawserver *s);

/* What was seen, after the server has stopped. */
struct rawserver_seen {
	unsigned connections;
	unsigned requests;  /* connections with bytes of HTTP */
	size_t sent;	    /* bytes of the script */
	char connect[4096]; /* the last CONNECT, NUL-terminated */
	char request[RAWSERVER_REQUEST_MAX]; /* the last one alike */
};
/* Stop, tell (seen may be NULL), free. */
void rawserver_stop(struct rawserver *s, struct rawserver_seen *seen);

#endif
