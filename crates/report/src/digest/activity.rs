//! When it was done: by day, and by hour of the week.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use proctor_reconcile::Summary;
use serde::Serialize;

use super::sessions::{self, Entry, Sessions};
use crate::scan::Scan;
use crate::units;

/// Bars of the timeline at most; longer windows get wider bars.
const BINS: i64 = 92;

/// Activity over time, in the scan's time zone.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Activity {
    /// Days that one bar stands for.
    pub days_per_bin: i64,
    /// The bars, from the first day with a session to the last, quiet ones included.
    pub bins: Vec<Bin>,
    /// Active seconds by weekday (Monday first) and hour of the day.
    pub week: Vec<Vec<u64>>,
    /// Sessions that carry no time at all.
    pub undated: u64,
}

/// One bar of the timeline. A session counts where it began.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Bin {
    /// First day, `2026-11-20`.
    pub day: String,
    /// Sessions begun.
    pub sessions: u64,
    /// Active seconds of them.
    pub seconds: u64,
    /// Tool calls for which a person may have been asked.
    pub asked: u64,
    /// Tool calls made without asking anyone.
    pub unasked: u64,
    /// Tool calls whose permission mode is unknown.
    pub unknown: u64,
    /// Findings shown, by severity, mildest first.
    pub severities: [u64; 5],
}

impl Activity {
    pub(super) fn of(scan: &Scan, sessions: &Sessions<'_>) -> Self {
        let dated: Vec<(Date, &Entry<'_>)> = sessions
            .entries
            .iter()
            .filter_map(|e| Some((units::day(e.summary.start?, &scan.time_zone), e)))
            .collect();
        let undated = (sessions.entries.len() - dated.len()) as u64;
        let days = dated.iter().map(|(day, _)| *day);
        let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
            return Self {
                undated,
                days_per_bin: 1,
                ..Self::default()
            };
        };
        let width = width(days_between(first, last) + 1);
        let count = days_between(first, last) / width + 1;
        let mut bins: Vec<Bin> = (0..count)
            .map(|i| Bin {
                day: first.saturating_add((i * width).days()).to_string(),
                ..Bin::default()
            })
            .collect();
        let mut week = vec![vec![0; 24]; 7];
        for (day, entry) in dated {
            let at = usize::try_from(days_between(first, day) / width).unwrap_or(0);
            if let Some(bin) = bins.get_mut(at) {
                bin.add(entry);
            }
            add_hours(entry.summary, scan, &mut week);
        }
        Self {
            days_per_bin: width,
            bins,
            week,
            undated,
        }
    }
}

impl Bin {
    /// Tool calls of any mode.
    pub fn calls(&self) -> u64 {
        self.asked + self.unasked + self.unknown
    }

    fn add(&mut self, entry: &Entry<'_>) {
        let (unasked, known) = sessions::modes(entry.summary);
        self.sessions += 1;
        self.seconds += entry.summary.active_seconds;
        self.unasked += unasked;
        self.asked += known - unasked;
        self.unknown += entry.summary.calls.saturating_sub(known);
        let found = super::findings::severities(&entry.shown);
        for (n, more) in self.severities.iter_mut().zip(found) {
            *n += more;
        }
    }
}

/// A day, whole weeks, or as many weeks as it takes.
fn width(days: i64) -> i64 {
    if days <= BINS {
        return 1;
    }
    let weeks = (days + BINS * 7 - 1) / (BINS * 7);
    weeks * 7
}

fn days_between(first: Date, last: Date) -> i64 {
    first
        .until(last)
        .map_or(0, |span| i64::from(span.get_days()))
}

/// Adds a session's active time to the hours of the week.
fn add_hours(summary: &Summary, scan: &Scan, week: &mut [Vec<u64>]) {
    for (hour, seconds) in &summary.active_by_hour {
        let Ok(time) = Timestamp::from_second(hour.saturating_mul(3600)) else {
            continue;
        };
        let local = scan.time_zone.to_datetime(time);
        let row = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
        let column = usize::try_from(local.hour()).unwrap_or(0);
        if let Some(cell) = week.get_mut(row).and_then(|row| row.get_mut(column)) {
            *cell += seconds;
        }
    }
}
