#!/bin/sh
# docker's helper, called as docker calls it: the cases D of the protocol
# that concern managed registries.
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # await calls by name
. "${top_srcdir:?}/tests/e2e/lib.sh"

place=registry.a.example
not_found='credentials not found in native keychain'

# docker_ask VERB TEXT: sets $status
docker_ask() {
	printf '%s' "$2" >"$scratch/in"
	run docker-credential-apptoken "$1" <"$scratch/in"
	take_token
}

# docker_store SERVER USER SECRET: the secret stands in no command line
docker_store() {
	printf '{"ServerURL":"%s","Username":"%s","Secret":"%s"}\n' "$@" \
		>"$scratch/in"
	run docker-credential-apptoken store <"$scratch/in"
}

# expect_text STATUS TEXT: exactly this line on stdout
expect_text() {
	expect_status "$1"
	printf '%s\n' "$2" >"$scratch/want"
	cmp -s "$scratch/want" "$scratch/out" && return
	wrong "'$2' expected on stdout"
	show
}

# expect_credentials SERVER [USER]: this one line, and nothing on stderr
expect_credentials() {
	[ -n "$token" ] || wrong 'a secret expected'
	printf '{"ServerURL":"%s","Username":"%s","Secret":"%s"}\n' \
		"$1" "${2-apptoken}" "$token" >"$scratch/want"
	[ "$status" = 0 ] && [ ! -s "$scratch/err" ] &&
		cmp -s "$scratch/want" "$scratch/out" && return
	wrong "credentials of '${2-apptoken}' for '$1' expected"
	show
}

expect_not_found() {
	expect_text 1 "$not_found"
	[ ! -s "$scratch/err" ] || wrong 'nothing expected on stderr'
}

# expect_message TEXT...: exit 1, and the same one line on stdout and stderr
expect_message() {
	expect_status 1
	expect_line "$@"
	cmp -s "$scratch/out" "$scratch/err" && return
	wrong 'the line of stderr expected on stdout'
	show
}

acme_start

# ---- get -------------------------------------------------------------------

fresh
docker_get $place
first=$token
expect_credentials $place
expect_stat mints 1
verdict 'D1 cold get answers one line of JSON'

for around in ' registry.a.example' 'registry.a.example
' '
	registry.a.example 
'; do
	docker_get "$around"
	expect_credentials $place
	expect_same_token "$first"
done
verdict 'D2 white space around the server is nothing'

for server in https://registry.a.example https://registry.a.example/ \
	registry.a.example/ https://registry.a.example/v1/ \
	https://registry.a.example/v2/ registry.a.example:443 \
	registry.a.example/team/repo REGISTRY.A.EXAMPLE; do
	docker_get $server
	expect_credentials $server
	expect_same_token "$first"
	verdict "D3 $server is the registry, repeated as asked"
done
docker_get $place
expect_stat mints 1
verdict 'D3 no spelling mints a second token'

for server in http://registry.a.example https://user@registry.a.example \
	registry.a.example.evil.tld registry.a.example:5000 \
	evil-registry.a.example; do
	docker_get $server
	expect_not_found
	verdict "D4 $server is not found"
done

connections=$(stats connections)
keyring_lock
since=$(now_ms)
docker_get registry.other.example
expect_not_found
expect_within 200 "$since"
keyring_is true || wrong 'the keyring was unlocked'
keyring_unlock
expect_stat connections "$connections"
verdict 'D5 an unknown host is not found, at once and without unlocking'
printf %s registry.other.example >"$scratch/in"
keyring_gone run docker-credential-apptoken get <"$scratch/in"
expect_not_found
verdict 'D5 an unknown host is not found when there is no keyring'

for verb in get erase; do
	for nothing in '' ' ' '
'; do
		docker_ask $verb "$nothing"
		expect_text 1 'no credentials server URL'
	done
	run docker-credential-apptoken $verb <&-
	expect_text 1 'no credentials server URL'
	verdict "D6 $verb of nothing says that the server is missing"
