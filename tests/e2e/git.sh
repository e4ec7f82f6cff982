#!/bin/sh
# git's helper, called as git calls it: the cases G1 to G32.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

place=git.a.example
stranger=no-such-token-of-ours

# Some characters: xs COUNT
xs() {
	head -c "$1" /dev/zero | tr '\0' x
}

acme_start

# ---- answers ---------------------------------------------------------------

fresh
git_get $place
first=$token
expect_answer
left=$(($(answer password_expiry_utc) - $(date +%s)))
{ [ "$left" -le 3600 ] && [ "$left" -gt 3500 ]; } ||
	wrong "a life of 3600 s expected, not $left"
expect_stat mints 1
verdict 'G1 cold get mints once and answers three lines'

git_get $place
expect_answer
expect_same_token "$first"
expect_stat mints 1
verdict 'G2 the next get has the same token without a mint'

bus=$DBUS_SESSION_BUS_ADDRESS
DBUS_SESSION_BUS_ADDRESS=unix:path=$scratch/no-bus
connections=$(stats connections)
git_get git.other.example
expect_silence
expect_stat connections "$connections"
git_get $place
expect_failure 4 # so a touch of the keyring would have been seen
DBUS_SESSION_BUS_ADDRESS=$bus
verdict 'G3 another host: silence, without keyring and network'

git_ask get protocol=http host=$place
expect_silence
verdict 'G4 http is silence'

for host in git.a.example.evil.tld evil-git.a.example xgit.a.example \
	git.a.example:8443; do
	git_get $host
	expect_silence
	verdict "G5 $host is nobody's"
done

for host in GIT.A.EXAMPLE git.a.example:443; do
	git_get $host
	expect_answer
	expect_same_token "$first"
	verdict "G6 $host is answered"
done

git_get ''
expect_silence
verdict 'G7 an empty host is silence'
git_ask get protocol=https
expect_silence
verdict 'G7 no host is silence'
git_ask get host=$place
expect_silence
verdict 'G7 no protocol is silence'
git_bytes get </dev/null
expect_silence
verdict 'G7 nothing on stdin is silence'
git_bytes get <&-
expect_silence
verdict 'G7 a closed stdin is silence'

printf 'protocol=https\nhost=%s\r\n\n' $place >"$scratch/in"
git_bytes get <"$scratch/in"
expect_silence
verdict 'G8 a CR at the end of the host: no credentials'
printf 'protocol=https\nhost=%s\0.evil.tld\n\n' $place >"$scratch/in"
git_bytes get <"$scratch/in"
expect_silence
verdict 'G8 a NUL in the host: no credentials'

printf 'protocol=https\r\nhost=%s\r\n\r\n' $place >"$scratch/in"
git_bytes get <"$scratch/in"
expect_silence
verdict 'G9 CRLF line ends: no credentials'

long="wwwauth[]=Bearer $(xs $((65534 - 17)))"
expect 65534 ${#long} 'length of the line without its LF'
git_get $place "$long"
expect_answer
verdict 'G10 a line of 65,535 bytes is answered'

long="wwwauth[]=$(xs 70000)"
git_get $place "$long"
expect_failure 1
verdict 'G11 a line of 70,000 bytes is refused'
# A reader with a buffer of 65,535 bytes would take the rest for a line.
git_get git.other.example \
	"wwwauth[]=$(xs $((65535 - 10)))host=$place$(xs 5000)"
expect_failure 1
verdict 'G11 the rest of a long line is no host'

git_get $place 'no equals sign'
expect_failure 1
verdict 'G12 a line without = is refused'

for line in foo=bar 'x[]=y' 'capability[]=future'; do
	git_get $place "$line"
	expect_answer
	expect_same_token "$first"
	verdict "G13 $line is ignored"
done

printf 'protocol=https\nhost=%s\n\nhost=git.other.example\nodd\n' \
	$place >"$scratch/in"
git_bytes get <"$scratch/in"
expect_answer
verdict 'G14 what follows the empty line is ignored'
printf 'protocol=https\nhost=%s' $place >"$scratch/in"
git_bytes get <"$scratch/in"
expect_answer
verdict 'G14 a last line without LF is answered'

mkfifo "$scratch/fifo"
exec 3<>"$scratch/fifo"
printf 'protocol=https\nhost=%s\n\n' $place >&3
since=$(now_ms)
git_bytes get <&3
expect_answer
expect_within 10000 "$since"
verdict 'G14 a stdin that stays open after the empty line is answered'

git_get $place host=$place
expect_silence
verdict 'G15 host twice: no credentials'
git_get $place protocol=https
expect_silence
verdict 'G15 protocol twice: no credentials'

git_get $place username=somebody
expect_silence
verdict 'G16 the user name of another account is silence'

git_get $place username=apptoken
expect_answer
verdict 'G17 our user name is answered'
config_acme 'username = bot'
git_get $place
expect_answer_of bot
expect_same_token "$first"
verdict 'G17 the configured user name is answered'

# ---- capabilities ----------------------------------------------------------

fresh_with 'git-auth = bearer'
git_get $place 'capability[]=authtype'
expect_keys 'capability[]' authtype credential password_expiry_utc ephemeral
expect 'capability[]=authtype' "$(head -n 1 "$scratch/out")" 'first line'
expect Bearer "$(answer authtype)" authtype
expect 1 "$(answer ephemeral)" ephemeral
verdict 'G18 bearer for a git that knows it'

git_get $place
expect_answer
verdict 'G19 bearer for a git that does not: user name and password'

fresh
git_get $place 'capability[]=state'
expect_keys 'capability[]' username password password_expiry_utc 'state[]'
verdict 'G20 a fresh token is sent without continue'
first=$token
git_get $place 'capability[]=state'
expect_keys 'capability[]' username password password_expiry_utc 'state[]' \
	continue
expect_same_token "$first"
state=$(answer 'state\[\]')
case $state in
apptoken:*"$token"*) wrong 'the state holds the token' ;;
apptoken:?*) ;;
*) wrong "state $state" ;;
esac
expect 1 "$(answer continue)" continue
verdict 'G20 a cached token is sent with state and continue'

