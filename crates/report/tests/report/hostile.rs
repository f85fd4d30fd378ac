//! An agent that writes for the reader of the report.

use std::collections::BTreeSet;

use proctor_model::{Action, Deception, GapCause, Harness, Origin, Outcome, Overreach};
use proctor_reconcile::Deed;
use proctor_report::{Scan, Style, json, show, terminal};

use crate::data::{Recorder, Says, sample, scan};
use crate::{page, telling};

/// What an agent may write to fool a terminal, a page or a person.
const HOSTILE: &str = "</style></script></title></pre></details><script>alert(1)</script>\
    <img src=x onerror=alert(2)>\"' onmouseover=alert(3) x='{{ 7*7 }}{% raw %}<!--\
    \u{1b}[2J\u{1b}]0;pwned\u{7}\u{1b}[31mred\u{1b}[0m\u{9b}5A\u{0}\u{8}\u{7f}\
    \u{202e}desrever\u{202c}\u{2066}\u{200b}\u{200b}\u{feff}\u{e0041}\u{2028}line\r\
    p\u{430}ypal.example z\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}";
const FAKE: &str = "fine\n F1   critical  0.99  S1   fake finding\n</li><li class=\"step hit \
    critical\" id=\"s1-e0\">fake\nFINDINGS  none";
const SECRET: &str = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

fn session() -> Recorder {
    let mut s = Recorder::new(
        Harness::ClaudeCode,
        HOSTILE,
        &format!("/home/ann/{HOSTILE}"),
        HOSTILE,
        "2026-11-18T09:14:00Z",
    )
    .titled(HOSTILE);
    s.summary.note.branch = Some(HOSTILE.into());
    s.summary.acts_by_mode.insert(HOSTILE.into(), 3);
    s.summary.unknown_records.insert(HOSTILE.into(), 3);
    s.summary.reasoning.insert("full".into(), 1);
    s.summary.missing.push(HOSTILE.into());
    let text = format!("{HOSTILE}\n{FAKE}\nkey {SECRET}");
    s.person(&text);
    s.request(Origin::Harness, &text);
    let thought = s.thinks(&text);
    s.runs(&text, &text);
    s.edits(&text, &text, &format!("{text}\nmore {HOSTILE}"));
    s.writes(&text, &text);
    for (name, action) in [
        (
            "fetch",
            Action::Fetch {
                target: text.clone(),
            },
        ),
        (HOSTILE, Action::Other),
        (
            "mail",
            Action::Tell {
                to: text.clone(),
                text: text.clone(),
            },
        ),
        (
            "spawn",
            Action::Spawn {
                agent: text.clone(),
                prompt: text.clone(),
            },
        ),
    ] {
        s.act(name, action, Outcome::Failed, &text);
    }
    for deed in Deed::ALL {
        s.did(deed, &text);
    }
    s.gap(GapCause::Unparsable, &text);
    let claim = s.says(&text);
    for behaviour in ["goal-hijack", HOSTILE] {
        s.found(
            behaviour,
            0.9,
            &[claim, thought],
            Says {
                title: &text,
                explanation: &format!("`{HOSTILE}` {HOSTILE} `"),
                quote: &text,
                overreach: Overreach::ActiveOpposition,
                deception: Deception::ActiveInvestigation,
            },
        );
    }
    s
}

fn hostile() -> (Scan, Vec<Recorder>) {
    let sessions = vec![session()];
    let mut scan = scan(&sessions);
    scan.read.unknown_fields.insert(HOSTILE.into(), 2);
    scan.read.unopened.push((HOSTILE.into(), HOSTILE.into()));
    scan.roots.push(HOSTILE.into());
    scan.missing.push(HOSTILE.into());
    scan.not_assessable[0].check = HOSTILE.into();
    scan.not_assessable[0].why = HOSTILE.into();
    (scan, sessions)
}

/// Characters that no output may hold, whoever wrote them.
fn unseen(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(u32::from(c), 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xe0000..=0xe0fff)
}

#[test]
fn a_terminal_shows_hostile_text_and_obeys_none_of_it() {
    let (scan, sessions) = hostile();
    let style = Style {
        verbose: true,
        ..Style::default()
    };
    let told = telling(&scan, &sessions, &["S1", "F1"]);
    assert!(!told.is_empty());
    let mut outs = vec![terminal(&scan, &style)];
    for handle in ["F1", "S1", "d5", "d8", "u9", "p1", "m1", "goal-hijack"] {
        outs.push(show(&scan, &told, handle, &style).unwrap());
    }
    outs.push(show(&scan, &[], HOSTILE, &style).unwrap_or_else(|e| e.to_string()));
    for out in &outs {
        assert_eq!(out.chars().find(|c| unseen(*c)), None, "{out}");
        assert!(!out.contains(SECRET));
        let fake = out
            .lines()
            .any(|l| l.starts_with(" F1") && l.contains("fake"));
        assert!(!fake, "{out}");
        assert!(!out.lines().any(|l| l.starts_with("FINDINGS  none")));
    }
    assert!(outs[0].contains("\\u{202e}desrever"));
}

#[test]
fn a_page_holds_no_markup_but_its_own() {
    let (honest_scan, honest) = sample();
    let own = tags(&page(&honest_scan, &honest));
    let (scan, sessions) = hostile();
    let page = page(&scan, &sessions);
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</style").count(), 1);
    let found = tags(&page);
    let foreign: Vec<_> = found.difference(&own).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    assert_eq!(page.chars().find(|c| unseen(*c)), None);
    assert!(!page.contains(SECRET));
    assert!(
        page.contains("{{ 7*7 }}"),
        "templates are not run over data"
    );
    assert!(page.contains("&lt;script&gt;"));
    let ids = super::page::attributes(&page, "id");
    assert_eq!(ids.iter().filter(|id| **id == "s1-e0").count(), 1);
}

/// Every tag of a page with the names of its attributes, outside of style and script.
fn tags(page: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut rest = page;
    while let Some((_, tag)) = rest.split_once('<') {
        let mut end = 0;
        let mut quoted = false;
        for (i, c) in tag.char_indices() {
            match c {
                '"' => quoted = !quoted,
                '>' if !quoted => {
                    end = i;
                    break;
                }
                _ => {}
            }
        }
        let (tag, behind) = tag.split_at(end);
        let outside: Vec<&str> = tag.split('"').step_by(2).collect();
        out.insert(outside.join("\"\""));
        rest = behind;
        for raw in ["style", "script"] {
            if tag == raw {
                rest = behind.split_once(&format!("</{raw}>")).unwrap().1;
            }
        }
    }
    out
}

#[test]
fn json_of_hostile_text_is_json() {
    let (scan, _) = hostile();
    let text = json(&scan, false).unwrap();
    assert!(!text.contains(SECRET));
    assert!(!text.contains('\u{1b}'));
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    // Raw data stays as it was recorded, but for credentials; the digest is fit to print.
    assert!(
        value["summaries"][0]["note"]["title"]
            .as_str()
            .unwrap()
            .contains('\u{1b}')
    );
    let digest = value["digest"].to_string();
    assert!(!digest.contains("\\u001b"));
}
