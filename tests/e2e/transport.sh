#!/bin/sh
# How a request gets to the endpoint: certificates, proxies; and a keyring
# that dies meanwhile.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

acme_start
proxy_log=$scratch/proxy-log
: >"$proxy_log"
"$top_builddir/tests/support/connectproxy" "$proxy_log" \
	>"$scratch/proxy-ready" </dev/null &
children="$children $!"
await grep -qs '^ready' "$scratch/proxy-ready" ||
	bail_out 'the proxy does not start'
proxy=http://127.0.0.1:$(sed 's/^ready //' "$scratch/proxy-ready")

expect_proxied() {
	[ "$(grep -c '^CONNECT ' "$proxy_log")" = "$1" ] ||
		wrong "$1 requests through the proxy expected"
}

# ---- J11: ca-file and proxy ------------------------------------------------

fresh
git_get git.a.example
expect_status 0
expect_stat mints 1
verdict 'J11 ca-file is the certificate authority that is trusted'

tokend_start stranger --app "42:$scratch/acme.pub"
ours=$ca
ca=$scratch/stranger/ca.pem
config_acme
ca=$ours
apptoken forget acme
git_get git.a.example
expect_status 6
expect_stat mints 1
verdict 'J11 another ca-file is not: exit 6, and no request arrives'

fresh_with "proxy = $proxy"
git_get git.a.example
expect_status 0
expect_stat mints 1
expect_proxied 1
grep -qi -e '^authorization' -e '^proxy-authorization' "$proxy_log" &&
	wrong 'the proxy was shown credentials'
verdict 'J11 proxy is used, by CONNECT, and sees no Authorization'

: >"$proxy_log"
fresh
for name in https_proxy HTTPS_PROXY http_proxy HTTP_PROXY all_proxy \
	ALL_PROXY; do
	forget acme
	run env "$name=$proxy" no_proxy= NO_PROXY= apptoken token acme
	expect_status 0
	plain_token
done
expect_proxied 0
expect_stat mints 6
verdict 'J11 proxy variables of the environment are not used'

fresh_with 'proxy = http://127.0.0.1:1'
git_get git.a.example
expect_status 6
expect_stat mints 0
verdict 'J11 a proxy that is not there is no connection, never a detour'

# ---- K3: the service dies in mid-call --------------------------------------

fresh
git_get git.a.example
expect_status 0
kill -STOP "$WITH_KEYRING_PID"
start=$(now_ms)
git_get git.a.example
expect_status 4
expect_within 6000 "$start"
verdict 'K3 a service that hangs ends the call, exit 4'

printf 'protocol=https\nhost=git.a.example\n\n' >"$scratch/in"
git-credential-apptoken get <"$scratch/in" >"$scratch/out" \
	2>"$scratch/err" &
caller=$!
# It waits for an answer that will not come.
await grep -qs 'ep_poll\|poll_schedule\|do_poll\|do_sys_poll' \
	"/proc/$caller/wchan" || :
kill -KILL "$WITH_KEYRING_PID"
status=0
wait "$caller" || status=$?
cat "$scratch/err" >>"$errors"
expect_status 4
[ -s "$scratch/out" ] && wrong 'something was printed'
grep -q 'holds no private key' "$scratch/err" && wrong 'taken for missing'
verdict 'K3 a service that dies is unavailable, never "no key"'

git_get git.a.example
expect_status 4
grep -q 'holds no private key' "$scratch/err" && wrong 'taken for missing'
[ "$(stats mints)" = 1 ] || wrong 'a token was minted'
verdict 'K3 and so it stays, without a mint'

finish
