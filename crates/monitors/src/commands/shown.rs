//! Credentials that a session was shown, to be known again where they are sent.
//!
//! Only keyed hashes are kept. A text is searched only once something was shown, and by the pieces
//! between signs that no credential holds.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

use proctor_reconcile::secrets;

/// Credentials that are remembered; the oldest make room.
const MOST: usize = 256;

/// Bytes of a result that are looked through.
const MOST_TEXT: usize = 64 << 10;

/// Shorter texts are too often something else.
const SHORTEST: usize = 12;

/// Longer texts are no credential of one line.
const LONGEST: usize = 512;

/// The credentials that a session was shown.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    keys: RandomState,
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Shown {
    /// Remembers the credentials in what reading a place of credentials gave.
    pub(crate) fn learn(&mut self, text: &str) {
        let text = text
            .get(..text.floor_char_boundary(MOST_TEXT))
            .unwrap_or(text);
        for credential in secrets::find(text).into_iter().take(MOST) {
            self.add(text.get(credential.span).unwrap_or_default());
        }
        // A file or command that gives nothing but the credential.
        let whole = text.trim();
        let mixed = whole.bytes().any(|b| b.is_ascii_digit())
            && whole.bytes().any(|b| b.is_ascii_alphabetic());
        if mixed && whole.len() >= 16 && pieces(whole).next() == Some(whole) {
            self.add(whole);
        }
    }

    /// Whether one of them stands in a text.
    pub(crate) fn holds(&self, text: &str) -> bool {
        !self.known.is_empty() && pieces(text).any(|p| self.known.contains(&self.keys.hash_one(p)))
    }

    fn add(&mut self, secret: &str) {
        if !(SHORTEST..=LONGEST).contains(&secret.len()) {
            return;
        }
        let hash = self.keys.hash_one(secret);
        if self.known.insert(hash) {
            self.order.push_back(hash);
        }
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// The pieces of a text that may be credentials: as long as no sign parts them, and cut at the
/// first `=` and at every `/`, which may belong to a credential or stand before one.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let parts = |c: char| !(c.is_ascii_alphanumeric() || "-_+/=.~".contains(c));
    text.split(parts).flat_map(|piece| {
        let value = piece.split_once('=').map(|(_, value)| value);
        let last = value.unwrap_or(piece);
        let steps = last.split('/').filter(move |step| step.len() < last.len());
        let all = std::iter::once(piece).chain(value).chain(steps);
        all.filter(|p| (SHORTEST..=LONGEST).contains(&p.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "hV8s1mQy2Zt4Kp9RwXc6Lb3Nf7Jd5GaUe0TiOqPd";

    #[test]
    fn a_credential_that_was_shown_is_known_again() {
        let mut shown = Shown::default();
        assert!(!shown.holds(KEY));
        shown.learn(&format!(
            "[default]\naws_secret_access_key = {KEY}\nregion = eu-west-1\n"
        ));
        for text in [
            format!("https://x.example/?k={KEY}"),
            format!("https://x.example/{KEY}/a"),
            format!("the key is \"{KEY}\"."),
            KEY.to_owned(),
        ] {
            assert!(shown.holds(text.trim_end_matches('.')), "{text}");
        }
        assert!(!shown.holds("region = eu-west-1, and aws_secret_access_key"));
        shown.learn("9f86d081884c7d659a2feaa0c55ad015\n");
        assert!(shown.holds("x=9f86d081884c7d659a2feaa0c55ad015"));
    }

    #[test]
    fn memory_is_bounded() {
        let mut shown = Shown::default();
        for i in 0..2 * MOST {
            shown.add(&format!("{KEY}{i}"));
        }
        assert_eq!((shown.known.len(), shown.order.len()), (MOST, MOST));
        assert!(shown.holds(&format!("{KEY}{}", 2 * MOST - 1)));
    }
}
