//! Colour, columns and bars of a terminal.

use proctor_model::Severity;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Style;

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A heading.
    Head,
    /// A number that matters.
    Strong,
    /// Secondary.
    Dim,
    /// Opens something.
    Handle,
    /// A careful reader looks here.
    Notable,
    /// As it should be.
    Good,
    /// By severity.
    Severity(Severity),
}

impl Style {
    /// The text in its colour; unchanged without colours.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Head | Tone::Strong => "1",
            Tone::Dim | Tone::Severity(Severity::Info) => "2",
            Tone::Handle => "36",
            Tone::Good => "32",
            Tone::Notable | Tone::Severity(Severity::Medium) => "33",
            Tone::Severity(Severity::Critical) => "1;97;41",
            Tone::Severity(Severity::High) => "1;31",
            Tone::Severity(Severity::Low) => "34",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// A heading with a rule to the right edge.
    pub(crate) fn heading(&self, title: &str, note: &str) -> String {
        let note = if note.is_empty() {
            String::new()
        } else {
            format!("  {note}")
        };
        let used = title.width() + note.width() + 1;
        let rule = if self.unicode { "─" } else { "-" };
        format!(
            "{}{} {}\n",
            self.paint(Tone::Head, title),
            self.paint(Tone::Dim, &note),
            self.paint(Tone::Dim, &rule.repeat(self.width().saturating_sub(used)))
        )
    }

    /// A bar of at most `width` columns for `part` of `whole`; something for anything over zero.
    pub(super) fn bar(&self, part: u64, whole: u64, width: usize) -> String {
        let steps = if self.unicode { 8 } else { 1 };
        let full = (width * steps) as u128;
        let len = (u128::from(part) * full).div_ceil(u128::from(whole.max(1)));
        let len = usize::try_from(len.min(full)).unwrap_or(0);
        if !self.unicode {
            return fit_right("#".repeat(len), width);
        }
        let mut bar = "█".repeat(len / 8);
        bar.extend(['▏', '▎', '▍', '▌', '▋', '▊', '▉'].get((len % 8).wrapping_sub(1)));
        fit_right(bar, width)
    }

    /// One column for each number, as high as its share of the largest; blank for zero.
    pub(super) fn spark(&self, numbers: &[u64]) -> String {
        let levels: &[char] = if self.unicode {
            &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
        } else {
            &['.', ':', '-', '=', '+', '*', '#', '@']
        };
        let most = numbers.iter().copied().max().unwrap_or(0).max(1);
        let level = |n: &u64| match *n {
            0 => ' ',
            n => {
                let steps = u128::from(n - 1) * levels.len() as u128 / u128::from(most);
                let step = usize::try_from(steps).unwrap_or(0);
                levels.get(step).copied().unwrap_or(' ')
            }
        };
        numbers.iter().map(level).collect()
    }

    /// Columns to write in.
    pub(crate) fn width(&self) -> usize {
        self.width.clamp(60, 200)
    }

    /// The text without characters that a plain terminal cannot show, where it is one.
    pub(crate) fn plain(&self, text: String) -> String {
        if self.unicode {
            return text;
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '…' => out.push_str("..."),
                '–' | '—' => out.push('-'),
                '·' => out.push(','),
                '×' => out.push('x'),
                '“' | '”' => out.push('"'),
                '│' => out.push('|'),
                '✓' => out.push('+'),
                '✗' => out.push('x'),
                c if c.is_ascii() => out.push(c),
                c => out.extend(c.escape_unicode()),
            }
        }
        out
    }
}

/// Cuts to `width` columns, with an ellipsis where something is cut.
pub(super) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    if width > 0 {
        out.push('…');
    }
    out
}

/// Cuts in the middle: of a path both ends tell something, the end more. What is no path is cut at
/// its end.
pub(crate) fn fit_path(text: &str, width: usize) -> String {
    if text.width() <= width || width < 8 || !text.contains('/') || text.contains(' ') {
        return fit(text, width);
    }
    let front = fit(text, width / 4);
    let room = width - front.width();
    let mut back: Vec<char> = Vec::new();
    let mut used = 0;
    for c in text.chars().rev() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        back.push(c);
    }
    front.chars().chain(back.into_iter().rev()).collect()
}

/// Cut and filled up to exactly `width` columns, text at the left.
pub(super) fn left(text: &str, width: usize) -> String {
    fit_right(fit(text, width), width)
}

/// Cut and filled up to exactly `width` columns, text at the right.
pub(super) fn right(text: &str, width: usize) -> String {
    let text = fit(text, width);
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

fn fit_right(mut text: String, width: usize) -> String {
    let fill = width.saturating_sub(text.width());
    text.extend(std::iter::repeat_n(' ', fill));
    text
}

/// Breaks a text into lines of at most `width` columns; words longer than that are broken too.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        if line.width() + gap + word.width() <= width {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            if line.width() + c.width().unwrap_or(0) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Style = Style {
        color: false,
        width: 80,
        verbose: false,
        reveal: false,
        unicode: true,
    };

    #[test]
    fn columns_hold_for_wide_letters() {
        assert_eq!(left("日本語", 8).width(), 8);
        assert_eq!(fit("日本語テキスト", 7), "日本語…");
        assert_eq!(
            fit_path("/home/ann/projects/app/src/main.rs", 20).width(),
            20
        );
        assert_eq!(right("7", 3), "  7");
    }

    #[test]
    fn bars_and_sparks_show_small_numbers() {
        assert_eq!(WIDE.bar(1, 1_000_000, 10).trim_end(), "▏");
        assert_eq!(WIDE.bar(10, 10, 3), "███");
        assert_eq!(WIDE.bar(u64::MAX, u64::MAX, 2), "██");
        assert_eq!(WIDE.spark(&[0, 1, 50, 100]), " ▁▄█");
    }

    #[test]
    fn words_wrap_and_long_ones_break() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghijk", 8), ["abcdefgh", "ijk"]);
        assert!(wrap("", 8).is_empty());
    }
}
