//! Readers and followers of foreign recordings, from files to events.

use proctor_model::Event;

/// Takes events in the order in which a reader meets them.
pub trait Sink {
    /// Takes one event with the raw bytes of the record it came from (`event.at` says where they
    /// stand). Several events may share one record.
    fn event(&mut self, event: Event, raw: &[u8]);
}

impl<F: FnMut(Event, &[u8])> Sink for F {
    fn event(&mut self, event: Event, raw: &[u8]) {
        self(event, raw);
    }
}
