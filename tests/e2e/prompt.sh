#!/bin/sh
# The prompt of a locked keyring, and a person who answers it, refuses it or
# is not there: K2, C3, and when no prompt may come up.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

place=git.a.example
registry=registry.a.example

# person WISH [DELAY-MS]: see tests/support/prompter.c; $prompts
person() {
	person_leaves
	prompts=$scratch/prompts
	: >"$prompts"
	printf apptoken-test >"$scratch/password"
	"$top_builddir/tests/support/prompter" "$@" <"$scratch/password" \
		>"$prompts" 2>>"$scratch/prompter.err" &
	person_pid=$!
	children="$children $person_pid"
	await grep -qs ready "$prompts" || bail_out 'the prompter does not start'
}

person_pid=
person_leaves() {
	[ -n "$person_pid" ] || return 0
	kill -KILL "$person_pid"
	wait "$person_pid" 2>/dev/null
	person_pid=
}

expect_prompts() {
	expect "$1" "$(grep -cx prompt "$prompts")" prompts
}

expect_locked() {
	keyring_is "$1" || wrong "the keyring's Locked is not $1"
}

# locked LINE...: as fresh_with, a token cached, and the keyring locked
locked() {
	keyring_is false || keyring_unlock
	fresh_with "$@"
	git_get $place
	cached=$token
	keyring_lock
}

prompt_is_free() {
	flock -n "$XDG_RUNTIME_DIR/apptoken/apptoken.prompt.lock" true
}

acme_start
printf 'protocol=https\nhost=%s\n\n' $place >"$scratch/get"
DISPLAY=:99
export DISPLAY
unset GIT_TERMINAL_PROMPT

# ---- answered --------------------------------------------------------------

# The very first prompt of a daemon is now and then refused on a busy machine
# before anybody has answered: it is not one of the cases.
locked
person confirm
git_get $place
: >"$errors"

locked
person confirm
git_get $place
expect_answer
expect_same_token "$cached"
expect_prompts 1
expect_locked false
verdict 'K2 the prompt is answered: git has the cached token'
git_get $place
expect_answer
expect_prompts 1
verdict 'K2 and the next get needs no prompt'

locked
person confirm
docker_get $registry
expect_status 0
expect_same_token "$cached"
expect_prompts 1
verdict 'K2 the prompt is answered: docker has the token'

locked
person confirm
run apptoken token acme
plain_token
expect_same_token "$cached"
expect_prompts 1
verdict 'K2 the prompt is answered: the command prints the token'

# ---- refused ---------------------------------------------------------------

locked
person refuse
git_get $place
expect_failure 4 prompt refused
grep -q -i 'not found' "$scratch/err" && wrong "'not found' is not true"
expect_prompts 1
expect_locked true
verdict 'K2 the prompt is dismissed: says so, exit 4'
docker_get $registry
expect_status 1
grep -q 'prompt' "$scratch/out" || wrong 'the cause is expected on stdout'
expect_line prompt refused
expect_prompts 2
verdict 'K2 the prompt is dismissed: docker is told so'
person confirm
git_get $place
expect_same_token "$cached"
expect_prompts 1
expect_stat mints 1
verdict 'K2 the next prompt may be answered; nothing was lost'

# ---- nobody there ----------------------------------------------------------

locked
person ignore
git-credential-apptoken get <"$scratch/get" >"$scratch/late.out" \
	2>"$scratch/late.err" &
caller=$!
await grep -qx prompt "$prompts" || wrong 'no prompt came up'
# Others are not kept from working meanwhile.
git_ask get protocol=https host=git.other.example
expect_silence
since=$(now_ms)
GIT_TERMINAL_PROMPT=0 git_get $place
expect_failure 4 'the keyring is locked'
expect_within 10000 "$since"
person_leaves
status=0
wait "$caller" || status=$?
cat "$scratch/late.err" >>"$errors"
expect 4 "$status" 'status when the prompter has died'
[ ! -s "$scratch/late.out" ] || wrong 'nothing expected on stdout'
expect 1 "$(grep -c '^apptoken: ' "$scratch/late.err")" 'lines on stderr'
expect_within 10000 "$since"
verdict 'the prompter dies while it asks: exit 4'

