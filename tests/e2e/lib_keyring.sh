# shellcheck shell=sh
# lib.sh's hands on the keyring: its items, its lock, its absence.
# shellcheck disable=SC2154 # scratch is lib.sh's

login=/org/freedesktop/secrets/collection/login

# gnome-keyring 42 has two threads and a list of clients without a lock: with
# some luck a client that comes while another goes makes it end. Our programs
# know how to come; for dbus-send and secret-tool wait until all have gone.
settle() {
	sleep 0.05
}

# ask_keyring OBJECT INTERFACE.METHOD [ARGUMENT]...
ask_keyring() {
	settle
	dbus-send --session --print-reply --dest=org.freedesktop.secrets "$@"
}

keyring_items() {
	ask_keyring "$login" org.freedesktop.DBus.Properties.Get \
		string:org.freedesktop.Secret.Collection string:Items |
		grep -c "object path \"$login/"
}

keyring_is() {
	ask_keyring "$login" org.freedesktop.DBus.Properties.Get \
		string:org.freedesktop.Secret.Collection string:Locked \
		2>/dev/null | grep -q "boolean $1"
}

keyring_lock() {
	ask_keyring /org/freedesktop/secrets \
		org.freedesktop.Secret.Service.Lock \
		"array:objpath:$login" >/dev/null
	keyring_is true || bail_out 'the keyring is not locked'
}

nobody_serves() {
	! dbus-send --session --print-reply --dest=org.freedesktop.DBus \
		/org/freedesktop/DBus org.freedesktop.DBus.GetNameOwner \
		string:org.freedesktop.secrets >/dev/null 2>&1
}

keyring_stop() {
	kill -KILL "$WITH_KEYRING_PID"
	await nobody_serves || bail_out 'the keyring does not end'
}

# By a new daemon: the running one would want its prompt answered.
keyring_unlock() {
	nobody_serves || keyring_stop
	printf 'apptoken-test' | gnome-keyring-daemon --foreground --unlock \
		--components=secrets >"$scratch/keyring.log" 2>&1 &
	WITH_KEYRING_PID=$!
	children="$children $WITH_KEYRING_PID"
	await keyring_is false || bail_out 'the keyring is not unlocked'
}

# keyring_gone COMMAND...: run it with a bus address where nobody listens
keyring_gone() {
	DBUS_SESSION_BUS_ADDRESS=unix:path=$scratch/no-bus "$@"
}

# token_item: standard input becomes the secret of acme's cached token
token_item() {
	settle
	cached=$(secret-tool lookup xdg:schema org.apptoken.Token app acme |
		grep -E '^(provider|variable)=')
	settle
	secret-tool store --label='acme: access token (apptoken)' \
		app acme provider "$(echo "$cached" | sed -n 's/^prov.*=//p')" \
		variables "$(echo "$cached" | sed -n 's/^variable=//p')" \
		version 1 xdg:schema org.apptoken.Token
}

# token_age SECONDS: acme's cached token is that much older, and was minted
# before this computer started, so that the wall clock alone tells its age.
token_age() {
	settle
	secret-tool lookup xdg:schema org.apptoken.Token app acme |
		awk -F= -v OFS== -v age="$1" '
			$1 == "minted-at" { $2 -= age }
			$1 == "minted-boot-ms" { $2 = 0 }
			$1 == "boot-id" { $2 = "" }
			$1 != "sum"' >"$scratch/record"
	# FNV-1a in signed 64-bit numbers, which wrap around.
	sum=-3750763034362895579
	for byte in $(od -An -v -tu1 "$scratch/record"); do
		sum=$(((sum ^ byte) * 0x100000001b3))
	done
	{
		cat "$scratch/record"
		printf 'sum=%016x\n' "$sum"
	} | token_item
	rm -f "$scratch/record"
}
