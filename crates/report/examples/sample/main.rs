//! Renders invented data, to look at the report while working on it:
//! `cargo run -p proctor-report --example sample -- terminal 120 color | less -R`, or `html > out.html`,
//! or `json`, or a handle such as `F1`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "invented data: what is wrong with it is wrong every time"
)]

#[path = "data.rs"]
mod data;

use proctor_report::{Plan, SessionView, Style, html, json, show, terminal};

fn main() {
    let (scan, sessions) = data::sample();
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_else(|| "terminal".into());
    let width = args.next().and_then(|w| w.parse().ok()).unwrap_or(100);
    let rest: Vec<String> = args.collect();
    let has = |flag: &str| rest.iter().any(|arg| arg == flag);
    let style = Style {
        color: has("color"),
        width,
        verbose: has("-v"),
        reveal: has("reveal"),
        unicode: !has("ascii"),
    };
    match what.as_str() {
        "terminal" => print!("{}", terminal(&scan, &style)),
        "html" => {
            let plan = Plan::of(&scan, style.reveal);
            let views = views(&plan, &sessions);
            print!("{}", html(&scan, &views, style.reveal).unwrap());
        }
        "json" => println!("{}", json(&scan, style.reveal).unwrap()),
        handle => {
            let plan = Plan::telling(&scan, &[handle.to_owned()], style.reveal);
            let views = views(&plan, &sessions);
            print!("{}", show(&scan, &views, handle, &style).unwrap());
        }
    }
}

fn views(plan: &Plan, sessions: &[data::Recorder]) -> Vec<SessionView> {
    let view = |session: &data::Recorder| {
        let mut excerpt = plan.excerpt(&session.summary.session);
        session.steps.iter().for_each(|step| excerpt.step(step));
        excerpt.finish()
    };
    sessions.iter().filter_map(view).collect()
}
