#!/bin/sh
# The keyring from outside: absent, locked, damaged, searched, and emptied by
# remove (K1, K2, K4, K5, K8).
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

place=registry.a.example

ask_git() {
	git_ask "$1" protocol=https host=git.a.example
}
ask_docker() {
	printf %s $place >"$scratch/in"
	run docker-credential-apptoken "$1" <"$scratch/in"
	take_token
}
ask_command() {
	run apptoken "$1" acme
}

# expect_told TEXT...: docker's way of failing: exit 1, on stdout as well
expect_told() {
	expect_status 1
	expect_line "$@"
	cmp -s "$scratch/out" "$scratch/err" || {
		wrong 'the line of stderr expected on stdout'
		show
	}
}

# expect_unusable TEXT...: what every program says, at once
expect_unusable() {
	since=$(now_ms)
	ask_command token
	expect_failure 4 "no token for 'acme'" "$@"
	ask_git get
	expect_failure 4 "no token for 'acme'" "$@"
	ask_git erase
	expect_failure 4 "the cached token of 'acme' stays" "$@"
	ask_docker get
	expect_told "no token for 'acme'" "$@"
	ask_docker erase
	expect_told "the cached token of 'acme' stays" "$@"
	ask_command forget
	expect_failure 4 'cached tokens stay' "$@"
	run apptoken remove acme --yes
	expect_failure 4 "'acme' was not removed" "$@"
	ask_command status
	expect_status 4
	expect_line "'acme': " "$@"
	grep -qF -e "$1" "$scratch/out" || wrong "'$1' expected in the status"
	printf '{"ServerURL":"%s","Username":"u","Secret":"%s"}\n' $place \
		hunter2hunter2 >"$scratch/in"
	run docker-credential-apptoken store <"$scratch/in"
	expect_told 'the login was not kept' "$@"
	run apptoken add other --endpoint "$endpoint" --app-id 42 \
		--ca-file "$ca" --key "$scratch/acme.pem"
	expect_failure 4 "'other' was not added" "$@"
	expect_within 10000 "$since"
}

acme_start

# ---- no keyring ------------------------------------------------------------

fresh
cp "$config" "$scratch/before"
away=$scratch/no-runtime
mkdir "$away"
bus=$DBUS_SESSION_BUS_ADDRESS
runtime=$XDG_RUNTIME_DIR

unset DBUS_SESSION_BUS_ADDRESS
XDG_RUNTIME_DIR=$away
expect_unusable DBUS_SESSION_BUS_ADDRESS 'is not set' dbus-run-session
unset XDG_RUNTIME_DIR
ask_command token
expect_failure 4 DBUS_SESSION_BUS_ADDRESS
DBUS_SESSION_BUS_ADDRESS=$bus
XDG_RUNTIME_DIR=$runtime
export DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR
verdict 'K1 no address of a bus: which variable, exit 4, at once'

DBUS_SESSION_BUS_ADDRESS=unix:path=$scratch/no-bus
expect_unusable 'session bus'
DBUS_SESSION_BUS_ADDRESS=tcp:host=127.0.0.1,port=1
ask_command token
expect_failure 4 tcp: 'local socket'
DBUS_SESSION_BUS_ADDRESS=$bus
verdict 'K1 no bus at the address: exit 4, at once'

keyring_stop
expect_unusable 'Secret Service' gnome-keyring
keyring_unlock
verdict 'K1 a bus without a keyring: exit 4, at once'

# A bus of somebody else that lets everybody in: a key must not go there.
# Only root can play somebody else.
if [ "$(id -u)" = 0 ]; then
	foreign=$scratch/foreign
	mkdir -m 777 "$foreign"
	chmod 711 "$scratch"
	sed -e "s|<listen>.*</listen>|<listen>unix:path=$foreign/bus</listen>|" \
		-e 's|<auth>.*</auth>|<auth>ANONYMOUS</auth><allow_anonymous/>|' \
		"$WITH_KEYRING_DIR/bus.conf" >"$foreign/conf"
	chmod 644 "$foreign/conf"
	setpriv --reuid 65534 --regid 65534 --clear-groups dbus-daemon \
		--config-file="$foreign/conf" --nofork --nopidfile \
		</dev/null >/dev/null 2>&1 &
	children="$children $!"
	await test -S "$foreign/bus" || bail_out 'the other bus does not start'
	run env DBUS_SESSION_BUS_ADDRESS="unix:path=$foreign/bus" \
		apptoken add other --endpoint "$endpoint" --app-id 42 \
		--ca-file "$ca" --key "$scratch/acme.pem"
	expect_failure 4 "'other' was not added" 'belongs to another user'
	run env DBUS_SESSION_BUS_ADDRESS="unix:path=$foreign/bus" \
		git-credential-apptoken get <<END
protocol=https
host=git.a.example

END
	expect_failure 4 'belongs to another user'
	verdict "K1 another user's bus is not ours: exit 4"
fi

cmp -s "$scratch/before" "$config" || wrong 'the configuration has changed'
run apptoken token acme
expect_status 0
plain_token
verdict 'K1 nothing has changed: the next call has a token'

# ---- locked ----------------------------------------------------------------

fresh
ask_git get
first=$token
items=$(keyring_items)
keyring_lock
expect_unusable 'the keyring is locked' unlock
run docker-credential-apptoken list </dev/null
expect_status 0
[ ! -s "$scratch/err" ] || wrong 'nothing expected on stderr'
expect "{\"$place\":\"apptoken\"}" "$(cat "$scratch/out")" list
expect "$items" "$(keyring_items)" 'items in the keyring'
keyring_is true || wrong 'the keyring was unlocked'
expect_stat mints 1
verdict 'K2 locked: says so, exit 4, nothing changes'

