#!/bin/sh
# Usage: subtree.sh DIR CONFIGURE-ARGUMENT...
# Make DIR/source a copy of the distribution, and DIR/build a build of it that
# is configured with this build's own arguments followed by the given ones.
# Run by make, in the build directory. A copy, because configure refuses a
# source that is itself a build directory.
set -eu
dir=$1
shift

own=$(./config.status --config)
arguments="$own $*"
if [ "$(cat "$dir/arguments" 2>/dev/null)" != "$arguments" ]; then
	rm -rf "$dir"
	mkdir -p "$dir/build"
fi

# Times are copied too, so only what changed is compiled again.
rm -rf "$dir/source"
"$MAKE" distdir distdir="$dir/source" am__remove_distdir=: \
	am__skip_length_check=: am__skip_mode_fix=: >"$dir/log" 2>&1 ||
	{
		cat "$dir/log" >&2
		exit 1
	}
chmod -R u+w "$dir/source"

if [ ! -f "$dir/build/config.status" ]; then
	eval "set -- $own \"\$@\""
	(
		cd "$dir/build"
		../source/configure "$@" --srcdir=../source --quiet
	)
fi
printf '%s\n' "$arguments" >"$dir/arguments"
