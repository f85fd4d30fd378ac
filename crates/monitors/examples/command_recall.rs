//! Scores labelled command lines with the built-in rules and with the trivial rule beside them.
//!
//! `command_recall ATTACKS.jsonl BENIGN.jsonl [--list] [RULE_DIR…]`: each line is an object with a
//! `command`; attack lines may have `technique`, `name` and `discovery`. Prints the recall on
//! attacks that are not marked `discovery`, at rates of false alarms on the benign lines. With
//! `--list`, the misses and the false alarms at 0.5% and the rules behind them. The rules of the
//! directories are loaded on top of the built-in ones.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use proctor_monitors::{Rules, command_score, trivial_command_score};
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    command: String,
    #[serde(default)]
    technique: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    discovery: bool,
}

struct Scored {
    row: Row,
    score: f64,
    trivial: f64,
    rules: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [attacks, benign, rest @ ..] = args.as_slice() else {
        return Err("usage: command_recall ATTACKS.jsonl BENIGN.jsonl [--list] [RULE_DIR…]".into());
    };
    let list = rest.iter().any(|a| a == "--list");
    let started = Instant::now();
    let dirs = rest.iter().filter(|a| *a != "--list");
    let rules = Rules::with_dirs(&dirs.map(PathBuf::from).collect::<Vec<_>>())?;
    for problem in rules.problems() {
        println!(
            "problem: {}:{} {}",
            problem.file, problem.line, problem.message
        );
    }
    println!(
        "{} rules loaded in {:.0?}",
        rules.all().count(),
        started.elapsed()
    );
    let mut attacks = score(&rules, attacks)?;
    attacks.retain(|s| !s.row.discovery);
    let started = Instant::now();
    let benign = score(&rules, benign)?;
    println!(
        "{} benign commands in {:.0?}, {:.1?} each",
        benign.len(),
        started.elapsed(),
        started.elapsed() / u32::try_from(benign.len().max(1))?
    );
    for rate in [0.001, 0.005, 0.01, 0.05] {
        let (ours, threshold) = recall(&attacks, &benign, rate, |s| s.score);
        let (trivial, _) = recall(&attacks, &benign, rate, |s| s.trivial);
        println!(
            "at {:>4.1}% false alarms: recall {ours:.3} (score over {threshold:.3}), trivial rule {trivial:.3}",
            rate * 100.0
        );
    }
    if list {
        show(&rules, &attacks, &benign);
    }
    Ok(())
}

fn score(rules: &Rules, path: &str) -> Result<Vec<Scored>, Box<dyn Error>> {
    fs::read_to_string(path)?
        .lines()
        .map(|line| {
            let row: Row = serde_json::from_str(line)?;
            let (score, hits) = command_score(rules, &row.command);
            let names: Vec<&str> = hits.iter().map(|h| h.rule.reference.id.as_str()).collect();
            Ok(Scored {
                score,
                trivial: trivial_command_score(&row.command),
                rules: names.join(" "),
                row,
            })
        })
        .collect()
}

/// The share of attacks over the threshold that lets through this share of benign commands.
fn recall(
    attacks: &[Scored],
    benign: &[Scored],
    rate: f64,
    score: impl Fn(&Scored) -> f64,
) -> (f64, f64) {
    let mut scores: Vec<f64> = benign.iter().map(&score).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    let allowed = (scores.len() as f64 * rate) as usize;
    let threshold = scores.get(allowed).copied().unwrap_or(0.0);
    let found = attacks.iter().filter(|s| score(s) > threshold).count();
    (found as f64 / attacks.len().max(1) as f64, threshold)
}

fn show(rules: &Rules, attacks: &[Scored], benign: &[Scored]) {
    let (_, threshold) = recall(attacks, benign, 0.005, |s| s.score);
    println!("\nmisses:");
    for s in attacks.iter().filter(|s| s.score <= threshold) {
        let Row {
            technique,
            name,
            command,
            ..
        } = &s.row;
        println!(
            "# {technique} {name}: {:.2} {}\n{command}",
            s.score, s.rules
        );
    }
    println!("\nfalse alarms:");
    for s in benign.iter().filter(|s| s.score > threshold * 0.7) {
        let over = if s.score > threshold { "over" } else { "near" };
        println!(
            "{over} {:.2} {}: {}",
            s.score,
            s.rules,
            s.row.command.replace('\n', " ⏎ ")
        );
    }
    let share = |rows: &[Scored], id: &str| {
        rows.iter()
            .filter(|s| s.rules.split(' ').any(|r| r == id))
            .count()
    };
    println!("\nrule: score, attacks and benign commands that it matches");
    for rule in rules.all().filter(|r| r.score > 0.0) {
        let id = &rule.reference.id;
        let (hits, alarms) = (share(attacks, id), share(benign, id));
        println!("{id}: {} {hits} {alarms}", rule.score);
    }
}
