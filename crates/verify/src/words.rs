//! The report in plain words. What comes from the bundle is shown quoted and escaped.

use std::fmt;

use crate::report::{Fault, Held, Report, Vouch};

/// Most lines of a list before the rest is only counted.
const MANY: usize = 40;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "bundle     {:?} (its maker's words)", self.title)?;
        writeln!(
            f,
            "log        {:?}, {} entries at its checkpoint",
            self.origin, self.size
        )?;
        if let Some((from, to)) = self.recorded {
            let (from, to) = (utc(from / 1_000_000_000), utc(to / 1_000_000_000));
            writeln!(f, "recorded   {from} to {to}, by the recorder's clock")?;
        }
        self.proven_words(f)?;
        self.withheld_words(f)?;
        self.missing_words(f)?;
        self.anchor_words(f)?;
        for found in &self.faults {
            writeln!(f, "FAULT      {} (at {})", found.fault, found.at)?;
        }
        match self.proven {
            true => writeln!(f, "verdict    all proven"),
            false => writeln!(f, "verdict    does not hold: {} faults", self.faults.len()),
        }
    }
}

impl Report {
    fn proven_words(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broken = self
            .faults
            .iter()
            .any(|found| found.fault <= Fault::BadSignature);
        if broken {
            return writeln!(f, "proven     nothing: see the faults below");
        }
        writeln!(
            f,
            "proven     {} entries stand in this log, unchanged; {} of them are wholly open",
            self.entries, self.open
        )
    }

    fn withheld_words(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.withheld.is_empty() {
            return writeln!(f, "withheld   nothing");
        }
        let bytes: u64 = self.withheld.iter().filter_map(|one| one.bytes).sum();
        let count = self.withheld.len();
        write!(f, "withheld   {bytes} bytes of {count} entries")?;
        match self
            .withheld
            .iter()
            .filter(|one| one.bytes.is_none())
            .count()
        {
            0 => writeln!(f)?,
            unknown => writeln!(
                f,
                ", and {unknown} payloads of unknown length are among them"
            )?,
        }
        for one in self.withheld.iter().take(MANY) {
            write!(f, "  entry {} of source {}: ", one.entry, one.source)?;
            match (one.bytes, one.of) {
                (Some(bytes), Some(of)) => write!(f, "{bytes} of {of} bytes")?,
                _ => write!(f, "all, of unknown length")?,
            }
            if one.bytes != one.of {
                for (number, (from, to)) in one.ranges.iter().take(8).enumerate() {
                    let before = if number == 0 { ", at" } else { "," };
                    write!(f, "{before} {from}-{to}")?;
                }
                if one.ranges.len() > 8 {
                    write!(f, " and {} more places", one.ranges.len() - 8)?;
                }
            }
            writeln!(f, "; its maker says {:?}", one.reason)?;
        }
        more(f, count)
    }

    fn missing_words(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in &self.sources {
            let name = match one.source {
                0 => "the log's own account".to_owned(),
                number => format!("source {number}"),
            };
            let claim = match one.claimed {
                true => "claimed whole up to there",
                false => "in part",
            };
            write!(
                f,
                "source     {name}: {} entries, numbers {} to {}, {claim}",
                one.entries, one.first, one.last
            )?;
            for (from, to) in &one.gaps {
                write!(
                    f,
                    "; {from}-{to} were lost when it was recorded, as the log says"
                )?;
            }
            for (from, to) in one.missing.iter().take(MANY) {
                write!(f, "; {from}-{to} are not in this bundle")?;
            }
            writeln!(f)?;
        }
        for one in &self.attributions {
            let said = match one.held {
                Held::Whole => "every entry that it counts is here, none left out",
                Held::Broken => "does not fit what is here",
                Held::Closed => "withheld, so whether anything was left out is not known",
            };
            let (session, version) = (&one.session, one.version);
            writeln!(
                f,
                "session    {session:?}, statement {version} (entry {}): {said}",
                one.entry
            )?;
        }
        if self.attributions.is_empty() {
            writeln!(
                f,
                "session    no attribution: whether a session is whole is not known"
            )?;
        }
        Ok(())
    }

    fn anchor_words(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for key in &self.signers {
            writeln!(f, "signed by  {}", key.escape_debug())?;
        }
        if !self
            .anchors
            .iter()
            .any(|one| matches!(one, Vouch::Witness { .. }))
        {
            let known = match self.anchors.is_empty() {
                true => "self-signed, unwitnessed: who holds the log's key could show another log",
                false => "unwitnessed",
            };
            writeln!(f, "anchored   {known}")?;
        }
        for one in &self.anchors {
            match one {
                Vouch::Key { key } => writeln!(f, "anchored   by a key that you know: {key}")?,
                Vouch::Remembered { size, covers } => writeln!(
                    f,
                    "anchored   by the checkpoint that you remember, of {size} entries: {covers} of \
                     the {} here",
                    self.entries
                )?,
                Vouch::Witness {
                    key,
                    size,
                    time,
                    covers,
                } => writeln!(
                    f,
                    "anchored   by witness {key} on {}, at {size} entries: {covers} of the {} here",
                    utc(*time),
                    self.entries
                )?,
            }
        }
        for name in self.unnamed.iter().take(MANY) {
            writeln!(
                f,
                "unchecked  a signature of {name:?}, whose key you did not give"
            )?;
        }
        Ok(())
    }
}

fn more(f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
    match count.checked_sub(MANY) {
        None | Some(0) => Ok(()),
        Some(rest) => writeln!(f, "  and {rest} more (see --json)"),
    }
}

/// Seconds since 1970 as date and time, UTC.
fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since 1 March of year 0, in eras of 400 years, so that a leap day is the last of its year.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = match month {
        0..10 => (era * 400 + year, month + 3),
        _ => (era * 400 + year + 1, month - 9),
    };
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::ChangedFile => "the file was changed since it was written",
            Fault::NotInLog => "the entries are not in the log of the checkpoint",
            Fault::Stray => "a payload or a reason belongs to no entry here",
            Fault::WrongPayload => "a payload is not the one its entry commits to",
            Fault::Unaccounted => "what is hidden is not said to be, or is said to be and is not",
            Fault::AnotherPast => "an earlier checkpoint is not of this log",
            Fault::UnknownSigner => "the first entry of the log, which says who signs, is not here",
            Fault::BrokenHandOver => "a key took over without the consent of the one before",
            Fault::BadSignature => "a checkpoint is not signed by the log's key",
            Fault::MissingEntries => "entries of a source are missing that is claimed to be whole",
            Fault::MalformedAttribution => "an attribution cannot be read",
            Fault::MissingFromSession => "entries are missing that an attribution counts",
            Fault::WrongChain => "an attribution was made from other entries than those here",
            Fault::OtherOrigin => "it is another log than the one asked for",
            Fault::ForeignKey => "it is signed by none of the keys that you know",
            Fault::Forked => "the log is another one than the one you remember",
            Fault::CutBack => "the log is shorter than the one you remember",
            Fault::NotRelated => "nothing here relates the log to the one you remember",
            Fault::NotWitnessed => "none of the witnesses that you named cosigned it",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn dates() {
        // From `date -u -d @N`.
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_800_000_000, "2027-01-15T08:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(seconds), text);
        }
    }
}
