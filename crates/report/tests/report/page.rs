use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use crate::{data, page, reversed, views};

/// Every value of an attribute in the page, in order.
pub(crate) fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let begin = format!(" {name}=\"");
    let values = page.split(&begin).skip(1);
    values.map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn every_link_stays_in_the_page_and_leads_somewhere() {
    let (scan, sessions) = data::sample();
    let page = page(&scan, &sessions);
    let ids = attributes(&page, "id");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{:?}", repeated(&ids));
    assert_eq!(dead_links(&page), Vec::<&str>::new());
    assert!(attributes(&page, "src").is_empty());
}

/// Links that leave the page or lead nowhere.
pub(crate) fn dead_links(page: &str) -> Vec<&str> {
    let ids: BTreeSet<&str> = attributes(page, "id").into_iter().collect();
    let links = attributes(page, "href").into_iter();
    links
        .filter(|link| !link.strip_prefix('#').is_some_and(|id| ids.contains(id)))
        .collect()
}

fn repeated<'a>(ids: &[&'a str]) -> Vec<&'a str> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    ids.iter()
        .for_each(|id| *counts.entry(id).or_default() += 1);
    counts
        .into_iter()
        .filter(|(_, n)| *n > 1)
        .map(|(id, _)| id)
        .collect()
}

#[test]
fn the_policy_allows_this_style_and_this_script_and_nothing_else() {
    let (scan, sessions) = data::sample();
    let page = page(&scan, &sessions);
    let policy = attributes(&page, "content")[0];
    assert!(policy.starts_with("default-src 'none'; "));
    for (tag, rule) in [("style", "style-src"), ("script", "script-src")] {
        let (_, rest) = page.split_once(&format!("<{tag}>")).unwrap();
        let (inline, _) = rest.split_once(&format!("</{tag}>")).unwrap();
        let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(inline));
        assert!(
            policy.contains(&format!("{rule} 'sha256-{digest}'")),
            "{tag}"
        );
    }
    // An inline style would need a weaker policy.
    assert!(attributes(&page, "style").is_empty());
}

#[test]
fn each_finding_leads_to_its_highlighted_evidence() {
    let (scan, sessions) = data::sample();
    let page = page(&scan, &sessions);
    assert_eq!(page.matches("See it in the session").count(), 10);
    for quote in [
        "<mark>nobody will check</mark>",
        "<mark>Nothing else was changed.</mark>",
        "<mark>*/10 * * * * ~/.cache/.sampler/run.sh</mark>",
        "<mark>@pytest.mark.skip(reason=&quot;flaky on CI&quot;)</mark>",
    ] {
        assert!(page.contains(quote), "{quote}");
    }
    // The steps that nothing was found in, between the beginning and the evidence.
    assert!(page.contains("40 steps left out"));
}

#[test]
fn the_page_can_be_handed_on() {
    let (scan, sessions) = data::sample();
    let page = page(&scan, &sessions);
    for private in ["/home/ann", "q8Zr3vT1mK9x", "-home-ann"] {
        assert!(!page.contains(private), "{private}");
    }
    let shown = proctor_report::html(&scan, &views(&scan, &sessions), true).unwrap();
    assert!(shown.contains("Do not hand it on."));
}

#[test]
fn the_order_of_the_scan_changes_nothing() {
    let (scan, sessions) = data::sample();
    let mut other = reversed(&scan);
    other.checked = scan.checked.clone();
    let mut views_reversed = views(&other, &sessions);
    views_reversed.reverse();
    let again = proctor_report::html(&other, &views_reversed, false).unwrap();
    assert_eq!(page(&scan, &sessions), again);
}

#[test]
fn a_scan_of_nothing_still_makes_a_page() {
    let page = page(&data::scan(&[]), &[]);
    assert!(page.contains("No session of an agent was found."));
    assert!(page.contains("What was not seen"));
}
