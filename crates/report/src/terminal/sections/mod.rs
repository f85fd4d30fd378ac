//! The sections of the digest.

mod activity;
mod findings;
mod lines;
mod sessions;

pub(super) use activity::{activity, breakdowns};
pub(super) use findings::{finding, finding_body, findings};
pub(super) use lines::{did, examples, unseen};
pub(super) use sessions::sessions;

use super::Style;
use super::ink::{Tone, fit_path};
use crate::units::count;

/// Columns of a handle.
const HANDLE: usize = 5;
/// Columns of a line's label.
const LABEL: usize = 23;
/// Columns of a line's number.
const VALUE: usize = 10;
/// Findings, sessions and parts listed before the rest is only counted.
const LISTED: usize = 12;

/// How much of a place is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// As much as fits on the line.
    Width,
    /// All of it, so that it can be copied.
    Whole,
}

impl Room {
    fn fit(self, place: &str, width: usize) -> String {
        match self {
            Self::Width => fit_path(place, width),
            Self::Whole => place.to_owned(),
        }
    }
}

fn rest(all: usize, listed: usize, style: &Style) -> String {
    match all.saturating_sub(listed) {
        0 => String::new(),
        more => {
            let more = format!("and {} more", count(more as u64));
            format!(" {}{}\n", " ".repeat(HANDLE), style.paint(Tone::Dim, &more))
        }
    }
}

/// A line without blanks at its end, with its line end.
fn trimmed(mut line: String) -> String {
    line.truncate(line.trim_end().len());
    line.push('\n');
    line
}
