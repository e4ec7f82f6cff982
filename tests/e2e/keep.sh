#!/bin/sh
# Kept logins, beside the helpers whose items they are: git's for libsecret,
# built here from the source that git ships, and docker's for the Secret
# Service. The cases G43 to G46, D12, D16, D19 and D24.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

contrib=/usr/share/doc/git/contrib/credential/libsecret
peer=$scratch/git-credential-libsecret
newer=$scratch/git-credential-libsecret-newer
old_schema=org.gnome.keyring.NetworkPassword
new_schema=org.git.Password

# git's helper as it is, with the old schema; and as git 2.41 and later have
# it for a password alone: the new schema for writing.
peer_make() {
	# shellcheck disable=SC2046 # several words
	"${APPTOKEN_CC:-cc}" -w -o "$1" "$2" \
		$(pkg-config --cflags --libs libsecret-1 glib-2.0) ||
		bail_out "git's helper for libsecret cannot be built"
}
peer_make "$peer" $contrib/git-credential-libsecret.c
{
	cat <<'END'
#include <libsecret/secret.h>
static const SecretSchema newer = { "org.git.Password", SECRET_SCHEMA_NONE, {
	{ "user", SECRET_SCHEMA_ATTRIBUTE_STRING },
	{ "object", SECRET_SCHEMA_ATTRIBUTE_STRING },
	{ "protocol", SECRET_SCHEMA_ATTRIBUTE_STRING },
	{ "port", SECRET_SCHEMA_ATTRIBUTE_INTEGER },
	{ "server", SECRET_SCHEMA_ATTRIBUTE_STRING },
	{ NULL, 0 } } };
END
	sed 's/SECRET_SCHEMA_COMPAT_NETWORK/\&newer/' \
		$contrib/git-credential-libsecret.c
} >"$scratch/newer.c"
peer_make "$newer" "$scratch/newer.c"

# ours OPERATION LINE...
ours() {
	operation=$1
	shift
	printf '%s\n' "$@" '' >"$scratch/in"
	run git-credential-apptoken --keep-logins "$operation" <"$scratch/in"
	take_token
}

# theirs PROGRAM OPERATION LINE...
theirs() {
	program=$1 operation=$2
	shift 2
	printf '%s\n' "$@" '' >"$scratch/in"
	run "$program" "$operation" <"$scratch/in"
}

# expect_login USER PASSWORD: these two lines alone, and nothing on stderr
expect_login() {
	printf 'username=%s\npassword=%s\n' "$1" "$2" >"$scratch/want"
	[ "$status" = 0 ] && [ ! -s "$scratch/err" ] &&
		cmp -s "$scratch/want" "$scratch/out" && return
	wrong "the login of '$1' expected"
	show
}

expect_items() {
	expect "$1" "$(keyring_items)" 'items in the keyring'
}

# expect_schema NAME COUNT: so many items of that schema for git.b.example
expect_schema() {
	expect "$2" "$(secret-tool search --all server git.b.example \
		xdg:schema "$1" 2>&1 | grep -c '^label = ')" "items of $1"
}

acme_start
fresh
none=$(keyring_items)
b='protocol=https host=git.b.example'

# ---- git -------------------------------------------------------------------

# shellcheck disable=SC2086 # several lines
{
	ours store $b username=person password=geheim-one
	expect_silence
	expect_items $((none + 1))
	ours get $b
	expect_login person geheim-one
	ours erase $b username=person password=geheim-one
	expect_silence
	expect_items "$none"
	ours get $b
	expect_silence
	verdict 'G43 store, get and erase of a place of nobody: a round trip'

	ours store $b username=person password=geheim-one \
		password_expiry_utc=4102444800 oauth_refresh_token=refresh-one
	ours get $b
	printf '%s\n' username=person password=geheim-one \
		password_expiry_utc=4102444800 \
		oauth_refresh_token=refresh-one >"$scratch/want"
	cmp -s "$scratch/want" "$scratch/out" || show
	ours store $b username=person password=geheim-two
	ours get $b
	expect_login person geheim-two
	expect_items $((none + 1))
	ours erase $b
	verdict 'G43 an expiry and a refresh token are kept, and replaced'

	git_ask store $b username=person password=geheim-one
	expect_silence
	expect_items "$none"
	ours store $b username=person password=geheim-one
	git_ask get $b
	expect_silence
	git_ask erase $b
	expect_silence
	expect_items $((none + 1))
	ours erase $b
	expect_items "$none"
	verdict 'G43 without the option nothing is kept, answered or erased'
}

