#!/bin/sh
# A mistake in the configuration: the app that it concerns is unusable, the
# message names file and line, exit 7; the other apps go on.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

# bad LINE...: acme as usual, and [bad] with these lines; git and docker
# places of its own come before them
bad() {
	config_acme
	config_app bad 'git = https://git.bad.example' \
		'docker = registry.bad.example' "$@"
}

# line_of TEXT: the last such line of the file
line_of() {
	grep -nxF -e "$1" "$config" | tail -n 1 | cut -d : -f 1
}

# expect_bad LINE TEXT...: what every program says about [bad]
expect_bad() {
	where="'$config' line $1"
	shift
	run apptoken token bad
	expect_failure 7 "$where" "$@"
	git_get git.bad.example
	expect_failure 7 "$where" "$@"
	docker_get registry.bad.example
	expect_status 1
	expect_line "$where" "$@"
	cmp -s "$scratch/out" "$scratch/err" ||
		wrong 'the line of stderr expected on stdout'
}

# expect_others: acme is served as if nothing had happened
expect_others() {
	run apptoken token acme
	plain_token
	expect_status 0
	expect_same_token "$first"
	[ ! -s "$scratch/err" ] || wrong 'nothing expected on stderr'
	git_get git.a.example
	expect_answer
	docker_get registry.a.example
	expect_status 0
	expect_same_token "$first"
	[ ! -s "$scratch/err" ] || wrong 'nothing expected on stderr'
	git_get git.other.example
	expect_silence
}

# expect_report TEXT: status tells both, and fails; list is not complete
expect_report() {
	run apptoken status
	expect_status 7
	expect_line "'bad': " "$1"
	for line in acme '  token *fresh.*' bad ".*$(printf %s "$1" |
		sed 's/[][*.]/\\&/g').*"; do
		grep -qx -e "$line" "$scratch/out" && continue
		wrong "'$line' expected in the status"
		show
	done
	run apptoken status --json
	expect_status 7
	grep -q '"app":"bad","error":"' "$scratch/out" ||
		wrong 'the error expected in the JSON'
	run docker-credential-apptoken list </dev/null
	expect_status 0
	expect '{"registry.a.example":"apptoken"}' "$(cat "$scratch/out")" list
	expect_line 'the list is not complete' "$1"
}

# mistake CASE LINE TEXT...: the line is in [bad], and is what is wrong
mistake() {
	what=$1 line=$2
	shift 2
	bad "endpoint = $endpoint" 'app-id = 42' "$line"
	expect_bad "$(line_of "$line")" "$@"
	expect_others
	expect_report "$1"
	verdict "$what"
}

acme_start
fresh
run apptoken token acme
plain_token
first=$token

mistake 'an unknown key' 'colour = red' "unknown key 'colour' in [bad]"
mistake 'a misspelled key' 'Timeout = 5' "unknown key 'Timeout' in [bad]"
mistake 'a bad value' 'timeout = 5s' "bad value of 'timeout'" 'from 1 to 120'
mistake 'a bad word' 'unlock = maybe' "bad value of 'unlock'" 'ask'
mistake 'a line that is none' 'ca-file' "is not 'key = value'"
mistake 'a repeated key' 'app-id = 42 ' "'app-id' stands in [bad] twice"
mistake 'a place that is none' 'git = https://*.bad.example' "'git' in [bad]"
mistake 'a place of plain http' 'git = http://git.worse.example' \
	"'git' in [bad]" http
mistake 'a place of another app' 'docker = registry.a.example:5000/x' \
	"'docker' in [bad]"

for url in http://api.bad.example https://user@api.bad.example \
	https://api.bad.example/?x=y api.bad.example; do
	bad "endpoint = $url" 'app-id = 42'
	expect_bad "$(line_of "endpoint = $url")" "'endpoint' in [bad]"
	expect_others
	expect_report "'endpoint' in [bad]"
	verdict "the endpoint is $url"
done