done

# ---- failures --------------------------------------------------------------

fresh
service_fail status=401 'body={"message":"app is suspended"}'
docker_get $place
expect_message "no token for 'acme'" "$endpoint" '401: app is suspended'
verdict 'D7 a refused mint is told on stdout and on stderr'
service_fail status=500
docker_get $place
expect_message "no token for 'acme'" 'answered 500'
verdict 'D7 an endpoint out of order is told on stdout and on stderr'
service_ok
config_new
config_app acme 'endpoint = https://127.0.0.1:1' 'app-id = 42' \
	"docker = $place"
docker_get $place
expect_message "no token for 'acme'" 127.0.0.1:1
verdict 'D7 no connection is told on stdout and on stderr'

fresh
config_acme 'on-error = anonymous'
service_fail status=403
docker_get $place
expect_text 1 "$not_found"
expect_line "no token for 'acme'" 403
verdict 'D7 on-error = anonymous: not found, and the cause on stderr'

# ---- life ------------------------------------------------------------------

fresh
docker_get $place
first=$token
token_age 2600
docker_get $place
expect_credentials $place
expect_same_token "$first"
expect_stat mints 1
verdict 'D9 a token with 1000 s of 3600 left is answered as it is'
token_age 650
service_fail status=503 retry_after=60
docker_get $place
expect_credentials $place
expect_same_token "$first"
tries() {
	[ "$(stats token_requests)" -gt 1 ]
}
await tries || wrong 'a refresh in the background expected'
service_ok
verdict 'D9 with 350 s left it is answered, and a refresh starts'
forget acme
fresh
docker_get $place
first=$token
token_age 3305
docker_get $place
expect_credentials $place
expect_new_token "$first"
expect_stat mints 2
verdict 'D9 with less than 300 s left it is renewed first'

fresh
service_life 100
docker_get $place
first=$token
token_age 20
docker_get $place
expect_credentials $place
expect_same_token "$first"
expect_stat mints 1
verdict 'D9 a short-lived token is answered before half its life'
token_age 35
docker_get $place
expect_credentials $place
expect_new_token "$first"
expect_stat mints 2
verdict 'D9 a short-lived token is renewed after half its life'

fresh
docker_get $place
first=$token
token_age 3400
service_fail status=500
docker_get $place
expect_status 0
expect_same_token "$first"
expect_line 'using the cached token' 500
verdict 'D9 when it cannot be renewed the living token is answered'
token_age 200
docker_get $place
expect_message "no token for 'acme'" 500
verdict 'D9 a dead token is never answered'

# ---- names -----------------------------------------------------------------

fresh
config_acme 'username = deploy'
docker_get $place
expect_credentials $place deploy
verdict "D10 the username is the app's"
config_acme 'username = <token>'
docker_get $place
expect_credentials $place '<token>'
verdict 'D10 <token> only when it is configured'
sed 's/^username .*/username = robot/' \
	"$APPTOKEN_PREFIX/share/apptoken/providers/unifize.conf" |
	profile robots
config_acme 'provider = robots'
docker_get $place
expect_credentials $place robot
forget acme
verdict "D10 without one it is the profile's"

# ---- store -----------------------------------------------------------------

fresh
docker_get $place
first=$token
items=$(keyring_items)
docker_store $place apptoken "$first"
expect_silence
expect "$items" "$(keyring_items)" 'items in the keyring'
verdict 'D11 our own token is accepted in silence and not kept'
docker_store $place person hunter2hunter2
expect_message acme "$config"
expect "$items" "$(keyring_items)" 'items in the keyring'
docker_get $place
expect_same_token "$first"
verdict 'D11 another password is refused: the text names the app and the file'

docker_store '' person geheim-geheim
expect_text 1 'no credentials server URL'
docker_store $place '' geheim-geheim
expect_text 1 'no credentials username'
verdict 'D13 an empty server, an empty user: the exact texts'

