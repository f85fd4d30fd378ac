//! The messages of a sample while its events are read.
//!
//! A log holds a message many times: in the conversation as it was at the end, in the input of
//! every request after it, and as the output of one. Newer logs keep one copy in a pool and refer
//! to it. A message is told once, at the moment of the first event that shows it.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use proctor_model::Source;

use super::message::Copies;

/// The most bytes of messages that are held for one sample; few in tests, so that they meet it.
const MOST_BYTES: usize = if cfg!(test) { 48 << 10 } else { 48 << 20 };

/// The most messages that are remembered as told.
const MOST_KEYS: usize = 1 << 20;

/// A message as it stands in the log.
pub(super) struct Entry {
    /// The file or member it stands in.
    pub(super) source: Arc<Source>,
    pub(super) offset: u64,
    pub(super) raw: Box<[u8]>,
    /// See [`super::message::Said::key`]; known once the attachments are.
    pub(super) key: u64,
    /// The call that it answers.
    pub(super) answers: Option<String>,
    /// How many events were given out for it; a conversation can hold it more than once.
    pub(super) told: Cell<u32>,
}

/// Which list of the log a message stands in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum List {
    /// The conversation at the end.
    Final,
    /// The pool that events refer to.
    Pool,
}

/// The messages of one sample.
#[derive(Default)]
pub(super) struct Held {
    entries: Vec<Entry>,
    bytes: usize,
    /// The final conversation, by entry.
    conversation: Vec<usize>,
    /// The pool, by entry.
    pool: Vec<usize>,
    /// Messages of each list that did not fit: how many were taken, if some were not.
    final_cut: Option<u64>,
    pool_cut: Option<u64>,
    /// The first of the conversation that is not told; what stands before it is.
    next: usize,
    /// Where in the conversation a message stands, by its key.
    places: HashMap<u64, Vec<usize>>,
    /// Where in the conversation a call is answered.
    answers: HashMap<String, Vec<usize>>,
    /// Keys of messages that are told.
    seen: HashSet<u64>,
    /// For each message of the pool the next one that no event has shown, itself if none has.
    unshown: Vec<usize>,
}

/// What is known of a message that an event shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Met {
    /// It stands at this place of the final conversation and is not told yet.
    Here(usize),
    /// It is told.
    Told,
    /// It stands in no list and is met for the first time.
    New,
}

impl Held {
    /// Holds a message; `false` where it does not fit any more, so that its list must be read
    /// again.
    pub(super) fn hold(&mut self, list: List, entry: Entry) -> bool {
        let (order, cut) = match list {
            List::Final => (&mut self.conversation, &mut self.final_cut),
            List::Pool => (&mut self.pool, &mut self.pool_cut),
        };
        let bytes = entry.raw.len() + 200;
        if cut.is_some() || self.bytes.saturating_add(bytes) > MOST_BYTES {
            cut.get_or_insert(order.len() as u64);
            return false;
        }
        self.bytes += bytes;
        order.push(self.entries.len());
        self.entries.push(entry);
        true
    }

    /// Whether there are no messages at all.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many messages of a list are held, where that is not all of them.
    pub(super) fn cut(&self, list: List) -> Option<u64> {
        match list {
            List::Final => self.final_cut,
            List::Pool => self.pool_cut,
        }
    }

    /// Says that the final conversation is made of these stretches of the pool; `false` where that
    /// would be far more than the pool itself.
    pub(super) fn refer(&mut self, stretches: impl Iterator<Item = (u64, u64)>) -> bool {
        let mut room = 4 * MOST_BYTES;
        for (from, to) in stretches {
            let from = usize::try_from(from).unwrap_or(usize::MAX);
            let to = usize::try_from(to)
                .unwrap_or(usize::MAX)
                .min(self.pool.len());
            for entry in self.pool.get(from..to).unwrap_or_default() {
                let bytes = self.entries.get(*entry).map_or(0, |entry| entry.raw.len());
                let Some(left) = room.checked_sub(bytes + 200) else {
                    return false;
                };
                room = left;
                self.conversation.push(*entry);
            }
        }
        true
    }

