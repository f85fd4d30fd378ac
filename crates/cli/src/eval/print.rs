//! Figures as text.

use std::fmt::Write;

use proctor_monitors::eval::{AtRate, Class, Figure, Figures, Run};

use super::Scored;

/// All of an evaluation, for a terminal or a log.
pub(super) fn text(
    dataset: &str,
    scored: &Scored,
    figures: &Figures,
    applied: Option<&[AtRate]>,
) -> String {
    let mut out = String::new();
    let count = |class| figures.counts.get(&class).copied().unwrap_or(0);
    let _ = writeln!(out, "{dataset}: {}", scored.about);
    let _ = writeln!(
        out,
        "runs: {} positive, {} clean, {} resisted, {} aside",
        count(Class::Positive),
        count(Class::Clean),
        count(Class::Resisted),
        count(Class::Aside)
    );
    if let Some(auroc) = &figures.auroc {
        let _ = writeln!(out, "AUROC {}", figure(auroc));
    }
    for at in figures.at_rates.iter().chain(applied.unwrap_or_default()) {
        let _ = write!(
            out,
            "recall {} at {:.1}% false positives, fixed on {} runs (threshold {}; flagged: \
             {:.2}% of clean, {:.2}% of all negatives",
            figure(&at.recall),
            at.rate * 100.0,
            at.fixed_on,
            score(at.threshold),
            at.false_positives_clean * 100.0,
            at.false_positives * 100.0,
        );
        let _ = match at.aside {
            Some(aside) => writeln!(out, ", {:.1}% of those aside)", aside * 100.0),
            None => writeln!(out, ")"),
        };
    }
    for (group, values) in &figures.groups {
        let _ = writeln!(out, "\nby {group}:");
        for (value, f) in values {
            let share = |s: Option<f64>| s.map_or("     -".to_owned(), |s| format!("{s:6.3}"));
            let _ = writeln!(
                out,
                "  {value:<40} {:>5} positive {:>6} negative  AUROC {}  recall {}  false \
                 positives {}",
                f.positives,
                f.negatives,
                share(f.auroc),
                share(f.recall),
                share(f.false_positives)
            );
        }
    }
    list(&mut out, "worst misses", &figures.misses);
    list(&mut out, "worst false alarms", &figures.false_alarms);
    if !scored.notes.is_empty() {
        let _ = writeln!(out, "\nnotes:");
        for note in &scored.notes {
            let _ = writeln!(out, "  {note}");
        }
    }
    out
}

/// A score with digits that tell it from 0.
fn score(score: f64) -> String {
    match score {
        s if s > 0.0 && s < 0.0001 => format!("{s:.1e}"),
        s => format!("{s:.4}"),
    }
}

fn figure(figure: &Figure) -> String {
    match figure.interval {
        Some(i) => format!("{:.3} [{:.3}, {:.3}]", figure.value, i.low, i.high),
        None => format!("{:.3}", figure.value),
    }
}

fn list(out: &mut String, what: &str, runs: &[Run]) {
    if runs.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{what}:");
    for run in runs {
        // Ids and reasons quote recordings: nothing of them may steer a terminal.
        let line = format!(
            "{:.3} {:<10} {}: {}",
            run.score, run.label, run.id, run.because
        );
        let line: String = line
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(200)
            .collect();
        let _ = writeln!(out, "  {line}");
    }
}
