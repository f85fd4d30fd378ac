//! The page's colours against WCAG 2.2, level AA.

use std::collections::BTreeMap;

use crate::{data, page};

/// Text on its ground: at least 4.5 to 1.
const TEXT: &[(&str, &[&str])] = &[
    (
        "ink",
        &[
            "bg", "panel", "code", "add", "del", "person", "h1", "h2", "h3",
        ],
    ),
    (
        "ink",
        &[
            "critical-bg",
            "high-bg",
            "medium-bg",
            "low-bg",
            "info-bg",
            "clear-bg",
        ],
    ),
    (
        "soft",
        &["bg", "panel", "code", "critical-bg", "high-bg", "medium-bg"],
    ),
    ("accent", &["bg", "panel", "code"]),
    ("panel", &["critical", "high", "medium", "low", "info"]),
    ("critical", &["panel", "critical-bg"]),
    ("high", &["panel", "high-bg"]),
    ("medium", &["panel", "medium-bg"]),
    ("low", &["panel", "low-bg"]),
    ("info", &["panel", "info-bg"]),
    ("clear", &["panel", "clear-bg"]),
    ("mark-ink", &["mark"]),
    ("on4", &["h4"]),
    ("on5", &["h5"]),
];

/// Marks that carry meaning: at least 3 to 1 against the panel.
const MARKS: [&str; 8] = [
    "asked",
    "unasked",
    "unknown",
    "critical-fill",
    "high-fill",
    "medium-fill",
    "low-fill",
    "info-fill",
];

#[test]
fn every_text_and_every_mark_can_be_told_from_its_ground() {
    let (scan, sessions) = data::sample();
    let page = page(&scan, &sessions);
    let (_, style) = page.split_once("<style>").unwrap();
    let (light, rest) = style.split_once("@media").unwrap();
    let (dark, _) = rest.split_once("* {").unwrap();
    let light = palette(light);
    let mut other = light.clone();
    other.extend(palette(dark));
    let mut low = Vec::new();
    for (scheme, colours) in [("light", &light), ("dark", &other)] {
        for (ink, grounds) in TEXT {
            for ground in *grounds {
                let ratio = contrast(colours[ink], colours[ground]);
                if ratio < 4.5 {
                    low.push(format!("{scheme}: {ink} on {ground} {ratio:.2}"));
                }
            }
        }
        for mark in MARKS {
            let ratio = contrast(colours[mark], colours["panel"]);
            if ratio < 3.0 {
                low.push(format!("{scheme}: {mark} {ratio:.2}"));
            }
        }
    }
    assert!(low.is_empty(), "{low:#?}");
}

fn palette(css: &str) -> BTreeMap<&str, u32> {
    let properties = css.split(';').filter_map(|part| part.split_once(": #"));
    properties
        .map(|(name, hex)| {
            let name = name.rsplit("--").next().unwrap();
            let wide = match hex.len() {
                3 => hex.chars().flat_map(|c| [c, c]).collect(),
                _ => hex.to_owned(),
            };
            (name, u32::from_str_radix(&wide, 16).unwrap())
        })
        .collect()
}

fn contrast(a: u32, b: u32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: u32) -> f64 {
    let channel = |shift: u32| {
        let value = f64::from(colour >> shift & 0xff) / 255.0;
        match value <= 0.04045 {
            true => value / 12.92,
            false => ((value + 0.055) / 1.055).powf(2.4),
        }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
}
