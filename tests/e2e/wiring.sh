#!/bin/sh
# Clients wired by one command and unwired by another; what they left as it
# was, byte for byte.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

acme_start
home=$scratch/home
mkdir "$home"
HOME=$home
export HOME
unset DOCKER_CONFIG REGISTRY_AUTH_FILE
docker_json=$home/.docker/config.json
podman_json=$XDG_CONFIG_HOME/containers/auth.json

# same FILE AS
same() {
	cmp -s "$1" "$2" || wrong "$1 is not as it was: $(head -c 300 "$1")"
}

# has FILE TEXT
has() {
	grep -qF -- "$2" "$1" || wrong "$2 is not in $1"
}

# values KEY: of the global configuration of git, one a line
values() {
	git config --global --get-all "$1"
}

# ---- git -------------------------------------------------------------------

place=https://git.a.example
git config --global credential.helper store
git config --global --add credential.helper cache
git config --global user.name someone
cp "$GIT_CONFIG_GLOBAL" "$scratch/before"

run apptoken configure git --dry-run
expect_status 0
same "$GIT_CONFIG_GLOBAL" "$scratch/before"
has "$scratch/out" "would run: git config --global --add"
verdict 'A1 configure git --dry-run shows the change and makes none'

run apptoken configure git acme
expect_status 0
[ "$(values "credential.$place.helper" | tr '\n' ,)" = ,apptoken, ] ||
	wrong "an empty helper and then ours: $(values \
		"credential.$place.helper" | tr '\n' ,)"
[ "$(values credential.helper | tr '\n' ,)" = store,cache, ] ||
	wrong 'the other helpers are not as they were'
verdict 'A1 configure git puts an empty helper and ours at the place'

cp "$GIT_CONFIG_GLOBAL" "$scratch/once"
run apptoken configure git
expect_status 0
same "$GIT_CONFIG_GLOBAL" "$scratch/once"
verdict 'A1 configure git twice is the same as once'

printf 'protocol=https\nhost=git.a.example\n\n' >"$scratch/in"
run git credential fill <"$scratch/in"
expect_status 0
[ "$(answer username)" = apptoken ] || wrong 'git was not answered by us'
take_token
verdict 'A1 git asks us for the place, before its generic helpers'

run apptoken unconfigure git
expect_status 0
same "$GIT_CONFIG_GLOBAL" "$scratch/before"
verdict 'A3 unconfigure git leaves the file as it was before'

run apptoken unconfigure git
expect_status 0
has "$scratch/out" 'nothing to change'
same "$GIT_CONFIG_GLOBAL" "$scratch/before"
verdict 'A3 unconfigure git of what is not there changes nothing'

git config --global --add "credential.$place.helper" mine
git config --global --add "credential.$place.helper" ''
cp "$GIT_CONFIG_GLOBAL" "$scratch/mine"
run apptoken configure git
run apptoken unconfigure git
[ "$(values "credential.$place.helper" | tr '\n' ,)" = mine,, ] ||
	wrong "what was there: $(values "credential.$place.helper" |
		tr '\n' ,)"
verdict "A3 a place's own helpers stay, in their order"
cp "$scratch/before" "$GIT_CONFIG_GLOBAL"

config_acme 'git = https://git.p.example/team'
run apptoken configure git
[ "$(values credential.https://git.p.example.useHttpPath)" = true ] ||
	wrong 'useHttpPath is not set for the host'
has "$GIT_CONFIG_GLOBAL" '[credential "https://git.p.example/team"]'
verdict 'A1 a place with a path makes git send paths to its host'
run apptoken unconfigure git
same "$GIT_CONFIG_GLOBAL" "$scratch/before"
verdict 'A3 and unconfigure takes that back'

git config --global credential.https://git.p.example.useHttpPath true
cp "$GIT_CONFIG_GLOBAL" "$scratch/own-path"
run apptoken configure git
run apptoken unconfigure git
same "$GIT_CONFIG_GLOBAL" "$scratch/own-path"
verdict "A3 a useHttpPath of the person's own stays"
cp "$scratch/before" "$GIT_CONFIG_GLOBAL"
config_acme

# ---- docker ----------------------------------------------------------------

mkdir "$home/.docker"
for form in \
	'{\n  "auths": {},\n  "psFormat": "table {{.ID}}",\n  "x": [1, 2]\n}\n' \
	'{\n\t"credHelpers": {\n\t\t"z.example": "other"\n\t}\n}' \
	'{"auths":{},"credHelpers":{"z.example":"other"},"y":null}' \
	'{ "a" : 1 }' \
	'{\n    "HttpHeaders": {\n        "k": "\\u00e9 \303\251"\n    }\n}\n'; do
	# shellcheck disable=SC2059
	printf "$form" >"$docker_json"
	chmod 640 "$docker_json"
	cp "$docker_json" "$scratch/docker-before"
	run apptoken configure docker
	expect_status 0
	has "$docker_json" '"registry.a.example"'
	[ "$(stat -c %a "$docker_json")" = 640 ] || wrong 'the mode changed'
	cp "$docker_json" "$scratch/docker-once"
	run apptoken configure docker
	same "$docker_json" "$scratch/docker-once"
	docker_get registry.a.example
	expect_status 0
	run apptoken unconfigure docker
	expect_status 0
	same "$docker_json" "$scratch/docker-before"
	verdict "A2, A3 docker: $(printf '%.30s' "$form") survives"
