//! Commands whose output is known from their words and input: `echo`, `cat`, `base64 -d` and such.

mod change;
mod print;

pub(crate) use self::change::character_set;
use crate::content::Content;
use crate::decode;
use crate::run::Run;
use crate::scope::Scope;
use crate::word::Word;

/// What a command prints; `None` where only a run would tell.
pub(crate) fn output(
    run: &mut Run,
    program: &str,
    operands: &[Word],
    scope: &Scope,
) -> Option<Content> {
    let call = Call {
        operands,
        scope,
        limit: run.decoded_left(),
    };
    match program {
        "echo" => return Some(call.echo()),
        "printf" => return call.printf(run),
        "true" | ":" | "cd" | "mkdir" | "sleep" | "chmod" | "rm" | "touch" | "shopt" | "umask"
        | "mv" | "kill" => return Some(Content::default()),
        "set" if !operands.is_empty() => return Some(Content::default()),
        _ => {}
    }
    if operands.iter().any(|w| w.dynamic) {
        return None;
    }
    match program {
        "cat" | "tac" | "rev" | "base64" | "gbase64" | "base32" | "zcat" | "gzcat" | "gunzip"
        | "gzip" | "pigz" | "unpigz" | "xxd" | "head" | "tail" => {}
        "tr" => return call.tr(),
        "cut" => return call.cut(),
        "sed" | "gsed" => return call.sed(),
        "tee" => return call.tee(run),
        "openssl" => return call.openssl(run),
        "zlib-flate" => return call.decoded(call.stdin()?, "zlib", decode::zlib),
        "seq" => return call.seq(),
        "basename" => return call.basename(),
        "which" | "type" => {
            return call
                .names()
                .next()
                .map(|name| Content::from(format!("{name}\n")));
        }
        _ => return None,
    }
    let input = call.input(run, program)?;
    match program {
        "cat" => Some(input),
        "tac" => Some(call.lines(input, |lines| lines.reverse())),
        "rev" => Some(call.rev(input)),
        "head" | "tail" => call.ends(input, program == "head"),
        "base64" | "gbase64" if call.has("dD", &["--decode"]) => {
            call.decoded(input, "base64", |b, _| decode::base64(b))
        }
        "base64" | "gbase64" => Some(input.map(decode::to_base64)),
        "base32" if call.has("dD", &["--decode"]) => {
            call.decoded(input, "base32", |b, _| decode::base32(b))
        }
        "zcat" | "gzcat" | "gunzip" | "unpigz" => call.decoded(input, "gzip", decode::gzip),
        "gzip" | "pigz" if call.has("d", &["--decompress", "--uncompress"]) => {
            call.decoded(input, "gzip", decode::gzip)
        }
        "xxd" if call.has("r", &["-revert"]) => call.xxd_reverse(input),
        "xxd" if call.has("p", &["-ps", "-plain"]) => Some(input.map(decode::to_hex)),
        _ => None,
    }
}

/// A command whose output is wanted.
struct Call<'a> {
    operands: &'a [Word],
    scope: &'a Scope,
    /// Bytes that the output may have.
    limit: usize,
}

impl Call<'_> {
    // Words

    /// Whether one of these single letters stands in some group of options, or one of these long
    /// options by itself.
    fn has(&self, letters: &str, long: &[&str]) -> bool {
        self.operands.iter().any(|word| {
            let text = word.text.as_str();
            long.contains(&text)
                || (!text.starts_with("--")
                    && text
                        .strip_prefix('-')
                        .is_some_and(|group| group.contains(|c| letters.contains(c))))
        })
    }

    /// The operands that are no options.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.operands
            .iter()
            .map(|w| w.text.as_str())
            .filter(|w| !w.starts_with('-') || *w == "-")
    }

    /// The value of an option, joined to it or in the next word.
    fn value(&self, option: &str) -> Option<&str> {
        let mut words = self.operands.iter().map(|w| w.text.as_str());
        words
            .by_ref()
            .find_map(|word| {
                let rest = word.strip_prefix(option)?;
                Some(rest.strip_prefix('=').unwrap_or(rest))
            })
            .and_then(|rest| {
                if rest.is_empty() {
                    words.next()
                } else {
                    Some(rest)
                }
            })
    }

    fn stdin(&self) -> Option<Content> {
        self.scope.stdin.as_deref().cloned()
    }

    /// The files named, in order, or standard input.
    fn input(&self, run: &Run, program: &str) -> Option<Content> {
        // Numbers after `-n` and `-c` are no files.
        let counted = matches!(program, "head" | "tail" | "xxd" | "base64");
        let mut all: Option<Content> = None;
        for name in self.names() {
            if counted && name.parse::<u64>().is_ok() {
                continue;
            }
            let more = run.known_file(name, self.scope)?;
            all.get_or_insert_default().append(Content::clone(&more));
        }
        all.or_else(|| self.stdin())
    }
}
