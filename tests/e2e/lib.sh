# shellcheck shell=sh
# What the end-to-end scripts share. They source it first: it starts the
# script again below with-keyring.sh, so that bus, keyring, HOME and the XDG
# directories are the script's own, and it goes with an environment in which
# nothing of the machine's certificates, proxies or git settings is left.
#
# A case: calls, expect_... lines that write what is wrong into $found, and
# `verdict NAME`, which adds the search for secrets on stderr. No expectation
# ever prints a token.

set -u
: "${top_srcdir:?}" "${top_builddir:?}" "${APPTOKEN_PREFIX:?}"
[ -n "${WITH_KEYRING_DIR-}" ] ||
	exec "$top_srcdir/tests/support/with-keyring.sh" "$0"
# shellcheck source=tests/structure/tap.sh
. "$top_srcdir/tests/structure/tap.sh"

PATH=$APPTOKEN_PREFIX/bin:$PATH
LC_ALL=C.UTF-8
TZ=UTC
GIT_CONFIG_NOSYSTEM=1
GIT_CONFIG_GLOBAL=$scratch/gitconfig
GIT_TERMINAL_PROMPT=0
ca=$scratch/tokend/ca.pem
GIT_SSL_CAINFO=$ca
SSL_CERT_FILE=$ca
CURL_CA_BUNDLE=$ca
export PATH LC_ALL TZ GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL \
	GIT_TERMINAL_PROMPT GIT_SSL_CAINFO SSL_CERT_FILE CURL_CA_BUNDLE
unset APPTOKEN_CONFIG ALL_PROXY HTTPS_PROXY HTTP_PROXY NO_PROXY all_proxy \
	http_proxy https_proxy no_proxy SSL_CERT_DIR SSLKEYLOGFILE \
	GIT_ASKPASS SSH_ASKPASS DOCKER_CONFIG

config=$XDG_CONFIG_HOME/apptoken/config
providers=$XDG_CONFIG_HOME/apptoken/providers
mkdir -p "$providers"
secrets=$scratch/secrets
errors=$scratch/errors
: >"$secrets"
: >"$errors"
: >"$GIT_CONFIG_GLOBAL"
children=

# A pid that has ended may be somebody else's by now.
is_child() {
	grep -qs "^PPid:[[:space:]]*$$\$" "/proc/$1/status"
}

stop_all() {
	for pid in $children; do
		is_child "$pid" && kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	rm -rf "$scratch"
}
trap stop_all EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

bail_out() {
	[ ! -s "$scratch/keyring.log" ] || sed 's/^/# /' "$scratch/keyring.log"
	echo "Bail out! $1"
	exit 99
}

# await COMMAND...: wait for what becomes true soon, at most 10 s.
await() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 400 ] || return 1
		sleep 0.025
	done
}

now_ms() {
	date +%s%3N
}

# ---- the token service -----------------------------------------------------

# key_make NAME: $scratch/NAME.pem, an RSA key, and its public NAME.pub
key_make() {
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
		-out "$scratch/$1.pem" 2>/dev/null ||
		bail_out 'openssl makes no key'
	openssl pkey -in "$scratch/$1.pem" -pubout -out "$scratch/$1.pub"
	grep -v -e ----- "$scratch/$1.pem" >>"$secrets"
}

# tokend_start NAME [OPTION]...: its files are in $scratch/NAME; $tokend_pid
tokend_start() {
	dir=$scratch/$1
	shift
	mkdir "$dir"
	"$top_builddir/tests/support/tokend" --dir "$dir" "$@" </dev/null \
		>"$dir/ready" 2>"$dir/log" &
	tokend_pid=$!
	children="$children $tokend_pid"
	await grep -qs '^ready' "$dir/ready" || bail_out 'tokend does not start'
}

# tokend_stop PID
tokend_stop() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null
}

# tokend_use NAME: sets $control, $port and $endpoint to those of that one
tokend_use() {
	control=$(cat "$scratch/$1/control")
	port=$(cat "$scratch/$1/port")
	endpoint=https://127.0.0.1:$port
}

# control PATH [curl option]...
control() {
	path=$1
	shift
	curl -q -fsS --noproxy '*' "$@" "http://127.0.0.1:$control/$path"
}

stats() {
	control "stats/$1"
}

# service_fail FIELD=VALUE...: a rule, see tokend's /fail
service_fail() {
	for field in "$@"; do
		shift
		set -- "$@" --data-urlencode "$field"
	done
	control fail "$@" >/dev/null
}

service_ok() {
	control ok -d '' >/dev/null
}

