#!/bin/sh
# Nothing is forgotten: every source file belongs to the distribution, and
# every test is run. The makefile says what it knows in APPTOKEN_FILES and
# APPTOKEN_TESTS.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/structure/tap.sh
. "$here/tap.sh"
cd "${top_srcdir:-$here/../..}"

# Print the names on stdin that are not among the words of $1.
not_among() {
	while IFS= read -r name; do
		case " $1 " in
		*" $name "*) ;;
		*) echo "$name" ;;
		esac
	done
}

find src helpers providers contrib tests -type f ! -name '.*' \
	! -name '*.mk' ! -name '*.o' ! -name '*.log' ! -name '*.trs' \
	! -path '*/.deps/*' -exec sh -c '
	for file; do
		# What a build in the source leaves behind.
		[ "$(head -c 4 "$file" | tail -c 3)" = ELF ] || echo "$file"
	done' sh {} + |
	not_among "$APPTOKEN_FILES" >>"$found"
check 'every file is part of the distribution'

{
	find tests -name 'test_*.c' | sed 's/\.c$//'
	find tests/structure tests/e2e -name '*.sh' -perm -u+x
} | not_among "$APPTOKEN_TESTS" >>"$found"
check 'every test is run'

finish
