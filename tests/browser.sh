#!/usr/bin/env bash
# Opens the demo's report in a real browser: it must draw without a network, without a script error,
# and with nothing of the recordings' markup alive in it. Screenshots are kept in $OUT.
set -euo pipefail
cd "$(dirname "$0")/.."
out="$(mkdir -p "${OUT:-demo-out}" && cd "${OUT:-demo-out}" && pwd)"
command -v chromium >/dev/null || { echo "skipped: no chromium"; [ -z "${CI:-}" ]; exit; }
export PATH="${CARGO_TARGET_DIR:-$PWD/target}/debug:$PATH"
cargo build --quiet -p proctor-cli

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 tests/hostile.py "$work/hostile"

chrome() {
    timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync \
        --user-data-dir="$work/profile" --enable-logging=stderr --v=0 "$@" 2>>"$work/log"
}

failed=0
fail() { echo "browser: $*" >&2; failed=1; }

proctor scan demo/recordings "$work/hostile" --report "$work/report.html" >/dev/null
for size in 1280x2400 390x2400; do
    : >"$work/log"
    chrome --window-size="${size/x/,}" --screenshot="$out/report-$size.png" "file://$work/report.html" >/dev/null
    [ -s "$out/report-$size.png" ] || fail "no screenshot at $size"
    if grep -E 'CONSOLE.*(Refused|Error|error|violates)' "$work/log"; then fail "errors on the console at $size"; fi
done
: >"$work/log"
chrome --dump-dom "file://$work/report.html" >"$work/dom.html"
[ "$(wc -c <"$work/dom.html")" -gt 20000 ] || fail "the page is nearly empty"
# The hostile recording sets the title and adds an element if any of its markup comes alive.
grep -q '<title>owned' "$work/dom.html" && fail "a script of a recording ran"
grep -qE '<[a-z]+ [^>]*id="owned"' "$work/dom.html" && fail "markup of a recording is part of the page"
grep -qE '(src|href)="https?://' "$work/dom.html" && fail "the page refers to the network"
[ "$failed" = 0 ] && echo "browser: report drawn at 1280 and 390 pixels, hostile text inert"
exit "$failed"
