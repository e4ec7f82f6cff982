#!/bin/sh
# git's helper when something is wrong, and with several apps: G33 to G42.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

place=git.a.example
lf='
'
acme_start_with --app "43:$scratch/acme.pub" --app "44:$scratch/acme.pub"

# ---- failures --------------------------------------------------------------

fresh
service_fail status=500
git_get $place
expect_failure 5 500 acme "$endpoint"
verdict 'G33 a status of 500 is named, with exit 5'
printf 'protocol=https\nhost=%s\n\n' $place >"$scratch/in"
# The snippet is for git's shell.
# shellcheck disable=SC2016
run git -c credential.helper=apptoken -c credential.helper='!f() {
	cat >/dev/null; echo username=next; echo password=helper; }; f' \
	credential fill <"$scratch/in"
expect_status 0
expect next "$(answer username)" 'user name'
expect_line 500
verdict 'G33 git asks the next helper'

for odd in "abc${lf}def" "abcdef$lf" "abc${lf}host=git.other.example"; do
	fresh
	service_fail "token=$odd"
	git_get $place
	expect_failure 5
	service_ok
	git_get $place
	expect_answer
	verdict "G34 a token with an LF is refused ($(printf '%s' "$odd" | wc -c))"
done

# closed_pipe COMMAND...: its stdout is a pipe that nobody reads any more
closed_pipe() {
	rm -f "$scratch/gone"
	{
		await [ -e "$scratch/gone" ]
		status=0
		"$@" 2>"$scratch/err" || status=$?
		echo "$status" >"$scratch/status"
	} | {
		exec <&-
		: >"$scratch/gone"
	}
	status=$(cat "$scratch/status")
	cat "$scratch/err" >>"$errors"
}
: >"$scratch/out"
printf 'protocol=https\nhost=%s\n\n' $place >"$scratch/in"
for state in cold cached; do
	[ $state = cached ] || fresh
	closed_pipe git-credential-apptoken get <"$scratch/in"
	expect_failure 1
	verdict "G35 a pipe without a reader, $state: one line, exit 1"
done
closed_pipe git-credential-apptoken get <"$scratch/in"
run sh -c 'git-credential-apptoken get >&-' <"$scratch/in"
expect_failure 1
verdict 'G35 a closed stdout: one line, exit 1'
run sh -c 'git-credential-apptoken get >/dev/full' <"$scratch/in"
expect_failure 1
verdict 'G35 a full disk: one line, exit 1'

fresh
service_fail 'expires="2020-01-02T03:04:05Z"'
items=$(keyring_items)
git_get $place
expect_failure 5
expect "$items" "$(keyring_items)" 'items in the keyring'
verdict 'G36 an expiry in the past is an error and is not cached'

fresh
service_fail omit=expiry
git_get $place
expect_keys username password
first=$token
git_get $place
expect_keys username password
expect_new_token "$first"
expect_stat mints 2
verdict 'G37 no expiry, no default-ttl: no expiry line, not cached'
sed 's/^title .*/&\ndefault-ttl = 10/' \
	"$APPTOKEN_PREFIX/share/apptoken/providers/unifize.conf" |
	profile short
config_acme 'provider = short'
forget acme
git_get $place
expect_keys username password
first=$token
git_get $place
expect_keys username password
expect_same_token "$first"
expect_stat mints 3
# Its ten seconds are over for git when less than two are left.
token_age 9
git_get $place
expect_new_token "$first"
expect_stat mints 4
verdict 'G37 no expiry: cached for default-ttl at most'

# ---- several apps ----------------------------------------------------------

config_acme
service_ok
app_add narrow 43 acme --git https://git.a.example/org
expect_status 0
app_add narrow2 44 acme --git https://git.a.example/org2
expect_status 0

# apps [LINE]: two narrow apps; acme has this line
apps() {
	config_new
	config_app acme "endpoint = $endpoint" 'app-id = 42' 'org-id = 10' \
		"ca-file = $ca" 'username = wide' ${1+"$1"}
	config_app narrow "endpoint = $endpoint" 'app-id = 43' \
		"ca-file = $ca" 'username = narrow' \
		'git = https://git.a.example/org'
	config_app narrow2 "endpoint = $endpoint" 'app-id = 44' \
		"ca-file = $ca" 'username = narrow2' \
		"git = https://git.a.example/${2-org2}"
}

apps
git_get $place path=org/a.git
expect_answer_of narrow
first=$token
verdict 'G39 org/a.git is for the app of org'
git_get $place path=org2/x
expect_answer_of narrow2
expect_new_token "$first"
verdict 'G39 org2/x is for the app of org2'
git_get $place path=org-evil/x
expect_silence
verdict 'G39 org-evil/x is silence'
git_get $place
expect_silence
verdict 'G39 no path is silence'

apps 'git = https://git.a.example'
git_get $place path=org/a.git
expect_answer_of narrow
expect_same_token "$first"
verdict 'G40 the narrow app wins'
git_get $place
expect_answer_of wide
expect_new_token "$first"
verdict 'G40 no path is for the app of the whole host'

apps '' org
git_get $place path=org/a.git
expect_failure 7 narrow narrow2
verdict 'G41 two apps of one place: both are named, exit 7'

# ---- a locked keyring ------------------------------------------------------

fresh
git_get $place
first=$token
dbus-monitor --session "interface='org.freedesktop.Secret.Prompt'" \
	>"$scratch/prompts" 2>&1 &
children="$children $!"
await grep -qs NameAcquired "$scratch/prompts" || bail_out 'no dbus-monitor'
keyring_lock
DISPLAY=:99
export DISPLAY
since=$(now_ms)
git_get $place
expect_failure 4 locked
expect_within 10000 "$since"
expect 0 "$(grep -c member=Prompt "$scratch/prompts")" prompts
verdict 'G42 locked, GIT_TERMINAL_PROMPT=0: no prompt, exit 4'

unset GIT_TERMINAL_PROMPT
config_acme 'unlock = never'
since=$(now_ms)
git_get $place
expect_failure 4 locked
expect_within 10000 "$since"
expect 0 "$(grep -c member=Prompt "$scratch/prompts")" prompts
verdict 'G42 locked, unlock = never: no prompt, exit 4'

config_acme
git config --global credential.interactive never
git_get $place
expect_failure 4 locked
expect 0 "$(grep -c member=Prompt "$scratch/prompts")" prompts
git config --global --unset credential.interactive
verdict 'G42 locked, credential.interactive = never: no prompt, exit 4'

# Nobody shows it here, but the monitor would have seen one.
git_get $place
expect_failure 4
await grep -q member=Prompt "$scratch/prompts" || wrong 'no prompt seen'
unset DISPLAY
keyring_unlock
git_get $place
expect_answer
expect_same_token "$first"
expect_stat mints 1
verdict 'G42 with leave to ask it prompts; unlocked, the token is there'

finish