DISPLAY=:99
export DISPLAY
since=$(now_ms)
ask_git get # GIT_TERMINAL_PROMPT=0
expect_failure 4 'the keyring is locked'
config_acme 'unlock = never'
ask_docker get
expect_told 'the keyring is locked'
ask_command token
expect_failure 4 'the keyring is locked'
for verb in erase list; do
	ask_docker $verb
	keyring_is true || wrong "the keyring was unlocked by $verb"
done
expect_within 10000 "$since"
unset DISPLAY
verdict 'K2 locked, a display, and prompts not wanted: says locked'

keyring_unlock
config_acme
ask_git get
expect_same_token "$first"
expect_stat mints 1
verdict 'K2 unlocked again: the token from before'

# ---- damaged ---------------------------------------------------------------

garble() {
	secret-tool lookup xdg:schema org.apptoken.Token app acme \
		>"$scratch/record"
	case $1 in
	empty) : ;;
	garbage) echo 'what is this?' ;;
	binary) printf '\377\376\001\000\200apptoken-token 1\n\000' ;;
	long) head -c 8000 /dev/zero | tr '\0' x ;;
	cut) head -c 200 "$scratch/record" ;;
	edited) sed 's/^life=.*/life=86000/' "$scratch/record" ;;
	renamed) sed 's/^app=.*/app=other/' "$scratch/record" ;;
	moved) sed 's/^variable=endpoint=.*/variable=endpoint=https:x/' \
		"$scratch/record" ;;
	doubled) cat "$scratch/record" "$scratch/record" ;;
	esac >"$scratch/garbled"
	token_item <"$scratch/garbled"
	rm "$scratch/record" "$scratch/garbled"
}
for way in garbage empty binary long cut edited renamed moved doubled; do
	fresh
	ask_git get
	first=$token
	items=$(keyring_items)
	garble $way
	ask_git get
	expect_answer
	expect_new_token "$first"
	second=$token
	ask_docker get
	expect_same_token "$second"
	expect_stat mints 2
	expect "$items" "$(keyring_items)" 'items in the keyring'
	verdict "K4 a token item ($way) is ignored and replaced"
done

fresh
ask_git get
garble garbage
ask_git erase
expect_silence
ask_docker list
expect '{}' "$(cat "$scratch/out")" list
verdict 'K4 erase removes a garbled item'
ask_git get
garble garbage
printf '{"ServerURL":"%s","Username":"u","Secret":"hunter2hunter2"}\n' \
	$place >"$scratch/in"
run docker-credential-apptoken store <"$scratch/in"
expect_told "app 'acme' serves this registry"
verdict 'K4 store compares with a new token, not with garbage'

# ---- seen from outside -----------------------------------------------------

fresh
config_acme
ask_git get
take_token
# Labels and times are on stdout, after the secret; attributes on stderr.
secret-tool search --all app acme >"$scratch/found.out" 2>"$scratch/found.err"
grep '^label = ' "$scratch/found.out" | sort >"$scratch/labels"
printf 'label = %s\n' 'acme: access token (apptoken)' \
	'acme: private key (apptoken)' | cmp -s - "$scratch/labels" || {
	wrong 'labels for people expected'
	cat "$scratch/labels" >>"$found"
}
grep -qF -e "$token" "$scratch/found.out" ||
	wrong 'the token is not even in the secret'
verdict 'K5 labels say in words what an item is'
{
	sed -n -e '/^secret = /,/^created = /d' -e p "$scratch/found.out"
	cat "$scratch/found.err"
} >"$scratch/open"
grep -qF -f "$secrets" "$scratch/open" && wrong 'a secret stands in the open'
sed -n 's/^attribute\.\([a-z:]*\) = .*/\1/p' "$scratch/open" | sort -u |
	tr '\n' ' ' >"$scratch/names"
expect 'app part provider variables version ' "$(cat "$scratch/names")" \
	'names of attributes'
rm "$scratch/found.out"
verdict 'K5 neither token nor key in a label or an attribute'

# ---- remove ----------------------------------------------------------------

fresh
key_make second
tokend_start other --app "44:$scratch/second.pub"
tokend_use other
config_new
config_app keep "endpoint = https://127.0.0.1:1" 'app-id = 1'
items=$(keyring_items)
cp "$config" "$scratch/before"
run apptoken add gone --endpoint "$endpoint" --app-id 44 \
	--ca-file "$scratch/other/ca.pem" --key "$scratch/second.pem"
expect_status 0
expect "$((items + 2))" "$(keyring_items)" 'items in the keyring'
# A token of an earlier configuration is forgotten as well.
sed 's/^app-id = 44$/&\
user-id = robot/' "$config" >"$scratch/changed"
cat "$scratch/changed" >"$config"
run apptoken token gone
plain_token
expect_status 0
expect "$((items + 3))" "$(keyring_items)" 'items in the keyring'
run apptoken remove gone --yes
expect_status 0
grep -q '^gone: key, cached tokens and configuration removed$' \
	"$scratch/out" || wrong 'a word about it expected'
expect "$items" "$(keyring_items)" 'items in the keyring'
cmp -s "$scratch/before" "$config" || {
	wrong 'the configuration as before expected'
	cat "$config" >>"$found"
}
run apptoken token gone
expect_failure 3 "no app 'gone'"
verdict 'K8 remove deletes key, tokens and configuration, and no more'

finish
