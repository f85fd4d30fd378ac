use proctor_report::{SCHEMA, json};

use crate::{data, reversed};

#[test]
fn json_names_its_schema_first_and_holds_scan_and_digest() {
    let (scan, sessions) = data::sample();
    let text = json(&scan, false).unwrap();
    assert!(text.starts_with(&format!("{{\"schema\":\"{SCHEMA}\"")));
    assert!(!text.contains('\n'));
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["summaries"].as_array().unwrap().len(), sessions.len());
    assert_eq!(value["findings"].as_array().unwrap().len(), 10);
    assert_eq!(value["digest"]["findings"]["shown"][0]["handle"], "F1");
    assert_eq!(value["digest"]["did"][0]["count"], 63);
    assert_eq!(value["time_zone"], "UTC");
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    insta::assert_debug_snapshot!(keys);
}

#[test]
fn credentials_are_masked_unless_asked_for() {
    let secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let (mut scan, _) = data::sample();
    scan.findings[0].quote = format!("token={secret}");
    let summary = &mut scan.summaries[0];
    summary.hosts.insert(format!("{secret}.example"), 3);
    summary.note.title = Some(format!("use {secret}"));
    assert!(!json(&scan, false).unwrap().contains(secret));
    assert!(json(&scan, true).unwrap().contains(secret));
}

#[test]
fn the_digest_does_not_depend_on_the_order() {
    let (scan, _) = data::sample();
    let digest = |scan| {
        let value: serde_json::Value = serde_json::from_str(&json(scan, false).unwrap()).unwrap();
        value["digest"].clone()
    };
    let mut other = reversed(&scan);
    other.checked = scan.checked.clone();
    assert_eq!(digest(&scan), digest(&other));
}
