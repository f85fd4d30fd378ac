#!/usr/bin/env bash
# run.sh SECONDS [TARGET...]: runs fuzz targets, all that exist by default, for so many seconds
# each. Ends with status 1, and says how to repeat it, when one of them finds something.
# See README.md beside this file.
set -eu
cd "$(dirname "$0")"

usage() { echo "usage: $0 SECONDS [TARGET...]" >&2; exit 2; }
seconds=${1:-}
case $seconds in '' | *[!0-9]*) usage ;; esac
shift

if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "fuzz: installing cargo-fuzz" >&2
    cargo install --quiet --locked cargo-fuzz
fi
if ! command -v c++ >/dev/null; then
    echo "fuzz: libFuzzer needs a C++ compiler: apt-get install g++" >&2
    exit 2
fi

target_dir=${FUZZ_TARGET_DIR:-$PWD/target}
export CARGO_TARGET_DIR=$target_dir
if [ $# -eq 0 ]; then
    set -- $(cd fuzz_targets && ls ./*.rs | sed 's|^\./||; s|\.rs$||')
fi

for target in "$@"; do
    cargo fuzz build --sanitizer none "$target"
done
failed=
for target in "$@"; do
    # New inputs go to a folder of their own: the committed corpus only changes by hand.
    found=$target_dir/found/$target
    mkdir -p "$found" "corpus/$target"
    log=$target_dir/$target.log
    echo "fuzz: $target for $seconds s"
    if cargo fuzz run --sanitizer none "$target" "$found" "corpus/$target" -- \
        -max_total_time="$seconds" -seed="${FUZZ_SEED:-1}" -timeout=10 -rss_limit_mb=1024 -max_len="${FUZZ_MAX_LEN:-8192}" \
        -print_final_stats=1 >"$log" 2>&1; then
        grep -E '^(Done|stat::(average|new_units|slowest|peak))' "$log" | sed 's/^/  /'
    else
        failed="$failed $target"
        echo "fuzz: $target FAILED" >&2
        tail -n 40 "$log" >&2
    fi
done

if [ -n "$failed" ]; then
    echo "fuzz: FAILED:$failed (inputs are in fuzz/artifacts, logs in $target_dir)" >&2
    exit 1
fi
echo "fuzz: nothing found"
