//! From events to sessions, steps, facts and differences.
//!
//! A [`Reconciler`] takes the events of many sessions, in whatever order sessions interleave, and
//! gives each session's [`Observer`] its steps in order. An observer sees a [`View`]: the step, the
//! simple commands it would run, the [`Effect`]s its words amount to, and the [`Facts`] of the
//! session so far. At the end there is one [`Summary`] per session: what it did, and what of it
//! nobody saw.
//!
//! ```text
//! Event -> join (calls with results) -> Step -> action -> commands -> effects -> Facts, Summary
//!                                                                            \-> Observer
//! ```
//!
//! Everything here is fed by recordings that an agent may have forged. Texts are data; every
//! collection has a bound that stands beside it; nothing panics.

mod action;
mod copies;
mod counts;
mod deeds;
mod effect;
mod facts;
mod hash;
mod hours;
mod join;
mod names;
mod outcome;
mod path;
mod reconciler;
mod repeats;
mod runs;
pub mod secrets;
mod session;
mod summary;
#[cfg(test)]
mod testing;
mod turns;

pub use action::action;
pub use copies::{Account, unfounded};
pub use effect::{Effect, effects, took_place};
pub use facts::{CommandFact, Facts, FileFact, Refusal, Request, SecretRead};
pub use outcome::outcome;
pub use path::{Whereabouts, resolve, whereabouts};
pub use reconciler::{Ended, Reconciler};
pub use runs::{Run, RunKind, RunOutcome};

pub use summary::{Deed, Summary, Tally, TokenTotals, link};

use proctor_model::{Step, StepKind};

/// One step with all that a monitor may know when it sees it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The step.
    pub step: &'a Step,
    /// The simple commands of a command action, decoded layers included; empty for other steps.
    pub commands: &'a [proctor_shell::Command],
    /// What the step would do, as far as its words tell; empty for steps that are no acts.
    /// [`View::done`] has those that took place.
    pub effects: &'a [Effect],
    /// The session up to and including this step: facts are updated before observers see it. To
    /// ask for what held before it, use the accessors that take a step, such as
    /// [`Facts::last_run_before`].
    pub facts: &'a Facts,
}

impl<'a> View<'a> {
    /// The effects that took place, as far as the result tells.
    pub fn done(&self) -> impl Iterator<Item = &'a Effect> {
        let (commands, effects) = (self.commands, self.effects);
        let act = match &self.step.kind {
            StepKind::Act(act) => Some(act),
            _ => None,
        };
        act.into_iter().flat_map(move |act| {
            effects
                .iter()
                .filter(move |effect| took_place(effect, act, commands))
        })
    }
}

/// Sees the steps of one session in order.
pub trait Observer {
    /// The next step.
    fn step(&mut self, view: &View<'_>);
    /// The session has ended, as far as the recording goes.
    fn end(&mut self, facts: &Facts);
}

/// An observer that looks at some sessions and away from others.
impl<O: Observer> Observer for Option<O> {
    fn step(&mut self, view: &View<'_>) {
        if let Some(observer) = self {
            observer.step(view);
        }
    }

    fn end(&mut self, facts: &Facts) {
        if let Some(observer) = self {
            observer.end(facts);
        }
    }
}

/// An observer that looks away, for those who want summaries only.
impl Observer for () {
    fn step(&mut self, _view: &View<'_>) {}
    fn end(&mut self, _facts: &Facts) {}
}
