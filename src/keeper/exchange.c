#include "keeper/exchange.h"

#include <stdio.h>

#include "core/place.h"
#include "keeper/answer.h"
#include "keeper/request.h"

#include "core/banned.h"

/* Of the endpoint's words, so many that the next step still fits. */
#define WORDS_MAX 101

/* What the attempts of one call share. */
struct run {
	const struct appload_app *a;
	const struct exchange_ports *ports;
	char host[HOST_MAX + 32]; /* of the endpoint, for messages */
	bool allow_http;
	int64_t deadline_ms;
	int64_t offset_s; /* the server's clock minus ours, once repaired */
	bool repaired;
};

/* How one attempt ended. */
enum verdict { DONE, FAILED, AGAIN, AGAIN_REPAIRED };

static struct moment
now(const struct run *r)
{
	struct moment m;

	r->ports->clock->now(r->ports->clock->self, &m);
	return m;
}

static int64_t
left_ms(const struct run *r)
{
	return r->deadline_ms - r->ports->clock->mono_ms(r->ports->clock->self);
}

static enum rc
read_answer(const struct run *r, const struct http_answer *h,
	    struct exchange_result *ret, struct why *why)
{
	const struct profile *p = r->a->profile;
	const struct conf_app *app = r->a->app;
	const struct answer_spec spec = {
		.token_path = profile_text(p, app, "token-path"),
		.expiry_path = profile_text(p, app, "expiry-path"),
		.expiry_form = profile_expiry_form(p),
	};
	struct answer answer = { 0 };
	unsigned default_s = profile_default_ttl_s(p, app);
	enum rc rc;

	rc = answer_decode(safebuf_view(h->body), &spec,
			   h->date_s >= 0 ? h->date_s
					  : now(r).wall_s + r->offset_s,
			   &answer, why);
	if (rc != RC_OK) {
		why_wrap(why, "unusable answer from '%s'", r->host);
		return rc;
	}
	ret->token = answer.token;
	ret->expiry_known = answer.expiry_known;
	ret->may_cache = answer.expiry_known || default_s >= LIFE_MIN_S;
	ret->life_s = answer.expiry_known ? answer.life_s : default_s;
	if (ret->life_s > LIFE_MAX_S)
		ret->life_s = LIFE_MAX_S;
	if (ret->life_s < LIFE_MIN_S)
		ret->life_s = LIFE_MIN_S; /* used once, not cached */
	ret->clock_off_s = r->repaired ? -r->offset_s : 0;
	return RC_OK;
}

/* "answered 401: their words", cut so that the next step still fits. */
static void
describe(const struct run *r, const struct http_answer *h, struct span jwt,
	 char *out, size_t size)
{
	char words[WORDS_MAX];

	answer_error_text(safebuf_view(h->body), jwt, words, sizeof(words));
	snprintf(out, size, "'%s' answered %d%s%s", r->host, h->status,
		 words[0] == '\0' ? "" : ": ", words);
}

static enum verdict
refused(struct run *r, const struct http_answer *h, const char *what,
	enum rc *rc, struct why *why)
{
	int64_t off_s = h->date_s < 0 ? 0 : h->date_s - now(r).wall_s;
	int64_t abs_s = off_s < 0 ? -off_s : off_s;

	if ((h->status == 400 || h->status == 401) && abs_s > SKEW_MIN_S) {
		if (!r->repaired && abs_s <= SKEW_MAX_S) {
			r->repaired = true;
			r->offset_s = off_s;
			return AGAIN_REPAIRED;
		}
		*rc = why_set(why, RC_CLOCK,
			      "%s; this computer's clock is %lld s %s the "
			      "endpoint's: set it right",
			      what, (long long)abs_s,
			      off_s > 0 ? "behind" : "ahead of");
		return FAILED;
	}
	*rc = why_set(why, RC_REFUSED, "%s; %s", what,
		      h->status < 400
			      ? "redirects are not followed: correct 'endpoint'"
		      : h->status == 404
			      ? "check 'endpoint' and the ids of the app"
			      : "check the app's ids, and that the key belongs "
				"to this app");
	return FAILED;
}

/* A wait that was named is told, whether it is waited for or not. */
static enum verdict
busy(const struct http_answer *h, const char *what, int64_t *wait_ms,
     int64_t *hold_s, enum rc *rc, struct why *why)
{
	if (h->retry_after_s > 0)
		*rc = why_set(why, RC_BUSY, "%s; try again in %lld s", what,
			      (long long)h->retry_after_s);
	else
		*rc = why_set(why, RC_BUSY, "%s; try again later", what);
	if (h->retry_after_s > RETRY_AFTER_MAX_S) {
		*hold_s = h->retry_after_s;
		return FAILED;
	}
	*wait_ms = h->retry_after_s >= 0 ? h->retry_after_s * 1000 : -1;
	return AGAIN;
}

