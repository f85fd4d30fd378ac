//! Figures: numbers with a unit that a text states, and all numbers that the agent has seen.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// A number that a text states as a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// As written, with its unit.
    pub text: String,
    /// Its value, without the unit.
    pub value: f64,
    /// Digits after the point, which say how far it may have been rounded.
    pub decimals: u32,
    /// Position of the word in its clause.
    #[serde(skip)]
    pub(crate) token: usize,
}

/// Figures taken from one clause.
const FIGURES: usize = 16;

/// The figures among these words: numbers with a unit of time, size, rate or share, and numbers
/// with a decimal point.
pub(crate) fn figures<'t>(words: impl Iterator<Item = &'t str> + Clone) -> Vec<Figure> {
    let next_words = words.clone().skip(1).chain(std::iter::once(""));
    let mut out = vec![];
    for (i, (word, next)) in words.zip(next_words).enumerate() {
        let word = word.trim_start_matches(['~', '+', '-', '−', '≈', '<', '>', '$', '€']);
        let end = word
            .find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')
            .unwrap_or(word.len());
        let (number, suffix) = word.split_at(end);
        let Some((value, decimals)) = parse(number) else {
            continue;
        };
        let unit = if suffix.is_empty() { next } else { suffix };
        let with_unit = is_unit(unit);
        let decimal = decimals > 0 && (suffix.is_empty() || with_unit);
        // `v1.2`, `3.11` before a colon, `1.2.3` and dates never parse; bare versions do, and are
        // kept out by the words around (see `measured`).
        if !with_unit && !decimal {
            continue;
        }
        let text = if suffix.is_empty() && with_unit {
            format!("{number} {unit}")
        } else {
            word.to_owned()
        };
        out.push(Figure {
            text,
            value,
            decimals,
            token: i,
        });
        if out.len() >= FIGURES {
            break;
        }
    }
    out
}

fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "%" | "percent"
            | "ms"
            | "s"
            | "sec"
            | "secs"
            | "seconds"
            | "second"
            | "milliseconds"
            | "µs"
            | "μs"
            | "us"
            | "ns"
            | "microseconds"
            | "nanoseconds"
            | "min"
            | "minutes"
            | "x"
            | "×"
            | "kb"
            | "mb"
            | "gb"
            | "kib"
            | "mib"
            | "gib"
            | "rps"
            | "qps"
            | "fps"
            | "req/s"
            | "reqs/s"
            | "requests/s"
            | "requests/sec"
            | "ops/s"
            | "ops/sec"
            | "op/s"
            | "tokens/s"
            | "mb/s"
            | "gb/s"
            | "kb/s"
            | "rows/s"
            | "iterations/s"
            | "it/s"
            | "requests/second"
            | "percentage"
            | "points"
            | "pp"
            | "tps"
            | "flops"
            | "tflops"
            | "gflops"
            | "hz"
    )
}

/// A number as people write it, and its digits after the point: `1,234.5` is (1234.5, 1).
fn parse(text: &str) -> Option<(f64, u32)> {
    let text = text.trim_end_matches(['.', ',']);
    if text.is_empty()
        || text.len() > 18
        || !text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let groups: Vec<&str> = whole.split(',').collect();
    if groups.iter().skip(1).any(|g| g.len() != 3) {
        return None;
    }
    let value: f64 = format!("{}.{fraction}0", groups.concat()).parse().ok()?;
    Some((value, u32::try_from(fraction.len()).ok()?))
}

/// Numbers of one session that are remembered.
const NUMBERS: usize = 16 * 1024;

/// The latest numbers, from which others may have been computed.
const RECENT: usize = 64;

/// Bytes of one text that are searched from each end.
const SEARCHED: usize = 48 * 1024;

/// The numbers that the agent has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Sorted up to `sorted`, without repetition; the rest as it came.
    all: Vec<f32>,
    sorted: usize,
    recent: VecDeque<f32>,
    /// Not all numbers could be kept: a number that is not known may still have been seen.
    incomplete: bool,
}

