#!/bin/sh
# git itself, with the helper of its configuration, against a guarded server.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

# Two bare repositories with one commit each.
root=$scratch/served
work=$scratch/work
mkdir "$root" "$work"
git config --global credential.helper apptoken
git config --global user.name tester
git config --global user.email tester@a.example
git config --global init.defaultBranch main
commit() {
	git -C "$work/$1" commit -q --allow-empty -m "$2"
}
for name in team other; do
	git init -q "$work/$name"
	commit $name first
	git clone -q --bare "$work/$name" "$root/$name.git"
	git -C "$root/$name.git" config http.receivepack true
done
acme_start_with --git "$root"
url=$endpoint/git/team.git
# The same server under a name that no app has.
foreign=https://localhost:$port/git/other.git

# in_clone ARGUMENT...: git in the clone of the first case
in_clone() {
	run git -C "$scratch/clone" "$@"
}

expect_no_error() {
	[ "$status" = 0 ] && ! grep -q -e apptoken: -e fatal "$scratch/err" &&
		return
	wrong 'git is expected to succeed'
	show
}

# expect_guarded SCHEME USER OK: how the last request to the server came
expect_guarded() {
	control guarded >"$scratch/guarded"
	expect "$1 $2 $3" "$(jq -r '"\(.scheme) \(.user) \(.ok)"' \
		"$scratch/guarded")" 'last request'
}

fresh
run git clone -q "$url" "$scratch/clone"
expect_no_error
expect first "$(git -C "$scratch/clone" log -1 --format=%s)" 'last commit'
expect_guarded Basic apptoken true
expect_stat mints 1
expect_stat git_denied 1
verdict 'git clone, cold: one mint'

git -C "$work/team" commit -q --allow-empty -m second
git -C "$work/team" push -q "$root/team.git" main
in_clone fetch -q
expect_no_error
expect second "$(git -C "$scratch/clone" log -1 --format=%s origin/main)" \
	'last commit'
expect_stat mints 1
verdict 'git fetch with the cached token'

in_clone merge -q --ff-only origin/main
in_clone commit -q --allow-empty -m third
in_clone push -q
expect_no_error
expect third "$(git -C "$root/team.git" log -1 --format=%s)" 'last commit'
expect_stat mints 1
verdict 'git push with the cached token'

in_clone config credential.username apptoken
in_clone fetch -q
expect_no_error
in_clone config credential.username somebody
in_clone fetch -q
expect 128 "$status" "git's status"
expect_guarded '' '' false
in_clone config --unset credential.username
verdict "our user name is fine; another account's gets no token"

items=$(keyring_items)
service_revoke
in_clone fetch -q
expect 128 "$status" "git's status"
expect_stat mints 1
expect $((items - 1)) "$(keyring_items)" 'items in the keyring'
in_clone fetch -q
expect_no_error
expect_stat mints 2
expect "$items" "$(keyring_items)" 'items in the keyring'
verdict 'G24 revoked: one command fails, erase clears, the next succeeds'

# Another server error is no reason to drop the token.
service_fail on=git status=403
in_clone fetch -q
expect 128 "$status" "git's status"
service_ok
in_clone fetch -q
expect_no_error
expect_stat mints 2
verdict 'a 403 leaves the cached token alone'

run git -c protocol.version=0 clone -q "$foreign" "$scratch/foreign"
expect 128 "$status" "git's status"
grep -q apptoken: "$scratch/err" && wrong 'no word of ours expected'
expect_guarded '' '' false
verdict 'a host of no app gets no token'

git clone -q "$root/team.git" "$work/super"
git -C "$work/super" -c protocol.file.allow=always submodule --quiet \
	add "$root/other.git" sub
git -C "$work/super" config -f .gitmodules submodule.sub.url "$foreign"
git -C "$work/super" commit -qam 'a submodule elsewhere'
git -C "$work/super" push -q
denied=$(stats git_denied)
run git clone -q --recurse-submodules "$url" "$scratch/with-sub"
[ -d "$scratch/with-sub/.git" ] || wrong 'no clone'
[ "$status" != 0 ] || wrong 'the submodule is expected to fail'
[ "$(stats git_denied)" -gt "$((denied + 1))" ] ||
	wrong 'the submodule was not asked for'
expect_guarded '' '' false
expect_stat mints 2
verdict 'a submodule on another host gets no token'

# Through the whole chain: who answers first is used, the rest told of it.
cat >"$scratch/witness" <<'END'
#!/bin/sh
echo "$1" >>"$0.seen"
grep -q '^password=' && echo password >>"$0.seen"
:
END
chmod +x "$scratch/witness"
in_clone -c credential.helper="$scratch/witness" fetch -q
expect_no_error
in_clone -c credential.helper= -c credential.helper="$scratch/witness" \
	-c credential.helper=apptoken fetch -q
expect_no_error
expect 'store password get store password ' \
	"$(tr '\n' ' ' <"$scratch/witness.seen")" 'what the other helper saw'
expect_stat mints 2
verdict 'before and after another helper in the chain'

items=$(keyring_items)
in_clone ls-remote -q "https://me:own-password@127.0.0.1:$port/git/team.git"
expect 128 "$status" "git's status"
expect "$items" "$(keyring_items)" 'items in the keyring'
in_clone fetch -q
expect_no_error
expect_stat mints 2
verdict "a refused password of the person's own leaves our token alone"

service_fail status=500
forget acme
in_clone fetch -q
expect 128 "$status" "git's status"
grep -q '^apptoken: .*500' "$scratch/err" || {
	wrong 'our line expected'
	show
}
verdict 'when minting fails git shows our line and ends'

finish
