# Two commands matter: `make demo` and `make test`. Both install what they need on a fresh Debian
# machine that has Rust, a C compiler, make and root.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

OUT ?= demo-out
FUZZ_SECONDS ?= 600

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: ## the product as a story in chapters; ends in a report you can open
	./demo/run $(OUT)

test: check unit counts bundles browser fuzz-short demo-test ## every check; under 30 minutes on two cores
	@echo "make test: all checks passed"

check: tools ## formatting, lints, dependencies
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo deny --log-level error check bans licenses sources
	./tests/advisories.sh

unit: tools ## unit, property, snapshot and end-to-end tests
	cargo nextest run --workspace --no-fail-fast
	cargo test --workspace --doc --quiet

counts: tools ## counts of what was read against an independent count by jq and unzip
	./tests/counts.sh

bundles: tools ## evidence bundles, good and forged, before the verifier and a second one in Python
	./tests/bundles.sh

browser: tools ## the report in a real browser
	./tests/browser.sh

demo-test: ## the demo, to its end, as a test
	./demo/run $(OUT) > $(OUT).log
	tail -n 3 $(OUT).log

bench: tools ## ratios against named peers, in one run; nothing is asserted
	./benches/run.sh

fuzz-short: ## every fuzz target for 30 seconds
	./fuzz/run.sh 30

fuzz: ## every fuzz target for FUZZ_SECONDS (600)
	./fuzz/run.sh $(FUZZ_SECONDS)

soak: ## long runs: more property cases, longer fuzzing, a large corpus
	PROPTEST_CASES=20000 cargo nextest run --workspace --release
	./fuzz/run.sh 1800

tools: ## install what the checks need
	@./tests/tools.sh

.PHONY: help demo test check unit counts bundles browser demo-test bench fuzz-short fuzz soak tools