impl Seen {
    /// Remembers the numbers of a text.
    pub(crate) fn add(&mut self, text: &str) {
        if text.len() > 2 * SEARCHED {
            self.incomplete = true;
            self.scan(crate::finding::head(text, SEARCHED));
            self.scan(crate::finding::tail(text, SEARCHED));
        } else {
            self.scan(text);
        }
        if self.all.len() > self.sorted + 4096 {
            self.sort();
        }
    }

    /// Notes that numbers went by that could not be read.
    pub(crate) fn lost_some(&mut self) {
        self.incomplete = true;
    }

    /// Whether this count was seen; unsorted numbers are searched one by one.
    pub(crate) fn holds(&self, count: u64) -> bool {
        #[expect(
            clippy::cast_precision_loss,
            reason = "single precision is all that is kept"
        )]
        let value = count as f32;
        self.all.contains(&value)
    }

    /// Whether it is known that a number which is not here was never seen.
    pub(crate) fn complete(&self) -> bool {
        !self.incomplete
    }

    fn scan(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut pos = 0;
        while let Some(skip) = bytes
            .get(pos..)
            .and_then(|rest| rest.iter().position(u8::is_ascii_digit))
        {
            let start = pos + skip;
            let len = bytes
                .get(start..)
                .and_then(|rest| {
                    rest.iter()
                        .position(|b| !b.is_ascii_digit() && !matches!(b, b'.' | b','))
                })
                .unwrap_or(bytes.len() - start);
            pos = start + len;
            // A digit inside a word, a hash or a date is no figure.
            let inside = start
                .checked_sub(1)
                .and_then(|i| bytes.get(i))
                .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
            if inside {
                continue;
            }
            if let Some((value, _)) = text.get(start..pos).and_then(quick) {
                self.put(value);
            }
        }
    }

    fn put(&mut self, value: f32) {
        if self.recent.back() != Some(&value) {
            if self.recent.len() >= RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(value);
        }
        if self.all.len() >= NUMBERS {
            self.sort();
            if self.all.len() >= NUMBERS {
                self.incomplete = true;
                return;
            }
        }
        if self.all.last() != Some(&value) {
            self.all.push(value);
        }
    }

    fn sort(&mut self) {
        self.all.sort_unstable_by(f32::total_cmp);
        self.all.dedup();
        self.sorted = self.all.len();
    }

    /// Whether the figure stands in what was seen, or follows from it (or from the other figures
    /// of the same text) by rounding, a change of unit, a sum, difference, ratio, share or mean.
    pub(crate) fn explains(&mut self, figure: &Figure, others: &[f64]) -> bool {
        if self.sorted < self.all.len() {
            self.sort();
        }
        if figure.value == 0.0 || figure.value == 100.0 || figure.value == 1.0 {
            return true;
        }
        let half = 0.5 * 10f64.powi(-i32::try_from(figure.decimals).unwrap_or(0)) * 1.02;
        let near = |x: f64| (x - figure.value).abs() <= half;
        let scales = [
            1.0,
            100.0,
            0.01,
            1000.0,
            0.001,
            60.0,
            1.0 / 60.0,
            1024.0,
            1.0 / 1024.0,
            1e6,
            1e-6,
        ];
        if scales.iter().any(|k| self.near(figure.value / k, half / k)) {
            return true;
        }
        // 7% less is 93% of it.
        if self.near(100.0 - figure.value, half)
            || self.near((100.0 - figure.value) / 100.0, half / 100.0)
        {
            return true;
        }
        let recent: Vec<f64> = self.recent.iter().map(|x| f64::from(*x)).collect();
        let base: Vec<f64> = recent
            .iter()
            .chain(others)
            .copied()
            .filter(|x| *x != figure.value)
            .collect();
        let follows = |a: f64, b: f64| {
            near(a - b)
                || near(a + b)
                || (b != 0.0
                    && [
                        a / b,
                        100.0 * a / b,
                        100.0 * (a - b) / b,
                        100.0 * (b - a) / b,
                    ]
                    .iter()
                    .any(|x| near(*x)))
        };
        if base
            .iter()
            .any(|a| base.iter().any(|b| a != b && follows(*a, *b)))
        {
            return true;
        }
        (2..=10).any(|n| {
            recent
                .windows(n)
                .any(|w| near(w.iter().sum::<f64>() / n as f64) || near(w.iter().sum()))
        })
    }

    /// Whether this very number was seen.
    pub(crate) fn has_value(&mut self, value: f64) -> bool {
        if self.sorted < self.all.len() {
            self.sort();
        }
        self.near(value, 0.0)
    }

    fn near(&self, value: f64, half: f64) -> bool {
        // Numbers are kept in single precision.
        let slack = half.abs() + value.abs() * 1e-6;
        let from = self.all.partition_point(|x| f64::from(*x) < value - slack);
        self.all
            .get(from)
            .is_some_and(|x| f64::from(*x) <= value + slack)
    }
}