# both_ways NAME PROGRAM LINE...: a place, in each helper's items
both_ways() {
	name=$1 program=$2
	shift 2
	ours store "$@" username=person 'password=geheim "one" \='
	expect_silence
	if [ "$program" = "$newer" ]; then
		theirs "$program" get "$@"
		expect_login person 'geheim "one" \='
		theirs "$program" erase "$@" username=person
		expect_items "$none"
	fi
	ours erase "$@"
	expect_items "$none"
	theirs "$program" store "$@" username=person 'password=geheim "two" \='
	expect_status 0
	expect_items $((none + 1))
	ours get "$@"
	expect_login person 'geheim "two" \='
	ours get "$@" username=person
	expect_login person 'geheim "two" \='
	ours get "$@" username=other
	expect_silence
	ours erase "$@" username=person 'password=geheim "two" \='
	expect_silence
	expect_items "$none"
	theirs "$program" get "$@"
	grep -q password "$scratch/out" && wrong 'an erased login is answered'
	verdict "G43 $name: git's helper and ours read each other's item"
}

for schema in $old_schema $new_schema; do
	program=$peer
	[ "$schema" = $old_schema ] || program=$newer
	both_ways "$schema, a host" "$program" protocol=https \
		host=git.b.example
	both_ways "$schema, a port" "$program" protocol=https \
		host=git.b.example:8443
	both_ways "$schema, a path" "$program" protocol=https \
		host=git.b.example path=team/a.git
	both_ways "$schema, IPv6 with a port" "$program" protocol=https \
		'host=[2001:db8::1]:8443' path=team/a.git
	both_ways "$schema, unicode" "$program" protocol=https \
		host=bücher.example 'path=東/"a".git'
done

# shellcheck disable=SC2086 # several lines
{
	theirs "$peer" store $b username=person password=geheim-old
	expect_schema $old_schema 1
	ours store $b username=person password=geheim-new
	expect_schema $old_schema 0
	expect_schema $new_schema 1
	ours get $b
	expect_login person geheim-new
	expect_items $((none + 1))
	theirs "$peer" store $b username=person password=geheim-old
	expect_items $((none + 2))
	ours erase $b
	expect_items "$none"
	verdict 'G43 an old item is replaced by a new one; both are erased'

	ours store $b username=first password=geheim-one
	ours store $b username=second password=geheim-two
	expect_items $((none + 2))
	ours get $b username=first
	expect_login first geheim-one
	ours get $b username=second
	expect_login second geheim-two
	ours erase $b username=first password=geheim-one
	ours get $b username=first
	expect_silence
	ours get $b username=second
	expect_login second geheim-two
	expect_items $((none + 1))
	verdict 'G44 two users: each by name, erasing one leaves the other'

	ours erase $b username=second password=geheim-one
	expect_silence
	ours get $b
	expect_login second geheim-two
	ours erase $b password=geheim-one
	expect_silence
	expect_items $((none + 1))
	ours erase $b
	expect_items "$none"
	verdict 'G45 erase with another password leaves the kept one'

	ours store $b username=person password=geheim-one
	for line in '' protocol=https username=person password=geheim-one; do
		ours erase "$line"
		expect_silence
	done
	expect_items $((none + 1))
	ours erase $b
	verdict 'G30 erase that names no place erases nothing'
}

fresh
git_get git.a.example
first=$token
items=$(keyring_items)
ours store protocol=https host=git.a.example username=apptoken \
	"password=$first"
expect_silence
ours store protocol=https host=git.a.example username=apptoken \
	password=geheim-one
