//! The whole command line as one snapshot: a change of any word in it is seen in review.

use super::proctor;

#[test]
fn the_reference() {
    let mut text = String::new();
    for command in [
        vec!["--help"],
        vec!["scan", "--help"],
        vec!["keep", "--help"],
        vec!["receipt", "--help"],
        vec!["explain", "--help"],
        vec!["rules", "--help"],
        vec!["rules", "test", "--help"],
        vec!["rules", "list", "--help"],
        vec!["eval", "--help"],
        vec!["completions", "--help"],
    ] {
        let run = proctor(&command);
        assert_eq!(run.status, 0, "{command:?}");
        text.push_str(&format!("$ proctor {}\n{}\n", command.join(" "), run.out));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn every_behaviour_can_be_explained() {
    let list = proctor(&["explain", "--json"]);
    let catalogue: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    for behaviour in catalogue["behaviour"].as_array().unwrap() {
        let run = proctor(&["explain", behaviour["id"].as_str().unwrap()]);
        assert_eq!(run.status, 0);
        assert!(run.out.contains(behaviour["name"].as_str().unwrap()));
    }
}
