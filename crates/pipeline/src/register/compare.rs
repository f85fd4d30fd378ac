//! What changed between two manifests, field by field.

use std::collections::BTreeMap;

use proctor_model::Manifest;
use serde::Serialize;
use serde_json::Value;

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changed {
    /// Its name, such as `grants.write`.
    pub field: String,
    /// Its value before.
    pub before: Value,
    /// Its value after.
    pub after: Value,
}

/// The fields in which two manifests differ, by name. A list counts as one field.
pub fn compare(before: &Manifest, after: &Manifest) -> Vec<Changed> {
    let (before, mut after) = (fields(before), fields(after));
    let mut changed = Vec::new();
    for (field, value) in before {
        let now = after.remove(&field).unwrap_or(Value::Null);
        if now != value {
            changed.push(Changed {
                field,
                before: value,
                after: now,
            });
        }
    }
    for (field, value) in after {
        changed.push(Changed {
            field,
            before: Value::Null,
            after: value,
        });
    }
    changed.sort_by(|a, b| a.field.cmp(&b.field));
    changed
}

fn fields(manifest: &Manifest) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    // A manifest is always an object; if it were not, nothing would differ.
    if let Ok(value) = serde_json::to_value(manifest) {
        flatten(String::new(), value, &mut out);
    }
    out
}

fn flatten(name: String, value: Value, out: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let name = match name.as_str() {
                    "" => key,
                    name => format!("{name}.{key}"),
                };
                flatten(name, value, out);
            }
        }
        value => drop(out.insert(name, value)),
    }
}
