//! Entries of lists in outputs: which one a value belongs to, and how many others fit as well.

use serde_json::Value;

use super::seen::Seen;
use crate::provenance::fold;
use crate::provenance::words::stem;

/// Requests that choose by themselves: `the latest`, `the cheapest`, `all`.
const CHOOSING: [&str; 14] = [
    "latest", "last", "first", "newest", "oldest", "best", "most", "least", "any", "all", "every",
    "each", "next", "recent",
];

/// The number of entries that fit the request as well as the one that has the value, that one
/// included; `None` where the request names the value, chooses, or only one entry fits best.
pub(crate) fn alike(value: &str, seen: &Seen) -> Option<usize> {
    let folded = fold(value);
    let named = folded.is_empty() || seen.asked().contains(&folded);
    let chooses = seen
        .asked()
        .split(|c: char| !c.is_alphanumeric())
        .any(|w| CHOOSING.contains(&w) || (w.len() > 5 && w.ends_with("est")));
    if named || chooses {
        return None;
    }
    seen.outputs().find_map(|output| {
        let entries = entries(output);
        let own = entries.iter().find(|e| e.has(value))?;
        let fit = own.fit(seen);
        let best = entries.iter().map(|e| e.fit(seen)).max()?;
        let alike = entries.iter().filter(|e| e.fit(seen) == fit).count();
        // Fits that tell nothing apart make a list of everything, not of candidates.
        (fit > 0 && fit == best && alike > 1 && alike <= 10).then_some(alike)
    })
}

/// The text of the entry that has the value, in lists of the output.
pub(crate) fn entry(value: &str, output: &str) -> Option<String> {
    entries(output)
        .into_iter()
        .find(|e| e.has(value))
        .map(|e| e.0.join(" "))
}

/// The values of one entry of a list.
struct Entry(Vec<String>);

impl Entry {
    fn has(&self, value: &str) -> bool {
        self.0.iter().any(|v| v == value)
    }

    /// How many words of the request the entry has.
    fn fit(&self, seen: &Seen) -> usize {
        let mut words: Vec<String> = self
            .0
            .iter()
            .flat_map(|v| {
                fold(v)
                    .split(|c: char| !c.is_alphanumeric())
                    .filter(|w| w.len() > 2)
                    .map(|w| stem(w).to_owned())
                    .collect::<Vec<_>>()
            })
            .collect();
        words.sort_unstable();
        words.dedup();
        words.iter().filter(|w| seen.asked_word(w)).count()
    }
}

/// The most entries of one output that are compared.
const MOST: usize = 50;

/// The objects in lists of the output, if it is JSON.
fn entries(output: &str) -> Vec<Entry> {
    let mut out = Vec::new();
    if let Ok(value) = serde_json::from_str::<Value>(output.trim()) {
        collect(&value, false, 0, &mut out);
    }
    out
}

fn collect(value: &Value, listed: bool, depth: usize, out: &mut Vec<Entry>) {
    if depth > 8 || out.len() >= MOST {
        return;
    }
    match value {
        Value::Array(items) => {
            for item in items {
                collect(item, true, depth + 1, out);
            }
        }
        Value::Object(fields) => {
            let plain: Vec<String> = fields
                .values()
                .filter_map(|v| match v {
                    Value::String(s) => Some(s.clone()),
                    Value::Number(n) => Some(n.to_string()),
                    _ => None,
                })
                .collect();
            if listed && !plain.is_empty() {
                out.push(Entry(plain));
            }
            for inner in fields.values() {
                collect(inner, false, depth + 1, out);
            }
        }
        _ => {}
    }
}