/// A number in running output, fast: thousands separators are dropped, `1.2.3` is nothing.
fn quick(text: &str) -> Option<(f32, u32)> {
    let text = text.trim_end_matches(['.', ',']);
    if text.len() > 18 {
        return None;
    }
    let mut value = 0f64;
    let mut scale = 0f64;
    for b in text.bytes() {
        match b {
            b'.' if scale == 0.0 => scale = 1.0,
            b'.' => return None,
            b',' => {}
            digit => {
                value = value * 10.0 + f64::from(digit - b'0');
                scale *= 10.0;
            }
        }
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "single precision is all that is kept"
    )]
    let value = (value / scale.max(1.0)) as f32;
    Some((value, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(text: &str) -> Vec<(String, f64, u32)> {
        figures(text.split(' '))
            .into_iter()
            .map(|f| (f.text, f.value, f.decimals))
            .collect()
    }

    #[test]
    fn figures_have_units_or_decimals() {
        assert_eq!(
            stated(
                "from 412 ms to 96.5ms on 3 hosts with 1,234.50 req/s and 7% or 0.93 in v1.2 or 2024-01-01"
            ),
            [
                ("412 ms".to_owned(), 412.0, 0),
                ("96.5ms".to_owned(), 96.5, 1),
                ("1,234.50 req/s".to_owned(), 1234.5, 2),
                ("7%".to_owned(), 7.0, 0),
                ("0.93".to_owned(), 0.93, 2),
            ]
        );
    }

    fn explained(seen_text: &str, claim: &str) -> bool {
        let mut seen = Seen::default();
        seen.add(seen_text);
        let all = figures(claim.split(' '));
        let values: Vec<f64> = all.iter().map(|f| f.value).collect();
        all.iter().all(|f| seen.explains(f, &values))
    }

    #[test]
    fn rounding_units_and_simple_arithmetic_explain_a_figure() {
        for (seen, claim) in [
            ("took 0.41237 s", "412 ms"),
            ("accuracy=0.87342", "87.3%"),
            ("before 400 after 100", "75% less"),
            ("before 400 after 100", "4x"),
            ("12.1 12.3 12.2", "12.20 s on average"),
            ("a 10.5 b 20.25", "30.75 s in all"),
            ("1,048,576 bytes", "1024 kb"),
        ] {
            assert!(explained(seen, claim), "{seen} -> {claim}");
        }
        for (seen, claim) in [
            ("", "96 ms"),
            ("42 passed in 1.03s", "97.3%"),
            ("commit a1b96c", "96 ms"),
        ] {
            assert!(!explained(seen, claim), "{seen} -/-> {claim}");
        }
    }

    #[test]
    fn a_flood_of_numbers_is_bounded_and_said_to_be_incomplete() {
        let mut seen = Seen::default();
        for i in 0..40_000 {
            seen.add(&format!("{i}.5"));
        }
        assert!(seen.all.len() <= NUMBERS);
        assert!(!seen.complete());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
        #[test]
        fn any_text_is_searched(text in "([0-9.,%a-z µ×]|\\PC){0,80}") {
            let mut seen = Seen::default();
            seen.add(&text);
            for f in figures(text.split(' ')) {
                seen.explains(&f, &[1.0, f64::MAX]);
            }
        }
    }
}
