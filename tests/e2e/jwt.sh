#!/bin/sh
# What the token endpoint gets, and what becomes of its answers: the cases J.
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

place=git.a.example

acme_start

# last QUERY: of the last token request, by jq
last() {
	control last | jq -r "$1"
}

# claims: the last JWT's claims, as their JSON text
claims() {
	last .jwt_claims
}

# expect_claim NAME NUMBER
expect_claim() {
	expect "$2" "$(claims | jq -c ".$1")" "claim $1"
}

# from_base64url: decodes standard input
from_base64url() {
	tr -d '\n' | tr -- '-_' '+/' | awk '{
		printf "%s%s", $0, substr("===", 1, (4 - length($0) % 4) % 4)
	}' | base64 -d
}

# ---- J1, J2: the JWT -------------------------------------------------------

fresh
since_s=$(date +%s)
git_get $place
until_s=$(date +%s)
expect_answer
control jwt >"$scratch/jwt"
expect '{"alg":"RS256","typ":"JWT"}' "$(last .jwt_header | jq -cS .)" header
grep -Eq '^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$' "$scratch/jwt" ||
	wrong 'three parts in base64url without padding expected'
verdict 'J1 header of exactly alg and typ, base64url without padding'

cut -d . -f 1,2 "$scratch/jwt" | tr -d '\n' >"$scratch/signed"
cut -d . -f 3 "$scratch/jwt" | from_base64url >"$scratch/signature"
run openssl dgst -sha256 -verify "$scratch/acme.pub" \
	-signature "$scratch/signature" "$scratch/signed"
expect_status 0
printf x >>"$scratch/signed"
run openssl dgst -sha256 -verify "$scratch/acme.pub" \
	-signature "$scratch/signature" "$scratch/signed"
expect_status 1
verdict 'J1 the public key verifies the signature (openssl)'

modulus=$(openssl rsa -pubin -in "$scratch/acme.pub" -noout -modulus |
	sed 's/^Modulus=//' | basenc -d --base16 | basenc -w 0 --base64url |
	tr -d =)
printf '{"kty":"RSA","alg":"RS256","n":"%s","e":"AQAB"}' "$modulus" \
	>"$scratch/acme.jwk"
run jose jws ver -i "$scratch/jwt" -k "$scratch/acme.jwk"
expect_status 0
sed 's/\./.e/' "$scratch/jwt" >"$scratch/damaged"
run jose jws ver -i "$scratch/damaged" -k "$scratch/acme.jwk"
expect_status 1
verdict 'J1 the public key verifies the signature (jose)'

claims | grep -Eqx '\{("(iss|iat|exp)":[0-9]+,?){3}\}' ||
	wrong "three claims that are integers expected: $(claims)"
expect_claim iss 42
verdict 'J1 iss is a JSON number, times are integers'

iat=$(claims | jq .iat)
{ [ "$iat" -ge "$since_s" ] && [ "$iat" -le "$until_s" ]; } ||
	wrong "iat within $since_s to $until_s expected, not $iat"
expect_claim exp $((iat + 600))
verdict 'J2 Unifize: iat is now, exp 600 s later'

# ---- exchanges -------------------------------------------------------------

expect POST "$(last .method)" method
expect Bearer "$(last .headers.authorization)" 'scheme of Authorization'
expect '' "$(last .body)" body
expect /application/installation/10/token "$(last .path)" path
verdict 'J5 POST with the JWT as bearer and without a body'

# config_of LINE...: the app acme without an organisation
config_of() {
	config_new
	config_app acme "endpoint = $endpoint" 'app-id = 42' "ca-file = $ca" \
		"git = https://$place" "$@"
}

first=$token
config_of
git_get $place
expect_answer
expect_new_token "$first"
expect /application/token "$(last .path)" path
expect null "$(last '.headers["x-unifize-user"]')" X-Unifize-User
verdict 'Unifize without an organisation: the short route'

first=$token
config_of 'org-id = 10' 'user-id = uid-7'
git_get $place
expect_answer
expect_new_token "$first"
expect uid-7 "$(last '.headers["x-unifize-user"]')" X-Unifize-User
expect_stat mints 3
printf '{"token":"%s"}' "$token" >"$scratch/in"
expect uid-7 "$(curl -q -fsS --noproxy '*' --cacert "$ca" -d "@$scratch/in" \
	"$endpoint/application/tokeninfo" | jq -r .uid)" 'user of the token'
verdict 'Unifize for a person: X-Unifize-User, and a token of their own'

profile installation <<'END'
require      = endpoint app-id org-id
url          = {endpoint}/app/installations/{org-id}/access_tokens
claim.iss    = string {app-id}
jwt-ttl      = 540
jwt-backdate = 60
token-path   = token
expiry-path  = expires_at
expiry-form  = rfc3339
username     = x-access-token
END
config_of 'org-id = 10' 'provider = installation'
since_s=$(date +%s)
git_get $place
until_s=$(date +%s)
expect_answer_of x-access-token
expect /app/installations/10/access_tokens "$(last .path)" path
expect_claim iss '"42"'
verdict 'the answer {"token","expires_at"} by a profile file'

iat=$(claims | jq .iat)
{ [ "$iat" -ge $((since_s - 60)) ] && [ "$iat" -le $((until_s - 60)) ]; } ||
	wrong "iat 60 s before $since_s to $until_s expected, not $iat"
