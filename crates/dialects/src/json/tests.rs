use proptest::prelude::*;

use super::*;

fn read(text: &str) -> (serde_json::Value, Mended) {
    let (value, mended) = parse(text).unwrap();
    (value.into(), mended)
}

#[test]
fn reads_what_a_plain_parser_reads() {
    let text = r#"{"a":[1,-2,3.5,true,null,"x\ny"],"b\"":{"c":""},"n":18446744073709551615}"#;
    let (value, mended) = read(text);
    assert_eq!(
        value,
        serde_json::from_str::<serde_json::Value>(text).unwrap()
    );
    assert!(mended.is_empty());
}

#[test]
fn borrows_text_without_escapes() {
    let (value, _) = parse(r#"{"key":"plain","other":"with\nescape"}"#).unwrap();
    let Value::Object(Object(entries)) = value else {
        panic!("no object");
    };
    assert!(matches!(
        entries[0],
        (Cow::Borrowed("key"), Value::Str(Cow::Borrowed("plain")))
    ));
    assert!(matches!(entries[1].1, Value::Str(Cow::Owned(_))));
}

#[test]
fn what_is_passed_over_is_null() {
    let skim = Skim {
        skip: &["big"],
        only: ("account", &["code"]),
    };
    let text = r#"{"big":{"a":["\ud83d"]},"account":{"code":1,"text":"x","more":[1]},
        "inner":{"big":2,"account":{"text":3}}}"#;
    let (value, mended) = parse_skimmed(text, &skim).unwrap();
    assert_eq!(
        serde_json::Value::from(value),
        serde_json::json!({"big": null, "account": {"code": 1, "text": null, "more": null},
            "inner": {"big": 2, "account": {"text": 3}}})
    );
    assert!(mended.is_empty());
    assert!(parse_skimmed(r#"{"big":[}"#, &skim).is_err());
    let (value, _) = parse_skimmed(r#"{"account":"text"}"#, &skim).unwrap();
    assert_eq!(value.str("account"), Some("text"));
}

#[test]
fn the_last_of_two_equal_keys_counts() {
    let (value, _) = parse(r#"{"a":1,"a":2}"#).unwrap();
    assert_eq!(value.get("a"), Some(&Value::Unsigned(2)));
    assert_eq!(serde_json::Value::from(value), serde_json::json!({"a": 2}));
}

#[test]
fn half_a_surrogate_pair_does_not_hide_a_record() {
    let (value, mended) = read(r#"{"a":"x\ud83d","b":"\ude00y","c":"\ud83d\ude00","d":"\\ud83d"}"#);
    assert_eq!(
        value,
        serde_json::json!({"a": "x\u{fffd}", "b": "\u{fffd}y", "c": "😀", "d": "\\ud83d"})
    );
    assert_eq!(mended.surrogates, 2);
}

#[test]
fn deep_nesting_does_not_hide_a_record() {
    let text = format!(
        r#"{{"before":1,"x":{}"]"{},"after":[2]}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let (value, mended) = parse(&text).unwrap();
    assert_eq!(value.get("before"), Some(&Value::Unsigned(1)));
    assert_eq!(
        value.get("after"),
        Some(&Value::Array(vec![Value::Unsigned(2)]))
    );
    assert_eq!(mended.deep, 1);
}

#[test]
fn numbers_that_are_none_are_null() {
    let (value, mended) = read(r#"{"a":NaN,"b":-Infinity,"c":1e999,"d":[Infinity],"e":"NaN"}"#);
    assert_eq!(
        value,
        serde_json::json!({"a": null, "b": null, "c": null, "d": [null], "e": "NaN"})
    );
    assert_eq!(mended.numbers, 4);
}

#[test]
fn control_characters_in_text_are_read() {
    let (value, mended) = read("{\"a\":\"x\ty\0z\"}");
    assert_eq!(value, serde_json::json!({"a": "x\ty\0z"}));
    assert_eq!(mended.controls, 2);
}

#[test]
fn a_text_that_ends_too_early_is_told_from_a_broken_one() {
    assert!(parse(r#"{"a":"#).unwrap_err().truncated);
    assert!(parse(r#"{"a":"b"#).unwrap_err().truncated);
    assert!(!parse(r#"{"a":}"#).unwrap_err().truncated);
    assert!(!parse(r#"{} {}"#).unwrap_err().truncated);
}

#[test]
fn the_number_of_values_is_bounded() {
    let text = format!("[{}0]", "0,".repeat(MAX_VALUES));
    let error = parse(&text).unwrap_err();
    assert!(error.message.contains("more than"), "{error}");
    assert!(error.oversized);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn agrees_with_a_plain_parser(text in r#"([\[\]{}:,"0-9eE.\\ud8-]|true|null|"a"|"k":|\\ud83d){0,40}"#) {
        if let Ok(expected) = serde_json::from_str::<serde_json::Value>(&text) {
            let (value, mended) = read(&text);
            prop_assert_eq!(value, expected);
            prop_assert!(mended.is_empty());
        } else {
            // Mended or refused: either way without a panic.
            let _ = parse(&text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }
}
