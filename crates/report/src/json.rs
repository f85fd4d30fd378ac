//! The scan as JSON, for programs.

use serde_json::{Map, Value};

use crate::clean::Lens;
use crate::digest::Digest;
use crate::scan::Scan;
use proctor_reconcile::secrets;

/// Names the shape of what [`json`] writes. A change that breaks a reader raises the number.
pub const SCHEMA: &str = "proctor.scan/1";

/// The scan and its digest as one JSON object on one line, with `"schema": "proctor.scan/1"`
/// first. Credentials are masked in every string unless `reveal`; paths are whole, so that they
/// can be opened.
///
/// # Errors
///
/// If a value cannot be written as JSON, such as a path that is no valid text.
pub fn json(scan: &Scan, reveal: bool) -> serde_json::Result<String> {
    let lens = Lens {
        reveal,
        ..Lens::default()
    };
    let mut out = Map::new();
    out.insert("schema".to_owned(), Value::from(SCHEMA));
    if let Value::Object(fields) = serde_json::to_value(scan)? {
        out.extend(fields);
    }
    out.insert(
        "digest".to_owned(),
        serde_json::to_value(Digest::of(scan, &lens))?,
    );
    let out = Value::Object(out);
    serde_json::to_string(&if reveal { out } else { masked(out) })
}

/// Masks every string, the names of fields included: some are data, such as hosts.
pub(crate) fn masked(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(secrets::mask(&text).into_owned()),
        Value::Array(values) => Value::Array(values.into_iter().map(masked).collect()),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(k, v)| (secrets::mask(&k).into_owned(), masked(v)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}
