#!/bin/sh
# Odd answers of the token endpoint, and none at all: J8 to J13.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

place=git.a.example
shipped=$APPTOKEN_PREFIX/share/apptoken/providers/unifize.conf
lf='
'
acme_start

# ---- J8: unusable answers --------------------------------------------------

# unusable NAME FIELD=VALUE...: exit 5, not cached, and the next get is fine
unusable() {
	name=$1
	shift
	fresh
	service_fail "$@"
	items=$(keyring_items)
	git_get $place
	expect_failure 5
	expect "$items" "$(keyring_items)" 'items in the keyring'
	expect_stat token_requests 1
	verdict "J8 $name: exit 5"
}

unusable HTML type=text/html 'body=<html><body>Welcome</body></html>'
unusable 'an empty body' body=
unusable 'no token' omit=token
for odd in 42 null true '""' '[]' '{}' '["abc"]'; do
	unusable "a token of $odd" "token_raw=$odd"
done
unusable 'half a document' 'body={"accessToken":"abc'
unusable 'a list' 'body=["abc"]'
unusable 'a key given twice' \
	'body={"accessToken":"abc","accessToken":"def"}'
unusable 'a document and more' 'body={"accessToken":"abc"}{}'
unusable '10 MB' body_size=10485760

# With less data memory than that body has; any other mint gets by with it.
# Not in POSIX, but in every shell of Linux.
# shellcheck disable=SC3045,SC2317
bounded() (
	sanitized || ulimit -d 40960 || exit 99
	exec git-credential-apptoken get
)
printf 'protocol=https\nhost=%s\n\n' $place >"$scratch/in"
fresh
service_fail body_size=62914560
run bounded <"$scratch/in"
expect_failure 5
service_ok
run bounded <"$scratch/in"
take_token
expect_answer
verdict 'J8 60 MB: exit 5 in 40 MB of memory'

fresh
service_fail truncate=1
git_get $place
expect_no_output
{ [ "$status" = 5 ] || [ "$status" = 6 ]; } || wrong 'an error expected'
expect_line
verdict 'J8 less than promised is an error'

# ---- J9: expiry ------------------------------------------------------------

for form in unix unix-ms in-seconds in-milliseconds; do
	sed "s/^expiry-form .*/expiry-form = $form/" "$shipped" |
		profile "by-$form"
done
provider=unifize

# expires NAME JSON: means the instant $then
expires() {
	fresh_with "provider = $provider"
	service_fail "expires=$2"
	git_get $place
	expect_answer
	off=$(($(answer password_expiry_utc) - then))
	{ [ "$off" -le 1 ] && [ "$off" -ge -2 ]; } ||
		wrong "$off s off the instant"
	verdict "J9 $1"
}

# at SECONDS FORMAT: that instant as date writes it
at() {
	date -u -d "@$1" "+$2"
}

then=$(($(date +%s) + 3000))
iso=%Y-%m-%dT%H:%M:%S
expires 'RFC 3339 with Z' "\"$(at $then ${iso}Z)\""
expires 'RFC 3339 in small letters' \
	"\"$(at $then ${iso}Z | tr '[:upper:]' '[:lower:]')\""
expires 'RFC 3339 with an offset' "\"$(at $((then + 19800)) $iso)+05:30\""
expires 'RFC 3339 with a negative offset' \
	"\"$(at $((then - 28800)) $iso)-08:00\""
expires 'RFC 3339 with a fraction' "\"$(at $then $iso).123Z\""
expires 'RFC 3339 with a long fraction' "\"$(at $then $iso).999999999Z\""
provider=by-unix
expires 'Unix seconds' $then
provider=by-unix-ms
expires 'Unix milliseconds' ${then}250
provider=by-in-seconds
then=$(($(date +%s) + 3000))
expires 'seconds to live' 3000
provider=by-in-milliseconds
then=$(($(date +%s) + 3000))
expires 'milliseconds to live' 3000000

for odd in '"tomorrow"' '"2026-13-45T00:00:00Z"' '""' 12 true '{}' \
	"\"$(at $then $iso)\"" "\"$(at $then ${iso}Z) \"" \
	"$(at $then "%s")"; do
	fresh
	service_fail "expires=$odd"
	git_get $place
	expect_failure 5
	verdict "J9 nonsense: $(printf '%s' "$odd" | sed 's/[0-9]\{4,\}/N/g')"
