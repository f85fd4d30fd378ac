//! Telling operands from options.

/// The arguments of a command.
#[derive(Clone, Copy)]
pub(super) struct Args<'a> {
    /// The program's name in lower case.
    pub(super) program: &'a str,
    words: &'a [String],
}

impl<'a> Args<'a> {
    pub(super) fn new(program: &'a str, words: &'a [String]) -> Self {
        Self { program, words }
    }

    /// All words after the program.
    pub(super) fn words(self) -> impl Iterator<Item = &'a str> {
        self.words.iter().map(String::as_str)
    }

    /// The words that are no options and no values of options. `valued` are the options that take
    /// the next word as their value.
    pub(super) fn operands(self, valued: &[&str]) -> Vec<&'a str> {
        let mut operands = Vec::new();
        let mut words = self.words();
        while let Some(word) = words.next() {
            if word == "--" {
                operands.extend(words);
                break;
            }
            if word.len() > 1 && word.starts_with('-') {
                if valued.contains(&word) {
                    words.next();
                }
            } else {
                operands.push(word);
            }
        }
        operands
    }

    /// Whether one of these options (or words) is there.
    pub(super) fn has(self, options: &[&str]) -> bool {
        self.words().any(|word| options.contains(&word))
    }

    /// Whether a group of one-letter options holds this letter: `-rf` holds `f`.
    pub(super) fn has_letter(self, letter: char) -> bool {
        self.words().any(|word| {
            word.strip_prefix('-')
                .is_some_and(|letters| !letters.starts_with('-') && letters.contains(letter))
        })
    }

    /// The values of these options: `-o FILE`, `-oFILE`, `--output FILE`, `--output=FILE`.
    pub(super) fn values(self, options: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
        let mut after = false;
        self.words().filter_map(move |word| {
            if std::mem::take(&mut after) {
                return Some(word);
            }
            after = options.contains(&word);
            options.iter().find_map(|option| {
                let value = word.strip_prefix(option)?;
                match option.starts_with("--") {
                    true => value.strip_prefix('='),
                    false => (!value.is_empty()).then_some(value),
                }
            })
        })
    }
}