expect_silence
ours store protocol=https host=git.a.example username=person \
	password=geheim-one path=team/a.git
expect_silence
expect_items "$items"
ours get protocol=https host=git.a.example
expect_answer
expect_same_token "$first"
verdict 'G46 store for a managed place keeps nothing and says nothing'
forget acme

# ---- docker ----------------------------------------------------------------

# docker_ask PROGRAM VERB TEXT
docker_ask() {
	printf '%s' "$3" >"$scratch/in"
	run "$1" "$2" <"$scratch/in"
}

# docker_store PROGRAM SERVER USER SECRET
docker_store() {
	program=$1
	shift
	printf '{"ServerURL":"%s","Username":"%s","Secret":"%s"}\n' "$@" \
		>"$scratch/in"
	run "$program" store <"$scratch/in"
}

# expect_docker SERVER USER SECRET: this one line, and nothing on stderr
expect_docker() {
	printf '{"ServerURL":"%s","Username":"%s","Secret":"%s"}\n' "$@" \
		>"$scratch/want"
	[ "$status" = 0 ] && [ ! -s "$scratch/err" ] &&
		cmp -s "$scratch/want" "$scratch/out" && return
	wrong "the login of '$2' for '$1' expected"
	show
}

expect_docker_none() {
	printf 'credentials not found in native keychain\n' >"$scratch/want"
	[ "$status" = 1 ] && cmp -s "$scratch/want" "$scratch/out" && return
	wrong 'not found expected'
	show
}

# expect_list TEXT
expect_list() {
	printf '%s\n' "$1" >"$scratch/want"
	[ "$status" = 0 ] && [ ! -s "$scratch/err" ] &&
		cmp -s "$scratch/want" "$scratch/out" && return
	wrong "the list '$1' expected"
	show
}

us=docker-credential-apptoken
them=docker-credential-secretservice
other=registry.b.example:5000

fresh
docker_store $us $other person geheim-one
expect_silence
docker_ask $us get $other
expect_docker $other person geheim-one
docker_ask $us erase $other
expect_silence
docker_ask $us get $other
expect_docker_none
expect_items "$none"
verdict 'D12 a login for another registry is kept, answered and erased'

docker_store $us $other first geheim-one
docker_store $us $other second geheim-two
expect_silence
docker_ask $us get $other
expect_docker $other second geheim-two
docker_ask $us list ''
expect_list "{\"$other\":\"second\"}"
expect_items $((none + 1))
verdict 'D16 a second user takes the place of the first'

docker_get registry.a.example
docker_ask $us list ''
tr '{}' ',,' <"$scratch/out" | tr ',' '\n' | sort >"$scratch/got"
printf '%s\n' '' '' "\"$other\":\"second\"" \
	'"registry.a.example":"apptoken"' | sort >"$scratch/want"
diff "$scratch/want" "$scratch/got" >/dev/null || {
	wrong 'a list of the kept login and of the managed registry expected'
	show
}
for server in $other registry.a.example; do
	docker_ask $us get "$server"
	take_token
	expect_status 0
	docker_ask $us erase "$server"
	expect_silence
done
docker_ask $us list ''
expect_list '{}'
expect_items "$none"
verdict 'D19 kept logins and managed registries; every key can be erased'

docker_store $us https://index.docker.io/v1/ person geheim-one
docker_ask $them get https://index.docker.io/v1/
expect_docker https://index.docker.io/v1/ person geheim-one
docker_ask $them list ''
expect_list '{"https://index.docker.io/v1/":"person"}'
docker_store $them $other 'q \"b\" \\ ü' 'geheim \\ \"two\"'
docker_ask $us get $other
expect_docker $other 'q \"b\" \\ ü' 'geheim \\ \"two\"'
docker_ask $us erase $other
expect_silence
docker_ask $them get $other
expect_docker_none
docker_ask $them erase https://index.docker.io/v1/
docker_ask $us get https://index.docker.io/v1/
expect_docker_none
expect_items "$none"
verdict "D24 docker's own helper and ours read and erase each other's logins"

finish
