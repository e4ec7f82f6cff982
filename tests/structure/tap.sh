# shellcheck shell=sh
# TAP from a shell script: `check NAME` passes when $found, the list of
# what was found wrong, is empty; `finish` prints the plan.

count=0
failed=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
found=$scratch/found

check() {
	count=$((count + 1))
	if [ -s "$found" ]; then
		failed=1
		echo "not ok $count - $1"
		sed 's/^/# /' "$found"
	else
		echo "ok $count - $1"
	fi
	: >"$found"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

finish() {
	echo "1..$count"
	exit "$failed"
}

: >"$found"
