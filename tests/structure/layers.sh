#!/bin/sh
# The rules of the house, read from the source: who includes whom, who
# includes which library, and what no file does.
# shellcheck disable=SC2046,SC2086 # lists of files without blanks
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/structure/tap.sh
. "$here/tap.sh"
cd "${top_srcdir:-$here/../..}"

# What a folder may include, itself among it.
may_include() {
	case $1 in
	core) echo core ;;
	platform) echo core platform ;;
	cache) echo core platform cache ;;
	keeper) echo core platform cache keeper ;;
	front) echo core platform cache front ;;
	cli) echo core platform cache front cli ;;
	helpers) echo core platform cache front helpers ;;
	esac
}

# Which files include the headers that match $1, an extended expression.
includers() {
	grep -lE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<($1)" \
		$sources || :
}

sources=$(find src helpers -name '*.[ch]' | LC_ALL=C sort)
units=$(echo "$sources" | grep '\.c$')
headers=$(echo "$sources" | grep '\.h$')
awk -f "$here/strip.awk" $sources >"$scratch/code"

# Prints the lines of code where one of the functions in $1 is called, in
# files whose name matches $2.
calls() {
	grep -E "^$2:[0-9]+:" "$scratch/code" |
		grep -E "(^|[^[:alnum:]_.>])($1)[[:space:]]*\(" || :
}

for folder in src/* helpers; do
	[ -d "$folder" ] || continue
	name=${folder#src/}
	allowed=$(may_include "$name")
	[ -n "$allowed" ] ||
		echo "$folder: not in the table of folders" >>"$found"
	find "$folder" -name '*.[ch]' -exec grep -HnE \
		'^[[:space:]]*#[[:space:]]*include[[:space:]]*"' {} + |
		while IFS= read -r line; do
			target=${line#*\"}
			target=${target%%\"*}
			case $target in
			../* | */../* | */*/*) from=none ;;
			*/*) from=${target%%/*} ;;
			*) [ "$name" = helpers ] && from=helpers || from=none ;;
			esac
			case " $allowed " in
			*" $from "*) ;;
			*) echo "$line" ;;
			esac
		done >>"$found"
	check "$name includes only: $allowed"
done

# Each library by its headers, and the one file that includes them.
while read -r library file pattern; do
	includers "$pattern" >"$scratch/who"
	[ "$(cat "$scratch/who")" = "$file" ] ||
		echo "$library: expected $file alone, found:" \
			$(cat "$scratch/who") >>"$found"
	check "$library is included by exactly one file"
done <<'END'
libcurl src/keeper/http.c curl/
gnutls src/keeper/sign.c gnutls/
json-c src/keeper/answer.c json-c/|json(_object|_tokener|_util)?\.h
libsystemd src/cache/secretread.c systemd/|elogind/
END

includers 'libsecret/' >"$scratch/libsecret"
includers 'g(lib|io|object)(-unix)?[./]' >"$scratch/glib"
n=$(grep -c . "$scratch/libsecret" || :)
[ "$n" = 1 ] || [ "$n" = 2 ] ||
	echo "$n files include libsecret" >>"$found"
grep -v '^src/keeper/.*\.c$' "$scratch/libsecret" "$scratch/glib" \
	>>"$found" || :
grep -vxFf "$scratch/libsecret" "$scratch/glib" >>"$found" || :
check 'libsecret and GLib are included by one or two keeper files'

grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<' $sources |
	grep -vE '<([a-z0-9_]+\.h|(sys|linux|net|netinet|arpa)/[a-z0-9_/]+\.h)>' |
	grep -vE '<(curl|gnutls|libsecret|json-c|systemd|gio|glib)/' \
		>"$scratch/unknown" || :
cat "$scratch/unknown" >>"$found"
check 'no library is included that this test does not know'

grep -nE '<(curl|gnutls|libsecret|json-c|systemd|glib|gio)[/.]|<json' \
	$headers >>"$found" || :
check 'no header of ours includes a library'

for file in $units; do
	last=$(grep -E '^[[:space:]]*#[[:space:]]*include' "$file" | tail -n 1)
	[ "$last" = '#include "core/banned.h"' ] ||
		echo "$file: ${last:-nothing included}" >>"$found"
done
check 'each .c file includes "core/banned.h" last'

for file in $headers; do
	guard=$(echo "${file#src/}" | tr 'a-z/.-' 'A-Z___')
	grep -q "^#ifndef $guard\$" "$file" ||
		echo "$file: no guard $guard" >>"$found"
done
check 'each header has the guard that its path asks for'

for file in $headers; do
	${APPTOKEN_CC:-cc} -std=c11 -D_GNU_SOURCE -Isrc -I. -Ihelpers -Wall \
		-Wextra -Werror -fsyntax-only -x c "$file" \
		>"$scratch/log" 2>&1 || cat "$scratch/log" >>"$found"
done
check 'each header compiles alone'

find src helpers tests -name '*.[ch]' -exec awk '
	END { if (FNR > 500) print FILENAME ": " FNR " lines" }' {} \; \
	>>"$found"
check 'no file has more than 500 lines'

{
	calls 'str(n?cpy|n?cat|tok|dup|ndup|to(l|ul|ll|ull|d))|stpcpy' '.*\.c'
	calls 'v?sprintf|v?[fs]?scanf|gets|ato[ifl]l?|system|popen' '.*\.c'
	calls 'alloca|localtime(_r)?|gmtime|mktemp|tmpnam|tempnam' '.*\.c'
	calls 'atexit' '.*\.c'
} >>"$found"
check 'no banned function is called'

{
	calls '(f|fd|p)?open(at|dir)?|p?(read|write)v?|socket|connect' \
		'src/core/[^:]*'
	calls 'v?f?printf|f?puts|perror|syslog|_?exit|abort|sleep|fork' \
		'src/core/[^:]*'
	calls 'time|clock_gettime|gettimeofday|(secure_)?getenv|exec[a-z]+' \
		'src/core/[^:]*'
} >>"$found"
check 'core does no input or output, reads no clock and never exits'

grep -E ':[0-9]+:[[:space:]]*typedef (struct|union|enum)[^(]*$' \
	"$scratch/code" >>"$found" || :
check 'no struct, union or enum is hidden behind a typedef'

grep -E '\.h:[0-9]+:.*(^|[^[:alnum:]_])(secret|g|curl|gnutls|json|sd)_[a-z]+' \
	"$scratch/code" >>"$found" || :
check 'no name of ours begins like the name of a library'

finish
