#!/bin/sh
# Usage: lint.sh SOURCE
# Every finding of every tool is an error; so is a missing tool.
set -u
cd "$1" || exit 1
status=0
libraries='libcurl gnutls libsecret-1 json-c libsystemd libmicrohttpd cmocka'

for tool in clang-format cppcheck shellcheck gcc pkg-config; do
	command -v "$tool" >/dev/null || {
		echo "lint: $tool is missing; install it and run again" >&2
		status=1
	}
done
[ "$status" = 0 ] || exit 1

run() {
	echo "lint: $1"
	shift
	"$@" || status=1
}

code=$(find src helpers tests -name '*.[ch]' | LC_ALL=C sort)
units=$(find src helpers -name '*.c' | LC_ALL=C sort)
scripts=$(find autogen.sh .ci contrib tests -type f | LC_ALL=C sort |
	while IFS= read -r file; do
		case $(head -n 1 "$file" | tr -d '\0') in
		'#!/bin/sh'* | '#!/bin/bash'* | '#!/usr/bin/env bash'* | \
			'# shellcheck shell='*) echo "$file" ;;
		esac
	done)
pages=$(find . -name '*.[1-8]' -path './doc/*' | LC_ALL=C sort)

# Lists of files without blanks in their names.
# shellcheck disable=SC2046,SC2086
{
	run 'clang-format' clang-format --dry-run -Werror $code
	run 'cppcheck' cppcheck --quiet --error-exitcode=1 --std=c11 \
		--enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem --suppress=missingInclude \
		-D_GNU_SOURCE -DVERSION='""' -DKEEPER_PATH='""' \
		-DPKGDATADIR='""' -DSYSCONFDIR='""' \
		-DPROTOCOL=protocol_git -Isrc -I. -Ihelpers $units
	run 'shellcheck' shellcheck -x $scripts
	# One by one: the analyzer needs much memory.
	echo 'lint: gcc -fanalyzer'
	for unit in $units; do
		gcc -std=c11 -D_GNU_SOURCE -O1 \
			-fanalyzer -Werror -Isrc -I. -Ihelpers \
			$(pkg-config --cflags $libraries) \
			-DVERSION='""' -DKEEPER_PATH='""' -DPKGDATADIR='""' \
			-DSYSCONFDIR='""' -DPROTOCOL=protocol_git \
			-c -o /dev/null "$unit" || status=1
	done
	if [ -n "$pages" ]; then
		if command -v mandoc >/dev/null; then
			run 'mandoc' mandoc -T lint -W warning $pages
		else
			echo 'lint: mandoc is missing; install it' >&2
			status=1
		fi
	fi
}
exit "$status"
