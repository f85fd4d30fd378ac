//! From events to sessions, steps, facts and differences.

use proctor_model::Step;

/// What is known of a session so far: the one bounded set of facts that rules and policy use.
#[derive(Clone, Debug, Default)]
pub struct Facts {}

/// One step with all that a monitor may know when it sees it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The step.
    pub step: &'a Step,
    /// The simple commands of a command action, decoded layers included; empty for other steps.
    pub commands: &'a [proctor_shell::Command],
    /// The session up to and including this step.
    pub facts: &'a Facts,
}

/// Sees the steps of one session in order.
pub trait Observer {
    /// The next step.
    fn step(&mut self, view: &View<'_>);
    /// The session has ended, as far as the recording goes.
    fn end(&mut self, facts: &Facts);
}
