use super::window::CHUNK;
use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Yields its bytes in pieces of one to seven bytes, so that every state meets a refill.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.1 = self.1 % 7 + 1;
        let n = self.1.min(self.0.len()).min(buf.len());
        buf[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

type Seen = (usize, String, Vec<u8>);

/// All elements, and how the document broke if it did. Checks every place on the way.
fn split(text: &[u8], paths: Paths) -> (Vec<Seen>, Option<(u64, Break)>) {
    let mut splitter = Splitter::new(Drip(text, 0), 0, paths);
    let mut seen = Vec::new();
    let mut broken = None;
    while let Some(piece) = splitter.next() {
        match piece {
            Piece::Element {
                path,
                key,
                offset,
                raw,
            } => {
                let offset = offset as usize;
                assert_eq!(raw, &text[offset..offset + raw.len()]);
                seen.push((path, key.to_owned(), raw.to_vec()));
            }
            Piece::Long {
                path,
                key,
                offset,
                len,
            } => {
                let offset = offset as usize;
                let raw = &text[offset..offset + len as usize];
                seen.push((path, key.to_owned(), raw.to_vec()));
            }
            Piece::Broken { offset, why } => {
                assert!(broken.is_none(), "broken twice");
                broken = Some((offset, why));
            }
        }
    }
    (seen, broken)
}

fn values(seen: &[Seen], path: usize) -> Vec<Value> {
    (seen.iter().filter(|(p, ..)| *p == path))
        .map(|(.., raw)| serde_json::from_slice(raw).unwrap())
        .collect()
}

#[test]
fn yields_the_elements_of_chosen_arrays_and_members() {
    let text = br#" {"id": 7, "messages" :[ {"a":"]}\""}, "x" , 3,[]],"rest":{"deep":[1]},
        "attachments":{"k\u0031":"v","k2":null}} "#;
    let paths = Paths::new(&["$.messages[*]", "$.attachments.*", "$.*"]);
    let (seen, broken) = split(text, paths);
    assert!(broken.is_none());
    assert_eq!(
        values(&seen, 0),
        [json!({"a": "]}\""}), json!("x"), json!(3), json!([])]
    );
    assert!(seen.contains(&(1, "k1".into(), br#""v""#.to_vec())));
    assert_eq!(values(&seen, 2), [json!(7), json!({"deep": [1]})]);
}

#[test]
fn a_member_of_another_kind_falls_to_the_next_path() {
    let text = br#"{"messages":null}"#;
    let (seen, broken) = split(text, Paths::new(&["$.messages[*]", "$.*"]));
    assert!(broken.is_none());
    assert_eq!(seen, [(1, "messages".into(), b"null".to_vec())]);
}

#[test]
fn an_element_over_the_limit_comes_as_its_place_only() {
    let long = "x".repeat(3 * CHUNK);
    let text = format!(r#"{{"m":["a","{long}","b"]}}"#);
    let paths = Paths::new(&[]).with(&["$.m[*]"], CHUNK);
    let mut splitter = Splitter::new(text.as_bytes(), 100, paths);
    let mut kinds = Vec::new();
    while let Some(piece) = splitter.next() {
        kinds.push(match piece {
            Piece::Element { offset, raw, .. } => (offset, raw.len() as u64, true),
            Piece::Long { offset, len, .. } => (offset, len, false),
            Piece::Broken { .. } => panic!("the document is whole"),
        });
    }
    let len = long.len() as u64 + 2;
    let expected = [(106, 3, true), (110, len, false), (110 + len + 1, 3, true)];
    assert_eq!(kinds, expected);
}

#[test]
fn a_broken_document_yields_what_stands_before_the_break() {
    let cases: [(&[u8], usize, bool); 7] = [
        (br#"{"m":[1,2"#, 1, true),
        (br#"{"m":[1,2,"#, 2, true),
        (br#"{"m":[1,{"a":"#, 1, true),
        (br#"{"m":[1,{]},3]}"#, 1, false),
        (br#"{"m":[1,2] 3"#, 2, false),
        (br#"{"m":[1,2,,3]}"#, 2, false),
        (br#"{"m":[1]} x"#, 1, false),
    ];
    for (text, elements, truncated) in cases {
        let (seen, broken) = split(text, Paths::new(&["$.m[*]"]));
        assert_eq!(seen.len(), elements, "{}", String::from_utf8_lossy(text));
        let (_, why) = broken.expect("must be broken");
        assert_eq!(matches!(why, Break::Truncated), truncated, "{why:?}");
    }
}

#[test]
fn the_root_can_be_an_element_and_a_byte_order_mark_is_skipped() {
    let (seen, broken) = split("\u{feff} 12".as_bytes(), Paths::new(&["$"]));
    assert!(broken.is_none());
    assert_eq!(seen, [(0, String::new(), b"12".to_vec())]);
    let (seen, broken) = split(b"[[1],[2]]", Paths::new(&["$[*][*]"]));
    assert!(broken.is_none());
    assert_eq!(values(&seen, 0), [json!(1), json!(2)]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        r#"[\PC"\\\[\]{},: \n]{0,12}"#.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let name = prop_oneof![Just("a".to_owned()), Just("b".to_owned()), "[\\PC\"]{0,4}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..5)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// What the paths of the property test choose, worked out on the parsed value.
fn expected(document: &Value) -> Vec<(usize, Value)> {
    let mut out = Vec::new();
    match document {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                match value {
                    Value::Array(items) if name == "a" && !items.is_empty() => {
                        for item in items {
                            match item.as_object() {
                                Some(o) if !o.is_empty() => {
                                    out.extend(o.get("b").map(|b| (1, b.clone())))
                                }
                                _ => out.push((0, item.clone())),
                            }
                        }
                    }
                    Value::Object(inner) if name == "b" && !inner.is_empty() => {
                        out.extend(inner.values().map(|v| (2, v.clone())));
                    }
                    _ => out.push((3, value.clone())),
                }
            }
        }
        other => out.push((4, other.clone())),
    }
    out
}

proptest! {
    #[test]
    fn splitting_agrees_with_parsing(document in any_json(), pretty: bool) {
        let text = if pretty {
            serde_json::to_vec_pretty(&document).unwrap()
        } else {
            serde_json::to_vec(&document).unwrap()
        };
        let paths = Paths::new(&["$.a[*]", "$.a[*].b", "$.b.*", "$.*", "$"]);
        let (seen, broken) = split(&text, paths.clone());
        prop_assert!(broken.is_none());
        // Parsing rounds the last digit of some numbers, so both sides are parsed.
        let document = serde_json::from_slice(&text).unwrap();
        let seen: Vec<_> = seen.into_iter()
            .map(|(path, _, raw)| (path, serde_json::from_slice::<Value>(&raw).unwrap()))
            .collect();
        prop_assert_eq!(seen, expected(&document));
        // The same elements are found where only their places are wanted.
        let places = Paths::new(&[]).places(&["$.a[*]", "$.a[*].b", "$.b.*", "$.*", "$"]);
        prop_assert_eq!(split(&text, places).0, split(&text, paths).0);
    }

    #[test]
    fn a_cut_document_yields_a_prefix_of_the_elements(document in any_json(), cut: prop::sample::Index) {
        let text = serde_json::to_vec(&document).unwrap();
        let paths = Paths::new(&["$.a[*]", "$.b.*", "$.*"]);
        let (whole, _) = split(&text, paths.clone());
        let (part, broken) = split(&text[..cut.index(text.len())], paths);
        prop_assert!(whole.starts_with(&part));
        prop_assert!(broken.is_some() || part.len() == whole.len());
    }

    #[test]
    fn any_bytes_are_passed_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
        split(&text, Paths::new(&["$.a[*]", "$[*]", "$.*"]));
    }
}
