#!/bin/sh
# apptoken as docker's only store: the real docker CLI logs in to, reads from
# and logs out of a registry that no app serves.
set -u
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

acme_start
registry=127.0.0.1:$port
image=$registry/team/hello:latest
docker_dir=$scratch/docker
mkdir "$docker_dir"
printf '{ "credsStore": "apptoken" }' >"$docker_dir/config.json"
config_new
config_app acme "endpoint = $endpoint" 'app-id = 42' 'org-id = 10' \
	"ca-file = $ca" 'docker = registry.a.example'

# A password that the registry takes, of a person and not of our app's making.
password=$(control 'mint?app=42' -d '')
printf '%s\n' "$password" >>"$secrets"

docker_cli() {
	run docker --config "$docker_dir" "$@"
}

run docker --config "$docker_dir" manifest inspect "$image"
[ "$status" != 0 ] || wrong 'the registry is open'
grep -q 'no basic auth credentials\|unauthorized' "$scratch/err" ||
	wrong 'not treated as "not logged in"'
verdict 'D27 an unknown server is "not found" to docker, which goes on'

printf '%s' "$password" >"$scratch/in"
run docker --config "$docker_dir" login --username bob --password-stdin \
	"$registry" <"$scratch/in"
expect_status 0
grep -q 'Login Succeeded' "$scratch/out" || wrong 'no "Login Succeeded"'
grep -qF -e "$password" "$docker_dir/config.json" && wrong 'a secret in the file'
grep -q '"auth":' "$docker_dir/config.json" && wrong 'a login in the file'
verdict 'D23 docker login with credsStore succeeds, no secret in config.json'

docker_cli manifest inspect "$image"
expect_status 0
verdict 'D27 docker reads the registry with the login that we kept'

printf %s "$registry" >"$scratch/in"
run docker-credential-secretservice get <"$scratch/in"
expect_status 0
grep -qF -e "$password" "$scratch/out" || wrong 'it does not find the login'
: >"$scratch/out"
verdict "D24 docker's own helper finds the login"

run docker-credential-apptoken list
grep -qF "\"$registry\":\"bob\"" "$scratch/out" || wrong 'it is not listed'
verdict 'D19 the login is listed'

docker_cli logout "$registry"
expect_status 0
grep -qi warning "$scratch/out" "$scratch/err" && wrong 'docker warns'
docker_get "$registry"
expect_status 1
docker_cli manifest inspect "$image"
[ "$status" != 0 ] || wrong 'still logged in'
verdict 'D22 docker logout forgets it, without a warning'

printf '{"ServerURL":"%s","Username":"ann","Secret":"%s"}' "$registry" \
	"$password" >"$scratch/in"
run docker-credential-secretservice store <"$scratch/in"
expect_status 0
docker_cli manifest inspect "$image"
expect_status 0
verdict "D24 docker reads with a login that its own helper kept"

finish
