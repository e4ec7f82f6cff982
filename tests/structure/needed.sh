#!/bin/sh
# The libraries that each installed program loads, and no others.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/structure/tap.sh
. "$here/tap.sh"

[ "${APPTOKEN_SANITIZERS:-no}" = no ] ||
	skip_all 'sanitizers bring libraries of their own'

expected() {
	case $1 in
	apptoken | *-credential-apptoken)
		echo libc.so.6
		[ "$APPTOKEN_LIBSYSTEMD" = no ] || echo libsystemd.so.0
		;;
	apptoken-keeper)
		echo libc.so.6
		echo libcurl-gnutls.so.4
		echo libgio-2.0.so.0
		echo libglib-2.0.so.0
		echo libgnutls.so.30
		echo libgobject-2.0.so.0
		echo libjson-c.so.5
		echo libsecret-1.so.0
		;;
	*) echo 'a row in this table' ;;
	esac
}

for program in "$APPTOKEN_PREFIX"/bin/* "$APPTOKEN_PREFIX"/libexec/apptoken/*
do
	name=${program##*/}
	expected "$name" | LC_ALL=C sort >"$scratch/expected"
	# Some architectures find the stack guard in the loader.
	LC_ALL=C "$READELF" -dW "$program" |
		sed -n '/(NEEDED)/s/.*\[\(.*\)\].*/\1/p' |
		sed '/^ld-linux/d; /^ld64/d' | LC_ALL=C sort >"$scratch/actual"
	diff "$scratch/expected" "$scratch/actual" >>"$found" || :
	check "$name loads exactly what it should"
done

finish
