#!/bin/sh
# with-keyring.sh COMMAND [ARGUMENT]...
#
# Runs a command with a session bus and an unlocked gnome-keyring of its own:
# a private HOME, XDG_RUNTIME_DIR, XDG_DATA_HOME, XDG_CONFIG_HOME and
# XDG_CACHE_HOME, and DBUS_SESSION_BUS_ADDRESS. For the command:
#
#   WITH_KEYRING_DIR     the private directory; it is removed at the end
#   WITH_KEYRING_PID     the pid of gnome-keyring-daemon, to stop or kill it
#   WITH_KEYRING_BUS_PID the pid of dbus-daemon
#
# Nothing is started on demand, so a killed daemon stays away. Exit status:
# the command's; 99 when the bus or the keyring cannot be had.
# shellcheck disable=SC2317 # trap and await call by name
set -eu
umask 077

[ $# -gt 0 ] || {
	echo 'usage: with-keyring.sh COMMAND [ARGUMENT]...' >&2
	exit 2
}
for program in dbus-daemon dbus-send gnome-keyring-daemon; do
	command -v "$program" >/dev/null || {
		echo "with-keyring.sh: $program is missing" >&2
		exit 99
	}
done

# Short: the path of a socket has at most 107 bytes.
base=${TMPDIR:-/tmp}
[ ${#base} -le 24 ] || base=/tmp
dir=$(mktemp -d "$base/apptoken-kr.XXXXXX")
bus_pid=
keyring_pid=

# A pid that has ended may be somebody else's by now.
is_child() {
	grep -qs "^PPid:[[:space:]]*$$\$" "/proc/$1/status"
}

finish() {
	status=$?
	trap - EXIT HUP INT TERM
	[ "$status" != 99 ] || [ ! -s "$dir/log" ] ||
		sed 's/^/# /' "$dir/log" >&2
	for pid in $keyring_pid $bus_pid; do
		# Also one that a test has stopped.
		! is_child "$pid" || kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	rm -rf "$dir"
	exit "$status"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

die() {
	echo "with-keyring.sh: $1" >&2
	exit 99
}

mkdir "$dir/home" "$dir/run" "$dir/data" "$dir/config" "$dir/cache"
HOME=$dir/home
XDG_RUNTIME_DIR=$dir/run
XDG_DATA_HOME=$dir/data
XDG_CONFIG_HOME=$dir/config
XDG_CACHE_HOME=$dir/cache
export HOME XDG_RUNTIME_DIR XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME
# No desktop is asked, and no keyring but ours is found.
unset DISPLAY WAYLAND_DISPLAY GNOME_KEYRING_CONTROL SSH_AUTH_SOCK
# gnome-keyring warns of what it then does all the same: not to die of it.
unset G_DEBUG

DBUS_SESSION_BUS_ADDRESS=unix:path=$dir/run/bus
export DBUS_SESSION_BUS_ADDRESS
cat >"$dir/bus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>$DBUS_SESSION_BUS_ADDRESS</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
END

# With us, even when we are killed; and the keyring ends with its bus.
with_us=
! command -v setpriv >/dev/null || with_us='setpriv --pdeathsig KILL'
# shellcheck disable=SC2086 # several words, or none
$with_us dbus-daemon --config-file="$dir/bus.conf" --nofork --nopidfile \
	</dev/null >"$dir/log" 2>&1 &
bus_pid=$!

# Wait for what becomes true soon, at most 10 s.
await() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || return 1
		sleep 0.05
	done
}

ask_bus() {
	method=$1
	shift
	dbus-send --session --print-reply --dest=org.freedesktop.DBus \
		/org/freedesktop/DBus "org.freedesktop.DBus.$method" "$@"
}
bus_runs() {
	kill -0 "$bus_pid" && ask_bus GetId
}
await bus_runs || die 'the session bus does not start'

# A fixed password of a keyring that lives as long as this script. Without
# --daemonize, and --foreground, the pid stays the one that we know.
printf 'apptoken-test' >"$dir/password"
gnome-keyring-daemon --foreground --unlock --components=secrets \
	<"$dir/password" >>"$dir/log" 2>&1 &
keyring_pid=$!

keyring_is_open() {
	kill -0 "$keyring_pid" &&
		ask_bus GetNameOwner string:org.freedesktop.secrets &&
		dbus-send --session --print-reply=literal \
			--dest=org.freedesktop.secrets \
			/org/freedesktop/secrets/aliases/default \
			org.freedesktop.DBus.Properties.Get \
			string:org.freedesktop.Secret.Collection \
			string:Locked | grep -q 'boolean false'
}
await keyring_is_open || die 'gnome-keyring does not start'
rm -f "$dir/password"

WITH_KEYRING_DIR=$dir
WITH_KEYRING_PID=$keyring_pid
WITH_KEYRING_BUS_PID=$bus_pid
export WITH_KEYRING_DIR WITH_KEYRING_PID WITH_KEYRING_BUS_PID

# Not exec: somebody has to end the daemons. Not in the background: the
# command may read what we were given to read.
status=0
"$@" || status=$?
exit "$status"