done
fresh_with 'provider = by-unix'
for odd in "\"$then\"" "$then.5" 1e12 -1 99999999999999999999; do
	service_fail "expires=$odd"
	git_get $place
	expect_failure 5
	verdict "J9 nonsense for Unix: $(printf '%s' "$odd" |
		sed 's/[0-9]\{4,\}/N/g')"
done

# ---- J10: no answer --------------------------------------------------------

# elsewhere URL: the app acme with another endpoint and a short timeout
elsewhere() {
	config_new
	config_app acme "endpoint = $1" 'app-id = 42' "ca-file = $ca" \
		'timeout = 2' "git = https://$place"
}

# no_answer NAME: exit 6 soon after the two seconds; ten times tells a hang
no_answer() {
	since=$(now_ms)
	git_get $place
	expect_failure 6 acme
	expect_within 20000 "$since"
	verdict "J10 $1: exit 6 within the timeout"
}

fresh
elsewhere https://no-such-host.invalid
no_answer 'an unknown name'

tokend_start gone --app "42:$scratch/acme.pub"
tokend_use gone
tokend_stop "$tokend_pid"
elsewhere "$endpoint"
no_answer 'a refused connection'
tokend_use tokend

tokend_start silent --app "42:$scratch/acme.pub"
kill -STOP "$tokend_pid"
elsewhere "https://127.0.0.1:$(cat "$scratch/silent/port")"
no_answer 'a peer that accepts and says nothing'

elsewhere "$endpoint"
service_fail raw=1 body=HTTP stall_after=2
no_answer 'an answer that stops'
service_fail raw=1 body=
no_answer 'a connection closed without an answer'

# ---- J12: the cached token when the endpoint is down -----------------------

fresh
git_get $place
first=$token
token_age 3550
service_fail raw=1 body=
git_get $place
expect_status 0
expect_same_token "$first"
expect_line 'using the cached token'
left=$(($(answer password_expiry_utc) - $(date +%s)))
{ [ "$left" -le 50 ] && [ "$left" -gt 0 ]; } ||
	wrong "at most 50 s of life expected, not $left"
verdict 'J12 endpoint down, the cached token lives: answered, with a line'
token_age 60
git_get $place
expect_failure 6 acme
verdict 'J12 endpoint down, the cached token has ended: an error'

# ---- J13: nothing of a body in a message -----------------------------------

# quiet NAME STATUS TEXT FIELD=VALUE...: stderr does not have this text
quiet() {
	name=$1 wanted=$2 text=$3
	shift 3
	fresh
	service_fail "$@"
	git_get $place
	expect_failure "$wanted"
	grep -qF -e "$text" "$scratch/err" && wrong 'the text is on stderr'
	verdict "J13 $name"
}

marker=SECRETBODY0123456789
quiet 'HTML of a 500' 5 $marker status=500 type=text/html \
	"body=<html>$marker</html>"
quiet 'other members of a refusal' 5 $marker status=401 \
	"body={\"accessToken\":\"$marker\",\"hint\":\"$marker\"}"
quiet 'a token that is refused' 5 $marker "token=$marker $marker"
quiet 'a token with an LF' 5 $marker "token=$marker${lf}x"
quiet 'a token beside a bad expiry' 5 $marker "token=$marker" 'expires=true'
quiet 'a body that is no JSON' 5 $marker "body={$marker"
quiet 'an expiry that is none' 5 $marker "expires=\"$marker\""
esc=$(printf '\033')
quiet 'escapes in an error text' 5 "$esc" status=401 \
	"body={\"message\":\"a${esc}[31mb\"}"

fresh
service_fail status=401 'body={"message":"bad JWT @JWT@ here"}'
git_get $place
expect_failure 5 'bad JWT'
control jwt | tr . '\n' >"$scratch/parts"
grep -qF -f "$scratch/parts" "$scratch/err" && wrong 'the JWT is on stderr'
verdict 'J13 a refusal that repeats the JWT'

finish
