/* Asking a person for a passphrase, on the terminal, without echo. */
#ifndef KEEPER_ASK_H
#define KEEPER_ASK_H

#include "core/rc.h"
#include "core/safebuf.h"

/*
 * Prompt on /dev/tty and append one line without its end. At most
 * PASSPHRASE_MAX bytes, at most PROMPT_MS. The terminal's settings are
 * restored however it ends.
 * RC_KEY_BAD: no terminal to ask on, or an empty or too long answer.
 */
NODISCARD enum rc ask_passphrase(const char *prompt, struct safebuf *out,
				 struct why *why);

#endif