expect_claim exp $((iat + 540))
verdict 'J2 others: iat is now - jwt-backdate, exp jwt-ttl later'

profile grant <<'END'
require   = endpoint app-id
url       = {endpoint}/oauth/token
exchange  = assertion
claim.iss = string {app-id}
claim.aud = string {url}
jwt-ttl   = 300
END
config_of 'provider = grant'
git_get $place
expect_answer
expect "$endpoint/oauth/token" "$(claims | jq -r .aud)" 'claim aud'
expect null "$(last .headers.authorization)" Authorization
grant=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer
expect "assertion=REMOVED grant_type=$grant " \
	"$(last .body | tr '&' '\n' | LC_ALL=C sort | tr '\n' ' ')" form
verdict 'RFC 7523 grant by a profile file'

sed 's/= assertion/= client-assertion/' "$providers/grant.conf" |
	profile client
config_of 'provider = client'
git_get $place
expect_answer
type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer
expect "client_assertion=REMOVED client_assertion_type=$type \
grant_type=client_credentials " \
	"$(last .body | tr '&' '\n' | LC_ALL=C sort | tr '\n' ' ')" form
verdict 'RFC 7523 client authentication by a profile file'

# ---- J3, J4: clocks --------------------------------------------------------

for skew in 20 60 -60; do
	fresh
	service_clock $skew
	git_get $place
	expect_status 0
	[ -n "$token" ] || wrong 'a token expected'
	expect_stat token_requests $((skew == 20 ? 1 : 2))
	verdict "J3 a strict server $skew s ahead: a token"
done

for skew in 600 -600; do
	fresh
	service_clock $skew
	git_get $place
	expect_status 0
	[ -n "$token" ] || wrong 'a token expected'
	left=$(($(answer password_expiry_utc) - $(date +%s)))
	{ [ "$left" -le 3600 ] && [ "$left" -gt 3500 ]; } ||
		wrong "a life of 3600 s by our clock expected, not $left"
	expect_line clock
	expect_stat token_requests 2
	expect_stat mints 1
	verdict "J4 a server $skew s ahead: one corrected try and a warning"
done
fresh
service_clock 600 date=none
git_get $place
expect_failure 5
expect_stat token_requests 1
verdict 'J4 without a Date there is nothing to correct by'

# ---- J5 to J7: refusals ----------------------------------------------------

tokend_start second --app "42:$scratch/acme.pub"
second_port=$(cat "$scratch/second/port")
for code in 301 302 303 307 308; do
	fresh
	service_fail status=$code \
		"location=https://127.0.0.1:$second_port/application/token"
	git_get $place
	expect_failure 5 $code
	expect_stat token_requests 1
	verdict "J5 a redirect ($code) is an error"
done
tokend_use second
expect_stat connections 0
tokend_use tokend
verdict 'J5 no redirect was followed'

# trusting [LINE]: the app acme, with this line about whom to trust
trusting() {
	config_new
	config_app acme "endpoint = $endpoint" 'app-id = 42' \
		"git = https://$place" "$@"
	git_get $place
	expect_failure 6 acme "127.0.0.1:$port"
	expect_stat requests 0
}
fresh
trusting "ca-file = $scratch/second/ca.pem"
verdict 'J5 a certificate of another authority: exit 6, nothing sent'
trusting
verdict 'J5 a certificate that the system does not know: exit 6, nothing sent'

fresh
service_fail status=401
git_get $place
expect_failure 5 401 acme "$endpoint"
expect_stat token_requests 1
verdict 'J6 401 every time: app and endpoint are named, one try'

# The JWT of each try, as soon as it is there.
# shellcheck disable=SC2317
tries() {
	[ "$(stats token_requests)" = "$number" ]
}
for code in 429 503; do
	fresh
	service_fail status=$code retry_after=1
	since=$(now_ms)
	printf 'protocol=https\nhost=%s\n\n' $place >"$scratch/in"
	run git-credential-apptoken get <"$scratch/in" &
	call=$!
	: >"$scratch/jwts"
	for number in 1 2 3; do
		await tries || wrong "try $number expected"
		control jwt >>"$scratch/jwts"
		echo >>"$scratch/jwts"
	done
	wait $call
	status=5
	expect_failure 5 $code
	[ $(($(now_ms) - since)) -ge 2000 ] || wrong 'Retry-After not honoured'
	expect 3 "$(sort -u "$scratch/jwts" | wc -l)" 'JWTs that differ'
	expect_stat token_requests 3
	sort -u "$scratch/jwts" | tr . '\n' >>"$secrets"
	verdict "J7 $code with Retry-After: three tries, each signed anew"
done
fresh
service_fail status=503 retry_after=1 times=2
git_get $place
expect_answer
expect_stat token_requests 3
verdict 'J7 the third try can succeed'

fresh
service_fail status=429 retry_after=60
git_get $place
expect_failure 5 429 60
expect_stat token_requests 1
service_ok
git_get $place
expect_failure 5
expect_stat token_requests 1
run apptoken token acme --force
expect_status 0
plain_token
expect_stat mints 1
verdict 'J7 a long Retry-After is named and binds all but --force'

finish
