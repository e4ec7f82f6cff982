#!/bin/sh
# Private keys as people have them: the forms that add takes (K6), and the
# files that it refuses, naming what they hold (K7).
# shellcheck source=tests/e2e/lib.sh
. "${top_srcdir:?}/tests/e2e/lib.sh"

phrase='correct horse 7'
printf '%s\n' "$phrase" >>"$secrets"

# add FILE: the app "new"; /dev/tty is nobody's here
add() {
	run setsid -w apptoken add new --endpoint "$endpoint" --app-id 42 \
		--ca-file "$ca" --key "$1"
}

# expect_imported: the key is the one that acme has; then it is gone again
expect_imported() {
	expect_status 0
	[ ! -s "$scratch/err" ] || {
		wrong 'nothing expected on stderr'
		show
	}
	grep -qF "new: key $print (RSA, 2048 bits) is in the keyring" \
		"$scratch/out" || {
		wrong 'the fingerprint of the key expected'
		show
	}
	run apptoken token new
	plain_token
	expect_status 0
	run apptoken remove new --yes
	expect_status 0
}

# expect_refused TEXT...: and nothing is left of it
expect_refused() {
	expect_failure 1 "'new' was not added: " "$@"
	expect "$items" "$(keyring_items)" 'items in the keyring'
	cmp -s "$scratch/before" "$config" ||
		wrong 'the configuration has changed'
}

# refused FILE CASE TEXT...: what the file is, and that it is named
refused() {
	file=$1 what=$2
	shift 2
	add "$scratch/$file"
	expect_refused "$@"
	verdict "K7 $what is refused and named"
}

acme_start
key=$scratch/acme.pem
print="SHA256:$(openssl pkey -pubin -in "$scratch/acme.pub" -outform DER |
	openssl dgst -sha256 -binary | openssl base64 -A | tr -d =)"
items=$(keyring_items)
cp "$config" "$scratch/before"

# ---- taken -----------------------------------------------------------------

add "$key"
expect_imported
verdict 'K6 PKCS#8 is taken'

openssl pkey -in "$key" -traditional -out "$scratch/pkcs1.pem"
grep -q 'BEGIN RSA PRIVATE KEY' "$scratch/pkcs1.pem" || wrong 'no PKCS#1'
add "$scratch/pkcs1.pem"
expect_imported
verdict 'K6 PKCS#1 is taken'

sed 's/$/\r/' "$key" >"$scratch/crlf.pem"
add "$scratch/crlf.pem"
expect_imported
verdict 'K6 CRLF line ends are taken'

{
	printf 'Bag Attributes\n    friendlyName: app\n'
	cat "$key"
	printf '\nsent by mail, best regards\n'
} >"$scratch/mail.pem"
add "$scratch/mail.pem"
expect_imported
verdict 'K6 text around the block is taken'

awk '{ printf "%s\\n", $0 }' "$key" >"$scratch/escaped.pem"
add "$scratch/escaped.pem"
expect_imported
verdict 'K6 line ends written as backslash and n are taken'

add - <"$key"
expect_imported
verdict 'K6 a key on standard input is taken'

run apptoken add new --endpoint "$endpoint" --app-id 42 --ca-file "$ca" \
	--key - <"$scratch/mail.pem"
expect_imported
verdict 'K6 a key with text around it on standard input is taken'

# openssl reads the passphrase from a descriptor, not from its arguments.
printf '%s\n' "$phrase" | openssl pkcs8 -topk8 -v2 aes-256-cbc -in "$key" \
	-passout stdin -out "$scratch/locked.pem"
grep -q 'BEGIN ENCRYPTED PRIVATE KEY' "$scratch/locked.pem" ||
	wrong 'no encrypted PKCS#8'
on_terminal 'Passphrase of the private key: ' "$phrase" apptoken add new \
	--endpoint "$endpoint" --app-id 42 --ca-file "$ca" \
	--key "$scratch/locked.pem"
expect_status 0
grep -qF "new: key $print" "$scratch/out" || {
	wrong 'the fingerprint of the key expected'
	show
}
grep -qF "$phrase" "$scratch/out" && wrong 'the passphrase was shown'
secret-tool lookup xdg:schema org.apptoken.Key app new |
	grep -q 'BEGIN PRIVATE KEY' || wrong 'a key without passphrase expected'
run apptoken remove new --yes
verdict 'K6 encrypted PKCS#8: the passphrase is asked for and not shown'

# shellcheck disable=SC2016
on_terminal 'Passphrase of the private key: ' "$phrase" sh -c '
	apptoken add new --endpoint "$1" --app-id 42 --ca-file "$2" \
		--key - <"$3"' sh "$endpoint" "$ca" "$scratch/locked.pem"
