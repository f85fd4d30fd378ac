//! From sessions and findings to what people read: terminal, JSON, one HTML file.
//!
//! [`Scan`] is the one input. A [`Digest`] adds it up; [`terminal`], [`show`] and [`json`] render
//! it. Nothing here opens a file or asks for the time: the same scan gives the same bytes.
//!
//! Text of agents is hostile: it reaches a reader only through a [`Lens`], which makes every
//! character of it visible, masks credentials and shortens home directories.

mod clean;
mod digest;
mod excerpt;
mod html;
mod json;
mod receipt;
mod scan;
pub mod svg;
mod terminal;
mod units;

pub use clean::{Cut, Lens};
pub use digest::{
    Activity, BehaviourRow, Bin, Breakdown, Digest, Example, FindingRow, Findings, Line,
    SessionRow, Share,
};
pub use excerpt::{Excerpt, Moment, Part, Piece, Plan, SessionView, TextLine};
pub use html::{PageError, html};
pub use json::{SCHEMA, json, write_json};
pub use receipt::{
    RECEIPT_SCHEMA, Receipt, ReceiptLine, Verdict, receipt, receipt_json, receipt_markdown,
};
pub use scan::{Budget, NotAssessable, ReadTotals, Retention, Scan, Window};
pub use terminal::{Style, UnknownHandle, explain, show, terminal};