/* One attempt: sign, post, judge. wait_ms: -1 means "our own pause". */
static enum verdict
attempt(struct run *r, struct exchange_result *ret, int64_t *wait_ms,
	int64_t *hold_s, enum rc *rc, struct why *why)
{
	struct request_texts texts = { 0 };
	struct http_answer answer = { 0 };
	enum verdict verdict = FAILED;
	char what[HOST_MAX + FOREIGN_MAX];
	bool again = false;

	*wait_ms = -1;
	*rc = request_build(r->a, now(r).wall_s + r->offset_s,
			    &r->ports->signer, r->ports->uuid, &texts, why);
	if (*rc != RC_OK)
		goto out;
	texts.http.allow_http = r->allow_http;
	texts.http.budget_ms = left_ms(r);
	if (texts.http.budget_ms <= 0) {
		*rc = why_set(why, RC_TIMEOUT,
			      "'%s' did not answer in time; try again later, "
			      "or raise 'timeout'",
			      r->host);
		goto out;
	}
	*rc = r->ports->http->post(r->ports->http->self, &texts.http,
				   now(r).wall_s, &answer, &again, why);
	if (*rc != RC_OK) {
		verdict = again ? AGAIN : FAILED;
		goto out;
	}
	if (answer.status >= 200 && answer.status <= 299) {
		*rc = read_answer(r, &answer, ret, why);
		verdict = *rc == RC_OK ? DONE : FAILED;
		goto out;
	}
	describe(r, &answer, request_jwt(&texts), what, sizeof(what));
	if (answer.status == 408 || answer.status == 429 ||
	    answer.status >= 500)
		verdict = busy(&answer, what, wait_ms, hold_s, rc, why);
	else
		verdict = refused(r, &answer, what, rc, why);
out:
	http_answer_clear(&answer);
	request_clear(&texts);
	return verdict;
}

/* Full jitter: up to 0.5 s before the second attempt, 1 s before the third.
 */
static int64_t
own_pause_ms(const struct run *r, int tries)
{
	return r->ports->random_below(tries == 1 ? 500 : 1000);
}

static enum rc
run_attempts(struct run *r, struct exchange_result *ret, int64_t *hold_s,
	     struct why *why)
{
	int tries = 0;

	for (;;) {
		int64_t wait_ms;
		enum rc rc = RC_INTERNAL;

		switch (attempt(r, ret, &wait_ms, hold_s, &rc, why)) {
		case DONE:
			return RC_OK;
		case FAILED:
			return rc;
		case AGAIN_REPAIRED:
			continue; /* does not count: the clock's fault */
		case AGAIN:
			break;
		}
		if (++tries >= ATTEMPTS_MAX)
			return rc;
		/* No time for another attempt: the cause so far stands. */
		if (wait_ms > 0 && wait_ms >= left_ms(r))
			*hold_s = wait_ms / 1000;
		if (wait_ms < 0)
			wait_ms = own_pause_ms(r, tries);
		if (wait_ms >= left_ms(r))
			return rc;
		r->ports->clock->sleep_ms(r->ports->clock->self, wait_ms);
	}
}

enum rc
exchange_run(const struct appload_app *a, const struct exchange_ports *ports,
	     struct exchange_result *ret, int64_t *ret_hold_s, struct why *why)
{
	struct run r = { .a = a, .ports = ports };
	struct exchange_result result = { 0 };
	struct place place;
	int64_t hold_s = 0;
	enum rc rc;

	if ((rc = request_endpoint(a, &place, why)) != RC_OK)
		return rc;
	place.path = (struct span){ 0 };
	if (place_format(&place, true, r.host, sizeof(r.host)) != RC_OK)
		return RC_INTERNAL;
	r.allow_http = place.is_http && place.is_loopback;
	r.deadline_ms = ports->clock->mono_ms(ports->clock->self) +
			(int64_t)a->app->timeout_s * 1000;
	rc = run_attempts(&r, &result, &hold_s, why);
	if (rc == RC_OK)
		*ret = result;
	else if (rc == RC_BUSY)
		*ret_hold_s = hold_s;
	return rc;
}

void
exchange_result_clear(struct exchange_result *r)
{
	r->token = safebuf_free(r->token);
}
