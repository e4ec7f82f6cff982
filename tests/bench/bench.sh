#!/bin/bash
# Usage: make bench [BENCH_ROUNDS=N]
#
# Cached and refused requests of our helpers beside those of the programs
# that people have today, on a private bus with a real gnome-keyring, whole
# processes in turn. Writes bench.json, prints a table. A peer that is not
# installed is left out, and named.
set -euo pipefail
: "${top_srcdir:?}" "${top_builddir:?}" "${APPTOKEN_PREFIX:?}"
[ -n "${WITH_KEYRING_DIR-}" ] ||
	exec "$top_srcdir/tests/support/with-keyring.sh" "$0"
rounds=${BENCH_ROUNDS:-100}
bin=$APPTOKEN_PREFIX/bin
here=$top_builddir/tests/bench
work=$(mktemp -d)
pids=
finish() {
	git credential-cache --socket "$work/cache/socket" exit 2>/dev/null || :
	for pid in $pids; do
		kill "$pid" 2>/dev/null || :
	done
	rm -rf "$work"
}
trap finish EXIT

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
	-out "$work/key.pem" 2>/dev/null
openssl pkey -in "$work/key.pem" -pubout -out "$work/public.pem"
mkdir "$work/tokend"
"$top_builddir/tests/support/tokend" --dir "$work/tokend" \
	--app "42:$work/public.pem" >"$work/ready" &
pids=$!
for _ in $(seq 200); do
	[ ! -s "$work/ready" ] || break
	sleep 0.05
done
read -r _ url _ <"$work/ready"
"$bin/apptoken" add acme --endpoint "$url" --app-id 42 \
	--ca-file "$work/tokend/ca.pem" --git https://git.a.example \
	--docker registry.a.example --key "$work/key.pem" >/dev/null

printf 'protocol=https\nhost=git.a.example\n\n' >"$work/ours"
printf 'protocol=https\nhost=nobody.example\n\n' >"$work/nobody"
printf registry.a.example >"$work/registry"
printf kept.example >"$work/kept"
login='{"ServerURL":"kept.example","Username":"bob","Secret":"s3cret"}'
printf '%s' "$login" | "$bin/docker-credential-apptoken" store

set -- "$rounds"
add() { # NAME STDIN PROGRAM...
	[ $# -gt 0 ] || return 0
	programs+=("${sep[@]}" "$@")
	sep=(--)
}
programs=()
sep=()
missing=()
add 'empty C program' /dev/null "$here/empty"
add 'git get (not ours)' "$work/nobody" "$bin/git-credential-apptoken" get
add 'git get (cached)' "$work/ours" "$bin/git-credential-apptoken" get
add 'docker get (cached)' "$work/registry" "$bin/docker-credential-apptoken" get
add 'docker get (kept login)' "$work/kept" "$bin/docker-credential-apptoken" get

peer=$here/git-credential-libsecret
contrib=/usr/share/doc/git/contrib/credential/libsecret
if [ ! -x "$peer" ] && [ -f "$contrib/git-credential-libsecret.c" ]; then
	# Built from what git ships, into the build tree, for comparison only.
	# shellcheck disable=SC2046
	cc -O2 -o "$peer" "$contrib/git-credential-libsecret.c" \
		$(pkg-config --cflags --libs libsecret-1 glib-2.0) || :
fi
if [ -x "$peer" ]; then
	printf '%s\n' protocol=https host=git.peer.example username=u \
		password=p '' | "$peer" store >/dev/null
	printf '%s\n' protocol=https host=git.peer.example '' >"$work/peer"
	add 'git-credential-libsecret get' "$work/peer" "$peer" get
else
	missing+=(git-credential-libsecret)
fi
if command -v docker-credential-secretservice >/dev/null; then
	add 'docker-credential-secretservice get' "$work/kept" \
		docker-credential-secretservice get
else
	missing+=(docker-credential-secretservice)
fi
mkdir -m 700 "$work/cache"
printf '%s\n' protocol=https host=git.peer.example username=u password=p '' |
	git credential-cache --socket "$work/cache/socket" store
printf '%s\n' protocol=https host=git.peer.example '' >"$work/cached"
add 'git credential-cache get' "$work/cached" \
	"$(git --exec-path)/git-credential-cache" \
	--socket "$work/cache/socket" get
add 'secret-tool lookup' /dev/null secret-tool lookup app acme part key

"$here/runner" "$rounds" "${programs[@]}" >"$here/bench.json"
echo "$rounds rounds, whole processes in turn; ms, and against an empty process"
awk -F'[:,}]' '{
	gsub(/"/, "")
	name = $2; median = $4; p90 = $6; cpu = $8; peak = $10; status = $12
	if (NR == 1) base = median
	printf "%-36s median %6.2f  p90 %6.2f  cpu %6.2f  peak %6d KiB" \
		"  x %5.1f  exit %d\n", name, median / 1000, p90 / 1000,
		cpu / 1000, peak, median / base, status
}' "$here/bench.json"
[ ${#missing[@]} -eq 0 ] || echo "not installed: ${missing[*]}"
