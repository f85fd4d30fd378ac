//! Numbers as people read them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 session`, `1,234 sessions`; `one` is the singular, `many` the plural.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// `999`, `12.3k`, `4.5M`: three digits that matter.
pub(crate) fn short(n: u64) -> String {
    scaled(n, 1000, &["", "k", "M", "G", "T", "P", "E"])
}

/// `512 B`, `1.2 GB`, in powers of 1000.
pub(crate) fn bytes(n: u64) -> String {
    scaled(n, 1000, &[" B", " kB", " MB", " GB", " TB", " PB", " EB"])
}

fn scaled(n: u64, step: u64, units: &[&str]) -> String {
    let mut whole = n;
    let mut rest = 0;
    let mut names = units.iter();
    let mut name = names.next().copied().unwrap_or_default();
    while whole >= step {
        let Some(next) = names.next() else { break };
        rest = whole % step;
        whole /= step;
        name = next;
    }
    // Truncated, not rounded: `999.9k` never becomes `1000.0k`.
    if whole == n || whole >= 100 {
        format!("{whole}{name}")
    } else {
        format!("{whole}.{}{name}", rest * 10 / step)
    }
}

/// `45 s`, `12 min`, `3.4 h`, `87 h`.
pub(crate) fn duration(seconds: u64) -> String {
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min", seconds / 60),
        3600..=71_999 => format!("{}.{} h", seconds / 3600, seconds % 3600 / 360),
        _ => format!("{} h", count(seconds / 3600)),
    }
}

/// A share in per cent: `0%`, `<1%`, `37%`, `>99%`, `100%`; `–` of nothing.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    if part == 0 {
        return "0%".to_owned();
    }
    if part >= whole {
        return "100%".to_owned();
    }
    let percent = (u128::from(part) * 200 + u128::from(whole)) / (u128::from(whole) * 2);
    match percent {
        0 => "<1%".to_owned(),
        100 => ">99%".to_owned(),
        n => format!("{n}%"),
    }
}

/// The day of a moment in a time zone.
pub(crate) fn day(time: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(time).date()
}

/// `2026-11-20 18:07`.
pub(crate) fn minute(time: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(time)
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

/// `18:07:45`.
pub(crate) fn clock(time: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(time).strftime("%H:%M:%S").to_string()
}

/// `20 November 2026`.
pub(crate) fn long_day(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(short(999), "999");
        assert_eq!(short(12_345), "12.3k");
        assert_eq!(short(999_999), "999k");
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1_250_000_000), "1.2 GB");
        assert_eq!(bytes(u64::MAX), "18.4 EB");
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(5 * 3600 + 1800), "5.5 h");
        assert_eq!(duration(90_000_000), "25,000 h");
    }

    #[test]
    fn a_share_never_rounds_to_none_or_all() {
        assert_eq!(percent(0, 0), "–");
        assert_eq!(percent(1, 1000), "<1%");
        assert_eq!(percent(999, 1000), ">99%");
        assert_eq!(percent(1, 3), "33%");
        assert_eq!(percent(u64::MAX, u64::MAX), "100%");
    }
}
