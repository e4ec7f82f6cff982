#!/bin/sh
# What Debian 12's git does not know: the installed programs with the git of
# Debian 13, by chroot in a folder that debootstrap makes once. Services and
# keyring run outside, with their files below the folder's /tmp; every path
# names the same file inside and outside, by a link on either side.
#
# APPTOKEN_DEBIAN13: where the folder is, or is made; it must not be a
# person's own system.
set -u
: "${top_srcdir:?}" "${top_builddir:?}" "${APPTOKEN_PREFIX:?}"
folder=${APPTOKEN_DEBIAN13:-$top_builddir/debian13}

leave() {
	echo "1..0 # SKIP $1"
	exit 0
}

give_up() {
	echo "Bail out! $1"
	exit 99
}

# Only whole folders have their name.
make_folder() {
	echo "# making $folder"
	rm -rf "$folder.new"
	debootstrap --variant=minbase \
		--include=git,ca-certificates,libsecret-1-0,libjson-c5 \
		trixie "$folder.new" >"$folder.log" 2>&1 </dev/null || {
		tail -n 20 "$folder.log" | sed 's/^/# /'
		give_up "debootstrap cannot make Debian 13, see $folder.log"
	}
	rm -rf "$folder.new/var/cache/apt" "$folder.new/var/lib/apt/lists" \
		"$folder.new/usr/share/doc" "$folder.new/usr/share/locale"
	mkdir -p "$folder.new/proc/sys/kernel/random"
	mv "$folder.new" "$folder"
}

if [ -z "${WITH_KEYRING_DIR-}" ]; then
	[ "$(id -u)" -eq 0 ] || leave 'only root may use chroot'
	case ${APPTOKEN_SANITIZERS-no} in
	no | '') ;;
	*) leave 'the folder has no libraries of the sanitizers' ;;
	esac
	PATH=$PATH:/usr/sbin:/sbin
	export PATH
	if [ ! -d "$folder" ]; then
		command -v debootstrap >/dev/null ||
			leave 'debootstrap is missing'
		make_folder
	fi
	# Instead of a mounted /proc: all that our programs read there.
	cat /proc/sys/kernel/random/boot_id \
		>"$folder/proc/sys/kernel/random/boot_id"
	mkdir -p "$folder$APPTOKEN_PREFIX"
	cp -a "$APPTOKEN_PREFIX/." "$folder$APPTOKEN_PREFIX"

	# Outside it leads to the folder's /tmp, inside to its own.
	link=$(mktemp -u /tmp/apptoken13.XXXXXX)
	trap 'rm -f "$link" "$folder$link"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	{ ln -s "$folder/tmp" "$link" && ln -s /tmp "$folder$link"; } ||
		give_up "no link $link"
	status=0
	TMPDIR=$link "$top_srcdir/tests/support/with-keyring.sh" "$0" ||
		status=$?
	exit "$status"
fi

# shellcheck source=tests/e2e/lib.sh
. "$top_srcdir/tests/e2e/lib.sh"

inside() {
	chroot "$folder" "$@"
}

git13() {
	run inside git -C "$scratch/clone" "$@"
}

expect_done() {
	[ "$status" = 0 ] && [ ! -s "$scratch/err" ] && return
	wrong 'git is expected to succeed and to be quiet'
	show
}

# expect_guarded SCHEME [USER]: how the last request to the server came
expect_guarded() {
	control guarded >"$scratch/guarded"
	expect "$1 ${2-} true" "$(jq -r \
		'"\(.scheme | ascii_downcase) \(.user) \(.ok)"' \
		"$scratch/guarded")" 'last request'
}

# What calls a prompt is seen on the bus.
watch_prompts() {
	: >"$scratch/prompts"
	dbus-monitor --session \
		"interface='org.freedesktop.Secret.Prompt',member='Prompt'" \
		>"$scratch/prompts" 2>/dev/null &
	watcher=$!
	children="$children $watcher"
	await grep -q NameLost "$scratch/prompts" ||
		bail_out 'dbus-monitor does not start'
}

# expect_prompts NUMBER: of those since watch_prompts
expect_prompts() {
	kill -TERM "$watcher"
	wait "$watcher" 2>/dev/null
	expect "$1" "$(grep -c 'member=Prompt$' "$scratch/prompts")" prompts
}

version=$(inside git --version | sed 's/^git version //')
case $version in
2.4[6-9].* | 2.[5-9]?.* | [3-9].*) ;;
*) bail_out "git 2.46 or newer expected in $folder, not '$version'" ;;
esac
echo "# git $version"
inside apptoken --version >"$scratch/out" 2>"$scratch/err" || {
	grep -q 'version .GLIBC_' "$scratch/err" &&
		leave 'the programs need a newer libc than that of Debian 13'
	mask <"$scratch/err" | sed 's/^/# /'
	bail_out 'the installed programs do not run in Debian 13'
}

