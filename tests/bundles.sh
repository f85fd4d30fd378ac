#!/usr/bin/env bash
# Holds good and forged bundles before both verifiers and wants the same verdicts.
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PROCTOR_PYTHON:-${CARGO_TARGET_DIR:-$PWD/target}/python/bin/python}"
if ! why=$("$python" -c 'import cryptography' 2>&1); then
    echo "skipped: the second verifier needs the Python package cryptography: ${why##*$'\n'}"
    exit 0
fi
# As part of the workspace, so that nothing has to be built once more with other features.
PROCTOR_PYTHON=$python cargo nextest run --workspace --run-ignored only \
    -E 'package(proctor-verify) and test(both_verifiers_agree)'