service_revoke() {
	control revoke -d '' >/dev/null
}

service_life() {
	control life -d "s=$1" >/dev/null
}

# service_clock SECONDS [FIELD=VALUE]: that much ahead of ours
service_clock() {
	control clock -d "offset=$1${2+&}${2-}" >/dev/null
}

# ---- configuration ---------------------------------------------------------

config_new() {
	: >"$config"
}

# config_app NAME LINE...: a section
config_app() {
	printf '[%s]\n' "$1" >>"$config"
	shift
	printf '%s\n' "$@" >>"$config"
}

# config_acme [LINE]...: the usual app alone, and these lines in it
config_acme() {
	config_new
	config_app acme "endpoint = $endpoint" 'app-id = 42' 'org-id = 10' \
		"ca-file = $ca" 'git = https://git.a.example' \
		"git = $endpoint" 'docker = registry.a.example' "$@"
}

# profile NAME: a provider profile from standard input
profile() {
	cat >"$providers/$1.conf"
}

# app_add NAME ID KEY [OPTION]...: for real
app_add() {
	name=$1 id=$2 key=$3
	shift 3
	run apptoken add "$name" --endpoint "$endpoint" --app-id "$id" \
		--ca-file "$ca" --key "$scratch/$key.pem" "$@"
}

# forget APP: its cached token, and what its lock file tells of earlier mints
forget() {
	apptoken forget "$1" || bail_out "apptoken forget $1"
	rm -f "$XDG_RUNTIME_DIR/apptoken/$1.lock"
}

# fresh_with LINE...: nothing cached, the usual configuration and these lines,
# a friendly service, counts of 0
fresh_with() {
	config_acme "$@"
	forget acme
	service_ok
	service_life 3600
	service_clock 0
	control reset -d '' >/dev/null
}

fresh() {
	set --
	fresh_with "$@"
}

# acme_start_with OPTION...: the usual service, with these options; key, app
acme_start_with() {
	key_make acme
	tokend_start tokend --app "42:$scratch/acme.pub" "$@"
	tokend_use tokend
	app_add acme 42 acme --org-id 10 --git https://git.a.example \
		--docker registry.a.example
	[ "$status" = 0 ] || bail_out "apptoken add: $(mask <"$scratch/err")"
}

acme_start() {
	set --
	acme_start_with "$@"
}

# ---- calls -----------------------------------------------------------------

# run COMMAND...: sets $status; its output is in $scratch/out and /err
run() {
	status=0
	"$@" >"$scratch/out" 2>"$scratch/err" || status=$?
	cat "$scratch/err" >>"$errors"
}

# take_token: sets $token from the last answer, whatever asked for it
take_token() {
	token=$(sed -n -e 's/^password=//p' -e 's/^credential=//p' \
		-e 's/.*"Secret":"\([^"]*\)".*/\1/p' "$scratch/out")
	[ -z "$token" ] || printf '%s\n' "$token" >>"$secrets"
}

# git_ask OPERATION LINE...: the lines and an empty one
git_ask() {
	operation=$1
	shift
	printf '%s\n' "$@" '' >"$scratch/in"
	run git-credential-apptoken "$operation" <"$scratch/in"
	take_token
}

# git_bytes OPERATION: standard input as it stands
git_bytes() {
	run git-credential-apptoken "$1"
	take_token
}

# git_get HOST [LINE]...
git_get() {
	host=$1
	shift
	git_ask get protocol=https "host=$host" "$@"
}

# docker_get SERVER
docker_get() {
	printf '%s' "$1" >"$scratch/in"
	run docker-credential-apptoken get <"$scratch/in"
	take_token
}

# answer KEY: that value of the last answer to git
answer() {
	sed -n "s/^$1=//p" "$scratch/out"
}

# plain_token: $token from an answer that is the token alone, or JSON
plain_token() {
	token=$(sed -e 's/.*"token":"\([^"]*\)".*/\1/' \
		-e 's/^Authorization: Bearer //' "$scratch/out")
	[ -z "$token" ] || printf '%s\n' "$token" >>"$secrets"
}

# on_terminal QUESTION ANSWER COMMAND...: run it on a terminal of its own and
# answer once; all that the terminal shows is in $scratch/out
on_terminal() {
	cat >"$scratch/terminal" <<'END'
set timeout 10
log_user 1
set question [lindex $argv 0]
set reply [lindex $argv 1]
spawn -noecho {*}[lrange $argv 2 end]
expect {
	-ex $question { send -- "$reply\r" }
	timeout { exit 98 }
	eof {}
}
expect {
	timeout { exit 98 }
	eof {}
}
exit [lindex [wait] 3]
END
	run env expect "$scratch/terminal" "$@" # not the function
	cat "$scratch/out" >>"$errors"
}

