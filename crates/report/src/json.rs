//! The scan as JSON, for programs.

use std::io;

use proctor_model::Finding;
use proctor_reconcile::{Summary, secrets};
use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::clean::Lens;
use crate::digest::{Digest, Sessions, numbers};
use crate::scan::Scan;

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
    serde_json::to_string(&Output { scan, reveal })
}

/// As [`json`], written as it is made: for large scans.
///
/// # Errors
///
/// As [`json`], and if writing fails.
pub fn write_json(scan: &Scan, reveal: bool, to: impl io::Write) -> serde_json::Result<()> {
    serde_json::to_writer(to, &Output { scan, reveal })
}

struct Output<'a> {
    scan: &'a Scan,
    reveal: bool,
}

impl Serialize for Output<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let lens = Lens {
            reveal: self.reveal,
            ..Lens::default()
        };
        let digest = Digest::of(self.scan, &lens);
        let mut fields = serde_json::to_value(self.scan).map_err(S::Error::custom)?;
        if !self.reveal {
            fields = masked(fields);
        }
        let mut out = to.serialize_map(None)?;
        out.serialize_entry("schema", SCHEMA)?;
        for (name, value) in fields.as_object().into_iter().flatten() {
            out.serialize_entry(name, value)?;
        }
        let reveal = self.reveal;
        let sessions = Sessions::of(self.scan);
        let summaries = OneByOne {
            items: &self.scan.summaries,
            handle: |summary: &Summary| sessions.handle(&summary.session).to_owned(),
            reveal,
        };
        out.serialize_entry("summaries", &summaries)?;
        let numbers = numbers(self.scan);
        let findings = OneByOne {
            items: &self.scan.findings,
            handle: |finding: &Finding| {
                let number = numbers.get(&std::ptr::from_ref(finding));
                number.map(|n| format!("F{n}")).unwrap_or_default()
            },
            reveal,
        };
        out.serialize_entry("findings", &findings)?;
        // Cleaned and masked by the lens.
        out.serialize_entry("digest", &digest)?;
        out.end()
    }
}

/// A list whose items are masked one by one, so that only one at a time is held twice. Each has
/// its handle, empty for a finding under the threshold.
struct OneByOne<'a, T, H> {
    items: &'a [T],
    handle: H,
    reveal: bool,
}

impl<T: Serialize, H: Fn(&T) -> String> Serialize for OneByOne<'_, T, H> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut error = None;
        let items = self.items.iter().map_while(|item| {
            let value = serde_json::to_value(item).map_err(|e| error = Some(e));
            let mut value = value.ok()?;
            if !self.reveal {
                value = masked(value);
            }
            if let Value::Object(fields) = &mut value {
                fields.insert("handle".to_owned(), (self.handle)(item).into());
            }
            Some(value)
        });
        let done = to.collect_seq(items)?;
        match error {
            Some(error) => Err(S::Error::custom(error)),
            None => Ok(done),
        }
    }
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