bad 'provider = nobody' "endpoint = $endpoint" 'app-id = 42'
expect_bad "$(line_of '[bad]')" 'unknown provider' nobody.conf
expect_others
expect_report nobody.conf
verdict 'an unknown provider: the message names the file that is missing'

printf 'title = Odd\ncolour = red\n' | profile odd
bad 'provider = odd' "endpoint = $endpoint" 'app-id = 42'
run apptoken token bad
expect_failure 7 "'$providers/odd.conf' line 2" colour
expect_others
expect_report "'$providers/odd.conf' line 2"
verdict "a mistake in a provider's profile: its file and line"

bad "endpoint = $endpoint"
expect_bad "$(line_of '[bad]')" "no 'app-id'" unifize
expect_others
expect_report "no 'app-id'"
verdict 'a variable that the provider requires is missing'

bad "endpoint = $endpoint" 'app-id = 42' '' '[bad]' 'timeout = 3'
first_at=$(grep -nxF -e '[bad]' "$config" | head -n 1 | cut -d : -f 1)
expect_bad "$(line_of '[bad]')" "[bad] stands in line $first_at already"
expect_others
expect_report 'stands in line'
verdict 'a section that stands there twice'

bad "endpoint = $endpoint" 'app-id = 42' 'cache = moon'
run apptoken token bad
expect_failure 7 "'$config' line $(line_of 'cache = moon')" "'cache'" keyring
expect_others
verdict 'an unknown cache'
bad "endpoint = $endpoint" 'app-id = 42' 'key = moon:1'
run apptoken token bad
expect_failure 7 "'$config' line $(line_of 'key = moon:1')" 'key source'
expect_others
verdict 'an unknown key source'

bad "endpoint = $endpoint" 'app-id = 42'
config_app rival 'docker = registry.bad.example:443' \
	"endpoint = $endpoint" 'app-id = 42'
docker_get registry.bad.example
expect_status 1
expect_line '[bad]' '[rival]' 'same place'
run apptoken token rival
expect_failure 7 '[bad]' '[rival]' 'same place'
expect_others
verdict 'two apps with the same place: both are named'

# ---- the file as a whole ---------------------------------------------------

# expect_closed TEXT...: no app at all, and nobody goes on without a word
expect_closed() {
	run apptoken token acme
	expect_failure 7 "$@"
	git_get git.a.example
	expect_failure 7 "$@"
	git_get git.other.example
	expect_failure 7 "$@"
	docker_get registry.a.example
	expect_status 1
	expect_line "$@"
	run apptoken status
	expect_failure 7 "$@"
}
config_acme
for mode in 0666 0620 0602; do
	chmod $mode "$config"
	expect_closed "'$config' is writable by others" "chmod go-w $config"
	verdict "the file has mode $mode"
done
chmod 0644 "$config"
run apptoken token acme
expect_status 0
verdict 'the file may be readable by others'
chmod 0 "$config"
unprivileged apptoken token acme
chmod 0600 "$config"
expect_failure 7 "$config" 'permission denied'
verdict 'the file cannot be read'
mv "$config" "$scratch/real"
ln -s "$scratch/real" "$config"
expect_closed "'$config'" 'symbolic link'
rm "$config"
mkdir "$config"
expect_closed "'$config'" 'not a regular file'
rmdir "$config"
mkfifo "$config"
expect_closed "'$config'" 'not a regular file'
rm "$config"
verdict 'the file is a link, a directory, a pipe'
APPTOKEN_CONFIG=$scratch/nowhere
export APPTOKEN_CONFIG
expect_closed APPTOKEN_CONFIG "$scratch/nowhere"
APPTOKEN_CONFIG=$scratch/real
run apptoken token acme
expect_status 0
unset APPTOKEN_CONFIG
mv "$scratch/real" "$config"
verdict 'APPTOKEN_CONFIG names another file, which must be there'

{
	echo 'stray = line'
	cat "$config"
} >"$scratch/stray"
cat "$scratch/stray" >"$config"
expect_others
run apptoken status
expect_status 7
expect_line "'$config' line 1"
verdict 'a line before the first section is told by status alone'

finish
