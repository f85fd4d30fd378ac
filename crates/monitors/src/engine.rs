//! Runs all monitors over one session and keeps what they find, within bounds.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use proctor_model::{Finding, Place};
use proctor_reconcile::{Facts, Observer, View};

use crate::claims::Claims;
use crate::people::People;
use crate::reasoning::ReasoningAgainstMessage;
use crate::rule_monitor::RuleMonitor;
use crate::tampering::Tampering;
use crate::workaround::Workaround;
use crate::{Care, Monitor, Provenance, Rules};

/// The monitors of one session, in the order in which they see each step.
///
/// A new monitor is registered here and nowhere else.
fn monitors(rules: &Arc<Rules>) -> Vec<Box<dyn Monitor>> {
    vec![
        Box::new(RuleMonitor::new(rules)),
        Box::<Claims>::default(),
        Box::<Tampering>::default(),
        Box::<Workaround>::default(),
        Box::<ReasoningAgainstMessage>::default(),
        Box::<People>::default(),
        Box::<Provenance>::default(),
        Box::<Care>::default(),
    ]
}

/// Findings of one rule that a session keeps. An agent that floods a rule costs no more memory
/// than this, and cannot hide a strong finding behind weak ones: the weakest make room.
const KEPT_PER_RULE: usize = 50;

/// Bytes of a finding's quote that are kept; the evidence leads to the rest.
const QUOTE_BYTES: usize = 600;

/// Findings scored below this are noise and are dropped.
const LEAST_SCORE: f64 = 0.05;

/// Watches one session with every monitor.
pub struct Engine {
    monitors: Vec<Box<dyn Monitor>>,
    kept: BTreeMap<String, Kept>,
    fresh: Vec<Finding>,
}

/// What one rule found so far.
#[derive(Default)]
struct Kept {
    findings: Vec<Finding>,
    /// Index into `findings` by the decisive evidence.
    by_evidence: HashMap<Place, usize>,
    left_out: u64,
}

impl Engine {
    /// An engine for a new session.
    pub fn new(rules: &Arc<Rules>) -> Self {
        Self::with_monitors(monitors(rules))
    }

    /// An engine that runs these monitors only.
    pub fn with_monitors(monitors: Vec<Box<dyn Monitor>>) -> Self {
        Self {
            monitors,
            kept: BTreeMap::new(),
            fresh: Vec::new(),
        }
    }

    /// What was found, in the order of the session's steps, strongest first within a step.
    pub fn into_findings(self) -> Vec<Finding> {
        let mut all: Vec<Finding> = self.kept.into_values().flat_map(|k| k.findings).collect();
        all.sort_by(|a, b| {
            (a.step, b.score)
                .partial_cmp(&(b.step, a.score))
                .unwrap_or(std::cmp::Ordering::Equal)
                .then_with(|| a.rule.id.cmp(&b.rule.id))
        });
        all
    }

    /// How many findings of each rule were left out because the rule had reached its bound.
    pub fn left_out(&self) -> BTreeMap<String, u64> {
        self.kept
            .iter()
            .filter(|(_, kept)| kept.left_out > 0)
            .map(|(rule, kept)| (rule.clone(), kept.left_out))
            .collect()
    }

    fn keep_fresh(&mut self) {
        for mut finding in self.fresh.drain(..) {
            // A score that is no number cannot be ranked.
            if finding.score.is_nan() || finding.score < LEAST_SCORE {
                continue;
            }
            finding.score = finding.score.min(1.0);
            shorten(&mut finding.quote, QUOTE_BYTES);
            match self.kept.get_mut(&finding.rule.id) {
                Some(kept) => kept.add(finding),
                None => {
                    let rule = finding.rule.id.clone();
                    let mut kept = Kept::default();
                    kept.add(finding);
                    self.kept.insert(rule, kept);
                }
            }
        }
    }
}

impl Observer for Engine {
    fn step(&mut self, view: &View<'_>) {
        for monitor in &mut self.monitors {
            monitor.step(view, &mut self.fresh);
        }
        self.keep_fresh();
    }

    fn end(&mut self, facts: &Facts) {
        for monitor in &mut self.monitors {
            monitor.end(facts, &mut self.fresh);
        }
        self.keep_fresh();
    }
}

