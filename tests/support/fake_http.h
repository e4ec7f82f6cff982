/*
 * For tests of the exchange: an endpoint that answers from a script, a clock
 * that moves only when somebody waits, a signer without a key.
 */
#ifndef SUPPORT_FAKE_HTTP_H
#define SUPPORT_FAKE_HTTP_H

#include <string.h>

#include "core/base64.h"
#include "keeper/exchange.h"
#include "tests/support/app.h"

#define FAKE_WALL INT64_C(1700000000)
#define FAKE_STEPS_MAX 8
#define FAKE_BODY "{\"access_token\":\"tok.en\",\"expires_in\":600}"

/* One answer. Unset members: status 200, FAKE_BODY, the right Date. */
struct fake_step {
	enum rc rc;	    /* a failure without an answer */
	bool again;	    /* … that may be tried again */
	int status;	    /* 0: 200 */
	int64_t date_off_s; /* Date minus our clock */
	bool no_date;
	bool has_retry_after;
	int64_t retry_after_s;
	const char *body; /* "JWT": one that repeats the JWT */
	int64_t takes_ms;
};

static struct {
	const struct fake_step *steps;
	size_t count; /* the last one repeats */
	/* what happened */
	size_t posts;
	struct {
		int64_t at_ms;
		int64_t budget_ms;
		bool allow_http;
		char url[256];
		char jwt[2048];
		char claims[1024];
	} post[FAKE_STEPS_MAX];
	size_t sleeps;
	int64_t slept_ms[FAKE_STEPS_MAX];
	size_t draws;
	uint32_t limits[FAKE_STEPS_MAX];
	bool draw_most; /* else 0 */
	int64_t mono_ms;
	unsigned uuids;
	unsigned signs;
	enum rc sign_rc;
} fake;

static inline void
fake_now(void *self, struct moment *ret)
{
	(void)self;
	*ret = (struct moment){ .wall_s = FAKE_WALL + fake.mono_ms / 1000,
				.boot_ms = fake.mono_ms };
}

static inline int64_t
fake_mono_ms(void *self)
{
	(void)self;
	return fake.mono_ms;
}

static inline void
fake_sleep_ms(void *self, int64_t ms)
{
	(void)self;
	assert_true(ms >= 0);
	assert_true(fake.sleeps < FAKE_STEPS_MAX);
	fake.slept_ms[fake.sleeps++] = ms;
	fake.mono_ms += ms;
}

static inline uint32_t
fake_random_below(uint32_t limit)
{
	assert_true(limit > 0);
	assert_true(fake.draws < FAKE_STEPS_MAX);
	fake.limits[fake.draws++] = limit;
	return fake.draw_most ? limit - 1 : 0;
}

static inline enum rc
fake_uuid(char out[37], struct why *why)
{
	(void)why;
	snprintf(out, 37, "%08u-2222-4333-8444-555555555555", ++fake.uuids);
	return RC_OK;
}

static inline enum rc
fake_sign(void *self, struct span data, struct safebuf *out, struct why *why)
{
	(void)self;
	(void)data;
	fake.signs++;
	if (fake.sign_rc != RC_OK)
		return why_set(why, fake.sign_rc, "the keyring is locked");
	safebuf_puts(out, "a signature of thirty-two bytes.");
	return RC_OK;
}

static inline void
fake_note_post(const struct http_request *r)
{
	struct safebuf *claims = NULL;
	struct span part;
	size_t i = fake.posts++;

	assert_true(i < FAKE_STEPS_MAX);
	fake.post[i].at_ms = fake.mono_ms;
	fake.post[i].budget_ms = r->budget_ms;
	fake.post[i].allow_http = r->allow_http;
	assert_true(span_copy(span_of(r->url), fake.post[i].url,
			      sizeof(fake.post[i].url)));
	assert_true(span_copy(r->bearer, fake.post[i].jwt,
			      sizeof(fake.post[i].jwt)));
	part = span_from(r->bearer, span_find(r->bearer, '.') + 1);
	part = span_cut(part, 0, span_find(part, '.'));
	assert_int_equal(safebuf_new(4096, &claims), RC_OK);
	assert_int_equal(base64_get_url(part, claims), RC_OK);
	assert_true(span_copy(safebuf_view(claims), fake.post[i].claims,
			      sizeof(fake.post[i].claims)));
	safebuf_free(claims);
}

static inline enum rc
fake_post(void *self, const struct http_request *r, int64_t now_s,
	  struct http_answer *ret, bool *ret_retry, struct why *why)
{
	const struct fake_step *s;

	(void)self;
	assert_true(r->budget_ms > 0);
	assert_int_equal(now_s, FAKE_WALL + fake.mono_ms / 1000);
	fake_note_post(r);
	s = &fake.steps[fake.posts <= fake.count ? fake.posts - 1
						 : fake.count - 1];
	/* A real one stops when its budget ends. */
	if (s->takes_ms >= r->budget_ms) {
		fake.mono_ms += r->budget_ms;
		return why_set(why, RC_TIMEOUT, "no answer came; try again");
	}
	fake.mono_ms += s->takes_ms;
	if (s->rc != RC_OK) {
		*ret_retry = s->again;
		return why_set(why, s->rc, "no connection; check the network");
	}
	ret->status = s->status == 0 ? 200 : s->status;
	ret->date_s = s->no_date
			      ? -1
			      : FAKE_WALL + fake.mono_ms / 1000 + s->date_off_s;
	ret->retry_after_s = s->has_retry_after ? s->retry_after_s : -1;
	ret->request_sent = true;
	assert_int_equal(safebuf_new(BODY_MAX, &ret->body), RC_OK);
	if (s->body != NULL && strcmp(s->body, "JWT") == 0) {
		safebuf_puts(ret->body, "{\"message\":\"bad ");
		safebuf_put(ret->body, r->bearer);
		safebuf_puts(ret->body, "\"}");
	} else {
		safebuf_puts(ret->body, s->body == NULL ? FAKE_BODY : s->body);
	}
	return RC_OK;
}

static const struct clock_port fake_clock = { .now = fake_now,
					      .mono_ms = fake_mono_ms,
					      .sleep_ms = fake_sleep_ms };
static const struct http_port fake_http = { .post = fake_post };
static const struct exchange_ports fake_ports = {
	.clock = &fake_clock,
	.http = &fake_http,
	.signer = { .sign = fake_sign },
	.uuid = fake_uuid,
	.random_below = fake_random_below,
};

static inline void
fake_start(const struct fake_step *steps, size_t count)
{
	memset(&fake, 0, sizeof(fake));
	fake.steps = steps;
	fake.count = count;
	fake.mono_ms = 1000000;
}

#endif