root=$scratch/served
mkdir "$root"
git config --global credential.helper apptoken
git config --global user.name tester
git config --global user.email tester@a.example
git config --global init.defaultBranch main
git init -q "$scratch/work"
git -C "$scratch/work" commit -q --allow-empty -m first
git clone -q --bare "$scratch/work" "$root/team.git"
git -C "$root/team.git" config http.receivepack true
acme_start_with --git "$root" --git-bearer
url=$endpoint/git/team.git

fresh
run inside git clone -q "$url" "$scratch/clone"
expect_done
expect first "$(git -C "$scratch/clone" log -1 --format=%s)" 'last commit'
expect_guarded basic apptoken
expect_stat mints 1
verdict 'git clone, cold: one mint'

git13 fetch -q
expect_done
expect_stat mints 1
verdict 'git fetch with the cached token'

service_revoke
git13 fetch -q
expect_done
expect_guarded basic apptoken
expect_stat mints 2
verdict 'G23 revoked: the one fetch succeeds with exactly one more mint'
git13 fetch -q
expect_done
expect_stat mints 2
verdict 'G23 and the next one has the new token from the cache'

# Two refusals in a short time would be taken for a lack of access.
fresh
git13 fetch -q
service_revoke
git13 -c http.proactiveAuth=basic fetch -q
expect_done
expect_stat mints 2
verdict 'G23 the same when git asks us before the server does'

# A server that wants no token at all: one more mint, and no more.
fresh
git13 fetch -q
service_fail on=git status=401 header='WWW-Authenticate:Basic realm="git"'
git13 fetch -q
expect 128 "$status" "git's status"
expect_stat mints 2
verdict 'G23 refused for ever: one command mints once more at most'
service_ok

fresh_with 'git-retry = no'
git13 fetch -q
expect_done
service_revoke
git13 fetch -q
expect 128 "$status" "git's status"
expect_stat mints 1
git13 fetch -q
expect_done
expect_stat mints 2
verdict 'G24 with git-retry = no it fails once and the next one succeeds'

fresh_with 'git-auth = bearer'
git13 fetch -q
expect_done
expect_guarded bearer
expect_stat mints 1
verdict 'G18 git-auth = bearer: the token goes as Bearer'
git13 fetch -q
expect_done
expect_guarded bearer
expect_stat mints 1
service_revoke
git13 fetch -q
expect_done
expect_guarded bearer
expect_stat mints 2
verdict 'G23 with Bearer: the one fetch succeeds with one more mint'

for scheme in auto basic; do
	fresh
	git13 -c protocol.version=0 -c http.proactiveAuth=$scheme ls-remote -q
	expect_done
	expect_guarded basic apptoken
	expect_stat git_requests 1
	expect_stat git_denied 0
	verdict "http.proactiveAuth=$scheme: a single request"
done

# ---- with git's cache in front ---------------------------------------------

cached() {
	printf 'protocol=https\nhost=%s\n\n' "$1" >"$scratch/in"
	run inside git credential-cache get <"$scratch/in"
	take_token
}

fresh
git13 config --add credential.helper ''
git13 config --add credential.helper cache
git13 config --add credential.helper apptoken
printf '%s\n' protocol=https host=other.example username=me \
	password=kept-by-the-cache '' |
	inside git credential-cache store
cached other.example
expect kept-by-the-cache "$token" 'what the cache keeps'
git13 fetch -q
expect_done
cached "127.0.0.1:$port"
expect_silence
git13 fetch -q
expect_done
expect_stat mints 1
verdict 'G38 the cache in front of us does not keep our token'
service_revoke
git13 fetch -q
expect_done
expect_stat mints 2
verdict 'G23 the same behind the cache'
inside git credential-cache exit
git13 config --unset-all credential.helper

# ---- prompts ---------------------------------------------------------------

fresh
keyring_lock
unset GIT_TERMINAL_PROMPT
GIT_ASKPASS=/bin/false
DISPLAY=:none
export GIT_ASKPASS DISPLAY
for wish in false never; do
	watch_prompts
	git13 -c credential.interactive=$wish fetch -q
	expect 128 "$status" "git's status"
	expect 1 "$(grep -c '^apptoken: .*locked' "$scratch/err")" 'our lines'
	[ -s "$found" ] && show
	expect_prompts 0
	verdict "credential.interactive=$wish: locked, and no prompt"
done
git13 config credential.interactive false
watch_prompts
git13 fetch -q
expect 128 "$status" "git's status"
expect_prompts 0
verdict 'credential.interactive = false in the configuration: no prompt'
git13 config credential.interactive true
watch_prompts
git13 fetch -q
expect 128 "$status" "git's status"
expect_prompts 1
verdict 'credential.interactive = true: the prompt is raised'

finish
