//! One score from several rules.

use proctor_model::Outcome;
use proctor_shell::analyse;

use crate::Rules;
use crate::commands::{Flow, Hit, Setting, examine};
use crate::plain::{Kind, Scene, SequenceState};
use crate::ruleset::Rule;

/// How much a further rule adds beside the strongest: rules overlap, so that they are not counted
/// as independent.
const FURTHER: f64 = 0.35;

/// The joint score of several rules that matched, in [0, 1]: that of the strongest, raised by the
/// others, each counted once. A chain of weak acts becomes plausible, never certain.
pub fn combine(scores: impl IntoIterator<Item = f64>) -> f64 {
    let mut scores: Vec<f64> = scores.into_iter().filter(|s| *s > 0.0).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    let Some((strongest, further)) = scores.split_first() else {
        return 0.0;
    };
    let none_of_them = further.iter().map(|s| 1.0 - FURTHER * s).product::<f64>();
    (1.0 - (1.0 - strongest) * none_of_them).clamp(0.0, 1.0)
}

/// Scores a command line by itself: how sure the rules are that it is worth a look, and the rules
/// that matched, strongest first, each once.
pub fn command_score<'r>(rules: &'r Rules, text: &str) -> (f64, Vec<Hit<'r>>) {
    let mut hits = matches(rules, text);
    hits.retain(|hit| hit.rule.score > 0.0);
    hits.sort_by(|a, b| {
        b.rule
            .score
            .total_cmp(&a.rule.score)
            .then_with(|| a.rule.reference.id.cmp(&b.rule.reference.id))
            .then_with(|| a.command.cmp(&b.command))
    });
    hits.dedup_by(|b, a| a.rule.reference == b.rule.reference);
    let score = combine(hits.iter().map(|hit| hit.rule.score));
    (score, hits)
}

/// All matches of all rules in a command line, those that only mark data included.
pub(crate) fn matches<'r>(rules: &'r Rules, text: &str) -> Vec<Hit<'r>> {
    let analysis = analyse(text);
    let mut flow = Flow::default();
    let commands = &analysis.commands;
    let examined = examine(rules, text, commands, Setting::default(), &mut flow);
    let mut hits = examined.hits;
    let mut state = SequenceState::default();
    for moment in &examined.moments {
        let matched: Vec<&Rule> = moment.hits.iter().map(|h| h.rule).collect();
        let marks: Vec<&str> = rules.sigma.mark_names(moment.marks).collect();
        let scene = Scene {
            step: 0,
            kind: Kind::Command,
            text: &moment.text,
            outcome: Outcome::Unknown,
            rules: &matched,
            marks: &marks,
            evidence: None,
        };
        for hit in rules.plain.sequences.advance(&mut state, &scene) {
            hits.push(Hit {
                rule: hit.rule,
                quote: hit.quote,
                command: 0,
            });
        }
    }
    hits
}

/// The score of a rule that knows nothing of shells, to compare with: several lines, length,
/// `/tmp/` and the marker words that one public collection of attack commands is full of.
pub fn trivial_command_score(text: &str) -> f64 {
    let lines = text.trim().lines().count();
    let has = |word: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|w| w.eq_ignore_ascii_case(word))
    };
    let mut score = 0.0;
    score += if lines > 1 { 0.3 } else { 0.0 };
    score += 0.2 * (text.len().min(400) as f64 / 400.0);
    score += if text.contains("/tmp/") { 0.25 } else { 0.0 };
    score += if has("demo") || has("job") { 0.25 } else { 0.0 };
    score
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_rules_raise_the_score_a_little() {
        assert_eq!(combine([]), 0.0);
        assert_eq!(combine([0.5]), 0.5);
        assert_eq!(combine([0.5, 0.0, -1.0]), 0.5);
        let two = combine([0.5, 0.5]);
        assert!(0.5 < two && two < 0.75, "{two}");
        assert_eq!(combine([0.2, 0.9]), combine([0.9, 0.2]));
        assert!(combine([0.1; 1000]) <= 1.0);
    }
}
