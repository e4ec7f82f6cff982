#!/bin/sh
# What compiler and linker had to do for each installed program.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/structure/tap.sh
. "$here/tap.sh"

[ "${APPTOKEN_SANITIZERS:-no}" = no ] ||
	skip_all 'sanitizers replace parts of the hardening'
[ "${APPTOKEN_HARDENING:-yes}" = yes ] ||
	skip_all 'configured with --disable-hardening'

says() {
	grep -qE "$1" "$scratch/elf" || echo "no line matches: $1" >>"$found"
}

never() {
	grep -E "$1" "$scratch/elf" >>"$found" || :
}

for program in "$APPTOKEN_PREFIX"/bin/* "$APPTOKEN_PREFIX"/libexec/apptoken/*
do
	name=${program##*/}
	LC_ALL=C "$READELF" -hldW --dyn-syms "$program" >"$scratch/elf" ||
		echo 'cannot be read' >>"$found"

	says '^ *Type: +DYN '
	says '\(FLAGS_1\).* PIE'
	check "$name is position independent"

	says '^ *GNU_RELRO '
	says '\(FLAGS_1\).* NOW'
	check "$name has full RELRO"

	says '^ *GNU_STACK .* RW +0x'
	never '^ *(GNU_STACK|LOAD) .* (RWE|RW E|WE) '
	check "$name has no executable stack and no writable code"

	never '\((RPATH|RUNPATH)\)'
	check "$name has no RPATH"

	never '\(TEXTREL\)|\(FLAGS\).*TEXTREL'
	check "$name has no text relocations"

	says ' __stack_chk_(fail|guard)'
	check "$name has stack protectors"

	[ "${APPTOKEN_FORTIFY:-yes}" = yes ] || continue
	says ' __[a-z0-9_]+_chk(@| |$)'
	check "$name calls fortified functions"
done

finish
