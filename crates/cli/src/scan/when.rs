//! Points in time as people write them.

use anyhow::{Context, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// As [`since`], the end of the day where it is a date.
pub(crate) fn until(text: &str, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    match text.parse::<Date>() {
        Ok(date) => since(&date.tomorrow()?.to_string(), now, zone),
        Err(_) => since(text, now, zone),
    }
}

/// Reads a date, a time, or a span back from `now`; a minus before the span changes nothing.
pub(crate) fn since(text: &str, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    if let Ok(date) = text.parse::<Date>() {
        return Ok(date
            .to_zoned(zone.clone())
            .context("no such day here")?
            .timestamp());
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let span = text.strip_prefix('-').unwrap_or(text);
    let digits = span.trim_end_matches(|c: char| !c.is_ascii_digit());
    let hours = match span.strip_prefix(digits) {
        Some("h") => 1,
        Some("d") => 24,
        Some("w") => 24 * 7,
        _ => 0,
    };
    match digits.parse::<u32>() {
        Ok(n) if hours > 0 && n <= 100_000 => {
            Ok(now.checked_sub(SignedDuration::from_hours(i64::from(n) * hours))?)
        }
        _ => bail!(
            "`{text}` is not a time; write a date (2026-11-01), a time \
             (2026-11-01T08:00:00Z) or a span (12h, 7d, 4w)"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let read = |text| since(text, now, &TimeZone::UTC).map(|t| t.to_string());
        assert_eq!(read("2026-11-01").unwrap(), "2026-11-01T00:00:00Z");
        assert_eq!(
            read("2026-11-01T08:30:00Z").unwrap(),
            "2026-11-01T08:30:00Z"
        );
        assert_eq!(read("12h").unwrap(), "2026-11-20T00:00:00Z");
        assert_eq!(read("7d").unwrap(), "2026-11-13T12:00:00Z");
        assert_eq!(read("-7d").unwrap(), "2026-11-13T12:00:00Z");
        let last = until("2026-11-01", now, &TimeZone::UTC).unwrap();
        assert_eq!(last.to_string(), "2026-11-02T00:00:00Z");
        for wrong in [
            "",
            "d",
            "7",
            "7y",
            "yesterday",
            "--3d",
            "99999999999999999999d",
        ] {
            assert!(
                read(wrong)
                    .unwrap_err()
                    .to_string()
                    .contains("is not a time"),
                "{wrong}"
            );
        }
    }
}
