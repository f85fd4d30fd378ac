//! Remembers which rules matched an event: commands repeat, and most match nothing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use super::{Category, Event};

/// Events that each thread remembers; when there are more it forgets all and begins again, so that
/// memory stays bounded whatever an agent types.
const MOST: usize = 20_000;

thread_local! {
    /// By a hash of the event under a key that nobody outside knows, so that no agent can make one
    /// command pass for another.
    static SEEN: RefCell<HashMap<u64, Box<[u32]>>> = RefCell::default();
}

/// The key of one rule set; another set has another, and so never meets its answers.
#[derive(Default)]
pub(super) struct Memo(RandomState);

impl Memo {
    /// The numbers of the rules that match, asked of `evaluate` where the event is new.
    pub(super) fn matching(
        &self,
        category: Category,
        event: &Event<'_>,
        evaluate: impl FnOnce() -> Box<[u32]>,
    ) -> Box<[u32]> {
        let key = hash(&self.0, category, event);
        SEEN.with_borrow_mut(|seen| {
            if let Some(known) = seen.get(&key) {
                return known.clone();
            }
            let fresh = evaluate();
            if seen.len() >= MOST {
                seen.clear();
            }
            seen.insert(key, fresh.clone());
            fresh
        })
    }
}

fn hash(keys: &RandomState, category: Category, event: &Event<'_>) -> u64 {
    let mut hasher = keys.build_hasher();
    category.hash(&mut hasher);
    event.hash(&mut hasher);
    hasher.finish()
}
