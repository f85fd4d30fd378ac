//! Text of agents, made fit to be read: hostile until it has been through a [`Lens`].
//!
//! Whatever an agent wrote may try to move the cursor, reorder the line, hide words, look like
//! another name or carry a credential. Everything this crate prints passes here first; the
//! renderers after it only escape for their own format.

mod home;
mod visible;

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use proctor_model::Place;
use proctor_reconcile::secrets;

use home::{any_home, replace_prefix};
use visible::{unmix, visible};

/// Bytes looked at beyond a cut, so that a credential that straddles it is still recognised whole.
const MARGIN: usize = 4096;

/// How text of agents is shown: what is masked and which directory is the reader's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lens {
    /// Shows credentials instead of masking them.
    pub reveal: bool,
    /// The reader's home directory, shown as `~`.
    pub home: Option<String>,
    /// Shortens every home directory, also those of other people: for pages that are handed on.
    pub any_home: bool,
}

/// A text with what was left out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// What is shown.
    pub text: String,
    /// Bytes of the original that are not shown.
    pub left_out: usize,
}

impl Lens {
    /// The text on one line, without line ends and tabs, at most `max` characters and an ellipsis.
    pub fn line(&self, text: &str, max: usize) -> String {
        let head = head(text, max.saturating_mul(4).saturating_add(MARGIN));
        let shown = visible(&self.shorten(&self.mask(head)), false);
        let shown = shown.trim();
        match shown.char_indices().nth(max) {
            Some((end, _)) => {
                let mut cut = head_at(shown, end).trim_end().to_owned();
                cut.push('…');
                cut
            }
            None => shown.to_owned(),
        }
    }

    /// The text with its lines, cut behind about `max` bytes.
    pub fn block(&self, text: &str, max: usize) -> Cut {
        if text.len() <= max {
            return Cut {
                text: self.whole(text),
                left_out: 0,
            };
        }
        // Mask and clean a little more than is shown, then cut: a credential at the edge is
        // either masked whole or gone.
        let wide = head(text, max.saturating_add(MARGIN));
        let shown = self.whole(wide);
        Cut {
            text: head(&shown, max).to_owned(),
            left_out: text.len().saturating_sub(max),
        }
    }

    /// The end of a text, about `max` bytes of it.
    pub fn tail(&self, text: &str, max: usize) -> Cut {
        if text.len() <= max {
            return self.block(text, max);
        }
        let wide = tail(text, max.saturating_add(MARGIN));
        let shown = self.whole(wide);
        Cut {
            text: tail(&shown, max).to_owned(),
            left_out: text.len().saturating_sub(max),
        }
    }

    /// The surroundings of some words that stand at `at` in a long text, about `around` bytes to
    /// each side; `words` are those words as the lens shows them. Nothing where they are masked.
    pub fn around(
        &self,
        text: &str,
        at: Range<usize>,
        words: &str,
        around: usize,
    ) -> Option<String> {
        let from = text.floor_char_boundary(at.start.saturating_sub(around + MARGIN));
        let (_, rest) = text.split_at_checked(from)?;
        let wide = self.whole(head(rest, at.end - from + around + MARGIN));
        // The occurrence next to where it stood before the text was cleaned.
        let expected = at.start - from;
        let found = wide.match_indices(words).map(|(i, _)| i);
        let found = found.min_by_key(|i| i.abs_diff(expected))?;
        let (before, after) = wide.split_at_checked(found)?;
        Some(tail(before, around).to_owned() + head(after, words.len() + around))
    }

    /// A path on one line.
    pub fn path(&self, path: &Path) -> String {
        self.line(&path.to_string_lossy(), 400)
    }

    /// A place as `FILE @OFFSET`, the offset in bytes: with a colon it would look like a line.
    pub fn place(&self, place: &Place) -> String {
        let file = self.line(&place.source.to_string(), 400);
        format!("{file} @{}", place.offset)
    }

    /// A name that is compared by eye, such as a host: letters of different scripts in one name
    /// are written as escapes, also across its dots.
    pub fn name(&self, text: &str, max: usize) -> String {
        self.line(
            &unmix(text, |c| c.is_alphanumeric() || c == '.' || c == '-'),
            max,
        )
    }

    fn whole(&self, text: &str) -> String {
        visible(&self.shorten(&self.mask(text)), true)
    }

    fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.reveal {
            Cow::Borrowed(text)
        } else {
            secrets::mask(text)
        }
    }

    fn shorten<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        if let Some(home) = self.home.as_deref().filter(|h| h.len() > 1) {
            let home = home.trim_end_matches('/');
            text = replace_prefix(text, home, "~");
            if self.any_home {
                // Claude Code names a project's folder after its path, the slashes replaced. Such
                // a path cannot be opened once it is shortened, so only pages do this.
                text = replace_prefix(text, &home.replace(['/', '.'], "-"), "-~");
            }
        }
        if self.any_home {
            text = any_home(text);
        }
        text
    }
}

/// The first `max` bytes, less what would split a character.
fn head(text: &str, max: usize) -> &str {
    head_at(text, text.floor_char_boundary(max))
}

fn head_at(text: &str, boundary: usize) -> &str {
    text.split_at_checked(boundary)
        .map_or(text, |(head, _)| head)
}

fn tail(text: &str, max: usize) -> &str {
    let from = text.ceil_char_boundary(text.len().saturating_sub(max));
    text.split_at_checked(from).map_or(text, |(_, tail)| tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_are_shortened_as_whole_names_only() {
        let own = Lens {
            home: Some("/home/ann".into()),
            ..Lens::default()
        };
        assert_eq!(own.line("/home/ann/x /home/anna/y", 99), "~/x /home/anna/y");
        assert_eq!(
            own.line("/home/ann/.claude/projects/-home-ann-src-app/1.jsonl", 99),
            "~/.claude/projects/-home-ann-src-app/1.jsonl",
            "a place in a terminal can be opened"
        );
        let any = Lens {
            any_home: true,
            ..Lens::default()
        };
        assert_eq!(
            any.line("cat /Users/bob/.ssh/id C:\\Users\\bob\\x", 99),
            "cat ~/.ssh/id ~\\x"
        );
        assert_eq!(
            any.line("https://a.example/home/page", 99),
            "https://a.example/home/page"
        );
        assert_eq!(any.line("/home/ /home/bob", 99), "/home/ ~");
    }

    #[test]
    fn a_secret_at_the_edge_of_a_cut_is_masked_or_gone() {
        let secret = format!("sk-ant-api03-{}", "Ab3dEf9hIj".repeat(9));
        for at in 0..120 {
            let text = format!("{}\nkey={secret}\n{}", "x".repeat(at), "tail ".repeat(400));
            let cut = Lens::default().block(&text, 100);
            assert!(!cut.text.contains("Ab3dEf9hIj"), "{at}: {}", cut.text);
            assert_eq!(cut.left_out, text.len() - 100);
        }
    }

    #[test]
    fn long_texts_cost_only_what_is_shown() {
        let long = "é".repeat(5_000_000);
        let begun = std::time::Instant::now();
        assert_eq!(Lens::default().line(&long, 80).chars().count(), 81);
        assert!(Lens::default().tail(&long, 99).text.len() <= 99);
        assert!(begun.elapsed().as_millis() < 500);
    }
}
