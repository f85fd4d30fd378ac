//! What is kept of a session while it is read: findings, and texts for the search.

use std::borrow::Cow;
use std::sync::Arc;

use proctor_model::{Finding, Step, StepKind};
use proctor_monitors::{Engine, Rules};
use proctor_reconcile::{Facts, Observer, Summary, View, secrets};
use proctor_store::Text;

/// Longest text of one step that can be searched, in bytes; the rest is left out.
const MOST_STEP: usize = 16 << 10;

/// Most text of one session that can be searched, in bytes.
const MOST_SESSION: usize = 64 << 20;

/// Watches one session.
pub(crate) struct Watch {
    engine: Option<Engine>,
    texts: Vec<Text>,
    bytes: usize,
}

impl Watch {
    /// Runs the monitors if there are rules, else only reads.
    pub(crate) fn new(rules: Option<&Arc<Rules>>) -> Self {
        Self {
            engine: rules.map(Engine::new),
            texts: Vec::new(),
            bytes: 0,
        }
    }

    /// What was found, with credentials masked, and the texts, masked as well.
    pub(crate) fn finish(self) -> (Vec<Finding>, Vec<Text>) {
        let mut findings = self.engine.map(Engine::into_findings).unwrap_or_default();
        findings.iter_mut().for_each(mask_finding);
        (findings, self.texts)
    }

    fn keep(&mut self, step: &Step) {
        let (kind, text) = match &step.kind {
            StepKind::Request { text, .. } => ("request", Cow::Borrowed(text.as_str())),
            StepKind::Reply { text } => ("reply", Cow::Borrowed(text.as_str())),
            StepKind::Reasoning(reasoning) => ("reasoning", Cow::Borrowed(reasoning.text.as_str())),
            StepKind::Act(act) => {
                let mut text = String::new();
                strings(&act.call.input, &mut text);
                if let Some(result) = &act.result {
                    add(&result.text, &mut text);
                }
                (act.call.name.as_str(), Cow::Owned(text))
            }
            StepKind::Boundary(_) | StepKind::Gap(_) => return,
        };
        if text.trim().is_empty() || self.bytes >= MOST_SESSION {
            return;
        }
        // Masked first: half of a credential would not be known as one.
        let masked = secrets::mask(&text);
        let end = masked.floor_char_boundary(MOST_STEP);
        let text = masked.get(..end).unwrap_or_default().to_owned();
        self.bytes += text.len();
        self.texts.push(Text {
            step: step.index,
            kind: kind.to_owned(),
            time: step.time,
            text,
        });
    }
}

impl Observer for Watch {
    fn step(&mut self, view: &View<'_>) {
        self.keep(view.step);
        if let Some(engine) = &mut self.engine {
            engine.step(view);
        }
    }

    fn end(&mut self, facts: &Facts) {
        if let Some(engine) = &mut self.engine {
            engine.end(facts);
        }
    }
}

/// All texts of a value, one a line. Values are as deep as the readers allow, which is bounded.
fn strings(value: &serde_json::Value, out: &mut String) {
    if out.len() > 4 * MOST_STEP {
        return;
    }
    match value {
        serde_json::Value::String(text) => add(text, out),
        serde_json::Value::Array(all) => all.iter().for_each(|value| strings(value, out)),
        serde_json::Value::Object(all) => all.values().for_each(|value| strings(value, out)),
        _ => {}
    }
}

fn add(text: &str, out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
    let end = text.floor_char_boundary(4 * MOST_STEP);
    out.push_str(text.get(..end).unwrap_or_default());
}

fn mask_finding(finding: &mut Finding) {
    for text in [
        &mut finding.title,
        &mut finding.explanation,
        &mut finding.quote,
    ] {
        mask(text);
    }
}

/// Masks the credentials in the words of a recording that a summary quotes.
pub(crate) fn mask_summary(summary: &mut Summary) {
    let deeds = summary.deeds.values_mut();
    let requests = std::iter::once(&mut summary.requests);
    for tally in deeds.chain(summary.gaps.values_mut()).chain(requests) {
        tally.examples.iter_mut().for_each(|(_, text)| mask(text));
    }
    if let Some(title) = &mut summary.note.title {
        mask(title);
    }
}

fn mask(text: &mut String) {
    if let Cow::Owned(masked) = secrets::mask(text) {
        *text = masked;
    }
}
