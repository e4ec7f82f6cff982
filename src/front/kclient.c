#include "front/kclient.h"

#include "platform/clock.h"
#include "platform/spawn.h"

#include "core/banned.h"

static enum rc
take_why(const struct wire_answer *a, struct why *why)
{
	return why_set(why, a->rc, "%.*s", (int)a->why.len,
		       a->why.len == 0 ? "" : a->why.at);
}

enum rc
kclient_ask(const struct wire_request *request, int key_fd, int64_t wait_ms,
	    struct safebuf *room, struct wire_answer *ret, struct why *why)
{
	struct safebuf *text = NULL;
	struct wire_answer answer;
	int status;
	enum rc rc;

	if ((rc = safebuf_new(WIRE_MAX, &text)) != RC_OK)
		return rc;
	if ((rc = wire_put_request(request, text)) != RC_OK) {
		rc = why_set(why, RC_BAD_REQUEST,
			     "a value holds a line break or is too long; "
			     "correct it");
		goto out;
	}
	rc = spawn_call(KEEPER_PATH, safebuf_view(text), key_fd,
			clock_mono_ms() + wait_ms, room, &status, why);
	if (rc == RC_TIMEOUT)
		rc = why_set(why, rc,
			     "no token came in time; try again, or raise "
			     "'timeout'");
	if (rc == RC_TOO_LARGE ||
	    (rc == RC_OK &&
	     wire_get_answer(safebuf_view(room), &answer) != RC_OK))
		rc = why_set(why, RC_INTERNAL,
			     "apptoken-keeper ended without an answer "
			     "(status %d); try again, and report it if it "
			     "stays",
			     status);
	if (rc != RC_OK)
		goto out;
	if ((rc = answer.rc) != RC_OK) {
		take_why(&answer, why);
		goto out;
	}
	*ret = answer;
out:
	safebuf_free(text);
	return rc;
}

void
kclient_refresh(const struct wire_request *request)
{
	struct safebuf *text = NULL;

	if (safebuf_new(WIRE_MAX, &text) != RC_OK)
		return;
	if (wire_put_request(request, text) == RC_OK)
		(void)!spawn_detached(KEEPER_PATH, safebuf_view(text), NULL);
	safebuf_free(text);
}