git_get $place 'capability[]=state' "state[]=$state"
second=$token
expect_keys 'capability[]' username password password_expiry_utc 'state[]'
expect_new_token "$first"
[ "$(answer 'state\[\]')" != "$state" ] || wrong 'a new state expected'
expect_stat mints 2
verdict 'G21 the second get mints a new token, without continue'
git_get $place 'capability[]=state' "state[]=$state"
expect_keys 'capability[]' username password password_expiry_utc 'state[]'
expect_same_token "$second"
expect_stat mints 2
verdict 'G21 a newer token in the cache is answered without a mint'

git_get $place
expect_same_token "$second"
for odd in other:1:0123456789abcdef apptoken:2:0123456789abcdef \
	apptoken:1:XYZ apptoken: apptoken:1:0123456789abcdef0; do
	git_get $place 'capability[]=state' "state[]=$odd"
	expect_keys 'capability[]' username password password_expiry_utc \
		'state[]' continue
	expect_same_token "$second"
	expect_stat mints 2
	verdict "G22 state[]=$odd is as if absent"
done

fresh_with 'git-retry = no'
git_get $place
git_get $place 'capability[]=state'
expect_answer
verdict 'G22 with git-retry = no there is no state'

# ---- store and erase -------------------------------------------------------

fresh
git_get $place
first=$token
items=$(keyring_items)
git_ask store protocol=https host=$place username=apptoken "password=$first"
expect_silence
expect "$items" "$(keyring_items)" 'items in the keyring'
verdict 'G25 store of our own token keeps and says nothing'

git_ask store protocol=https host=$place username=me password=$stranger
expect_silence
expect "$items" "$(keyring_items)" 'items in the keyring'
git_get $place
expect_same_token "$first"
expect_stat mints 1
verdict 'G26 store of another password: silence, the token stays'

git_ask store protocol=https host=git.other.example username=me \
	password=$stranger
expect_silence
expect "$items" "$(keyring_items)" 'items in the keyring'
verdict "G27 store for nobody's place keeps and says nothing"

git_ask erase protocol=https host=$place username=apptoken "password=$first"
expect_silence
expect $((items - 1)) "$(keyring_items)" 'items in the keyring'
git_get $place
expect_answer
expect_new_token "$first"
expect_stat mints 2
verdict 'G28 erase with the cached token drops it and leaves the key'

fresh
git_get $place
first=$token
git_ask erase protocol=https host=$place username=apptoken password=$stranger
expect_silence
git_get $place
expect_same_token "$first"
expect_stat mints 1
verdict 'G29 erase with another password leaves the cache alone'
git_ask erase protocol=https host=$place
expect_silence
git_get $place
expect_new_token "$first"
expect_stat mints 2
verdict 'G29 erase without a password drops the token'

items=$(keyring_items)
git_bytes erase </dev/null
expect_silence
expect "$items" "$(keyring_items)" 'items in the keyring'
verdict 'G30 erase with nothing on stdin erases nothing'

# ---- operations ------------------------------------------------------------

# Whoever reads would take this line away from us.
unread() {
	echo unread >&3
	run git-credential-apptoken "$@" <&3
	read -r line <&3
	expect unread "$line" 'the line on stdin'
}
unread capability
expect_status 0
printf 'version 0\ncapability authtype\ncapability state\n' |
	cmp -s - "$scratch/out" || show
verdict 'G31 capability answers without reading'
for operation in fill frobnicate; do
	unread $operation
	expect_silence
	verdict "G32 $operation is silence"
done
unread
expect_failure 2 usage
verdict 'G32 no operation is a usage error'
exec 3>&-

finish
