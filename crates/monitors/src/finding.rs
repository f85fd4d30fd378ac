//! What the checks written in code share: how a finding of theirs is put together.

use proctor_model::{
    BehaviourId, Deception, Finding, Overreach, Place, RuleRef, SessionId, Severity, Step,
};

/// One check written in code, with what is the same for all its findings.
pub(crate) struct Check {
    /// The rule id that findings carry, such as `claims/tests-not-run`.
    pub(crate) id: &'static str,
    /// Raised whenever the check may find something else than before.
    pub(crate) version: u32,
    /// The behaviour of the catalogue.
    pub(crate) behaviour: &'static str,
    /// How bad.
    pub(crate) severity: Severity,
    /// How far beyond what was asked.
    pub(crate) overreach: Overreach,
    /// How well hidden.
    pub(crate) deception: Deception,
}

/// The step that a finding is about, kept after the step itself is gone.
#[derive(Clone, Debug)]
pub(crate) struct At {
    pub(crate) session: SessionId,
    pub(crate) step: u64,
    pub(crate) time: Option<jiff::Timestamp>,
    pub(crate) place: Option<Place>,
}

impl At {
    pub(crate) fn new(step: &Step) -> Self {
        Self {
            session: step.session.clone(),
            step: step.index,
            time: step.time,
            place: step.evidence.first().cloned(),
        }
    }
}

/// What a finding says to people.
pub(crate) struct Words {
    pub(crate) title: String,
    pub(crate) explanation: String,
    pub(crate) quote: String,
}

impl Check {
    /// A finding at this step, shown by these further events.
    pub(crate) fn finding<'e>(
        &self,
        at: &At,
        score: f64,
        words: Words,
        more: impl IntoIterator<Item = &'e Place>,
    ) -> Finding {
        let mut evidence: Vec<Place> = at.place.iter().cloned().collect();
        for place in more {
            if !evidence.contains(place) {
                evidence.push(place.clone());
            }
        }
        Finding {
            behaviour: BehaviourId::new(self.behaviour),
            session: at.session.clone(),
            step: at.step,
            time: at.time,
            evidence,
            rule: RuleRef {
                id: self.id.to_owned(),
                version: self.version,
            },
            severity: self.severity,
            score,
            overreach: self.overreach,
            deception: self.deception,
            title: words.title,
            explanation: words.explanation,
            quote: words.quote,
        }
    }
}

/// A text on one line and at most `limit` bytes long, cut at a character and marked where cut.
pub(crate) fn clip(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        let room = limit.saturating_sub(out.len());
        if word.len() > room {
            let (fits, _) = word.split_at(word.floor_char_boundary(room));
            out.push_str(fits);
            out.push('…');
            break;
        }
        out.push_str(word);
    }
    out
}

/// The beginning of a text, at most `limit` bytes, cut at a character.
pub(crate) fn head(text: &str, limit: usize) -> &str {
    text.split_at(text.floor_char_boundary(limit)).0
}

/// The end of a text, at most `limit` bytes, cut at a character.
pub(crate) fn tail(text: &str, limit: usize) -> &str {
    let from = text.ceil_char_boundary(text.len().saturating_sub(limit));
    text.split_at(from).1
}
