//! Renders invented data, to look at the report while working on it:
//! `cargo run -p proctor-report --example sample -- terminal 120 | less -R`.

#[path = "data.rs"]
mod data;

use proctor_report::{Style, json, show, terminal};

fn main() {
    let (scan, _sessions) = data::sample();
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
        "json" => println!("{}", json(&scan, style.reveal).unwrap()),
        handle => print!("{}", show(&scan, handle, &style).unwrap()),
    }
}
