#!/bin/sh
# add when it fails: whatever the cause, nothing is left behind, neither in
# the keyring nor in the configuration nor among the locks.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

locks=$XDG_RUNTIME_DIR/apptoken

# The state of everything that add may touch.
remember() {
	items=$(keyring_items)
	rm -rf "$scratch/before"
	mkdir "$scratch/before"
	[ ! -e "$config" ] || cp -p "$config" "$scratch/before/config"
	names >"$scratch/before/names"
}
names() {
	find "$XDG_CONFIG_HOME/apptoken" | sort
}

# What add makes for a name of its own, and what it had before.
expect_nothing_left() {
	expect "$items" "$(keyring_items)" 'items in the keyring'
	[ -z "$(secret-tool search --all app new 2>&1)" ] ||
		wrong 'an item of the app is left'
	if [ -e "$scratch/before/config" ]; then
		cmp -s "$scratch/before/config" "$config" ||
			wrong 'the configuration has changed'
	elif [ -e "$config" ]; then
		wrong 'a configuration is left'
	fi
	names | cmp -s - "$scratch/before/names" ||
		wrong 'a file is left beside the configuration'
	# Lock files stay for good: a free and empty one tells nothing.
	[ ! -s "$locks/new.lock" ] || wrong 'a note is left in the lock'
	[ ! -e "$locks/new.lock" ] || flock -n "$locks/new.lock" true ||
		wrong 'the lock is held'
}

# add [OPTION]...: with the usual key
add() {
	run apptoken add new --app-id 42 --key "$scratch/acme.pem" "$@"
}
add_here() {
	add --endpoint "$endpoint" --ca-file "$ca" "$@"
}

# expect_refused STATUS TEXT...
expect_refused() {
	wanted=$1
	shift
	expect_failure "$wanted" "'new' was not added: " "$@"
	expect_nothing_left
}

key_make acme
tokend_start tokend --app "42:$scratch/acme.pub"
tokend_use tokend
remember

# ---- the endpoint ----------------------------------------------------------

for code in 401 403 404; do
	service_fail "status=$code" 'body={"message":"not for you"}'
	add_here
	expect_refused 5 "$endpoint" "answered $code: not for you" check
	verdict "the endpoint answers $code"
done
service_fail status=302 location=https://evil.example/token
add_here
expect_refused 5 'answered 302' "correct 'endpoint'"
verdict 'the endpoint redirects'
service_fail status=503
add_here
expect_refused 5 'answered 503' later
verdict 'the endpoint is out of order'

service_fail status=200 type=text/html 'body=<html>Log in</html>'
add_here
expect_refused 5 'unusable answer' "$endpoint" 'not valid JSON'
verdict 'the endpoint answers HTML'
service_fail status=200 'body={"accessToken":"abc'
add_here
expect_refused 5 'not valid JSON'
verdict 'the endpoint answers cut JSON'
service_fail truncate=1
add_here
expect_refused 6 'connection' lost
verdict 'the connection breaks off in the answer'
service_fail "token=line
break-in-a-token"
add_here
expect_refused 5 'other characters' 'RFC 6750'
grep -q 'break-in-a-token' "$scratch/err" && wrong 'the token was shown'
verdict 'the token has a line break'
service_fail omit=token
add_here
expect_refused 5 "no 'accessToken' in the answer"
verdict 'the answer has no token'
service_fail 'expires="2001-01-01T00:00:00Z"'
add_here
expect_refused 5 clock
verdict 'the token has expired already'
service_ok

add --endpoint https://127.0.0.1:1
expect_refused 6 127.0.0.1:1 'no connection'
verdict 'the endpoint is down'
add --endpoint https://no-such-host.invalid --timeout 3
expect_refused 6 no-such-host.invalid
verdict 'the endpoint has no address'
add --endpoint "$endpoint"
expect_refused 6 "$port" certificate ca-file
verdict 'the certificate is not trusted'
add --endpoint "$endpoint" --ca-file "$scratch/no-such-file"
expect_refused 6 ca-file
verdict 'the authority cannot be read'
add_here --app-id 43
expect_status 7
verdict 'an option is given twice'
run apptoken add new --app-id 43 --key "$scratch/acme.pem" \
	--endpoint "$endpoint" --ca-file "$ca"
expect_refused 5 'unknown app'
verdict 'the app is not known there'
key_make stranger
run apptoken add new --app-id 42 --key "$scratch/stranger.pem" \
	--endpoint "$endpoint" --ca-file "$ca"
expect_refused 5 'validating JWT'
verdict "the key is not the app's"

# ---- the options -----------------------------------------------------------

