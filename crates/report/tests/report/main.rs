//! The renderings over invented data: what they look like, and what hostile data cannot do.
#![cfg(test)]

mod contrast;
#[path = "../../examples/sample/data.rs"]
mod data;
mod hostile;
mod json;
mod page;
mod size;
mod terminal;

use data::Recorder;
use proctor_report::{Plan, Scan, SessionView};

/// What a page shows of these sessions.
fn views(scan: &Scan, sessions: &[Recorder]) -> Vec<SessionView> {
    views_of(&Plan::of(scan, false), sessions)
}

fn views_of(plan: &Plan, sessions: &[Recorder]) -> Vec<SessionView> {
    let view = |session: &Recorder| {
        let mut excerpt = plan.excerpt(&session.summary.session);
        session.steps.iter().for_each(|step| excerpt.step(step));
        excerpt.finish()
    };
    sessions.iter().filter_map(view).collect()
}

/// The sessions that these handles name, told in order.
fn telling(scan: &Scan, sessions: &[Recorder], handles: &[&str]) -> Vec<SessionView> {
    let handles: Vec<String> = handles.iter().map(|h| (*h).to_owned()).collect();
    views_of(&Plan::telling(scan, &handles, false), sessions)
}

fn page(scan: &Scan, sessions: &[Recorder]) -> String {
    proctor_report::html(scan, &views(scan, sessions), false).unwrap()
}

/// The same scan with its sessions and findings in another order.
fn reversed(scan: &Scan) -> Scan {
    let mut scan = scan.clone();
    scan.summaries.reverse();
    scan.findings.reverse();
    scan.not_assessable.reverse();
    scan.checked.reverse();
    scan
}
