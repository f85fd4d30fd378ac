//! What rules cost. `cargo bench -p proctor-monitors`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use proctor_monitors::{Rules, command_score};
use proctor_shell::analyse;

/// Everyday commands of an agent's session.
const EVERYDAY: [&str; 12] = [
    "cargo test -p proctor-shell --lib parse",
    "git status --short && git diff --stat HEAD~1",
    "rg -n 'fn analyse' crates --type rust",
    "sed -n 120,180p crates/shell/src/lib.rs",
    "ls -la target/debug | head -20",
    "npm run build 2>&1 | tail -40",
    "python3 -m pytest tests/test_api.py -q -k 'not slow'",
    "cat package.json | jq -r '.scripts'",
    "mkdir -p src/components && touch src/components/Button.tsx",
    "find . -name '*.py' -not -path './venv/*' | xargs wc -l",
    "curl -s http://localhost:8080/health",
    "docker compose up -d db && sleep 3",
];

fn main() {
    divan::main();
}

#[divan::bench]
fn load(bencher: Bencher<'_, '_>) {
    bencher.bench(|| Rules::with_dirs(black_box(&[])));
}

/// Reading the text alone, to take off the figure below.
#[divan::bench]
fn parse_everyday(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(simple_commands()))
        .bench(|| EVERYDAY.map(|text| analyse(black_box(text)).commands.len()));
}

#[divan::bench]
fn score_everyday(bencher: Bencher<'_, '_>) {
    let rules = Rules::builtin();
    bencher
        .counter(ItemsCount::new(simple_commands()))
        .bench(|| EVERYDAY.map(|text| command_score(&rules, black_box(text)).0));
}

fn simple_commands() -> usize {
    EVERYDAY
        .iter()
        .map(|text| analyse(text).commands.len())
        .sum()
}
