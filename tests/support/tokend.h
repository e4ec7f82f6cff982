/*
 * Shared by the files of tokend; its reference stands in tokend.c.
 *
 * struct server is shared by all threads. What changes in it after the start
 * is read and written under its lock only; lists of apps and options are
 * fixed before the first listener starts.
 *
 * Allocation never fails here for the callers: a test server that has no
 * memory says so and ends (text_oom).
 */
#ifndef SUPPORT_TOKEND_H
#define SUPPORT_TOKEND_H

#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define APPS_MAX 16384                /* the herd tests start many apps */
#define NAMES_MAX 16                  /* --name */
#define BODY_MAX (64UL * 1024 * 1024) /* one request or CGI answer */
#define LAST_BODY_MAX 65536           /* kept of a token request's body */
#define FORM_MAX 64                   /* fields of one control request */
#define HEADERS_MAX 32                /* added by one answer or rule */

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* ---- tokend_text.c: growing text, encodings, forms, numbers, times ---- */

/* Bytes; p[n] is always NUL once anything was added. All zero is empty. */
struct text {
	char *p;
	size_t n;
	size_t cap;
};

struct form {
	size_t count;
	struct text names[FORM_MAX];
	struct text values[FORM_MAX];
};

_Noreturn void text_oom(void);
char *text_dup(const char *s, size_t n);
void text_add(struct text *t, const void *bytes, size_t n);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *format, ...) PRINTF_LIKE(2, 3);
/* As a JSON string, in quotes; bytes above 0x1f other than " and \ as is. */
void text_json(struct text *t, const char *s, size_t n);
bool text_holds(const struct text *t, const char *s);
/* Put 'to' for each 'from', which is not empty. */
void text_replace(struct text *t, const char *from, const char *to);
const char *text_str(const struct text *t);
void text_free(struct text *t);
bool text_is(const struct text *t, const char *s);

/* Strict: no padding for url, padding for plain, no stray bits. */
bool base64url_decode(const char *s, size_t n, struct text *ret);
bool base64_decode(const char *s, size_t n, struct text *ret);
void base64url_encode(const void *bytes, size_t n, struct text *ret);

bool number_parse(const char *s, size_t n, int64_t *ret);

/* Adds the fields of s to f; more than FORM_MAX are dropped. */
void form_parse(const char *s, size_t n, struct form *f);
const struct text *form_get(const struct form *f, const char *name);
/* The field as a number, or the default when it is absent or none. */
int64_t form_number(const struct form *f, const char *name, int64_t otherwise);
bool form_flag(const struct form *f, const char *name);
void form_free(struct form *f);

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
/* 2026-01-02T03:04:05.678Z, and Fri, 02 Jan 2026 03:04:05 GMT */
void time_rfc3339(int64_t ms, struct text *ret);
void time_http(int64_t ms, struct text *ret);

/* ---- server ---- */

struct app {
	char *id;
	char *org; /* NULL: any */
	gnutls_pubkey_t key;
	bool numeric;
};

struct token {
	char *text;
	size_t n;
	const struct app *app;
	char *user;        /* X-Unifize-User, or NULL */
	char *org;         /* of the route, or NULL */
	int64_t ends_ms;   /* monotonic */
	int64_t expiry_ms; /* by the server's clock, shifted */
	bool revoked;
};

enum counter {
	COUNT_TOKEN_REQUESTS,
	COUNT_MINTS,
	COUNT_TOKENINFO,
	COUNT_LOOKUPS,
	COUNT_GIT_REQUESTS,
	COUNT_GIT_DENIED,
	COUNT_REGISTRY_REQUESTS,
	COUNT_REGISTRY_DENIED,
	COUNT_CONNECTIONS,
	COUNT_REQUESTS,
	COUNT_BEARER_SEEN_HTTP,
	COUNTERS
};

enum date_mode { DATE_CLOCK, DATE_NONE, DATE_TEXT };

/* A rule set by POST /fail. Counted: control may drop it during its use. */
struct fault {
	struct fault *next;
	unsigned refs;
	unsigned on;     /* bits ON_... */
	int64_t times;   /* -1: for ever */
	unsigned status; /* 0: as it would be */
	bool has_body;
	struct text body;
	bool has_size;
	uint64_t body_size;
	int64_t delay_ms;
	char *type;
	size_t headers;
	char *header_names[HEADERS_MAX];
	char *header_values[HEADERS_MAX];
	int64_t offset_s;
	enum date_mode date;
	char *date_text;
	bool has_token;
	struct text token;
	char *token_raw;
	char *expires;
	bool omit_token;
	bool omit_expiry;
	bool chunked;
	bool truncate;
	bool raw;
	bool no_bye;
	int64_t byte_ms;
	int64_t stall_after; /* -1: never */
};

#define ON_TOKEN 1U
#define ON_TOKENINFO 2U
#define ON_LOOKUP 4U
#define ON_GIT 8U
#define ON_REGISTRY 16U

/* The last token request, for GET /last and GET /jwt; JSON texts. */
struct last {
	bool is_set;
	char *method;
	char *path;
	struct text headers;
	struct text jwt;
	struct text jwt_header;
	struct text jwt_claims;
	struct text body;
	bool guarded_set;
	char *guarded_method;
	char *guarded_path;
	char *guarded_scheme;
	char *guarded_user;
	bool guarded_ok;
};

