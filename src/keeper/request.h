/* The token request of one attempt, made from app, profile and a new JWT. */
#ifndef KEEPER_REQUEST_H
#define KEEPER_REQUEST_H

#include <stdint.h>

#include "core/place.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "keeper/http.h"
#include "keeper/jwt.h"
#include "platform/appload.h"

/* A request and the buffers that it lends from. Start as { 0 }. */
struct request_texts {
	struct http_request http; /* allow_http and budget_ms are the caller's */
	struct safebuf *url;
	struct safebuf *jwt;
	struct safebuf *body;
	struct safebuf *headers;
	char ca_file[PATHS_MAX];
	char proxy[URL_LEN_MAX];
};

/*
 * The base URL that the request goes to: the app's variable with which the
 * profile's url begins. RC_CONFIG.
 */
NODISCARD enum rc request_endpoint(const struct appload_app *a,
				   struct place *ret, struct why *why);

/*
 * Fill texts: url, a JWT signed for server_now_s, headers, body.
 * Release with request_clear(), on failure too.
 * RC_CONFIG: a value that does not fit where the profile puts it. What the
 * signer gives.
 */
NODISCARD enum rc request_build(const struct appload_app *a,
				int64_t server_now_s,
				const struct jwt_signer *signer,
				enum rc (*uuid)(char out[37], struct why *why),
				struct request_texts *texts, struct why *why);
void request_clear(struct request_texts *texts);

/* The JWT of this attempt, for cleaning error texts. */
struct span request_jwt(const struct request_texts *texts);

#endif
