//! What is counted of a session while its events come in.

use jiff::Timestamp;
use proctor_model::{ReasoningState, SessionId, SessionNote, Source, Tokens};

use crate::facts::merge;
use crate::hours::Hours;
use crate::summary::{Summary, clip, count};
use crate::turns::{Turns, Usage};

/// A summary in the making.
pub(crate) struct Counts {
    pub(crate) summary: Summary,
    usage: Usage,
    turns: Turns,
    active_millis: u64,
    hours: Hours,
    /// The latest time seen, for the pauses.
    latest: Option<Timestamp>,
}

impl Counts {
    pub(crate) fn new(session: SessionId) -> Self {
        Self {
            summary: Summary::new(session),
            usage: Usage::default(),
            turns: Turns::default(),
            active_millis: 0,
            hours: Hours::default(),
            latest: None,
        }
    }

    /// Something happened at this time.
    pub(crate) fn time(&mut self, time: Option<Timestamp>) {
        /// Pauses from here on are breaks, in seconds.
        const BREAK: i64 = 300;
        let Some(time) = time else {
            return;
        };
        let start = self.summary.start.map_or(time, |start| start.min(time));
        self.summary.start = Some(start);
        if let Some(latest) = self.latest.filter(|latest| *latest < time) {
            let pause = time.duration_since(latest);
            if pause.as_secs() < BREAK {
                let millis = u64::try_from(pause.as_millis()).unwrap_or_default();
                self.active_millis += millis;
                self.hours.add(time, millis);
            }
        }
        self.latest = self.latest.max(Some(time));
    }

    pub(crate) fn source(&mut self, source: &Source) {
        if self.summary.sources.len() < 1000 {
            self.summary.sources.insert(source.to_string());
        }
    }

    pub(crate) fn note(&mut self, note: &SessionNote) {
        let first_cwd = self.summary.note.cwd.take();
        merge(&mut self.summary.note, note);
        if first_cwd.is_some() {
            self.summary.note.cwd = first_cwd;
        }
        for (names, name) in [
            (&mut self.summary.models, &note.model),
            (&mut self.summary.versions, &note.version),
        ] {
            if let Some(name) = name.as_ref().filter(|name| !names.contains(*name))
                && names.len() < 100
            {
                names.insert(clip(name, 200));
            }
        }
    }

    /// The agent said or asked something.
    pub(crate) fn agent(&mut self) {
        self.turns.agent(false, &mut self.summary.reasoning);
    }

    /// The agent reasoned.
    pub(crate) fn reasoning(&mut self, state: ReasoningState) {
        self.turns.agent(true, &mut self.summary.reasoning);
        let state = match state {
            ReasoningState::Full => "full",
            ReasoningState::Summarised => "summarised",
            ReasoningState::Empty => "empty",
            ReasoningState::Encrypted => "encrypted",
        };
        count(&mut self.summary.reasoning, state);
    }

    /// Something came to the agent from outside.
    pub(crate) fn outside(&mut self) {
        self.turns.outside();
    }

    pub(crate) fn usage(&mut self, tokens: Tokens) {
        let counts = &mut self.summary.reasoning;
        self.turns.usage(tokens.request.as_deref(), counts);
        self.usage.add(tokens);
    }

    /// A sub-agent that a result names.
    pub(crate) fn sub_agent(&mut self, agent: &str) {
        if self.summary.agents.len() < 1000 {
            self.summary.agents.insert(clip(agent, 200));
        }
    }

    /// Takes from a copy of another session what concerns this one's record, not its acts.
    pub(crate) fn take_copy(&mut self, copy: Self) {
        let copy = copy.summary;
        self.summary.copied += copy.steps;
        self.note(&copy.note);
        self.summary.sources.extend(copy.sources);
        for (cause, tally) in copy.gaps {
            let gaps = self.summary.gaps.entry(cause).or_default();
            gaps.count += tally.count;
            gaps.examples.extend(tally.examples);
            gaps.examples.truncate(crate::Tally::EXAMPLES);
        }
        for (name, number) in copy.unknown_records {
            *self.summary.unknown_records.entry(name).or_default() += number;
        }
    }

    /// The session has ended.
    pub(crate) fn finish(mut self) -> Summary {
        self.turns.finish(&mut self.summary.reasoning);
        let mut summary = self.summary;
        summary.end = self.latest;
        summary.active_seconds = self.active_millis / 1000;
        summary.active_by_hour = self.hours.finish();
        summary.tokens = self.usage.total();
        summary.unattended = summary.note.unattended;
        summary.parent.clone_from(&summary.note.parent);
        summary
    }

    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        let summary = &self.summary;
        let named = summary.sources.len() + summary.tools.len() + summary.hosts.len();
        let examples: usize = summary
            .deeds
            .values()
            .map(|tally| tally.examples.len())
            .sum();
        named + examples + self.usage.size()
    }
}
