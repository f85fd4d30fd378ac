//! What the crate promises to those who use it, from outside.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that indexes past the end has failed"
)]

mod code;
mod decoding;
mod hostile;
mod layers;
mod memory;
mod properties;
mod structure;
mod words;

use proctor_shell::{Command, Layer, analyse};

/// The commands of a text, one a line: what was opened, then the words.
fn show(text: &str) -> Vec<String> {
    analyse(text).commands.iter().map(line).collect()
}

fn line(command: &Command) -> String {
    let mut line = String::new();
    for layer in &command.via {
        line.push_str(&name(layer));
        line.push_str("> ");
    }
    let words: Vec<String> = command
        .argv
        .iter()
        .map(|word| {
            if word.is_empty() || word.contains([' ', '\n']) {
                format!("{word:?}")
            } else {
                word.clone()
            }
        })
        .collect();
    line + &words.join(" ")
}

fn name(layer: &Layer) -> String {
    match layer {
        Layer::Substitution => "$()".to_owned(),
        Layer::ShellC => "-c".to_owned(),
        Layer::Eval => "eval".to_owned(),
        Layer::Stdin => "stdin".to_owned(),
        Layer::Wrapper(name) => name.clone(),
        Layer::Privilege(name) => format!("!{name}"),
        Layer::Remote(name) => format!("@{name}"),
        Layer::Code(name) => format!("{name}:"),
        Layer::Decoded(name) => format!("~{name}"),
        Layer::Later(name) => format!("later {name}"),
        Layer::Function(name) => format!("{name}()"),
        Layer::Script(name) => format!("./{name}"),
    }
}

/// Checks all commands of a text.
#[track_caller]
fn check(text: &str, commands: &[&str]) {
    assert_eq!(show(text), commands, "{text}");
}

/// Checks that the last command of a text is this one.
#[track_caller]
fn ends(text: &str, command: &str) {
    assert_eq!(
        show(text).last().map(String::as_str),
        Some(command),
        "{text}"
    );
}
