//! Remembers which rules matched an event: commands repeat, and most match nothing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use super::{Category, Event};

/// Events that each thread remembers; when there are more it forgets all and begins again, so that
/// memory stays bounded whatever an agent types.
const MOST: usize = 20_000;

/// What is remembered instead of an event: 128 bits under keys that nobody outside knows, so that
/// no agent can make one command pass for another.
type Key = (u64, u64);

thread_local! {
    static SEEN: RefCell<HashMap<Key, Box<[u32]>>> = RefCell::default();
}

/// The keys of one rule set; another set has others, and so never meets its answers.
#[derive(Default)]
pub(super) struct Memo(RandomState, RandomState);

impl Memo {
    /// The numbers of the rules that match, asked of `evaluate` where the event is new.
    pub(super) fn matching(
        &self,
        category: Category,
        event: &Event<'_>,
        evaluate: impl FnOnce() -> Box<[u32]>,
    ) -> Box<[u32]> {
        let key = (
            hash(&self.0, category, event),
            hash(&self.1, category, event),
        );
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
