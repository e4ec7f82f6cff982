#!/bin/sh
# The real docker CLI and the real skopeo against a registry that wants one
# of our tokens: D22, D25, and logging in with a token of ours.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

DOCKER_CONFIG=$scratch/docker
export DOCKER_CONFIG
mkdir "$DOCKER_CONFIG" "$XDG_RUNTIME_DIR/containers"
auth=$XDG_RUNTIME_DIR/containers/auth.json

# helpers_in FILE: our helper for the registry
helpers_in() {
	printf '{"credHelpers": {"%s": "apptoken"}}\n' "$registry" >"$1"
}

# The registry that acme serves is tokend's.
ready() {
	fresh
	config_new
	config_app acme "endpoint = $endpoint" 'app-id = 42' 'org-id = 10' \
		"ca-file = $ca" "docker = $registry" "$@"
	forget acme
	helpers_in "$DOCKER_CONFIG/config.json"
	rm -f "$auth"
}

learn_token() {
	run apptoken token acme
	plain_token
}

# expect_helper_line FILE TEXT...: our line stands in it with these texts
expect_helper_line() {
	file=$1
	shift
	grep -F "apptoken: no token for 'acme'" "$scratch/$file" \
		>"$scratch/lines"
	for text in "$@"; do
		grep -qF -e "$text" "$scratch/lines" && continue
		wrong "'$text' expected in our line"
		show
	done
}

acme_start
registry=127.0.0.1:$port
image=$registry/team/hello

# ---- docker ----------------------------------------------------------------

ready
run docker manifest inspect "$image:latest"
expect_status 0
grep -q '"layers"' "$scratch/out" || {
	wrong 'a manifest expected'
	show
}
[ ! -s "$scratch/err" ] || show
expect_stat mints 1
verdict 'docker manifest inspect gets a manifest with a minted token'
run docker manifest inspect "$image:latest"
expect_status 0
expect_stat mints 1
verdict 'docker manifest inspect again mints no other'

ready
service_fail status=401 'body={"message":"app is suspended"}'
run docker manifest inspect "$image:latest"
expect_status 1
expect_helper_line err '401: app is suspended' 'check the app'
verdict 'D7 when minting fails the cause stands on the terminal'

ready
learn_token
items=$(keyring_items)
printf %s "$token" >"$scratch/in"
run docker login -u apptoken --password-stdin "$registry" <"$scratch/in"
rm -f "$scratch/in"
expect_status 0
grep -q 'Login Succeeded' "$scratch/out" || {
	wrong 'Login Succeeded expected'
	show
}
[ ! -s "$scratch/err" ] || {
	wrong 'nothing expected on stderr'
	show
}
expect "$items" "$(keyring_items)" 'items in the keyring'
grep -qF -e "$token" "$DOCKER_CONFIG/config.json" &&
	wrong 'the token stands in config.json'
verdict 'D11 docker login with our own token succeeds and keeps nothing'

run docker logout "$registry"
expect_status 0
grep -qi warning "$scratch/out" "$scratch/err" && {
	wrong 'no warning expected'
	show
}
[ ! -s "$scratch/err" ] || {
	wrong 'nothing expected on stderr'
	show
}
run docker-credential-apptoken list </dev/null
expect '{}' "$(cat "$scratch/out")" 'list'
run docker manifest inspect "$image:latest"
expect_status 0
expect_stat mints 2
verdict 'D22 docker logout drops the token without a warning'

keyring_lock
run docker logout "$registry"
expect_status 0
grep -qF "the cached token of 'acme' stays" "$scratch/err" || {
	wrong 'our line expected'
	show
}
verdict 'D22 docker logout with a locked keyring says that the token stays'
keyring_unlock

# ---- skopeo ----------------------------------------------------------------

ready
run skopeo list-tags "docker://$image"
expect_status 0
grep -q '"latest"' "$scratch/out" || {
	wrong 'a tag expected'
	show
}
expect_stat mints 1
verdict "D25 skopeo list-tags, helper from docker's config.json"
run skopeo inspect "docker://$image:latest"
expect_status 0
grep -q '"Digest"' "$scratch/out" || {
	wrong 'a digest expected'
	show
}
expect_stat mints 1
verdict "D25 skopeo inspect, helper from docker's config.json"

ready
rm "$DOCKER_CONFIG/config.json"
helpers_in "$auth"
run skopeo list-tags "docker://$image"
expect_status 0
grep -q '"latest"' "$scratch/out" || {
	wrong 'a tag expected'
	show
}
verdict 'D25 skopeo list-tags, helper from containers/auth.json'
run skopeo inspect "docker://$image:latest"
expect_status 0
expect_stat mints 1
verdict 'D25 skopeo inspect, helper from containers/auth.json'

rm "$auth"
run skopeo list-tags "docker://$image"
expect_status 1
grep -qi 'unauthorized\|authentication required' "$scratch/err" || {
	wrong 'the registry lets anybody in'
	show
}
verdict 'D25 without the helper the registry refuses'

ready
service_fail status=401 'body={"message":"app is suspended"}'
run skopeo list-tags "docker://$image"
expect_status 1
grep -F 'level=fatal' "$scratch/err" >"$scratch/fatal"
expect_helper_line fatal '401: app is suspended' 'check the app'
verdict "D25 when minting fails our line is in skopeo's error"

keyring_lock
run skopeo list-tags "docker://$image"
expect_status 1
grep -F 'level=fatal' "$scratch/err" >"$scratch/fatal"
expect_helper_line fatal 'the keyring is locked'
verdict "D25 with a locked keyring our line is in skopeo's error"
keyring_unlock

ready 'on-error = anonymous'
service_fail status=403
run skopeo list-tags "docker://$image"
expect_status 1
expect_helper_line err 'answered 403'
grep -F 'level=fatal' "$scratch/err" | grep -qF 'no token for' &&
	wrong 'skopeo must go on without us'
verdict 'D25 on-error = anonymous: skopeo goes on, the cause on the terminal'

finish
