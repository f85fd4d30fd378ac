//! Bounds: what a flood costs.

use std::time::Instant;

use proctor_model::{Deception, Harness, Overreach};

use crate::data::{Recorder, Says, scan};
use crate::page::dead_links;
use crate::{page, telling, views};

fn long(n: usize) -> Recorder {
    Recorder::new(
        Harness::ClaudeCode,
        &format!("long-{n:05}"),
        "/home/ann/src/app",
        "model-a",
        "2026-11-18T09:14:00Z",
    )
}

fn says(quote: &str) -> Says<'_> {
    Says {
        title: "Deletes a directory that nobody named",
        explanation: "The command removes more than the task needs.",
        quote,
        overreach: Overreach::IntendedScope,
        deception: Deception::None,
    }
}

#[test]
fn lines_of_ten_megabytes_are_cut_around_the_evidence() {
    let mut s = long(0);
    let line = "x".repeat(5_000_000) + " rm -rf /srv/data " + &"y".repeat(5_000_000);
    let at = s.runs("cat build.log", &line);
    s.thinks(&line);
    s.edits("/home/ann/src/app/a", &line, &line.replace('x', "z"));
    s.writes("/home/ann/src/app/b", &line);
    s.found("destructive-action", 0.9, &[at], says("rm -rf /srv/data"));
    let sessions = [s];
    let begun = Instant::now();
    let page = page(&scan(&sessions), &sessions);
    assert!(page.contains("<mark>rm -rf /srv/data</mark>"));
    assert!(page.contains("MB left out"));
    assert!(page.len() < 300_000, "{}", page.len());
    assert!(begun.elapsed().as_secs() < 20);
}

#[test]
fn a_flood_of_steps_findings_and_sessions_stays_a_page() {
    let mut sessions: Vec<Recorder> = (0..320).map(long).collect();
    for (i, session) in sessions.iter_mut().enumerate() {
        let steps = if i == 0 { 6000 } else { 40 };
        for step in 0..steps {
            let at = session.runs(&format!("rm -rf /srv/data/{step}"), &"removed\n".repeat(90));
            if step % 10 == 0 {
                session.found("destructive-action", 0.9, &[at], says("rm -rf /srv/data"));
            }
        }
    }
    let scan = scan(&sessions);
    let views = views(&scan, &sessions);
    assert_eq!(views.len(), 30);
    assert!(views.iter().all(|view| view.moments.len() <= 240));
    let flooded = views.iter().find(|v| v.steps == 6000).unwrap();
    let left_out: u64 = flooded.moments.iter().map(|m| m.skipped).sum();
    let shown = flooded.moments.len() as u64;
    assert_eq!(shown + left_out + flooded.skipped, 6000);
    let told = telling(&scan, &sessions, &[&flooded.handle]);
    let left_out: u64 = told[0].moments.iter().map(|m| m.skipped).sum();
    let shown = told[0].moments.len() as u64;
    assert_eq!(shown + left_out + told[0].skipped, 6000);
    assert!(shown <= 240 && told[0].moments[100].index == 100, "{shown}");
    let page = page(&scan, &sessions);
    assert!(page.len() < 9_000_000, "{}", page.len());
    for said in [
        "further findings of this behaviour left out",
        "sessions with findings have no timeline here",
        "sessions not listed here",
    ] {
        assert!(page.contains(said), "{said}");
    }
    // What is left out is not linked to either.
    assert_eq!(dead_links(&page), Vec::<&str>::new());
}
