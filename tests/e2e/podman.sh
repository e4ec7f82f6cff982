#!/bin/sh
# The real podman and buildah against a registry that wants one of our
# tokens, set up as a person does it: D25 (skopeo is in registry.sh), D26.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

# Nothing of the machine's: images are kept in files below $scratch.
CONTAINERS_STORAGE_CONF=$scratch/storage.conf
export CONTAINERS_STORAGE_CONF
unset REGISTRY_AUTH_FILE
cat >"$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "vfs"
runroot = "$scratch/runroot"
graphroot = "$scratch/graph"
rootless_storage_path = "$scratch/graph"
END
auth=$XDG_RUNTIME_DIR/containers/auth.json
mkdir "${auth%/*}"

ready() {
	fresh
	config_new
	config_app acme "endpoint = $endpoint" 'app-id = 42' 'org-id = 10' \
		"ca-file = $ca" "docker = $registry"
	forget acme
}

# expect_out TEXT: exit 0, and a line of stdout has it
expect_out() {
	[ "$status" = 0 ] && grep -qF -e "$1" "$scratch/out" && return
	wrong "'$1' and exit 0 expected"
	show
}

# expect_refused TEXT...: fails, and one line of stderr has all of them
expect_refused() {
	[ "$status" != 0 ] || wrong 'a failure expected'
	cp "$scratch/err" "$scratch/lines"
	for text in "$@"; do
		grep -iF -e "$text" "$scratch/lines" >"$scratch/fewer"
		mv "$scratch/fewer" "$scratch/lines"
	done
	[ -s "$scratch/lines" ] && return
	wrong "a line of stderr with '$*' expected"
	show
}

acme_start
registry=127.0.0.1:$port
image=$registry/team/hello
ready
run apptoken configure podman acme
[ "$status" = 0 ] || bail_out 'apptoken configure podman'

for client in podman buildah; do
	ready
	run $client login --get-login "$registry"
	expect_status 0
	expect apptoken "$(cat "$scratch/out")" 'user name'
	expect_stat mints 1
	verdict "D26 $client login --get-login: our user name"

	ready
	service_fail status=401 'body={"message":"app is suspended"}'
	run $client login --get-login "$registry"
	expect_refused "apptoken: no token for 'acme'" '401: app is suspended'
	verdict "D26 $client login --get-login when minting fails: our line"
done

ready
run podman login "$registry" </dev/null
expect_out 'Existing credentials are valid'
verdict 'podman login finds that it is logged in'

# ---- the helper in the file that podman login and logout write -------------

cp "$XDG_CONFIG_HOME/containers/auth.json" "$auth"
ready
run apptoken token acme
plain_token
printf %s "$token" >"$scratch/in"
items=$(keyring_items)
run podman login -u apptoken --password-stdin "$registry" <"$scratch/in"
expect_out 'Login Succeeded'
printf %s not-a-token-of-ours >"$scratch/in"
run podman login -u apptoken --password-stdin "$registry" <"$scratch/in"
expect_refused 'invalid username/password'
expect "$items" "$(keyring_items)" 'items in the keyring'
jq -e .auths "$auth" >/dev/null && wrong 'a login stands in auth.json'
expect_stat mints 1
verdict 'podman login with our own token succeeds and keeps nothing'

run podman logout "$registry"
expect_out 'Removed login credentials'
run docker-credential-apptoken list </dev/null
expect '{}' "$(cat "$scratch/out")" list
run podman login --get-login "$registry"
expect_out apptoken
expect_stat mints 2
verdict 'podman logout drops the token, and the next call mints'
rm "$auth"

# ---- what needs a place for images -----------------------------------------

# Without root and user namespaces there is none.
why=
podman images >/dev/null 2>"$scratch/err" ||
	why="podman cannot keep images here: $(mask <"$scratch/err" | tail -n 1)"

# image_verdict NAME
image_verdict() {
	if [ -z "$why" ]; then
		verdict "$1"
		return
	fi
	count=$((count + 1))
	: >"$found"
	echo "ok $count - $1 # SKIP $why"
}

ready
run podman search --list-tags "$image"
expect_out latest
expect_stat mints 1
image_verdict 'D25 podman search --list-tags'

for client in podman buildah; do
	ready
	run $client pull -q "$image:latest"
	expect_status 0
	run $client images
	expect_out "$image"
	run $client rmi "$image:latest"
	expect_status 0
	expect_stat mints 1
	image_verdict "D25 $client pull"

	ready
	service_fail status=401 'body={"message":"app is suspended"}'
	run $client pull -q "$image:latest"
	expect_refused "apptoken: no token for 'acme'" '401: app is suspended'
	image_verdict "D25 $client pull when minting fails: our line"
done

ready
mkdir "$scratch/context"
printf 'FROM %s\n' "$image:latest" >"$scratch/context/Containerfile"
run buildah build -q "$scratch/context"
expect_status 0
# Its folders are not writable, not even to be removed.
run buildah rmi --all --force
expect_stat mints 1
image_verdict 'D25 buildah build from an image of the registry'

ready
run apptoken unconfigure podman acme
expect_status 0
run podman pull -q "$image:latest"
expect_refused unauthorized
expect_stat mints 0
image_verdict 'after unconfigure the registry refuses'

finish
