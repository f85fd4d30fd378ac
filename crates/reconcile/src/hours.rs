//! In which hours a session was active.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Hours of one session that are told apart.
const HOURS: usize = 2000;

/// Active time by the hour.
#[derive(Debug, Default)]
pub(crate) struct Hours {
    /// The hour being filled, kept out of the map because most events fall into the same one.
    hour: i64,
    millis: u64,
    past: BTreeMap<i64, u64>,
}

impl Hours {
    /// Counts activity that ended at this time.
    pub(crate) fn add(&mut self, end: Timestamp, millis: u64) {
        let hour = end.as_second().div_euclid(3600);
        if hour != self.hour {
            self.close();
            self.hour = hour;
        }
        self.millis += millis;
    }

    fn close(&mut self) {
        let millis = std::mem::take(&mut self.millis);
        if millis > 0 && (self.past.len() < HOURS || self.past.contains_key(&self.hour)) {
            *self.past.entry(self.hour).or_default() += millis;
        }
    }

    /// Seconds by hours since 1970.
    pub(crate) fn finish(mut self) -> BTreeMap<i64, u64> {
        self.close();
        let seconds = self.past.into_iter().map(|(hour, ms)| (hour, ms / 1000));
        seconds.filter(|(_, seconds)| *seconds > 0).collect()
    }
}
