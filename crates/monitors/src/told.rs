//! Texts that an agent addresses to people: replies, submissions, mail, commit messages, pull
//! requests and comments.

use proctor_model::{Action, StepKind};
use proctor_reconcile::View;
use proctor_shell::Command;

/// A text addressed to people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Told<'v> {
    pub(crate) channel: Channel,
    pub(crate) text: &'v str,
}

/// By which way it reaches them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// The agent's reply to its user.
    Reply,
    /// The result it hands in.
    Submission,
    /// A commit message.
    Commit,
    /// Text on a code forge: pull request, issue, review, comment, release notes.
    Forge,
    /// Mail, chat and the like.
    Message,
}

/// The texts that this step addresses to people.
pub(crate) fn told<'v>(view: &View<'v>) -> Vec<Told<'v>> {
    match &view.step.kind {
        StepKind::Reply { text } => vec![Told {
            channel: Channel::Reply,
            text,
        }],
        StepKind::Act(act) => match &act.action {
            Action::Submit { text } => vec![Told {
                channel: Channel::Submission,
                text,
            }],
            Action::Tell { text, .. } => vec![Told {
                channel: Channel::Message,
                text,
            }],
            Action::Command { .. } => view.commands.iter().flat_map(by_command).collect(),
            _ => vec![],
        },
        _ => vec![],
    }
}

/// The texts that a command sends to people.
fn by_command(command: &Command) -> Vec<Told<'_>> {
    let word = |i: usize| command.argv.get(i).map_or("", String::as_str);
    let (channel, flags): (Channel, &[&str]) = match command.program() {
        "git" if command.argv.iter().any(|w| w == "commit" || w == "tag") => {
            (Channel::Commit, &["-m", "--message", "-am", "-a -m"])
        }
        "gh" | "glab" | "hub"
            if matches!(word(1), "pr" | "issue" | "release" | "mr" | "pull-request") =>
        {
            (
                Channel::Forge,
                &[
                    "-b",
                    "--body",
                    "--notes",
                    "--description",
                    "-m",
                    "--title",
                    "-t",
                    "-n",
                ],
            )
        }
        "mail" | "mailx" | "sendmail" | "mutt" | "msmtp" | "wall" | "write" | "swaks" => {
            (Channel::Message, &["-s", "--body", "--subject"])
        }
        "curl" | "wget" | "http" if chat_webhook(command) => (
            Channel::Message,
            &[
                "-d",
                "--data",
                "--data-raw",
                "--data-binary",
                "--json",
                "--post-data",
                "-F",
                "--form",
            ],
        ),
        _ => return vec![],
    };
    let mut out: Vec<Told<'_>> = flag_values(&command.argv, flags)
        .map(|text| Told { channel, text })
        .collect();
    if let Some(text) = &command.stdin {
        out.push(Told { channel, text });
    }
    out
}

/// The values of these flags, given as the next word or after `=`.
fn flag_values<'c>(argv: &'c [String], flags: &'c [&str]) -> impl Iterator<Item = &'c str> {
    argv.iter().enumerate().filter_map(|(i, word)| {
        if flags.contains(&word.as_str()) {
            return argv.get(i + 1).map(String::as_str);
        }
        let (flag, value) = word.split_once('=')?;
        (flag.starts_with("--") && flags.contains(&flag)).then_some(value)
    })
}

/// Whether the command posts to a chat or issue service.
fn chat_webhook(command: &Command) -> bool {
    command.argv.iter().any(|word| {
        word.contains("://")
            && [
                "hooks.",
                "webhook",
                "chat.",
                "slack",
                "discord",
                "/comments",
                "/messages",
                "sendmessage",
                "/issues",
                "/mail",
                "mailgun",
                "sendgrid",
                "telegram",
            ]
            .iter()
            .any(|part| word.to_ascii_lowercase().contains(part))
    })
}