struct registry;

enum listener_kind { LISTENER_TLS, LISTENER_HTTP, LISTENER_CONTROL };

struct listener {
	struct server *srv;
	enum listener_kind kind;
	struct MHD_Daemon *daemon;
	unsigned port;
};

struct server {
	/* fixed after the start */
	const char *dir;
	const char *git_root;
	const char *prefix;
	const char *registry_realm;
	const char *cert_file;
	const char *key_file;
	const char *priority;
	const char *names[NAMES_MAX];
	size_t name_count;
	struct app *apps;
	size_t app_count;
	bool git_bearer;
	bool with_http;
	bool verbose;
	int64_t skew_s;
	struct registry *registry;
	struct listener listeners[3];

	pthread_mutex_t lock;
	pthread_cond_t wake; /* monotonic; signalled when stopping */
	bool stopping;
	int64_t life_s;
	int64_t clock_offset_s;
	enum date_mode date;
	char *date_text;
	unsigned jwt_status; /* 0: the route's own */
	uint64_t counts[COUNTERS];
	char jwt_error[128];
	struct token **tokens;
	size_t token_count;
	struct fault *faults;
	struct last last;
};

/* ---- tokend_server.c: listeners, one request, its answer ---- */

struct request {
	struct server *srv;
	struct listener *listener;
	struct MHD_Connection *conn;
	bool started;
	bool too_large;
	char *method;
	char *path;  /* decoded */
	char *query; /* as sent, "" when absent */
	struct text body;
};

struct answer {
	unsigned status;
	const char *type;
	struct text body;
	size_t headers;
	char *names[HEADERS_MAX];
	char *values[HEADERS_MAX];
};

bool server_listen(struct server *srv, enum listener_kind kind,
		   const char *cert_pem, const char *key_pem);
void server_close(struct server *srv);
void server_count(struct server *srv, enum counter c);
/* Waits on the monotonic clock; false when the server is stopping. */
bool server_sleep(struct server *srv, int64_t ms);
/* The server's clock with the offsets of /clock and of the rule f. */
int64_t server_now_ms(struct server *srv, const struct fault *f);
const char *request_header(const struct request *req, const char *name);
/* Name and value are copied; HEADERS_MAX at most. */
void answer_header(struct answer *a, const char *name, const char *value);
/* Sends and empties a; f may be NULL. */
enum MHD_Result answer_send(struct request *req, struct answer *a,
			    const struct fault *f);
enum MHD_Result answer_text(struct request *req, unsigned status,
			    const char *type, const char *body);

/* ---- tokend_fault.c ---- */

void fault_set(struct server *srv, const struct form *f);
void fault_clear(struct server *srv);
/* The rule for this kind of request, used up once; NULL when none. */
struct fault *fault_take(struct server *srv, unsigned on);
void fault_drop(struct server *srv, struct fault *f);
/* Does the rule alone make the whole answer? */
bool fault_is_whole(const struct fault *f);
/* challenge: value for WWW-Authenticate of a 401, or NULL. */
enum MHD_Result fault_answer(struct request *req, const struct fault *f,
			     const char *jwt, const char *challenge);

/* ---- tokend_cert.c: keys and certificates ---- */

bool cert_make(const struct server *srv, struct text *ca, struct text *cert,
	       struct text *key);
bool cert_read_file(const char *path, struct text *ret);
bool cert_read_pubkey(const char *path, gnutls_pubkey_t *ret);

/* ---- tokend_jwt.c ---- */

enum jwt_rule { JWT_UNIFIZE, JWT_INSTALLATION, JWT_OAUTH };

/* Header and claims text of a compact JWT, unverified; may stay empty. */
void jwt_open(const char *jwt, struct text *header, struct text *claims);
/* NULL when good, and *ret set; else what is wrong with it, a fixed text. */
const char *jwt_check(const struct server *srv, const char *jwt,
		      enum jwt_rule rule, int64_t now_s,
		      const struct app **ret);

/* ---- tokend_store.c: tokens ---- */

/*
 * text: NULL for a random one. The result lives as long as the server; its
 * members but 'revoked' do not change.
 */
const struct token *store_mint(struct server *srv, const struct app *app,
			       const char *user, const char *org,
			       const struct text *text, int64_t now_ms);
/* NULL when unknown, expired or revoked. */
const struct token *store_find(struct server *srv, const char *s, size_t n);
void store_revoke(struct server *srv, const char *app);
void store_free(struct server *srv);
const struct app *store_app(const struct server *srv, const char *id);
/*
 * Is the request's Authorization a valid token, as Basic password or Bearer?
 * Remembers the request for GET /guarded.
 */
const struct token *store_guard(struct request *req, bool basic_only);

/* ---- routes ---- */

enum MHD_Result route_data(struct request *req); /* tokend_route.c */
enum MHD_Result git_handle(struct request *req); /* tokend_git.c */
struct registry *registry_new(void);             /* tokend_registry.c */
void registry_free(struct registry *r);
enum MHD_Result registry_handle(struct request *req);
enum MHD_Result registry_token(struct request *req);
enum MHD_Result control_handle(struct request *req); /* tokend_control.c */

#endif
