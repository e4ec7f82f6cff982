#!/bin/sh
# Make configure and what it needs from the sources in git.
# Needs autoconf, automake, autoconf-archive and pkg-config.
set -eu
cd "$(dirname "$0")"
mkdir -p m4
exec autoreconf --install "$@"
