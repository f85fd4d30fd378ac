#!/usr/bin/env bash
# Installs the tools that the checks need and this machine lacks. Says what it does.
set -euo pipefail

packages=()
need() { command -v "$1" >/dev/null || packages+=("$2"); }
need jq jq
need unzip unzip
need chromium chromium
need python3 python3
# `venv` is a package of its own on Debian.
python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)

if [ ${#packages[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing ${packages[*]}"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
    else
        echo "missing: ${packages[*]}; install them, or run as root on Debian" >&2
        exit 2
    fi
fi

crate() {
    command -v "$1" >/dev/null && return
    echo "installing $1"
    # A debug build: a quarter of the build time, and these tools are not what we measure.
    CARGO_TARGET_DIR="${TMPDIR:-/tmp}/proctor-tools" cargo install --quiet --locked --debug "$1"
}
crate cargo-nextest
crate cargo-deny
rustup component list --installed 2>/dev/null | grep -q clippy || rustup component add clippy rustfmt

"$(dirname "$0")/python.sh"
