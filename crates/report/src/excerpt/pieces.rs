//! Long texts cut to what matters, with the decisive words marked.

use std::ops::Range;

use serde::Serialize;

use super::Look;
use crate::clean::Lens;

/// Bytes shown around decisive words that stand far inside a long text.
const AROUND: usize = 400;
/// Places of decisive words shown in one text.
const PLACES: usize = 3;
/// Characters that a part of a quote must have to be looked for by itself.
const TELLING: usize = 10;

/// A piece of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// Whether these are the decisive words of a finding.
    pub mark: bool,
    /// Bytes left out at this point; `text` is then empty.
    pub left_out: usize,
}

/// How much of a text is shown, in bytes: so much of its beginning and so much of its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) head: usize,
    pub(super) tail: usize,
}

impl Look {
    /// The text in pieces: its beginning, the surroundings of each quote, and its end.
    pub(super) fn pieces(&self, text: &str, quotes: &[&str], room: Room) -> Vec<Piece> {
        let quotes: Vec<Quote> = quotes.iter().map(|q| Quote::new(q, &self.lens)).collect();
        if text.len() <= room.head + room.tail {
            let all = self.lens.block(text, usize::MAX).text;
            return marked(&all, &quotes);
        }
        let end = text.len() - room.tail;
        let mut found = inside(text, &quotes, end);
        // Words that stand across the end of the beginning make it longer.
        found.retain(|(at, _)| at.end > room.head);
        let across = found.iter().filter(|(at, _)| at.start <= room.head);
        let mut shown = across.map(|(at, _)| at.end).max().unwrap_or(room.head);
        let mut out = marked(&self.lens.block(text, shown).text, &quotes);
        for (at, words) in found {
            if at.start < shown {
                continue;
            }
            // Less around it where it would repeat what is shown already.
            let around = AROUND.min(at.start - shown).min(end - at.end);
            let (start, stop) = (at.start - around, at.end + around);
            let Some(middle) = self.lens.around(text, at, &words, around) else {
                continue;
            };
            out.push(cut(start - shown));
            out.extend(marked(&middle, &quotes));
            shown = stop;
        }
        out.push(cut(end.saturating_sub(shown)));
        if room.tail > 0 {
            out.extend(marked(&self.lens.tail(text, room.tail).text, &quotes));
        }
        out.retain(|piece| piece.left_out > 0 || !piece.text.is_empty());
        out
    }
}

/// Decisive words: the whole quote first, then its longer parts; each as it was recorded and as
/// the lens shows it.
struct Quote(Vec<(String, String)>);

impl Quote {
    /// Reads a quote, which may be cut at its ends. Where it has several lines, or the words
    /// beside the cut differ, its longer lines are looked for one by one.
    fn new(quote: &str, lens: &Lens) -> Self {
        let trim = |text: &str| text.trim().trim_matches('…').trim().to_owned();
        let whole = trim(quote);
        let parts = quote.split(['\n', '…']).map(trim);
        let parts = parts.filter(|p| p.chars().count() >= TELLING && *p != whole);
        let all = std::iter::once(whole.clone()).chain(parts).take(12);
        let with_clean = all.map(|text| {
            let clean = lens.block(&text, 4000).text;
            (text, clean)
        });
        Self(
            with_clean
                .filter(|(_, clean)| !clean.trim().is_empty())
                .collect(),
        )
    }
}

/// Where quotes stand before `end`, in order, the first few; with their cleaned words.
fn inside(text: &str, quotes: &[Quote], end: usize) -> Vec<(Range<usize>, String)> {
    let mut found: Vec<_> = quotes
        .iter()
        .flat_map(|quote| &quote.0)
        .filter_map(|(raw, clean)| {
            let start = text.find(raw.as_str())?;
            Some((start..start + raw.len(), clean.clone()))
        })
        .filter(|(at, _)| at.end <= end)
        .collect();
    found.sort_by_key(|(at, _)| at.start);
    found.truncate(PLACES);
    found
}

fn cut(left_out: usize) -> Piece {
    Piece {
        left_out,
        ..Piece::default()
    }
}

/// Splits a cleaned text so that every occurrence of a quote is a piece of its own.
fn marked(text: &str, quotes: &[Quote]) -> Vec<Piece> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for quote in quotes {
        // The whole quote where it is there, otherwise its parts.
        for (i, (_, words)) in quote.0.iter().enumerate() {
            let found = text.match_indices(words.as_str()).take(20);
            let before = spans.len();
            spans.extend(found.map(|(at, words)| (at, at + words.len())));
            if spans.len() > before && i == 0 {
                break;
            }
        }
    }
    spans.sort_unstable();
    let mut out = Vec::new();
    let mut done = 0;
    for (start, end) in spans {
        if start < done {
            continue;
        }
        out.extend(piece(text, done..start, false));
        out.extend(piece(text, start..end, true));
        done = end;
    }
    out.extend(piece(text, done..text.len(), false));
    out
}

fn piece(text: &str, at: Range<usize>, mark: bool) -> Option<Piece> {
    let text = text.get(at).filter(|text| !text.is_empty())?.to_owned();
    Some(Piece {
        text,
        mark,
        left_out: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    const ROOM: Room = Room { head: 60, tail: 20 };

    fn pieces(text: &str, quotes: &[&str]) -> Vec<Piece> {
        let look = Look {
            lens: Lens::default(),
            zone: TimeZone::UTC,
        };
        look.pieces(text, quotes, ROOM)
    }

    fn marks(pieces: &[Piece]) -> Vec<&str> {
        let marks = pieces.iter().filter(|p| p.mark);
        marks.map(|p| p.text.as_str()).collect()
    }

    #[test]
    fn decisive_words_are_marked_wherever_they_stand() {
        let short = pieces("run rm -rf / now", &["rm -rf /"]);
        assert_eq!(marks(&short), ["rm -rf /"]);
        let long = format!(
            "{}needle in hay{}",
            "a ".repeat(40_000),
            " b".repeat(40_000)
        );
        let out = pieces(&long, &["needle in hay"]);
        assert_eq!(marks(&out), ["needle in hay"]);
        let shown: usize = out.iter().map(|p| p.text.len()).sum();
        let left: usize = out.iter().map(|p| p.left_out).sum();
        assert_eq!(shown + left, long.len());
        assert!(shown < 1200, "{shown}");
    }

    #[test]
    fn a_quote_with_a_cut_or_several_lines_is_found_by_its_parts() {
        assert_eq!(
            marks(&pieces("alpha beta gamma delta", &["…beta gamma…"])),
            ["beta gamma"]
        );
        let two = pieces(
            "first telling line\nother\nsecond telling line",
            &["first telling line\nsecond telling line"],
        );
        assert_eq!(marks(&two), ["first telling line", "second telling line"]);
        assert!(marks(&pieces("text", &[""])).is_empty());
    }

    #[test]
    fn cuts_hold_in_texts_of_wide_letters() {
        for n in 0..40 {
            let text = format!("{}日本語テキスト{}", "é".repeat(n + 30), "語".repeat(60));
            let out = pieces(&text, &["日本語テキスト"]);
            assert!(out.iter().all(|p| !p.text.contains('\u{fffd}')));
        }
    }
}