    /// The messages whose keys have to be found.
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut()
    }

    /// Prepares for the events, once every message has its key.
    pub(super) fn index(&mut self) {
        for (place, entry) in self.conversation.iter().enumerate() {
            let Some(entry) = self.entries.get(*entry) else {
                continue;
            };
            self.places.entry(entry.key).or_default().push(place);
            if let Some(call) = &entry.answers {
                self.answers.entry(call.clone()).or_default().push(place);
            }
        }
        self.unshown = (0..=self.pool.len()).collect();
    }

    /// An event shows the copy of this number of a message.
    pub(super) fn meet(&mut self, key: u64, copy: usize) -> Met {
        if let Some(places) = self.places.get(&key) {
            let place = places.get(copy).filter(|place| !self.is_told(**place));
            return place.map_or(Met::Told, |place| Met::Here(*place));
        }
        if self.see(key) { Met::New } else { Met::Told }
    }

    /// Remembers a message that stands in no list; `false` where it was remembered before.
    pub(super) fn see(&mut self, key: u64) -> bool {
        if self.seen.len() >= MOST_KEYS {
            return !self.seen.contains(&key);
        }
        self.seen.insert(key)
    }

    /// An event shows the answer to a call: the message of this key, where it says which, or else
    /// the next answer to such a call in the final conversation, if that `may` be meant.
    pub(super) fn answer(&mut self, message: Option<u64>, call: &str, may: bool) -> Met {
        let by_message = message.and_then(|key| self.places.get(&key));
        let by_call = || self.answers.get(call).filter(|_| may && message.is_none());
        let Some(places) = by_message.or_else(by_call) else {
            return match message {
                Some(key) if !self.see(key) => Met::Told,
                _ => Met::New,
            };
        };
        let next = places.partition_point(|place| self.is_told(*place));
        places
            .get(next)
            .map_or(Met::Told, |place| Met::Here(*place))
    }

    /// Takes the messages of the final conversation that are not told, up to this place.
    pub(super) fn up_to(&mut self, place: usize) -> Vec<usize> {
        let end = place.saturating_add(1).min(self.conversation.len());
        let taken = self.conversation.get(self.next..end).unwrap_or_default();
        let taken = taken.to_vec();
        self.next = self.next.max(end);
        taken
    }

    fn is_told(&self, place: usize) -> bool {
        place < self.next
    }

    /// A message by its entry.
    pub(super) fn entry(&self, entry: usize) -> Option<&Entry> {
        self.entries.get(entry)
    }

    /// The messages in this stretch of the pool that no event has shown, which this one does.
    pub(super) fn show(&mut self, from: u64, to: u64) -> Vec<usize> {
        let to = usize::try_from(to)
            .unwrap_or(usize::MAX)
            .min(self.pool.len());
        let mut at = self.find_unshown(usize::try_from(from).unwrap_or(usize::MAX));
        let mut shown = Vec::new();
        while at < to {
            shown.extend(self.pool.get(at));
            if let Some(next) = self.unshown.get_mut(at) {
                *next = at + 1;
            }
            at = self.find_unshown(at + 1);
        }
        shown
    }

    /// The first message of the pool from `at` on that no event has shown; halves the way for the
    /// next search.
    fn find_unshown(&mut self, mut at: usize) -> usize {
        while let Some(next) = self.unshown.get(at).copied() {
            if next == at {
                return at;
            }
            let further = self.unshown.get(next).copied().unwrap_or(next);
            if let Some(slot) = self.unshown.get_mut(at) {
                *slot = further;
            }
            at = further;
        }
        usize::MAX
    }

    /// Numbers the copies of the held messages of a list, for the ones that did not fit.
    pub(super) fn copies(&self, list: List) -> Copies {
        let order = match list {
            List::Final => &self.conversation,
            List::Pool => &self.pool,
        };
        let mut copies = Copies::default();
        for entry in order.iter().filter_map(|entry| self.entries.get(*entry)) {
            copies.number(entry.key);
        }
        copies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(list: List, keys: &[u64]) -> Held {
        let mut held = Held::default();
        let source = Arc::new(Source::file("x"));
        for key in keys {
            held.hold(
                list,
                Entry {
                    source: Arc::clone(&source),
                    offset: 0,
                    raw: Box::default(),
                    key: *key,
                    answers: (*key == 9).then(|| "c".to_owned()),
                    told: Cell::default(),
                },
            );
        }
        held
    }

    #[test]
    fn the_conversation_is_told_in_order_and_once() {
        let mut held = held(List::Final, &[1, 2, 3, 2, 9]);
        held.index();
        assert_eq!(held.meet(3, 0), Met::Here(2));
        assert_eq!(held.up_to(2), [0, 1, 2]);
        assert_eq!(held.meet(2, 0), Met::Told, "a request repeats the past");
        assert_eq!(held.meet(2, 1), Met::Here(3), "said once more");
        assert_eq!(held.meet(7, 0), Met::New);
        assert_eq!(held.meet(7, 0), Met::Told);
        assert_eq!(held.answer(None, "c", true), Met::Here(4));
        assert_eq!(
            held.answer(None, "c", false),
            Met::New,
            "another agent's call"
        );
        assert_eq!(held.answer(Some(9), "x", false), Met::Here(4));
        assert_eq!(held.up_to(usize::MAX), [3, 4]);
        assert_eq!(held.answer(None, "c", true), Met::Told);
        assert_eq!(held.answer(Some(5), "c", true), Met::New);
        assert_eq!(held.answer(Some(5), "c", true), Met::Told);
        assert!(held.up_to(usize::MAX).is_empty());
    }

    #[test]
    fn the_pool_is_shown_once() {
        let mut held = held(List::Pool, &[1, 2, 3, 4]);
        assert!(held.refer([(0, 2), (1, 2), (3, 99)].into_iter()));
        held.index();
        assert_eq!(held.show(1, 3), [1, 2]);
        assert_eq!(held.show(0, 4), [0, 3]);
        assert!(held.show(0, u64::MAX).is_empty());
        assert!(held.show(u64::MAX, 0).is_empty());
        assert_eq!(held.up_to(usize::MAX), [0, 1, 1, 3]);
        assert!(!held.refer(std::iter::repeat_n((0, 4), 1_000)));
    }
}
