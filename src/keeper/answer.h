/*
 * Reading the token endpoint's JSON, through json-c: the only file that
 * includes its headers. Our own strict scanner runs first; both must agree.
 */
#ifndef KEEPER_ANSWER_H
#define KEEPER_ANSWER_H

#include <stdint.h>

#include "core/profile.h"
#include "core/rc.h"
#include "core/safebuf.h"
#include "core/span.h"

/* What to look for; paths are dotted ("data.token", "sys.expiresAt"). */
struct answer_spec {
	struct span token_path;
	struct span expiry_path;
	enum profile_expiry expiry_form;
};

struct answer {
	struct safebuf *token; /* owned; checked by token_is_wellformed() */
	bool expiry_known;
	int64_t life_s; /* measured from server_now_s; unclamped */
};

/*
 * server_now_s: the answer's Date, else our clock.
 * A missing (or null) expiry is expiry_known false. A life below LIFE_MIN_S
 * (zero, negative, past) is an error.
 * ret: answer_clear() it.
 * RC_BAD_ANSWER, why saying what is wrong without showing the body:
 * not JSON, no object, token missing or of another type or malformed, expiry
 * of another type or nonsense or already past.
 */
NODISCARD enum rc answer_decode(struct span body,
				const struct answer_spec *spec,
				int64_t server_now_s, struct answer *ret,
				struct why *why);
void answer_clear(struct answer *a);

/*
 * The provider's own words in an error body, providers' order: the first of
 * error_description, error.message, message, errors[0].detail, error. out is
 * sanitised, and never holds jwt or a part of it; "" when there is none.
 * Returns out.
 */
const char *answer_error_text(struct span body, struct span jwt, char *out,
			      size_t size);

#endif
