//! How much a text may cost. Everything beyond is left unopened and the analysis says so.

/// Bytes of a text that are read; what follows is not.
pub(crate) const TEXT: usize = 256 * 1024;

/// Layers that are opened inside one another.
pub(crate) const LAYERS: usize = 8;

/// Compound commands, substitutions and layers inside one another, all counted: what keeps the
/// stack small.
pub(crate) const NESTING: usize = 48;

/// Commands of one analysis.
pub(crate) const COMMANDS: usize = 10_000;

/// Pipelines that are followed in one analysis; in a loop each time counts.
pub(crate) const STEPS: usize = 50_000;

/// Bytes that decoders and commands with a known output may produce in one analysis.
pub(crate) const DECODED: usize = 1024 * 1024;

/// Bytes that words may hold in one analysis, after expansion.
pub(crate) const WORDS: usize = 4 * 1024 * 1024;

/// The values of a loop that are followed, and whether others are left out that may mean something
/// else. Of many values those are followed that name a file or hold signs; of numbers in a row one
/// is as good as another.
pub(crate) fn rounds<T>(values: Vec<T>, text: impl Fn(&T) -> &str) -> (Vec<T>, bool) {
    let mut left_out = false;
    let mut telling = 0;
    let mut number = 0;
    let mut values = values;
    values.retain(|value| {
        number += 1;
        let text = text(value);
        let more = telling < SIGNED_ROUNDS && text.contains(['/', '~', '.', '$', '*', ';']);
        let followed = number <= ROUNDS || more;
        telling += usize::from(number > ROUNDS && more);
        left_out |= !followed && !text.bytes().all(|b| b.is_ascii_digit());
        followed
    });
    (values, left_out)
}

/// Bytes that are read as scripts in one analysis, inner layers included.
pub(crate) const SCRIPTS: usize = 2 * 1024 * 1024;

/// Words that one brace expansion may make; larger ones stand as they were written.
pub(crate) const BRACES: usize = 256;

/// Values of a loop, or lines given to `xargs`, that are followed one by one.
pub(crate) const ROUNDS: usize = 16;

/// Values beyond those that are followed too because they name a file or hold signs.
const SIGNED_ROUNDS: usize = 128;

/// How often the lexer may pass over a byte of the text on average.
pub(crate) const LEX_PASSES: usize = 16;

/// Steps of the lexer that even the shortest text is granted, for what it decodes to.
pub(crate) const LEX_FLOOR: usize = 1024 * 1024;

/// Bytes that the grammar may be given in one analysis. It reads some two million a second, but
/// only a hundred thousand where it looks for a way out of errors.
pub(crate) const SKELETONS: usize = 128 * 1024;

/// Steps of the grammar, in units of its progress callback, before a parse is given up.
pub(crate) const GRAMMAR_STEPS: usize = 10_000;