# The prompt stays up for whoever comes next: taking it down ends gnome-keyring.
person ignore
git-credential-apptoken get <"$scratch/get" >/dev/null 2>&1 &
caller=$!
await grep -qx prompt "$prompts" || wrong 'no prompt came up'
prompt_is_free && wrong 'the lock of the prompt is not held'
kill -KILL "$caller"
wait "$caller" 2>/dev/null
prompt_is_free && wrong 'the prompt was left alone'
person confirm # the other one leaves, and the prompt with him
await prompt_is_free || wrong 'the keeper still waits for an answer'
git_get $place
expect_same_token "$cached"
[ -s "$found" ] && show
verdict 'the caller dies while the prompt is up: the next one may ask'

# ---- many at once ----------------------------------------------------------

# twenty: their output and statuses in $scratch/many
twenty() {
	rm -rf "$scratch/many"
	mkdir "$scratch/many"
	calls=
	i=0
	while [ $i -lt 20 ]; do
		i=$((i + 1))
		one_of_twenty "$scratch/many/$i" &
		calls="$calls $!"
	done
	# shellcheck disable=SC2086 # not all children: others are services
	wait $calls
	cat "$scratch"/many/*.err >>"$errors"
}

one_of_twenty() {
	git-credential-apptoken get <"$scratch/get" >"$1.out" 2>"$1.err"
	echo $? >"$1.status"
}

locked
person confirm 1000
twenty
expect 20 "$(cat "$scratch"/many/*.status | grep -cx 0)" 'calls that succeed'
expect 20 "$(cat "$scratch"/many/*.out | grep -cxF "password=$cached")" \
	'cached tokens handed out'
expect_prompts 1
expect_stat mints 1
verdict 'C3 20 gets at once with a locked keyring: one prompt'

locked
person refuse 1000
twenty
expect 20 "$(cat "$scratch"/many/*.status | grep -cx 4)" 'calls with status 4'
expect 20 "$(cat "$scratch"/many/*.err | grep -c prompt)" 'lines of the prompt'
expect_prompts 1
expect_stat mints 1
verdict 'C3 20 gets at once and a refusal: one prompt, refused for all'

# ---- no prompt wanted ------------------------------------------------------

# no_prompt NAME: $found and the verdict of a call that may not raise one
no_prompt() {
	expect_prompts 0
	expect_locked true
	verdict "$1"
}

locked 'unlock = never'
person confirm
git_get $place
expect_failure 4 'the keyring is locked'
docker_get $registry
expect_status 1
run apptoken token acme
expect_failure 4 'the keyring is locked'
no_prompt 'unlock = never raises no prompt'

locked
person confirm
GIT_TERMINAL_PROMPT=0 git_get $place
expect_failure 4 'the keyring is locked'
no_prompt 'GIT_TERMINAL_PROMPT=0 raises no prompt'

unset DISPLAY
git_get $place
expect_failure 4 'the keyring is locked'
docker_get $registry
expect_status 1
no_prompt 'without a display there is no prompt'
DISPLAY=:99
export DISPLAY

items=$(keyring_items)
git_ask erase protocol=https host=$place username=apptoken "password=$cached"
git_ask erase protocol=https host=$place
git_ask store protocol=https host=$place username=me password=none-of-ours
git_ask get protocol=https host=git.other.example
expect_silence
for server in $registry registry.other.example; do
	printf %s "$server" >"$scratch/in"
	run docker-credential-apptoken erase <"$scratch/in"
done
run docker-credential-apptoken list </dev/null
expect_status 0
run apptoken status
expect "$items" "$(keyring_items)" 'items in the keyring'
no_prompt 'erase, list, status and what is not ours raise no prompt'

WAYLAND_DISPLAY=wayland-0
export WAYLAND_DISPLAY
unset DISPLAY
git_get $place
expect_same_token "$cached"
expect_prompts 1
verdict 'a Wayland session is a display too'

finish
