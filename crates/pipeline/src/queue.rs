//! A queue that is bounded by the bytes in it.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Error;

/// Many put in, one takes out.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    /// Something came in, or the queue was closed.
    filled: Condvar,
    /// Something went out, or the queue was closed.
    drained: Condvar,
    capacity: usize,
}

struct State<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    closed: bool,
}

/// What an item takes beside its bytes, so that empty ones count as well.
const OVERHEAD: usize = 128;

impl<T> Queue<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State {
                items: VecDeque::new(),
                bytes: 0,
                closed: false,
            }),
            filled: Condvar::new(),
            drained: Condvar::new(),
            capacity,
        }
    }

    /// Puts an item in, and waits for room. One that is larger than the queue fits when the queue
    /// is empty.
    pub(crate) fn push(&self, item: T, bytes: usize) -> Result<(), Error> {
        let mut state = self.lock();
        while !state.closed && !self.fits(&state, bytes) {
            state = self
                .drained
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        self.put(state, item, bytes)
    }

    /// Puts an item in if there is room now.
    pub(crate) fn offer(&self, item: T, bytes: usize) -> Result<(), Error> {
        let state = self.lock();
        if !state.closed && !self.fits(&state, bytes) {
            return Err(Error::Full);
        }
        self.put(state, item, bytes)
    }

    /// Takes out the next items: at least one, more while they are within `most` bytes. Nothing came
    /// within the time: an empty list; closed and empty: `None`.
    pub(crate) fn take(&self, most: usize, wait: Duration) -> Option<Vec<T>> {
        let mut state = self.lock();
        if state.items.is_empty() && !state.closed {
            (state, _) = self
                .filled
                .wait_timeout(state, wait)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if state.items.is_empty() {
            return (!state.closed).then(Vec::new);
        }
        let (mut out, mut taken) = (Vec::new(), 0);
        while let Some((_, bytes)) = state.items.front() {
            if taken > 0 && taken + bytes > most {
                break;
            }
            if let Some((item, bytes)) = state.items.pop_front() {
                state.bytes -= bytes;
                taken += bytes;
                out.push(item);
            }
        }
        drop(state);
        self.drained.notify_all();
        Some(out)
    }

    /// Takes nothing more in; what is in may be taken out.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
        self.drained.notify_all();
    }

    /// Bytes in it.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn fits(&self, state: &State<T>, bytes: usize) -> bool {
        state.items.is_empty() || state.bytes + bytes + OVERHEAD <= self.capacity
    }

    fn put(&self, mut state: MutexGuard<'_, State<T>>, item: T, bytes: usize) -> Result<(), Error> {
        if state.closed {
            return Err(Error::Closed);
        }
        state.bytes += bytes + OVERHEAD;
        state.items.push_back((item, bytes + OVERHEAD));
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_TIME: Duration = Duration::ZERO;

    #[test]
    fn a_full_queue_refuses_an_offer_and_makes_a_push_wait() {
        let queue = Queue::new(1000);
        queue.push("a", 700).unwrap();
        assert!(matches!(queue.offer("b", 700), Err(Error::Full)));
        std::thread::scope(|scope| {
            let pushed = scope.spawn(|| queue.push("c", 700));
            std::thread::sleep(Duration::from_millis(50));
            assert!(!pushed.is_finished());
            assert_eq!(queue.take(9999, NO_TIME), Some(vec!["a"]));
            pushed.join().unwrap().unwrap();
        });
        assert_eq!(queue.take(9999, NO_TIME), Some(vec!["c"]));
        assert_eq!(queue.bytes(), 0);
    }

    #[test]
    fn what_is_larger_than_the_queue_passes_alone() {
        let queue = Queue::new(10);
        queue.offer("large", 5000).unwrap();
        assert!(queue.offer("next", 0).is_err());
        assert_eq!(queue.take(1, NO_TIME), Some(vec!["large"]));
    }

    #[test]
    fn batches_are_bounded() {
        let queue = Queue::new(100_000);
        for i in 0..10 {
            queue.push(i, 1000).unwrap();
        }
        assert_eq!(queue.take(3 * 1128, NO_TIME), Some(vec![0, 1, 2]));
    }

    #[test]
    fn a_closed_queue_gives_what_is_in_it() {
        let queue = Queue::new(10);
        queue.push(1, 1).unwrap();
        queue.close();
        assert!(matches!(queue.push(2, 1), Err(Error::Closed)));
        assert_eq!(queue.take(9, NO_TIME), Some(vec![1]));
        assert_eq!(queue.take(9, NO_TIME), None);
    }
}