done

rm "$docker_json"
run apptoken configure docker acme
expect_status 0
[ "$(stat -c %a "$docker_json")" = 600 ] || wrong 'a new file is not 0600'
has "$docker_json" '"registry.a.example": "apptoken"'
verdict 'A2 configure docker makes the file, for its owner alone'

run apptoken configure docker --store
expect_status 0
has "$docker_json" '"credsStore": "apptoken"'
run apptoken unconfigure docker --store
run apptoken unconfigure docker
grep -q apptoken "$docker_json" && wrong 'something of ours stayed'
verdict 'A3 configure docker --store and back'

printf '{"credsStore":"secretservice"}' >"$docker_json"
run apptoken configure docker --store
expect_status 7
has "$scratch/err" secretservice
printf '{"credsStore":"secretservice"}' | cmp -s - "$docker_json" ||
	wrong 'the file changed'
verdict 'A2 a store of another name is not replaced'

printf '{"auths":{}' >"$docker_json"
run apptoken configure docker
expect_status 7
printf '{"auths":{}' | cmp -s - "$docker_json" || wrong 'the file changed'
verdict 'A2 a file that is no JSON is left alone'

mkdir "$scratch/dotfiles"
printf '{\n}\n' >"$scratch/dotfiles/config.json"
ln -sf "$scratch/dotfiles/config.json" "$docker_json"
run apptoken configure docker
expect_status 0
[ -L "$docker_json" ] || wrong 'the link is gone'
has "$scratch/dotfiles/config.json" registry.a.example
verdict 'A2 a link to the file stays a link'
rm "$docker_json"

run apptoken configure docker
printf '%s\n' registry.a.example >"$scratch/in"
run docker --config "$home/.docker" logout registry.a.example
expect_status 0
grep -qi warning "$scratch/out" "$scratch/err" && wrong 'docker warns'
verdict 'D22 docker logout of a configured registry is quiet'

# ---- podman ----------------------------------------------------------------

run apptoken configure podman
expect_status 0
has "$podman_json" '"registry.a.example": "apptoken"'
cp "$podman_json" "$scratch/podman-once"
run apptoken configure podman
same "$podman_json" "$scratch/podman-once"
run apptoken unconfigure podman
grep -q apptoken "$podman_json" && wrong 'something of ours stayed'
verdict 'A3 configure podman and back'

# ---- exec ------------------------------------------------------------------

fresh
# shellcheck disable=SC2016
run apptoken exec acme -- sh -c 'printf %s "$APPTOKEN_TOKEN"; exit 7'
expect_status 7
token=$(cat "$scratch/out")
printf '%s\n' "$token" >>"$secrets"
git_get git.a.example
[ -n "$token" ] || wrong 'no token'
[ "$(answer password)" = "$token" ] || wrong 'it is not the token'
verdict "A6 exec gives the child the token and returns its exit status"

[ -z "${APPTOKEN_TOKEN-}" ] || wrong 'the variable is set here'
run apptoken exec acme -- env
expect_status 0
[ "$(grep -c '^APPTOKEN_TOKEN=' "$scratch/out")" = 1 ] ||
	wrong 'not exactly one APPTOKEN_TOKEN'
grep -q '^GIT_CONFIG_GLOBAL=' "$scratch/out" ||
	wrong "the caller's environment is not whole"
verdict "A6 the child has the caller's environment and the token"

run apptoken exec acme -- "$scratch/no-such-program"
expect_status 127
run apptoken exec nobody -- true
expect_status 3
run apptoken exec acme
expect_status 2
verdict 'A6 no program 127, no app 3, no command 2'

# ---- rotate ----------------------------------------------------------------

key_make second
git_get git.a.example
before=$(stats mints)
run apptoken rotate acme --key "$scratch/second.pem"
expect_status 5
git_get git.a.example
expect_status 0
[ "$(stats mints)" = "$before" ] || wrong 'the cached token is gone'
run apptoken token acme --force
expect_status 0
plain_token
verdict 'rotate to a key that the endpoint refuses changes nothing'

tokend_stop "$tokend_pid"
tokend_start both --app "42:$scratch/second.pub:10"
tokend_use both
ca=$scratch/both/ca.pem
config_acme
fingerprint=$(openssl pkey -pubin -in "$scratch/second.pub" -outform DER |
	openssl dgst -sha256 -binary | base64 | tr -d '=')
cp "$scratch/second.pem" "$scratch/given.pem"
run apptoken rotate acme --key "$scratch/given.pem" --delete-key-file
expect_status 0
has "$scratch/out" "SHA256:$fingerprint"
[ ! -e "$scratch/given.pem" ] || wrong 'the key file is still there'
run apptoken status acme --json
has "$scratch/out" "SHA256:$fingerprint"
git_get git.a.example
expect_status 0
[ "$(stats mints)" = 1 ] || wrong 'the proof was not kept as the token'
verdict 'rotate proves the new key, replaces the old, keeps the token'

[ "$(secret-tool search --all app acme part key 2>&1 |
	grep -c '^attribute.part')" = 1 ] || wrong 'not exactly one key item'
verdict 'rotate leaves one key item'

run apptoken rotate nobody --key "$scratch/second.pem"
expect_status 3
run apptoken rotate acme
expect_status 2
run apptoken rotate acme --key "$scratch/second.pub"
expect_status 1
verdict 'rotate of an unknown app 3, without a key 2, with no private key 1'

finish
