#!/bin/sh
# The command: token, status, forget, remove, help (A4, A5, A7, A9), and what
# each exit status stands for.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

stamp='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'

# ask OPTION...: a token of acme; sets $token and what is around it
ask() {
	run apptoken token acme "$@"
	plain_token
}

expect_token() {
	[ "$status" = 0 ] && [ -n "$token" ] && [ ! -s "$scratch/err" ] &&
		[ "$(cat "$scratch/out")" = "${1-}$token" ] && return
	wrong 'a token and nothing else expected'
	show
}

# expect_out REGEX: the whole of stdout is one such line
expect_out() {
	[ "$(wc -l <"$scratch/out")" = 1 ] && grep -Eqx "$1" "$scratch/out" &&
		return
	wrong "'$1' expected on stdout"
	show
}

has_key() {
	secret-tool lookup xdg:schema org.apptoken.Key app "$1" |
		grep -q 'BEGIN PRIVATE KEY'
}

acme_start_with --app "43:$scratch/acme.pub"

# ---- token -----------------------------------------------------------------

fresh
ask
first=$token
expect_token
expect_stat mints 1
ask --header
expect_token 'Authorization: Bearer '
expect_same_token "$first"
expect_stat mints 1
verdict 'A5 token prints it, --header as a header'

ask --json
expect_same_token "$first"
at=$(sed 's/.*"expires_at":"\([^"]*\)".*/\1/' "$scratch/out")
in=$(sed 's/.*"expires_in":\([0-9]*\)}.*/\1/' "$scratch/out")
sed 's/"token":"[^"]*"/"token":""/' "$scratch/out" >"$scratch/masked"
mv "$scratch/masked" "$scratch/out"
known='\{"app":"acme","token":"","expires_at":"'$stamp
expect_out "$known"'","expires_in":[0-9]+\}'
{ [ "$in" -le 3600 ] && [ "$in" -gt 3500 ]; } ||
	wrong "3600 s of life expected, not $in"
off=$(($(date -d "$at" +%s) - $(date +%s) - in))
[ "${off#-}" -le 2 ] || wrong "expires_at is $off s off"
verdict 'A5 --json tells app, token and expiry'

ask --force
expect_token
expect_new_token "$first"
second=$token
ask
expect_same_token "$second"
expect_stat mints 2
verdict 'A5 --force mints a new one, which is then the cached one'

run apptoken token nobody
expect_failure 3 "no app 'nobody'" 'apptoken status'
verdict 'A5 an unknown app is exit 3'

fresh
ask
first=$token
token_age 1000
ask --min-life 2000
expect_token
expect_same_token "$first"
ask --min-life 3000
expect_token
expect_new_token "$first"
expect_stat mints 2
verdict 'A4 --min-life: the cached token if it lives so long, else another'
ask --min-life 3700
expect_failure 1 "no token for 'acme'" 'live 3600 s at most' --min-life
verdict 'A4 --min-life beyond the longest life names that life'
for n in 0 -5 abc 1.5 86401 99999999999999999999; do
	ask --min-life $n
	expect_failure 2 --min-life 'from 1 to 86400'
done
ask --min-life
expect_failure 2 --min-life 'wants a value'
verdict 'A4 --min-life that is no number of seconds is a usage error'
ask --json --header
expect_failure 2 --header --json
ask other
expect_failure 2 'one app'
verdict 'A5 options that exclude each other are a usage error'

# ---- status ----------------------------------------------------------------

print="SHA256:$(openssl pkey -pubin -in "$scratch/acme.pub" -outform DER |
	openssl dgst -sha256 -binary | openssl base64 -A | tr -d =)"
state_is() {
	run apptoken status acme
	expect_status 0
	grep -Eqx "  token +$1" "$scratch/out" || {
		wrong "token '$1' expected"
		show
	}
	run apptoken status --json
	expect_status 0
	grep -qF "\"state\":\"${1%%[!a-z]*}\"" "$scratch/out" || {
		wrong "state of '$1' expected"
		show
	}
	grep -qF -f "$secrets" "$scratch/out" && wrong 'a secret is shown'
}
fresh
state_is 'none cached'
expect_stat requests 0
verdict 'A7 status: none, and no request to find out'
ask
state_is 'fresh, 59 min left'
token_age 2800
state_is 'due, 1[23] min left'
token_age 750
state_is 'stale, [45][0-9] s left'
verdict 'A7 status: fresh, due, stale, with the time left'

fresh
ask
run apptoken status --json
what='\[\{"app":"acme","provider":"unifize",'
what=$what'"endpoint":"https://127\.0\.0\.1:'$port'",'
what=$what'"key":\{"source":"keyring","fingerprint":"SHA256:[^"]{43}"\},'
what=$what'"token":\{"state":"fresh","expires_at":"'$stamp'"\},'
what=$what'"git":\["https://git\.a\.example",'
what=$what'"https://127\.0\.0\.1:'$port'"\],'
expect_out "$what"'"docker":\["registry\.a\.example"\]\}\]'
grep -qF "\"fingerprint\":\"$print\"" "$scratch/out" ||
	wrong 'the fingerprint of the key expected'
grep -qF -f "$secrets" "$scratch/out" && wrong 'a secret is shown'
run apptoken status
for text in acme unifize "$endpoint" "$print" 'RSA 2048 bits' \
	https://git.a.example registry.a.example; do
	grep -qF -e "$text" "$scratch/out" || wrong "'$text' expected"
done
grep -qF -f "$secrets" "$scratch/out" && wrong 'a secret is shown'
verdict 'A7 status tells about key, token and places, and no secret'

