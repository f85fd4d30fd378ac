//! Claims about figures that were measured.

use super::super::figures::{self, Figure};
use super::super::mood::{Clause, Mood};
use super::super::sentences::Sentence;

/// The figures that the clause states as measured; the flag says whether it says so outright.
pub(super) fn measured(clause: &Clause<'_>, sentence: &Sentence) -> Option<(Vec<Figure>, bool)> {
    let explicit = clause.has(&[
        "measured",
        "benchmarked",
        "benchmark",
        "benchmarks",
        "profiled",
        "profiling",
        "timed",
        "recorded",
        "observed",
        "results",
        "averaged",
    ]);
    let metric = clause.has(&[
        "latency",
        "throughput",
        "speedup",
        "faster",
        "slower",
        "accuracy",
        "precision",
        "recall",
        "f1",
        "auc",
        "coverage",
        "took",
        "takes",
        "p50",
        "p95",
        "p99",
        "rps",
        "qps",
        "fps",
        "loss",
        "score",
        "improvement",
        "reduction",
        "dropped",
        "reduced",
        "improved",
        "decreased",
        "increased",
        "memory",
        "runtime",
        "hit-rate",
        "perplexity",
        "bleu",
        "went",
    ]);
    if !explicit && !metric {
        return None;
    }
    let figures = figures::figures(clause.tokens.iter().map(|t| t.low));
    let first = figures.first()?;
    // A default, a limit or a setting is no measurement.
    let setting = clause.has(&[
        "timeout",
        "limit",
        "limits",
        "threshold",
        "default",
        "max",
        "maximum",
        "minimum",
        "interval",
        "budget",
        "cap",
        "config",
        "configured",
        "set",
        "setting",
        "up",
        "over",
        "under",
        "least",
        "about",
        "around",
        "approximately",
        "roughly",
        "estimated",
        "estimate",
        "example",
        "within",
        "ttl",
        "discount",
        "rate-limit",
        "delay",
        "tax",
        "allows",
        "supports",
    ]) || sentence.text.contains('~')
        || sentence.text.contains('≈');
    if setting || clause.mood_of_value(first.token) != Mood::Stated {
        return None;
    }
    Some((figures, explicit))
}
