#!/bin/sh
# What must never happen: secrets in command lines, environments and files
# (S1), core dumps (S2), hostile variables that get through, odd lines on
# stderr, descriptors that are closed or full.
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "${top_srcdir:?}/tests/e2e/lib.sh"

# ---- processes -------------------------------------------------------------

asked() {
	[ "$(stats requests)" -gt 0 ] && control jwt >"$scratch/jwt" 2>&1
}

# slow COMMAND...: sets $front and $keeper, which wait for the endpoint
slow() {
	service_fail times=1 delay_ms=1500
	control reset -d '' >/dev/null
	"$@" <"$scratch/in" >"$scratch/out" 2>"$scratch/err" &
	front=$!
	await asked || wrong 'no request at the endpoint'
	keeper=$(grep -ls "^PPid:[[:space:]]*$front\$" /proc/[0-9]*/status |
		sed 's/[^0-9]//g')
	[ "$(tr '\0' '\n' <"/proc/${keeper:-0}/cmdline" | head -n 1)" = \
		"$APPTOKEN_PREFIX/libexec/apptoken/apptoken-keeper" ] ||
		wrong 'no keeper is at work'
	{
		cat "$scratch/jwt"
		echo
		tr . '\n' <"$scratch/jwt"
		echo
	} >>"$secrets"
}
slow_end() {
	status=0
	wait "$front" || status=$?
	cat "$scratch/err" >>"$errors"
	take_token
}

# Is a secret in what any process tells of itself?
is_shown() {
	sort -u "$secrets" | grep -E '.{8}' >"$scratch/needles"
	# Some are gone by now, some are none of our business.
	cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null |
		tr '\0' '\n' | grep -F -f "$scratch/needles" >/dev/null
}
expect_closed_books() {
	is_shown && wrong 'a secret stands in a command line or an environment'
	kill -0 "$front" || wrong 'the search came too late'
}

# expect_bare PID: only names of the list are in its environment
expect_bare() {
	names='HOME|USER|LOGNAME|TERM|XDG_RUNTIME_DIR|XDG_CONFIG_HOME'
	names="$names|DBUS_SESSION_BUS_ADDRESS|DISPLAY|WAYLAND_DISPLAY"
	names="$names|GIT_TERMINAL_PROMPT|APPTOKEN_CONFIG"
	if tr '\0' '\n' <"/proc/$1/environ" >"$scratch/environ" 2>/dev/null
	then
		grep -q . "$scratch/environ" || wrong 'an environment expected'
		grep -Ev "^($names)=" "$scratch/environ" | sed 's/=.*//' \
			>>"$found"
	elif [ "$(id -u)" = 0 ]; then
		wrong 'root cannot read the environment'
	fi
}

# expect_no_core PID
expect_no_core() {
	grep -Eq '^Max core file size +0 ' "/proc/$1/limits" ||
		wrong 'a core dump is possible'
}

acme_start

fresh
printf 'protocol=https\nhost=git.a.example\n\n' >"$scratch/in"
# From a caller that would dump as large a core as it may.
# shellcheck disable=SC2016
slow sh -c 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"' sh env LD_BIND_NOW=1 \
	https_proxy=http://127.0.0.1:1 SECRET_BACKEND=file \
	git-credential-apptoken get
expect_closed_books
verdict 'S1 git get, minting: no secret in a command line or environment'
expect_bare "$keeper"
verdict 'S1 the keeper has variables of the list only'
expect_no_core "$front"
expect_no_core "$keeper"
verdict 'S2 neither the helper nor the keeper can dump core'
slow_end
expect_status 0
verdict 'S1 the slow mint ended well'
front=$$ # nobody stays in front of what follows

printf 'planted=%s\n' "$token" >"$scratch/planted"
# shellcheck source=/dev/null
(. "$scratch/planted" && export planted && exec sleep 10) &
planted_pid=$!
await is_shown || wrong 'the search does not find what is there'
kill "$planted_pid"
wait "$planted_pid" 2>/dev/null
verdict 'S1 the search would have found one in an environment'

