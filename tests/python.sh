#!/usr/bin/env bash
# Makes the Python that the second verifier of bundles runs in; it wants Ed25519. Who needs it says
# so if this did not work.
set -euo pipefail
venv="${CARGO_TARGET_DIR:-$PWD/target}/python"
"$venv/bin/python" -c 'import cryptography' 2>/dev/null && exit
echo "installing cryptography for Python" >&2
{ python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check 'cryptography>=42,<50'; } ||
    echo "could not install cryptography for Python" >&2