for text in garbage '{"ServerURL":"registry.a.example","Usern' null '[]' '' \
	'"text"' '{} {}' "{\"ServerURL\":\"$place\",\"ServerURL\":\"x\"}"; do
	docker_ask store "$text"
	expect_message 'not a JSON object'
	verdict "D14 '$text' is refused"
done
docker_store $place person ''
expect_message 'secret is empty'
verdict 'D14 an empty secret is refused'
docker_ask store "{ \"Extra\": [1, {\"a\": null}],
	\"Secret\" : \"$first\",
	\"Username\" : \"apptoken\", \"ServerURL\" : \"$place\" }

"
expect_silence
verdict 'D14 other members, another order and more lines are fine'

{
	printf '{"ServerURL":"%s","Username":"u","Secret":"' $place
	head -c 1100000 /dev/zero | tr '\0' x
	printf '"}\n'
} >"$scratch/big"
space=134217728
sanitized && space=unlimited
run prlimit --as=$space docker-credential-apptoken store <"$scratch/big"
expect_message 'the request is larger than'
expect "$items" "$(keyring_items)" 'items in the keyring'
verdict 'D15 a secret of 1 MB is refused within 128 MiB of addresses'

# ---- erase -----------------------------------------------------------------

fresh
docker_get $place
first=$token
docker_ask erase $place
expect_silence
run docker-credential-apptoken list </dev/null
expect_text 0 '{}'
docker_get $place
expect_credentials $place
expect_new_token "$first"
verdict 'D17 erase drops the cached token and keeps the key'

docker_ask erase $place
docker_ask erase $place
expect_silence
docker_ask erase registry.other.example
expect_silence
verdict 'D18 erase of what is not there is silent'
docker_get $place
for server in $place $place http://$place https://$place; do
	docker_ask erase "$server"
	expect_silence
done
verdict 'D18 the four calls of a logout all succeed'

# ---- list ------------------------------------------------------------------

one='"registry.a.example":"apptoken"'
two='"registry.b.example:5000":"apptoken"'
fresh
config_acme 'docker = registry.b.example:5000'
run docker-credential-apptoken list </dev/null
expect_text 0 '{}'
verdict 'D19 nothing cached: an empty object'
docker_get $place
run docker-credential-apptoken list </dev/null
expect_text 0 "{$one,$two}"
expect_stat mints 1
verdict 'D19 the registries of a cached token, as configured'
for server in registry.a.example registry.b.example:5000; do
	docker_get $server
	expect_credentials $server
	docker_ask erase $server
	expect_silence
done
expect_stat mints 2
verdict 'D19 every key works with get and erase'

docker_get $place
keyring_lock
run docker-credential-apptoken list </dev/null
expect_text 0 "{$one,$two}"
keyring_is true || wrong 'the keyring was unlocked'
verdict 'D20 list answers with a locked keyring and leaves it locked'
keyring_unlock

keyring_gone run docker-credential-apptoken list </dev/null
expect_text 0 '{}'
expect_line 'the list is not complete' bus
verdict 'D20 list without a keyring says that it is not complete'

# ---- words -----------------------------------------------------------------

version=$(apptoken --version)
for word in version --version -v; do
	run docker-credential-apptoken $word </dev/null
	expect_text 0 "docker-credential-apptoken (apptoken) ${version#* }"
done
verdict 'D21 version'
for word in --help -h; do
	run docker-credential-apptoken $word </dev/null
	expect_status 0
	grep -q '^usage: ' "$scratch/out" || wrong 'usage expected'
done
verdict 'D21 help'
run docker-credential-apptoken </dev/null
expect_message 'usage: '
run docker-credential-apptoken get get </dev/null
expect_message 'usage: '
run docker-credential-apptoken frobnicate </dev/null
expect_message 'unknown action' 'usage: '
verdict 'D21 no verb, two and an unknown one are refused'

finish