token_age 2800
git_in=$scratch/in
printf %s registry.a.example >"$git_in"
service_fail times=1 delay_ms=700
control reset -d '' >/dev/null
run docker-credential-apptoken get <"$git_in"
take_token
expect_status 0
await asked || wrong 'no refresh in the background'
expect_closed_books
verdict 'S1 a refresh in the background: no secret in what it shows'
minted() {
	[ "$(stats mints)" = 1 ]
}
await minted || wrong 'the refresh must end'

run apptoken token acme
plain_token
printf 'protocol=https\nhost=git.a.example\npassword=%s\n\n' "$token" \
	>"$scratch/erase"
run git-credential-apptoken erase <"$scratch/erase"
rm "$scratch/erase"
expect_silence
cat "$scratch/acme.pem" >"$scratch/in"
slow apptoken add fresh --endpoint "$endpoint" --app-id 42 --ca-file "$ca" \
	--key -
expect_closed_books
slow_end
expect_status 0
run apptoken remove fresh --yes
verdict 'S1 add: the key is in no command line or environment'

# ---- files -----------------------------------------------------------------

# Everything below the private directory but the encrypted keyring itself.
TMPDIR=$WITH_KEYRING_DIR/tmp
mkdir "$TMPDIR"
export TMPDIR
fresh
git_get git.a.example
docker_get registry.a.example
first=$token
printf '{"ServerURL":"%s","Username":"apptoken","Secret":"%s"}\n' \
	registry.a.example "$token" >"$scratch/in"
run docker-credential-apptoken store <"$scratch/in"
expect_silence
for option in --header --json --force; do
	run apptoken token acme $option
	plain_token
	expect_status 0
done
token_age 2800
control reset -d '' >/dev/null
git_get git.a.example
await minted || wrong 'no refresh in the background'
for body in '@JWT@' '{"message":"no: @JWT@"}' '{"accessToken":"@TOKEN@"'; do
	service_fail status=401 "body=$body"
	run apptoken token acme --force
	expect_failure 5
done
service_fail 'token=half of
a token'
run apptoken token acme --force
expect_failure 5
service_ok
run apptoken add fresh --endpoint "$endpoint" --app-id 42 --ca-file "$ca" \
	--key "$scratch/acme.pem"
expect_status 0
run apptoken remove fresh --yes
run apptoken status --json
search() {
	sort -u "$secrets" | grep -E '.{8}' >"$scratch/needles"
	grep -rlF -f "$scratch/needles" --exclude-dir=keyrings \
		"$WITH_KEYRING_DIR" 2>/dev/null
}
search | sed 's/^/a secret stands in /' >>"$found"
expect '' "$(ls -A "$TMPDIR")" 'files in TMPDIR'
verdict 'S1 after a day of work no file holds a token, a JWT or a key'
printf 'here: %s\n' "$first" >"$TMPDIR/planted"
expect "$TMPDIR/planted" "$(search)" 'what the search finds'
rm "$TMPDIR/planted"
verdict 'S1 the search would have found one'

# ---- variables -------------------------------------------------------------

fresh
forget acme
for call in 'apptoken token acme' 'apptoken status' 'apptoken forget acme'; do
	# shellcheck disable=SC2086
	run env -u HOME $call
	expect_status 0
	[ ! -s "$scratch/err" ] || show
done
printf 'protocol=https\nhost=git.a.example\n\n' >"$scratch/in"
run env -u HOME git-credential-apptoken get <"$scratch/in"
take_token
expect_answer
run env -i PATH="$PATH" XDG_CONFIG_HOME="$XDG_CONFIG_HOME" \
	XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" apptoken token acme
plain_token
expect_status 0
verdict 'S5 works with HOME unset when the XDG directories are given'
run env -u HOME -u XDG_CONFIG_HOME apptoken token acme
expect_failure 7 HOME
verdict 'S5 with neither it says which variable is missing'