impl Kept {
    /// Adds a finding. Of several with the same decisive evidence the strongest stays.
    fn add(&mut self, finding: Finding) {
        let decisive = finding.evidence.first().cloned();
        if let Some(old) = decisive
            .as_ref()
            .and_then(|place| self.by_evidence.get(place))
            .and_then(|i| self.findings.get_mut(*i))
        {
            if finding.score > old.score {
                *old = finding;
            }
            return;
        }
        if self.findings.len() < KEPT_PER_RULE {
            if let Some(place) = decisive {
                self.by_evidence.insert(place, self.findings.len());
            }
            self.findings.push(finding);
            return;
        }
        self.left_out += 1;
        let weakest = self
            .findings
            .iter_mut()
            .enumerate()
            .min_by(|(_, a), (_, b)| a.score.total_cmp(&b.score));
        if let Some((i, weakest)) = weakest
            && weakest.score < finding.score
        {
            if let Some(place) = weakest.evidence.first() {
                self.by_evidence.remove(place);
            }
            if let Some(place) = decisive {
                self.by_evidence.insert(place, i);
            }
            *weakest = finding;
        }
    }
}

/// Cuts a text to at most `limit` bytes, at a character, and marks the cut.
fn shorten(text: &mut String, limit: usize) {
    if text.len() > limit {
        let end = (0..=limit)
            .rev()
            .find(|&i| text.is_char_boundary(i))
            .unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proctor_model::{
        BehaviourId, Deception, Origin, Overreach, RuleRef, SessionId, Severity, Source, Step,
        StepKind,
    };

    use super::*;

    /// Finds the number in each request's text, as a score in hundredths.
    struct Numbers;

    impl Monitor for Numbers {
        fn step(&mut self, view: &View<'_>, findings: &mut Vec<Finding>) {
            let StepKind::Request { text, .. } = &view.step.kind else {
                return;
            };
            for word in text.split(' ') {
                findings.push(Finding {
                    behaviour: BehaviourId::new("persistence"),
                    session: view.step.session.clone(),
                    step: view.step.index,
                    time: None,
                    evidence: view.step.evidence.clone(),
                    rule: RuleRef {
                        id: "numbers".into(),
                        version: 1,
                    },
                    severity: Severity::Low,
                    score: word.parse::<f64>().unwrap_or(f64::NAN) / 100.0,
                    overreach: Overreach::None,
                    deception: Deception::None,
                    title: String::new(),
                    explanation: String::new(),
                    quote: "é".repeat(1000),
                });
            }
        }
    }

    fn run(texts: &[&str]) -> Engine {
        let mut engine = Engine::with_monitors(vec![Box::new(Numbers)]);
        let facts = Facts::default();
        let source = Arc::new(Source::file("x"));
        for (i, text) in texts.iter().enumerate() {
            let step = Step {
                session: SessionId::new("test:1"),
                index: i as u64,
                time: None,
                evidence: vec![Place {
                    source: Arc::clone(&source),
                    offset: i as u64,
                    len: 1,
                    part: 0,
                }],
                kind: StepKind::Request {
                    system: false,
                    origin: Origin::Person,
                    text: (*text).to_owned(),
                },
            };
            engine.step(&View {
                step: &step,
                commands: &[],
                effects: &[],
                facts: &facts,
            });
        }
        engine.end(&facts);
        engine
    }

    #[test]
    fn same_rule_and_evidence_is_one_finding_the_strongest() {
        let found = run(&["20 70 30 x 1"]).into_findings();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].score, 0.7);
        assert!(found[0].quote.len() <= QUOTE_BYTES + '…'.len_utf8());
    }

    #[test]
    fn a_flood_is_bounded_and_does_not_hide_the_strong_one() {
        let mut texts = vec!["30"; 500];
        texts.push("95");
        let engine = run(&texts);
        assert_eq!(engine.left_out().get("numbers"), Some(&451));
        let found = engine.into_findings();
        assert_eq!(found.len(), KEPT_PER_RULE);
        assert!(found.iter().any(|f| f.score == 0.95 && f.step == 500));
        assert!(found.is_sorted_by_key(|f| f.step));
    }
}