connections=$(stats connections)
add --endpoint http://api.example
expect_refused 7 endpoint http https
verdict 'the endpoint is http'
add --endpoint https://user@api.example
expect_refused 7 endpoint
verdict 'the endpoint has a user'
run apptoken add new --endpoint "$endpoint" --key "$scratch/acme.pem"
expect_refused 7 app-id unifize
verdict 'a variable of the provider is missing'
add_here --provider nobody
expect_refused 7 'unknown provider' nobody.conf
verdict 'the provider is unknown'
add_here --timeout 1000
expect_refused 7 timeout 'from 1 to 120'
verdict 'a value is out of range'
add_here --colour red
expect_failure 2 "unknown option '--colour'" unifize
expect_nothing_left
verdict 'an option is unknown'
add_here --username 'a
b'
expect_failure 2 username
expect_nothing_left
verdict 'a value has a line break'
add_here --docker 'https://user@registry.example'
expect_status 7
expect_line --docker
expect_nothing_left
verdict 'a place is none'
run apptoken add .hidden --endpoint "$endpoint" --app-id 42 \
	--key "$scratch/acme.pem"
expect_failure 2 'a name for the app'
expect_nothing_left
verdict 'the name is none'
expect_stat connections "$connections"
verdict 'what is wrong here needs no endpoint to be told'

# ---- the keyring -----------------------------------------------------------

keyring_lock
add_here
expect_refused 4 'the keyring is locked'
keyring_unlock
expect_nothing_left
verdict 'the keyring is locked'
keyring_gone add_here
expect_refused 4 bus
verdict 'there is no bus'

# ---- the configuration -----------------------------------------------------

chmod 0500 "$XDG_CONFIG_HOME/apptoken"
unprivileged apptoken add new --app-id 42 --key "$scratch/acme.pem" \
	--endpoint "$endpoint" --ca-file "$ca"
chmod 0700 "$XDG_CONFIG_HOME/apptoken"
expect_refused 7 "$config" 'permission denied'
verdict 'the configuration cannot be written: the key is taken back'
mkdir "$scratch/odd"
echo 'a file' >"$scratch/odd/apptoken"
usual=$XDG_CONFIG_HOME
XDG_CONFIG_HOME=$scratch/odd
add_here
XDG_CONFIG_HOME=$usual
expect_refused 7 "$scratch/odd/apptoken" 'not a directory'
expect 'a file' "$(cat "$scratch/odd/apptoken")" 'the file in the way'
verdict 'a file stands where the directory should: the key is taken back'
ln -s "$scratch/elsewhere" "$config"
add_here
rm "$config"
expect_refused 7 'symbolic link'
[ ! -e "$scratch/elsewhere" ] || wrong 'the link was followed'
verdict 'the configuration is a symbolic link'
APPTOKEN_CONFIG=relative
export APPTOKEN_CONFIG
add_here
unset APPTOKEN_CONFIG
expect_refused 7 APPTOKEN_CONFIG 'absolute'
verdict 'APPTOKEN_CONFIG is no absolute path'

run apptoken add acme --endpoint "$endpoint" --app-id 42 --ca-file "$ca" \
	--docker registry.a.example --git https://git.a.example/team \
	--key "$scratch/acme.pem"
expect_status 0
remember
add_here --docker registry.a.example:443
expect_refused 7 'same place' '[acme]' "'$config' line 5"
verdict 'another app has the registry'
add_here --git https://GIT.A.EXAMPLE/team
expect_refused 7 'same place' '[acme]' "'$config' line 6"
verdict 'another app has the place of git'
run apptoken add acme --endpoint "$endpoint" --app-id 42 --ca-file "$ca" \
	--key "$scratch/acme.pem"
expect_failure 7 "'acme' was not added" 'already' 'apptoken remove acme'
expect_nothing_left
run apptoken token acme
plain_token
expect_status 0
verdict 'the name is taken: the app that has it goes on'

chmod 0666 "$config"
remember
add_here
expect_refused 7 "$config" 'writable by others' 'chmod go-w'
chmod 0600 "$config"
verdict 'the configuration is writable by others'
printf 'stray words\n' >"$scratch/stray"
cat "$config" >>"$scratch/stray"
cat "$scratch/stray" >"$config"
remember
add_here --docker registry.b.example
expect_status 0
run apptoken remove new --yes
expect_status 0
cmp -s "$scratch/before/config" "$config" ||
	wrong 'the configuration as before expected'
verdict 'a stray line in the file does not stop add, and stays'

# A key without configuration, as an add that was cut short leaves it.
run apptoken add new --endpoint "$endpoint" --app-id 42 --ca-file "$ca" \
	--key "$scratch/acme.pem"
cat "$scratch/before/config" >"$config"
run apptoken add new --endpoint "$endpoint" --app-id 42 --ca-file "$ca" \
	--no-verify --key "$scratch/stranger.pem"
expect_failure 1 "'new' was not added" 'another key' 'apptoken remove'
secret-tool lookup xdg:schema org.apptoken.Key app new >"$scratch/kept"
tail -n +5 "$scratch/kept" | cmp -s - "$scratch/acme.pem" ||
	wrong 'the key that was there must stay'
rm "$scratch/kept"
add_here
expect_status 0
run apptoken remove new --yes
expect_status 0
verdict 'a key that is there is kept, and taken up by the add that fits it'

finish