tokend_start recorder --app "42:$scratch/acme.pub"
recorder=http://127.0.0.1:$(cat "$scratch/recorder/port")
cat >"$scratch/preload.c" <<END
#include <fcntl.h>
#include <unistd.h>
static void __attribute__((constructor)) loaded(void)
{
	char name[256] = "";
	int from = open("/proc/self/comm", O_RDONLY);
	int to = open("$scratch/loaded", O_WRONLY | O_APPEND | O_CREAT, 0600);
	if (write(to, name, (size_t)read(from, name, sizeof(name))) < 0)
		_exit(1);
	close(from);
	close(to);
}
END
${APPTOKEN_CC:-cc} -shared -fPIC -o "$scratch/preload.so" \
	"$scratch/preload.c" || wrong 'the compiler makes no library'
mkdir "$scratch/modules"
cp "$scratch/preload.so" "$scratch/modules/libgiorecorder.so"
echo 'default-priority NONE' >"$scratch/priorities"

# hostile COMMAND...: with every variable of which something is known
hostile() {
	run env SSLKEYLOGFILE="$scratch/keylog" \
		https_proxy="$recorder" HTTPS_PROXY="$recorder" \
		http_proxy="$recorder" ALL_PROXY="$recorder" \
		all_proxy="$recorder" CURL_CA_BUNDLE="$scratch/nowhere" \
		SSL_CERT_FILE="$scratch/nowhere" SSL_CERT_DIR="$scratch" \
		NETRC="$scratch/nowhere" CURL_HOME="$scratch" \
		GNUTLS_DEBUG_LEVEL=99 \
		GNUTLS_SYSTEM_PRIORITY_FILE="$scratch/priorities" \
		GIO_EXTRA_MODULES="$scratch/modules" \
		GIO_MODULE_DIR="$scratch/modules" G_MESSAGES_DEBUG=all \
		G_DBUS_DEBUG=all GIO_USE_VFS=recorder \
		SECRET_BACKEND=file SECRET_FILE_TEST_PASSWORD=x \
		SECRET_FILE_TEST_PATH="$scratch/secretfile" \
		SECRET_SERVICE_BUS_NAME=org.example.Recorder \
		MALLOC_TRACE="$scratch/trace" LOCPATH="$scratch" \
		LD_PRELOAD="$preload" "$@"
}
preload=$scratch/preload.so
sanitized && preload=
fresh
printf 'protocol=https\nhost=git.a.example\n\n' >"$scratch/in"
hostile git-credential-apptoken get <"$scratch/in"
take_token
expect_answer
expect_stat mints 1
hostile apptoken token acme --force
plain_token
expect_status 0
[ ! -s "$scratch/err" ] || {
	wrong 'nothing expected on stderr'
	show
}
for file in keylog secretfile trace; do
	[ ! -e "$scratch/$file" ] || wrong "$file was written"
done
expect 0 "$(curl -q -fsS --noproxy '*' \
	"http://127.0.0.1:$(cat "$scratch/recorder/control")/stats/connections")" \
	'connections to the proxy'
# The fronts are the person's own processes; the keeper is not.
: >>"$scratch/loaded"
sort -u "$scratch/loaded" | tr '\n' ' ' >"$scratch/who"
sanitized || grep -q git-credential "$scratch/who" ||
	wrong 'the recorder records nothing'
grep -q keeper "$scratch/who" && wrong 'the keeper loaded the library'
verdict 'hostile variables do not reach the keeper'

config_new
config_app acme "endpoint = $endpoint" 'app-id = 42'
for name in CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR; do
	run env "$name=$ca" apptoken token acme --force
	expect_failure 6 certificate
done
verdict 'no variable makes an endpoint trusted'

# ---- lines -----------------------------------------------------------------

