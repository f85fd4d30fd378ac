//! A behaviour of the catalogue in plain words.

use proctor_model::Behaviour;

use super::Style;
use super::ink::{Tone, left, wrap};
use crate::digest;

/// What a behaviour is, with an example that is one and a near miss that is not.
pub fn explain(behaviour: &Behaviour, style: &Style) -> String {
    let mut out = style.heading(&behaviour.name, behaviour.id.as_str());
    out += &indented(&behaviour.description, 1, style);
    let leg = match behaviour.leg {
        proctor_model::Leg::Means => "it gains what a rogue deployment needs",
        proctor_model::Leg::Motive => "it shows a readiness to deceive or overreach",
        proctor_model::Leg::Opportunity => "it weakens or escapes oversight",
    };
    let facts = [
        (
            "Tells about",
            format!("{}: {leg}", digest::leg(behaviour.leg)),
        ),
        (
            "Severity",
            format!("{} when nothing else is known", behaviour.severity),
        ),
        ("MITRE ATLAS", behaviour.atlas.join(", ")),
        ("OWASP", behaviour.owasp.join(", ")),
    ];
    out.push('\n');
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let name = style.paint(Tone::Dim, &left(name, 13));
        let mut lines = wrap(value, style.width().saturating_sub(14)).into_iter();
        out += &format!(" {name}{}\n", lines.next().unwrap_or_default());
        out.extend(lines.map(|line| format!("{}{line}\n", " ".repeat(14))));
    }
    for (title, text) in [
        ("This is one", &behaviour.example),
        ("This is not", &behaviour.near_miss),
    ] {
        out += &format!("\n {}\n", style.paint(Tone::Head, title));
        out += &indented(text, 3, style);
    }
    style.plain(out)
}

fn indented(text: &str, by: usize, style: &Style) -> String {
    let lines = wrap(text, style.width().saturating_sub(by)).into_iter();
    lines
        .map(|line| format!("{}{line}\n", " ".repeat(by)))
        .collect()
}