# unprivileged COMMAND...: as run does, but the modes of files count for root
unprivileged() {
	[ "$(id -u)" = 0 ] && set -- setpriv --securebits=+noroot \
		--bounding-set=-all --inh-caps=-all "$@"
	run "$@"
}

# ---- expectations ----------------------------------------------------------

mask() {
	tr -c '[:print:]\n' '?' |
		sed -e 's/^\(password\|credential\)=..*/\1=(masked)/' \
			-e 's/\("Secret":"\)[^"]*/\1(masked)/' \
			-e 's/[A-Za-z0-9_.+-]\{40,\}/(masked)/g' | cut -c 1-300
}

wrong() {
	printf '%s\n' "$1" | mask >>"$found"
}

show() {
	{
		echo "status $status, stdout:"
		head -n 8 "$scratch/out"
		echo 'stderr:'
		head -n 4 "$scratch/err"
	} | mask >>"$found"
}

expect_status() {
	[ "$status" = "$1" ] && return
	wrong "status $1 expected"
	show
}

expect_no_output() {
	[ ! -s "$scratch/out" ] && return
	wrong 'nothing expected on stdout'
	show
}

# Both empty, exit 0.
expect_silence() {
	[ "$status" = 0 ] && [ ! -s "$scratch/out" ] &&
		[ ! -s "$scratch/err" ] && return
	wrong 'silence and exit 0 expected'
	show
}

# expect_line TEXT...: one line on stderr, of our form, with these texts
expect_line() {
	case $(wc -l <"$scratch/err")-$(head -c 10 "$scratch/err") in
	1-'apptoken: ') ;;
	*)
		wrong 'one line on stderr expected'
		show
		;;
	esac
	[ "$(wc -c <"$scratch/err")" -le 300 ] || wrong 'the line is too long'
	for text in "$@"; do
		grep -qF -e "$text" "$scratch/err" && continue
		wrong "'$text' expected on stderr"
		show
	done
}

# expect_failure STATUS TEXT...: nothing on stdout and one line
expect_failure() {
	expect_status "$1"
	shift
	expect_no_output
	expect_line "$@"
}

# expect_answer_of USER: three lines and no more; nothing on stderr
expect_answer_of() {
	expect_keys username password password_expiry_utc
	[ "$(answer username)" = "$1" ] || wrong "user '$1' expected"
}

expect_answer() {
	expect_answer_of apptoken
}

# expect_keys KEY...: the answer has these keys in this order and no others
expect_keys() {
	keys=$(sed 's/=.*//' "$scratch/out" | tr '\n' ' ')
	[ "$status" = 0 ] && [ "$keys" = "$* " ] && [ -n "$token" ] &&
		[ ! -s "$scratch/err" ] && return
	wrong "an answer of '$*' expected"
	show
}

# expect WANTED GOT WHAT
expect() {
	[ "$2" = "$1" ] || wrong "$3: $1 expected, not '$2'"
}

# expect_stat NAME NUMBER
expect_stat() {
	expect "$2" "$(stats "$1")" "count of $1"
}

# The last answer's token is this one, or is another.
expect_same_token() {
	[ -n "$1" ] && [ "$token" = "$1" ] && return
	wrong 'the same token expected'
}
expect_new_token() {
	[ -n "$token" ] && [ "$token" != "$1" ] && return
	wrong 'a new token expected'
}

# expect_within MS SINCE_MS: "at once" is told from a wait, not measured
expect_within() {
	took=$(($(now_ms) - $2))
	[ "$took" -lt "$1" ] || wrong "$took ms, less than $1 expected"
}

# verdict NAME: the case's line; no secret may stand on the stderr of any call
verdict() {
	control jwt 2>/dev/null | tr '.' '\n' >>"$secrets"
	echo >>"$secrets"
	sort -u "$secrets" | grep -E '.{8}' >"$secrets.all"
	mv "$secrets.all" "$secrets"
	grep -qF -f "$secrets" "$errors" && wrong 'a secret stands on stderr'
	: >"$errors"
	check "$1"
}

# shellcheck source=tests/e2e/lib_keyring.sh
. "$top_srcdir/tests/e2e/lib_keyring.sh"

# sanitized: is this the build with sanitizers? Its address space is huge and
# it must be the first library that is loaded.
sanitized() {
	case ${APPTOKEN_SANITIZERS-} in
	'' | no) return 1 ;;
	esac
}