expect_status 0
run apptoken remove new --yes
expect_status 0
verdict 'K6 encrypted PKCS#8 on standard input asks the terminal'

# ---- refused ---------------------------------------------------------------

on_terminal 'Passphrase of the private key: ' 'wrong guess 1' apptoken add \
	new --endpoint "$endpoint" --app-id 42 --ca-file "$ca" \
	--key "$scratch/locked.pem"
expect_status 1
grep -q "^apptoken: 'new' was not added: the passphrase is wrong" \
	"$scratch/out" || {
	wrong 'a word about the passphrase expected'
	show
}
grep -qF 'wrong guess' "$scratch/out" && wrong 'the passphrase was shown'
expect "$items" "$(keyring_items)" 'items in the keyring'
verdict 'K7 a wrong passphrase is refused and named'

on_terminal 'Passphrase of the private key: ' '' apptoken add new \
	--endpoint "$endpoint" --app-id 42 --ca-file "$ca" \
	--key "$scratch/locked.pem"
expect_status 1
grep -q "^apptoken: 'new' was not added: the passphrase is empty" \
	"$scratch/out" || {
	wrong 'a word about the passphrase expected'
	show
}
verdict 'K7 an empty passphrase is refused and named'

refused locked.pem 'an encrypted key without a terminal' encrypted terminal
printf '%s\n' "$phrase" | openssl rsa -in "$key" -aes128 -traditional \
	-passout stdin -out "$scratch/old.pem" 2>/dev/null
refused old.pem "OpenSSL's old encryption" 'old encryption' 'openssl pkcs8'

refused acme.pub 'a public key' 'found a public key' 'RSA private key'
openssl rsa -in "$key" -RSAPublicKey_out -out "$scratch/rsa.pub" 2>/dev/null
refused rsa.pub "a public key in PKCS#1" 'found a public key'
ssh-keygen -q -t rsa -b 2048 -N '' -f "$scratch/id_rsa"
refused id_rsa "OpenSSH's own format" 'OpenSSH'
refused id_rsa.pub "OpenSSH's public key" 'no PEM'

openssl genrsa -out "$scratch/small.pem" 1024 2>/dev/null
refused small.pem 'RSA of 1024 bits' 'RSA key of 1024 bits' 2048
openssl ecparam -name prime256v1 -genkey -noout -out "$scratch/sec1.pem"
refused sec1.pem 'an EC key (SEC 1)' 'an EC private key'
openssl pkcs8 -topk8 -nocrypt -in "$scratch/sec1.pem" -out "$scratch/ec.pem"
refused ec.pem 'an EC key (PKCS#8)' 'an EC private key'
openssl genpkey -algorithm ed25519 -out "$scratch/ed.pem"
refused ed.pem 'an Ed25519 key' 'an Ed25519 private key'
openssl req -x509 -key "$key" -subj /CN=app -out "$scratch/cert.pem"
refused cert.pem 'a certificate' 'found a certificate'
openssl req -new -key "$key" -subj /CN=app -out "$scratch/csr.pem"
refused csr.pem 'a certificate request' 'a certificate request'

cat "$key" "$scratch/pkcs1.pem" >"$scratch/two.pem"
refused two.pem 'a file with two keys' 'found 2 private keys'
head -n 12 "$key" >"$scratch/cut.pem"
refused cut.pem 'a truncated file' 'a cut private key' 'END PRIVATE KEY'
sed 9d "$key" >"$scratch/gap.pem"
refused gap.pem 'a key with a line missing' 'damaged private key'
openssl pkey -in "$key" -outform DER -out "$scratch/key.der"
refused key.der 'DER' DER 'openssl pkey'
: >"$scratch/empty.pem"
refused empty.pem 'an empty file' empty
echo 'endpoint = https://api.example' >"$scratch/text.pem"
refused text.pem 'another text' 'no PEM block'
head -c 40000 /dev/zero >"$scratch/large.pem"
refused large.pem 'a file of 40000 bytes' "$scratch/large.pem" 'larger than'

mkdir "$scratch/folder"
refused folder 'a directory' "'$scratch/folder' is not a regular file"
mkfifo "$scratch/pipe"
refused pipe 'a named pipe' "'$scratch/pipe' is not a regular file"
refused missing 'a missing file' "'$scratch/missing'" 'no such file'
cp "$key" "$scratch/closed.pem"
chmod 0 "$scratch/closed.pem"
unprivileged apptoken add new --endpoint "$endpoint" --app-id 42 \
	--ca-file "$ca" --key "$scratch/closed.pem"
expect_refused "'$scratch/closed.pem'" 'permission denied'
verdict 'K7 an unreadable file is refused and named'

add - </dev/null
expect_refused empty
verdict 'K7 nothing on standard input is refused and named'
add - <&-
expect_refused
verdict 'K7 a closed standard input is refused'

finish
