#include "keeper/history.h"

#include "core/banned.h"

enum rc
history_allows_mint(const struct note *n, int64_t now_ms, struct why *why)
{
	int64_t wait_ms = n->hold_until_ms - now_ms;

	if (wait_ms > 0)
		return why_set(why, RC_BUSY,
			       "the endpoint asked for a pause; try again in "
			       "%lld s",
			       (long long)(wait_ms + 999) / 1000);
	wait_ms = n->minted_ms + REJECTED_AGAIN_MS - now_ms;
	if (n->rejected_again && wait_ms > 0)
		return why_set(why, RC_BUSY,
			       "the server refused the last two tokens at "
			       "once; check the app's access there, or try "
			       "again in %lld s",
			       (long long)(wait_ms + 999) / 1000);
	return RC_OK;
}

void
history_add_rejection(struct note *n, int64_t now_ms)
{
	n->rejected_again = n->rejected_ms > 0 &&
			    n->rejected_ms <= n->minted_ms &&
			    now_ms - n->minted_ms < REJECTED_AGAIN_MS;
	n->rejected_ms = now_ms;
}

void
history_add_mint(struct note *n, int64_t now_ms)
{
	/* A rejection that an earlier mint answered is settled. */
	if (n->rejected_ms < n->minted_ms)
		n->rejected_ms = 0;
	n->minted_ms = now_ms;
	n->rejected_again = false;
	n->failed = RC_OK;
	n->failed_ms = 0;
	n->hold_until_ms = 0;
	n->refresh_failed_ms = 0;
}

void
history_add_failure(struct note *n, int64_t now_ms, enum rc rc, int64_t hold_s,
		    const struct why *why)
{
	n->failed = rc;
	n->failed_ms = now_ms;
	n->why = *why;
	if (hold_s > HOLD_OFF_MAX_S)
		hold_s = HOLD_OFF_MAX_S;
	if (hold_s > 0)
		n->hold_until_ms = now_ms + hold_s * 1000;
}
