/*
 * The keyring of one call. A prompt MUST come up once for many processes,
 * so only the holder of one lock may raise it; who waits for that lock while
 * the prompt is refused shares the refusal.
 */
#include "keeper/mint.h"
#include "platform/busaddr.h"
#include "platform/lockfile.h"

#include "core/banned.h"

/* An app of this name would share the lock, which costs it nothing. */
#define PROMPT_LOCK SPAN("apptoken.prompt")

static bool
was_refused_meanwhile(const struct mint_keyring *k, const struct moment *since)
{
	struct note n;

	lockfile_note(k->prompt_lock, since->boot_id, &n);
	return n.failed != RC_OK && n.failed_ms >= since->boot_ms;
}

/* Without the lock there is no prompt: locked is locked then. */
static enum rc
take_prompt_lock(struct mint_keyring *k)
{
	struct moment since;
	bool waited;

	clock_now(&since);
	if (lockfile_take(PROMPT_LOCK,
			  clock_mono_ms() + PROMPT_MS + LOCK_WAIT_MS,
			  &k->prompt_lock, &waited) != RC_OK) {
		k->may_prompt = false;
		return RC_OK;
	}
	if (!waited || !was_refused_meanwhile(k, &since))
		return RC_OK;
	return why_set(&k->why, RC_DISMISSED,
		       "the keyring's prompt was dismissed; unlock the "
		       "keyring and try again");
}

enum rc
mint_keyring_open(struct mint_keyring *k, struct keyring **ret, struct why *why)
{
	char address[BUSADDR_MAX];

	if (!k->tried) {
		k->tried = true;
		k->rc = busaddr_get(address, sizeof(address), &k->why);
		if (k->rc == RC_OK && k->may_prompt)
			k->rc = take_prompt_lock(k);
		if (k->rc == RC_OK)
			k->rc = keyring_open(address, k->may_prompt,
					     &k->keyring, &k->why);
	}
	if (k->rc != RC_OK)
		return why_set(why, k->rc, "%s", k->why.text);
	*ret = k->keyring;
	return RC_OK;
}

void
mint_keyring_close(struct mint_keyring *k, enum rc ended)
{
	struct note n = { 0 };
	struct moment now;

	if (k->prompt_lock != NULL &&
	    (ended == RC_DISMISSED || ended == RC_KEYRING_TIMEOUT)) {
		clock_now(&now);
		n.failed = ended;
		n.failed_ms = now.boot_ms;
		lockfile_set_note(k->prompt_lock, now.boot_id, &n);
	}
	k->keyring = keyring_close(k->keyring);
	k->prompt_lock = lockfile_release(k->prompt_lock);
}