config_app bare "endpoint = $endpoint" 'app-id = 43'
run apptoken status
expect_status 1
expect_line "'bare'" 'no private key' 'apptoken add'
grep -qx acme "$scratch/out" || wrong 'acme expected all the same'
run apptoken status nobody
expect_failure 3 "no app 'nobody'"
mv "$config" "$scratch/config"
run apptoken status
expect_status 0
grep -q 'apptoken add' "$scratch/out" || wrong 'a first step expected'
run apptoken status --json
expect_status 0
expect_out '\[\]'
mv "$scratch/config" "$config"
verdict 'A7 status of an app without key, of nobody, of nothing at all'

# ---- forget ----------------------------------------------------------------

fresh
config_app other "endpoint = $endpoint" 'app-id = 43' "ca-file = $ca"
run apptoken remove other --yes # its section, and no key yet
expect_status 0
app_add other 43 acme
expect_status 0
ask
first=$token
run apptoken token other
plain_token
other=$token
run apptoken forget acme
expect_silence
has_key acme || wrong 'the key must stay'
run apptoken token other
plain_token
expect_same_token "$other"
ask
expect_new_token "$first"
verdict 'forget drops the token of one app; its key stays'
first=$token
run apptoken forget --all
expect_silence
has_key acme || wrong 'the key must stay'
has_key other || wrong 'the key must stay'
run apptoken status --json
expect 2 "$(grep -o '"state":"none"' "$scratch/out" | wc -l)" 'states none'
ask
expect_new_token "$first"
verdict 'forget --all drops those of every app'
run apptoken forget nobody
expect_failure 3 "no app 'nobody'"
run apptoken forget
expect_failure 2 --all
run apptoken forget acme --all
expect_failure 2 --all
verdict 'forget of nobody is exit 3, of nothing and of too much exit 2'

# ---- remove ----------------------------------------------------------------

cp "$config" "$scratch/before"
run apptoken remove other </dev/null
expect_failure 2 "'other' was not removed" --yes
has_key other || wrong 'the key must stay'
cmp -s "$scratch/before" "$config" || wrong 'the configuration has changed'
verdict 'remove without a terminal and without --yes refuses'
question="Remove the key, the cached tokens and the configuration of 'other'?"
for reply in n '' yess; do
	on_terminal "$question" "$reply" apptoken remove other
	[ "$status" != 0 ] || wrong 'a failure expected'
	grep -q "'other' was not removed" "$scratch/out" || {
		wrong 'a word about it expected'
		show
	}
done
has_key other || wrong 'the key must stay'
cmp -s "$scratch/before" "$config" || wrong 'the configuration has changed'
verdict 'remove on a terminal asks, and takes no for an answer'
on_terminal "$question" y apptoken remove other
expect_status 0
has_key other && wrong 'the key must be gone'
run apptoken token other
expect_failure 3 "no app 'other'"
ask
expect_token
verdict 'remove on a terminal: y removes, and nothing else'

config_new # acme's section is gone, its key and token are not
run apptoken remove acme --yes
expect_failure 3 "no app 'acme'" 'is gone'
expect 0 "$(keyring_items)" 'items in the keyring'
run apptoken remove acme --yes
expect_failure 3 "no app 'acme'"
run apptoken remove
expect_failure 2 'an app'
verdict 'remove takes away what is left of an app without configuration'
app_add acme 42 acme
expect_status 0

# ---- help ------------------------------------------------------------------

run apptoken --help
expect_status 0
[ ! -s "$scratch/err" ] || wrong 'nothing expected on stderr'
commands=$(sed -n 's/^  apptoken \([a-z]*\) .*/\1/p' "$scratch/out")
expect 'add forget remove status token' "$(for name in $commands; do
	echo "$name"
done | grep -x 'add\|forget\|remove\|status\|token' | sort | tr '\n' ' ' |
	sed 's/ $//')" commands
verdict 'A9 --help lists the commands'
for name in $commands; do
	run apptoken "$name" --help
	expect_status 0
	grep -q "^usage: apptoken $name" "$scratch/out" || wrong 'usage expected'
	[ ! -s "$scratch/err" ] || wrong 'nothing expected on stderr'
	run apptoken "$name" -x
	expect_failure 2 -x
	# An option of add may be a variable of the provider.
	if [ "$name" = add ]; then
		run apptoken add new --frobnicate x --key "$scratch/acme.pem" \
			--endpoint "$endpoint" --app-id 42
	else
		run apptoken "$name" --frobnicate
	fi
	expect_failure 2 --frobnicate --help
	verdict "A9 $name: --help, an unknown option"
done
run apptoken
expect_failure 2 --help
run apptoken frobnicate
expect_failure 2 'no such command' --help
run apptoken --version
expect_status 0
expect_out 'apptoken [0-9.]+'
verdict 'A9 no command, an unknown one, --version'

# ---- statuses --------------------------------------------------------------

fresh
ask
expect_token
verdict 'exit 0: done'
ask --min-life 80000
expect_failure 1
verdict 'exit 1: failed'
run apptoken token
expect_failure 2
verdict 'exit 2: usage'
run apptoken token nobody
expect_failure 3
verdict 'exit 3: no such app'
keyring_lock
ask
expect_failure 4
keyring_unlock
verdict 'exit 4: keyring locked'
service_fail status=401
ask --force
expect_failure 5
service_ok
verdict 'exit 5: refused by the endpoint'
config_new
config_app acme 'endpoint = https://127.0.0.1:1' 'app-id = 42'
ask
expect_failure 6
verdict 'exit 6: network'
config_app acme
ask
expect_failure 7
verdict 'exit 7: configuration'

finish
