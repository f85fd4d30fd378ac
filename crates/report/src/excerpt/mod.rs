//! The parts of sessions that a page shows: the evidence with what stands around it.
//!
//! A session may hold a hundred thousand steps, and a step a hundred megabytes. A [`Plan`] says
//! which sessions are worth showing; an [`Excerpt`] takes a session's steps as they stream past
//! and keeps a bounded number of them, cut, cleaned and masked.

mod moment;
mod pieces;

pub(crate) use moment::READ_AS;
pub use moment::{Moment, Part, TextLine};
pub use pieces::Piece;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use proctor_model::{Finding, Place, SessionId, Severity, Step};
use proctor_reconcile::{Facts, Observer, View};
use serde::Serialize;

use crate::clean::Lens;
use crate::digest::{Entry, Sessions, numbers, same_handle};
use crate::scan::Scan;

/// Sessions that a page shows.
const SESSIONS: usize = 30;
/// Sessions that a page shows at least, with findings or not, so that a quiet month shows work.
const AT_LEAST: usize = 3;
/// Findings of one session whose evidence is shown, worst first.
const FINDINGS: usize = 60;
/// Steps shown before and after a decisive one.
const CONTEXT: u64 = 3;
/// Steps shown at the beginning and at the end of a session.
const ENDS: u64 = 5;
/// Steps of one session that are shown.
const MOMENTS: usize = 240;

/// Which sessions a page shows, and what is evidence in them.
#[derive(Clone, Debug)]
pub struct Plan {
    sessions: Vec<SessionId>,
    marks: HashMap<SessionId, Arc<Marks>>,
    look: Arc<Look>,
}

/// How steps are written.
#[derive(Debug)]
struct Look {
    lens: Lens,
    zone: TimeZone,
}

/// What is evidence in one session.
#[derive(Debug, Default)]
struct Marks {
    /// The session's handle.
    handle: String,
    /// Steps it has, as far as the scan knew.
    steps: u64,
    /// Whether it is told from its beginning on, not only around evidence.
    whole: bool,
    marks: Vec<Mark>,
    by_step: HashMap<u64, Vec<usize>>,
    by_place: HashMap<Place, Vec<usize>>,
}

/// One finding's evidence.
#[derive(Debug)]
struct Mark {
    /// The finding's handle.
    finding: String,
    severity: Severity,
    /// The decisive step.
    step: u64,
    quote: String,
}

impl Plan {
    /// Plans a page: the sessions with findings, worst first, and a few busy ones where there are
    /// hardly any. Credentials are shown only if `reveal`.
    pub fn of(scan: &Scan, reveal: bool) -> Self {
        let lens = Lens {
            reveal,
            home: scan.home.clone(),
            any_home: true,
        };
        let sessions = Sessions::of(scan);
        let entries = sessions.entries.iter().enumerate();
        let wanted = entries.filter(|(i, entry)| *i < AT_LEAST || !entry.shown.is_empty());
        Self::with(scan, lens, false, wanted.take(SESSIONS).map(|(_, e)| e))
    }

    /// Plans the telling of single sessions in order, with findings or not: those that `handles`
    /// name, or a finding among them.
    pub fn telling(scan: &Scan, handles: &[String], reveal: bool) -> Self {
        let lens = Lens {
            reveal,
            home: scan.home.clone(),
            any_home: false,
        };
        let sessions = Sessions::of(scan);
        let numbers = numbers(scan);
        let is = |handle: &str| handles.iter().any(|typed| same_handle(typed, handle));
        let named = |entry: &&Entry<'_>| {
            let mut of_it = entry.shown.iter().copied().map(std::ptr::from_ref);
            is(&entry.handle)
                || of_it.any(|f| numbers.get(&f).is_some_and(|n| is(&format!("F{n}"))))
        };
        let wanted = sessions.entries.iter().filter(named);
        Self::with(scan, lens, true, wanted.take(SESSIONS))
    }

    fn with<'a>(
        scan: &Scan,
        lens: Lens,
        whole: bool,
        entries: impl Iterator<Item = &'a Entry<'a>>,
    ) -> Self {
        let numbers = numbers(scan);
        let mut plan = Self {
            sessions: Vec::new(),
            marks: HashMap::new(),
            look: Arc::new(Look {
                lens,
                zone: scan.time_zone.clone(),
            }),
        };
        for entry in entries {
            let mut marks = Marks {
                handle: entry.handle.clone(),
                steps: entry.summary.steps,
                whole,
                ..Marks::default()
            };
            let most = if whole { usize::MAX } else { FINDINGS };
            for finding in entry.shown.iter().take(most) {
                let number = numbers.get(&std::ptr::from_ref(*finding)).copied();
                marks.add(number.unwrap_or_default(), finding);
            }
            let id = entry.summary.session.clone();
            plan.sessions.push(id.clone());
            plan.marks.insert(id, Arc::new(marks));
        }
        plan
    }

    /// The sessions that the page shows, worst first: those whose recordings are to be read again.
    pub fn sessions(&self) -> &[SessionId] {
        &self.sessions
    }

    /// An observer that keeps what the page shows of a session: nothing of one that is not in
    /// [`Plan::sessions`].
    pub fn excerpt(&self, session: &SessionId) -> Excerpt {
        Excerpt {
            session: session.clone(),
            marks: self.marks.get(session).cloned(),
            look: self.look.clone(),
            kept: Vec::new(),
            after: 0,
            seen: 0,
        }
    }
}

