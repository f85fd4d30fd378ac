#!/usr/bin/env bash
# Counts what Proctor read against counts made by jq and unzip, file by file: the demo's recordings,
# and those of ../shared/data (or PROCTOR_SHARED_DATA) where they are there.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="${CARGO_TARGET_DIR:-$PWD/target}/debug:$PATH"
cargo build --quiet -p proctor-cli
shared="${PROCTOR_SHARED_DATA:-../shared/data}"
dirs=(demo/recordings)
if [ -d "$shared" ]; then dirs+=("$shared"); else echo "skipped: no shared data at $shared"; fi

passed=0 failed=0
# same FILE WHAT EXPECTED GOT
same() {
    if [ "$3" = "$4" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$1: $2: $3 by an independent count, $4 by proctor" >&2
    fi
}
scan() { proctor scan --json "$1"; }

while IFS= read -r file; do
    scan=$(scan "$file")
    same "$file" records "$(grep -c . "$file")" "$(jq .read.records <<<"$scan")"
    calls=$(jq -R 'fromjson? | select(type == "object") | .message? | select(type == "object")
        | .content | select(type == "array") | .[] | select(type == "object" and .type == "tool_use")' \
        "$file" | jq -s length)
    same "$file" "tool calls" "$calls" "$(jq '[.summaries[].calls] | add' <<<"$scan")"
done < <(find "${dirs[@]}" -path '*claude-code*' -name '*.jsonl' | sort)

while IFS= read -r file; do
    scan=$(scan "$file")
    same "$file" records "$(grep -c . "$file")" "$(jq .read.records <<<"$scan")"
    calls=$(jq -c 'select(.type == "response_item") | .payload.type
        | select(. == "function_call" or . == "custom_tool_call")' "$file" | wc -l)
    same "$file" "tool calls" "$calls" "$(jq '[.summaries[].calls] | add' <<<"$scan")"
done < <(find "${dirs[@]}" -name 'rollout-*.jsonl' | sort)

while IFS= read -r file; do
    scan=$(scan "$file")
    same "$file" samples "$(unzip -Z1 "$file" | grep -c '^samples/')" "$(jq '.summaries | length' <<<"$scan")"
    calls=0
    while IFS= read -r member; do
        n=$(unzip -p "$file" "$member" | jq '[.messages[]? | .tool_calls // [] | length] | add // 0')
        calls=$((calls + n))
    done < <(unzip -Z1 "$file" | grep '^samples/')
    same "$file" "tool calls" "$calls" "$(jq '[.summaries[].calls] | add' <<<"$scan")"
done < <(find "${dirs[@]}" -name '*.eval' | sort)

while IFS= read -r file; do
    # Newer versions keep the trajectory empty and have the calls in the history.
    calls=$(jq 'if (.trajectory | length) > 0 then .trajectory | length
        else [.history[] | select(.role == "assistant" and (.is_demo | not))] | length end' "$file")
    same "$file" actions "$calls" "$(scan "$file" | jq '[.summaries[].calls] | add')"
done < <(find "${dirs[@]}" -name '*.traj' | sort)

if [ -d "$shared" ]; then
    runs="$shared/agentdojo/dev.jsonl"
    scan=$(scan "$runs")
    same "$runs" runs "$(grep -c . "$runs")" "$(jq '.summaries | length' <<<"$scan")"
    same "$runs" "tool calls" "$(jq '[.messages[].tool_calls // [] | length] | add' "$runs" | jq -s add)" \
        "$(jq '[.summaries[].calls] | add' <<<"$scan")"
    judged="$shared/rjudge/dev.jsonl"
    same "$judged" records "$(grep -c . "$judged")" "$(scan "$judged" | jq '.summaries | length')"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
