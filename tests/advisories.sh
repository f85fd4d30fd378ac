#!/usr/bin/env bash
# Known vulnerabilities in dependencies. The database lives on a public git host; where that cannot
set -euo pipefail
cd "$(dirname "$0")/.."
if out=$(timeout 60 cargo deny --log-level error check advisories 2>&1); then
    echo "advisories ok"
elif grep -qE 'failed to (fetch|clone|acquire|open)|advisory database|Could not resolve|timed out' <<<"$out" || [ -z "$out" ]; then
    echo "skipped: the advisory database cannot be reached from here"
else
    echo "$out" >&2
    exit 1
fi