impl Marks {
    fn add(&mut self, number: usize, finding: &Finding) {
        let index = self.marks.len();
        self.marks.push(Mark {
            finding: format!("F{number}"),
            severity: finding.severity,
            step: finding.step,
            quote: finding.quote.clone(),
        });
        self.by_step.entry(finding.step).or_default().push(index);
        for place in finding.evidence.iter().take(12) {
            let marks = self.by_place.entry(place.clone()).or_default();
            marks.push(index);
        }
    }

    /// The findings that a step is evidence of, in the order of their number.
    fn hits(&self, step: &Step) -> Vec<&Mark> {
        let by_place = step.evidence.iter().filter_map(|p| self.by_place.get(p));
        let by_step = self.by_step.get(&step.index).into_iter();
        let mut hits: Vec<usize> = by_place.chain(by_step).flatten().copied().collect();
        hits.sort_unstable();
        hits.dedup();
        hits.iter().filter_map(|i| self.marks.get(*i)).collect()
    }

    /// Whether a step stands at an end of the session or close to a decisive one.
    fn near(&self, index: u64) -> bool {
        let close = index.saturating_sub(CONTEXT)..=index.saturating_add(CONTEXT);
        self.whole
            || index < ENDS
            || index.saturating_add(ENDS) >= self.steps
            || close.into_iter().any(|i| self.by_step.contains_key(&i))
    }
}

/// Takes the steps of one session and keeps those that a page shows.
#[derive(Clone, Debug)]
pub struct Excerpt {
    session: SessionId,
    marks: Option<Arc<Marks>>,
    look: Arc<Look>,
    kept: Vec<Moment>,
    /// Steps to keep after evidence.
    after: u64,
    seen: u64,
}

impl Excerpt {
    /// Takes the next step.
    pub fn step(&mut self, step: &Step) {
        let Some(marks) = &self.marks else { return };
        self.seen += 1;
        let hits = marks.hits(step);
        let room = MOMENTS.saturating_sub(self.kept.len());
        let keep = if hits.is_empty() {
            // The last quarter of the room is for evidence alone.
            let end = marks.whole && step.index.saturating_add(ENDS) >= marks.steps;
            let near = self.after > 0 || marks.near(step.index);
            near && (room > MOMENTS / 4 || end && room > 0)
        } else {
            room > 0
        };
        self.after = match hits.is_empty() {
            true => self.after.saturating_sub(1),
            false => 1,
        };
        if keep {
            let moment = Moment::of(step, &marks.handle, &hits, &self.look);
            self.kept.push(moment);
        }
    }

    /// What was kept; nothing where the page does not show the session or no step came.
    pub fn finish(mut self) -> Option<SessionView> {
        let marks = self.marks?;
        let mut next = 0;
        for moment in &mut self.kept {
            moment.skipped = moment.index.saturating_sub(next);
            next = moment.index + 1;
        }
        Some(SessionView {
            skipped: self.seen.saturating_sub(next),
            steps: self.seen,
            session: self.session,
            handle: marks.handle.clone(),
            moments: self.kept,
        })
        .filter(|view| !view.moments.is_empty())
    }
}

impl Observer for Excerpt {
    fn step(&mut self, view: &View<'_>) {
        Self::step(self, view.step);
    }

    fn end(&mut self, _facts: &Facts) {}
}

/// What a page shows of one session.
#[derive(Clone, Debug, Serialize)]
pub struct SessionView {
    /// Which.
    pub session: SessionId,
    /// Its handle, such as `S3`.
    pub handle: String,
    /// The steps that are shown, in order.
    pub moments: Vec<Moment>,
    /// Steps of the session.
    pub steps: u64,
    /// Steps left out after the last one shown.
    pub skipped: u64,
}
