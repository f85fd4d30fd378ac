//! `system` records: what the harness notes for itself and for the person.

use proctor_dialects::json::{Object, Value};
use proctor_model::{Boundary, EventKind, Origin};

use super::user::text_of_user;
use super::{ClaudeCode, names};
use crate::emit::{Emitter, Record};

impl ClaudeCode {
    pub(super) fn system(
        &mut self,
        entry: &mut Object<'_>,
        record: &mut Record<'_>,
        out: &mut Emitter<'_>,
    ) {
        let subtype = entry.take("subtype").and_then(Value::into_string);
        let subtype = subtype.as_deref().unwrap_or("(no subtype)");
        match subtype {
            "compact_boundary" => out.event(record, EventKind::Boundary(Boundary::Compacted)),
            // Old tool results were dropped from the context, its beginning was not.
            "microcompact_boundary" | "snip_boundary" => out.known(record, subtype),
            "local_command" => {
                let text = entry.take("content").and_then(Value::into_string);
                if let Some(text) = text {
                    text_of_user(text, Origin::Harness, record, out);
                }
            }
            _ if names::is_known_subtype(subtype) => {
                out.known(record, &format!("system {subtype}"))
            }
            _ => out.unknown(record, &format!("system {subtype}")),
        }
    }
}
