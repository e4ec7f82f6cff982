#!/bin/sh
# Many calls at once, and the refresh that nobody waits for: C1, C2.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

place=git.a.example
registry=registry.a.example
acme_start
printf 'protocol=https\nhost=%s\n\n' $place >"$scratch/git.in"
printf '%s' $registry >"$scratch/docker.in"
many=$scratch/many

# at_once COUNT HELPER...: COUNT of each helper at once; their output and
# statuses are in $many
at_once() {
	count_each=$1
	shift
	rm -rf "$many"
	mkdir "$many"
	calls=
	for helper in "$@"; do
		i=0
		while [ $i -lt "$count_each" ]; do
			i=$((i + 1))
			one_of_many "$helper" "$many/$helper.$i" &
			calls="$calls $!"
		done
	done
	# Not all children: the service is one of them.
	# shellcheck disable=SC2086
	wait $calls
	cat "$many"/*.err >>"$errors"
}

one_of_many() {
	"$1-credential-apptoken" get <"$scratch/$1.in" >"$2.out" 2>"$2.err"
	echo $? >"$2.status"
}

# expect_all COUNT: that many answered with status 0 and silent stderr; the
# tokens that differ are counted in $tokens
expect_all() {
	expect "$1" "$(cat "$many"/*.status | grep -cx 0)" 'calls that succeed'
	[ -z "$(cat "$many"/*.err)" ] || {
		wrong 'nothing expected on stderr, but:'
		cat "$many"/*.err | sort | uniq -c | head -n 3 | mask >>"$found"
	}
	sed -n -e 's/^password=//p' -e 's/.*"Secret":"\([^"]*\)".*/\1/p' \
		"$many"/*.out >"$scratch/tokens"
	expect "$1" "$(wc -l <"$scratch/tokens")" 'tokens handed out'
	tokens=$(sort -u "$scratch/tokens" | wc -l)
	sort -u "$scratch/tokens" >>"$secrets"
}

# ---- one mint for all ------------------------------------------------------

for n in 50 200; do
	fresh
	since=$(now_ms)
	at_once $n git
	expect_all $n
	expect 1 "$tokens" 'tokens that differ'
	expect $n "$(sed '/^password_expiry_utc=[0-9]*$/d' "$many"/*.out |
		grep -c '^username=apptoken$')" 'answers alike'
	expect $((3 * n)) "$(cat "$many"/*.out | wc -l)" 'lines in all'
	expect_stat mints 1
	expect_stat token_requests 1
	echo "# $n cold gets at once took $(($(now_ms) - since)) ms"
	verdict "C1 $n gets at once, cold: one mint, $n equal answers"
done

fresh
at_once 10 git docker
expect_all 20
expect 1 "$tokens" 'tokens that differ'
expect_stat token_requests 1
verdict 'C2 git and docker at once: one mint, one token'

# The holder of the lock fails: who waited for it shares its failure.
fresh
service_fail status=401 delay_ms=1000
at_once 20 git
expect 20 "$(cat "$many"/*.status | grep -cx 5)" 'calls that fail with 5'
expect 20 "$(cat "$many"/*.err | grep -c '^apptoken: .*401')" 'lines'
expect 0 "$(cat "$many"/*.out | wc -c)" 'bytes on stdout'
[ "$(stats token_requests)" -le 5 ] || wrong "a storm: $(stats token_requests)"
verdict 'C1 20 gets at once, refused: all told, no storm of tries'

# ---- without the lock ------------------------------------------------------

locks=$XDG_RUNTIME_DIR/apptoken
fresh
chmod 755 "$locks"
at_once 10 git
expect_all 10
chmod 700 "$locks"
verdict 'C1 the lock directory is open to others: all succeed'

fresh
rm -rf "$locks"
: >"$locks"
at_once 10 git
expect_all 10
rm -f "$locks"
verdict 'C1 the lock directory is a file: all succeed'

fresh
runtime=$XDG_RUNTIME_DIR
XDG_RUNTIME_DIR=$scratch/no-such-directory
at_once 10 git
XDG_RUNTIME_DIR=$runtime
expect_all 10
verdict 'C1 there is no XDG_RUNTIME_DIR: all succeed'

fresh
mkfifo "$locks/acme.lock"
at_once 10 git
expect_all 10
rm -f "$locks/acme.lock"
verdict 'C1 a fifo lies in the place of the lock: all succeed'

# ---- the refresh in the background -----------------------------------------

# service_saw NAME NUMBER
# shellcheck disable=SC2317
service_saw() {
	[ "$(stats "$1")" = "$2" ]
}

# due: a cached token with 800 s of its 3600 left; the endpoint takes a while
due() {
	fresh
	git_get $place
	first=$token
	token_age 2800
	service_fail delay_ms=2000
}

# expect_refresh: one more token is asked for, and then it is in the cache
expect_refresh() {
	await service_saw mints 2 || wrong 'a second mint expected'
	# The keeper has the answer, but may still be writing it down.
	await new_token_cached || wrong 'the new token is not in the cache'
	expect_stat token_requests 2
}
# shellcheck disable=SC2317
new_token_cached() {
	git_get "$place"
	[ "$token" != "$first" ]
}

due
git_get $place
expect_stat mints 1
expect_answer
expect_same_token "$first"
await service_saw token_requests 2 || wrong 'a refresh expected'
expect_stat mints 1
expect_refresh
verdict 'a due token is answered at once and refreshed in the background'

due
at_once 20 git docker
expect_stat mints 1
expect_all 40
expect "$first" "$(sort -u "$scratch/tokens")" 'the token of all answers'
expect_refresh
verdict '40 gets of a due token: all at once, one refresh'

# cat ends with the last copy of the pipe, whichever descriptor it has.
due
git-credential-apptoken get <"$scratch/git.in" 2>&1 5>&1 6>&1 9>&1 |
	cat >"$scratch/out"
expect_stat mints 1
take_token
expect_same_token "$first"
await service_saw token_requests 2 || wrong 'a refresh expected'
expect_stat mints 1
expect_refresh
verdict "the refresh holds no descriptor of the caller's"

# A refresh that fails is quiet, and not tried again at once.
due
service_fail status=503 retry_after=60
git_get $place
expect_answer
expect_same_token "$first"
await service_saw token_requests 2 || wrong 'a refresh expected'
# The note in the lock file is what the next call goes by.
# shellcheck disable=SC2317
refresh_is_over() {
	flock -n "$locks/acme.lock" true &&
		grep -q "refresh-failed=[1-9]" "$locks/acme.lock"
}
await refresh_is_over || wrong 'a note of the failed refresh expected'
at_once 10 git
expect_all 10
expect "$first" "$(sort -u "$scratch/tokens")" 'the token of all answers'
expect_stat token_requests 2
verdict 'a failed refresh is quiet and is not repeated at once'

finish
