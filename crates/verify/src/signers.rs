//! Who signs the log: from its first entry on, each key hands over to the next.

use proctor_ledger::{Kind, Note, PublicKey, Signature};
use serde_json::Value;

use crate::check::Checked;
use crate::report::Fault;

/// The keys of a log, in order.
pub(crate) struct Signers {
    pub(crate) keys: Vec<PublicKey>,
    /// Which of them signed the bundle's checkpoint.
    signed: Option<usize>,
}

impl Signers {
    /// Whether the checkpoint follows from this key: it signed it, or handed over to the one that did.
    pub(crate) fn vouch_from(&self, key: &PublicKey) -> bool {
        let at = self.keys.iter().position(|known| known == key);
        at.is_some_and(|at| self.signed.is_some_and(|signed| at <= signed))
    }
}

pub(crate) fn check(checked: &mut Checked<'_>) -> Signers {
    let mut keys = Vec::new();
    match genesis(checked) {
        Some(key) => keys.push(key),
        None => checked.fault(Fault::UnknownSigner, 0),
    }
    let headers = &checked.bundle.headers;
    for header in headers.iter().filter(|h| h.kind == Kind::HANDOVER) {
        let next = keys
            .last()
            .and_then(|old| handed(checked, header.sequence, old));
        match next {
            Some(new) => keys.push(new),
            None => {
                checked.fault(Fault::BrokenHandOver, header.sequence);
                break;
            }
        }
    }
    let note = &checked.bundle.checkpoint.note;
    let signed = keys.iter().rposition(|key| key.verify(note).is_some());
    let unsigned = checked
        .states
        .iter()
        .map(|state| (&state.note, state.checkpoint.size));
    let unsigned = unsigned.filter(|(note, _)| keys.iter().all(|key| key.verify(note).is_none()));
    let sizes: Vec<u64> = unsigned.map(|(_, size)| size).collect();
    for size in sizes {
        checked.fault(Fault::BadSignature, size);
    }
    Signers { keys, signed }
}

/// The first key, as the first entry names it.
fn genesis(checked: &Checked<'_>) -> Option<PublicKey> {
    let first = checked.bundle.headers.first()?;
    if first.sequence != 0 || first.kind != Kind::GENESIS {
        return None;
    }
    let said: Value = serde_json::from_slice(checked.open.get(&0)?).ok()?;
    let key: PublicKey = said.get("key")?.as_str()?.parse().ok()?;
    let origin = &checked.bundle.checkpoint.checkpoint.origin;
    let right = said.get("origin")?.as_str()? == origin && is_of(&key, origin);
    right.then_some(key)
}

/// The key that took over with this entry: it agreed, and the old one signed the log with the entry.
fn handed(checked: &Checked<'_>, entry: u64, old: &PublicKey) -> Option<PublicKey> {
    let said: Value = serde_json::from_slice(checked.open.get(&entry)?).ok()?;
    let text = |key: &str| said.get(key).and_then(Value::as_str);
    let (old_text, new_text) = (text("old")?, text("new")?);
    let new: PublicKey = new_text.parse().ok()?;
    let origin = &checked.bundle.checkpoint.checkpoint.origin;
    let agreed = format!("proctor hand-over\n{origin}\n{old_text}\n{new_text}\n");
    let mut note = Note::new(agreed).ok()?;
    note.add(Signature::parse(text("signature")?)?);
    new.verify(&note)?;
    let vouched = checked
        .states
        .iter()
        .any(|state| state.checkpoint.size > entry && old.verify(&state.note).is_some());
    let right = old_text == old.to_string() && is_of(&new, origin) && vouched;
    right.then_some(new)
}

fn is_of(key: &PublicKey, origin: &str) -> bool {
    key.name() == origin && !key.is_witness()
}
