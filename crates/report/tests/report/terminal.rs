use proctor_model::Catalogue;
use proctor_report::{Style, explain, show, terminal};

use crate::{data, reversed, telling};

fn style(width: usize) -> Style {
    Style {
        width,
        ..Style::default()
    }
}

#[test]
fn three_weeks_at_80_and_120_columns() {
    let (scan, _) = data::sample();
    for width in [80, 120] {
        let out = terminal(&scan, &style(width));
        insta::assert_snapshot!(format!("columns_{width}"), out);
    }
    for width in [60, 66, 72, 80, 99, 100, 120, 200] {
        for verbose in [false, true] {
            let style = Style {
                verbose,
                ..style(width)
            };
            let out = terminal(&scan, &style);
            let wide = out.lines().find(|l| l.chars().count() > width);
            assert_eq!(wide, None, "{width}");
        }
    }
}

#[test]
fn a_quiet_month_fills_the_screen_all_the_same() {
    let (_, sessions) = data::sample();
    let quiet: Vec<_> = sessions.into_iter().skip(5).collect();
    let out = terminal(&data::scan(&quiet), &style(80));
    assert!(out.lines().count() > 70);
    insta::assert_snapshot!(out);
}

#[test]
fn nothing_at_all_is_said_plainly() {
    let out = terminal(&data::scan(&[]), &style(80));
    insta::assert_snapshot!(out);
}

#[test]
fn a_plain_terminal_gets_ascii() {
    let (scan, _) = data::sample();
    let plain = Style {
        unicode: false,
        ..style(80)
    };
    assert!(terminal(&scan, &plain).is_ascii());
    assert!(show(&scan, &[], "F4", &plain).unwrap().is_ascii());
}

#[test]
fn colours_change_nothing_but_colours() {
    let (scan, _) = data::sample();
    let coloured = Style {
        color: true,
        ..style(100)
    };
    let bare = regex_free_strip(&terminal(&scan, &coloured));
    assert_eq!(bare, terminal(&scan, &style(100)));
}

fn regex_free_strip(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split('\u{1b}').enumerate() {
        out += match i {
            0 => part,
            _ => part.split_once('m').unwrap().1,
        };
    }
    // Blanks that a colour ended before are no difference.
    out.lines()
        .map(|l| l.trim_end().to_owned() + "\n")
        .collect()
}

#[test]
fn every_handle_opens_its_evidence() {
    let (scan, sessions) = data::sample();
    let told = telling(&scan, &sessions, &["f1", "[S1]", "S3", "S9"]);
    for handle in ["d8", "u8", "F1", "S1", "S9", "p2", "persistence"] {
        insta::assert_snapshot!(handle, show(&scan, &told, handle, &style(100)).unwrap());
    }
    assert_eq!(
        show(&scan, &[], " [f1] ", &style(80)),
        show(&scan, &[], "F1", &style(80))
    );
    let unknown = show(&scan, &[], "F99", &style(80)).unwrap_err();
    insta::assert_snapshot!(unknown.to_string());
}

#[test]
fn verbose_opens_everything() {
    let (scan, _) = data::sample();
    let verbose = Style {
        verbose: true,
        ..style(100)
    };
    let out = terminal(&scan, &verbose);
    for told in [
        "drop.bytebin.example",
        "The only benchmark run failed before it measured anything.",
        "│ nobody will check",
        "jsonl @24717",
    ] {
        assert!(out.contains(told), "{told}");
    }
}

#[test]
fn the_order_of_the_scan_changes_nothing() {
    let (scan, _) = data::sample();
    let verbose = Style {
        verbose: true,
        ..style(120)
    };
    let mut other = reversed(&scan);
    // The order of checked behaviours is the order of the rules, and is kept.
    other.checked = scan.checked.clone();
    assert_eq!(terminal(&scan, &verbose), terminal(&other, &verbose));
}

#[test]
fn a_behaviour_is_explained() {
    let behaviour = &Catalogue::builtin().behaviours[0];
    insta::assert_snapshot!(explain(behaviour, &style(80)));
}
