#!/usr/bin/env bash
# Ratios against named peers, all in one run on this machine. Nothing is asserted: machines are noisy.
set -euo pipefail
cd "$(dirname "$0")/.."
MEGABYTES="${MEGABYTES:-1024}"
target="${CARGO_TARGET_DIR:-target}"

cargo build --release --quiet -p proctor-cli -p proctor-benches
corpus="${CORPUS:-$target/bench-corpus-$MEGABYTES}"
if [ ! -e "$corpus/.done" ]; then
    rm -rf "$corpus"
    "$target/release/corpus" "$corpus" "$MEGABYTES"
    touch "$corpus/.done"
fi
python3 benches/scan.py "$target/release" "$corpus"
echo
echo "== ledger"
"$target/release/ledger" "${LEDGER_DIR:-$target}" "${LEDGER_ENTRIES:-10000000}"
for bench in crates/*/benches/*.rs; do
    crate=$(basename "$(dirname "$(dirname "$bench")")")
    name=$(basename "$bench" .rs)
    echo
    echo "== $crate/$name"
    cargo bench --quiet -p "proctor-$crate" --bench "$name"
done
