//! Commands and other acts, as rules see them: what runs, what it touches, where its data goes.

mod effects;
mod examine;
mod flow;
mod paths;
mod sent;
mod shown;
mod words;

pub use examine::Hit;
pub(crate) use examine::{Examined, Setting, Touch, examine, examine_touch};
pub(crate) use flow::Flow;