# expect_plain: at most one line of 300 bytes, printable ASCII, ours
expect_plain() {
	[ "$status" -lt 126 ] || show
	[ -s "$scratch/err" ] || {
		wrong 'a line expected'
		show
	}
	expect_line
	tr -d '\n' <"$scratch/err" | grep -q '[^ -~]' &&
		wrong 'a byte that is not printable ASCII'
}
fresh
odd=$(printf 'a\033[31m\001\177\303\244\t\nb')
long=$(head -c 3000 /dev/zero | tr '\0' x)
for text in "$odd" "$long" "$long$odd"; do
	service_fail status=401 "body={\"message\":\"$(printf %s "$text" |
		sed 's/"/\\"/g' | tr -d '\001-\037')\\u001b[31m\\u0000 ä\"}"
	run apptoken token acme --force
	expect_plain
	service_fail status=401 "body=$text"
	run apptoken token acme --force
	expect_plain
	run apptoken token "$text"
	expect_plain
	run apptoken "$text"
	expect_plain
	run apptoken token acme "--$text"
	expect_plain
	run apptoken add "$text" --endpoint "$endpoint" --key x
	expect_plain
	run apptoken add new --endpoint "$text" --app-id 1 --key x
	expect_plain
	run apptoken add new --endpoint "$endpoint" --app-id 1 --key "$text"
	expect_plain
	run apptoken add new --endpoint "$endpoint" --app-id 1 \
		--provider "$text" --key "$scratch/acme.pem"
	expect_plain
	run apptoken add new --endpoint "$endpoint" --app-id 1 "--$text" x \
		--key "$scratch/acme.pem"
	expect_plain
	run docker-credential-apptoken "$text" </dev/null
	expect_plain
	run git-credential-apptoken "$text" get </dev/null
	expect_plain
	printf 'no sense: %s\n\n' "$(printf %s "$text" | tr -d '\n')" \
		>"$scratch/in"
	run docker-credential-apptoken store <"$scratch/in"
	expect_plain
done
service_ok
deep=$scratch
for part in 1 2 3; do
	deep=$deep/$part$(head -c 200 /dev/zero | tr '\0' y)
done
mkdir -p "$deep/apptoken"
{
	cat "$config"
	printf '[x]\ncolour\033 = %s\n' "$odd"
} >"$deep/apptoken/config"
run env XDG_CONFIG_HOME="$deep" apptoken token x
expect_plain
chmod 0666 "$deep/apptoken/config"
run env XDG_CONFIG_HOME="$deep" apptoken token acme
expect_plain
verdict 'R stderr is one line of at most 300 bytes of printable ASCII'

# ---- descriptors -----------------------------------------------------------

fresh
run apptoken token acme
plain_token
first=$token
printf 'protocol=https\nhost=git.a.example\n\n' >"$scratch/git"
printf %s registry.a.example >"$scratch/docker"

# closed REDIRECTION EXPECTATION: each program with it, and what of it
closed() {
	for call in 'apptoken token acme' 'apptoken status' \
		'git-credential-apptoken get' 'docker-credential-apptoken get' \
		'docker-credential-apptoken list' 'apptoken --help'; do
		input=/dev/null
		case $call in
		git*) input=$scratch/git ;;
		docker*get) input=$scratch/docker ;;
		esac
		run sh -c "exec $call $1" <"$input"
		"$2" "$call"
	done
}
failed_plainly() {
	{ [ "$status" -gt 0 ] && [ "$status" -lt 126 ]; } ||
		wrong "$1: a failure expected, not $status"
}
failed_in_words() {
	failed_plainly "$1"
	expect_line
}
# git has nothing to be answered when it asks nothing.
failed_unless_git() {
	case $1 in
	git*) worked "$1" ;;
	*) failed_plainly "$1" ;;
	esac
}
worked() {
	[ "$status" = 0 ] || wrong "$1: status 0 expected, not $status"
}
answered() {
	case $1 in
	*get) [ "$status" -lt 126 ] || wrong "$1: status $status" ;;
	*) worked "$1" ;;
	esac
}
closed '>&-' failed_in_words
verdict 'a closed stdout is a failure'
closed '>/dev/full' failed_in_words
verdict 'a full stdout is a failure'
closed '2>&-' worked
verdict 'a closed stderr is no failure'
closed '<&-' answered
verdict 'a closed stdin is an empty one'
closed '<&- >&- 2>&-' failed_unless_git
verdict 'with all three closed the failure shows in the status'
service_revoke
for close in '>&-' '2>&-' '<&- >&- 2>&-' '>/dev/full'; do
	run sh -c "exec apptoken token acme --force $close"
	plain_token
done
run apptoken token acme
plain_token
expect_status 0
expect_new_token "$first"
run apptoken status acme
expect_status 0
verdict 'none of it does harm to key, cache or configuration'

finish
