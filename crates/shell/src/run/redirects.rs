//! Redirections, and what files hold that the text itself writes.

use std::borrow::Cow;
use std::rc::Rc;

use super::{Run, Source};
use crate::Redirect;
use crate::content::Content;
use crate::lex::{Kind, Token};
use crate::scope::Scope;
use crate::word::Word;

/// The redirections of one command.
#[derive(Default)]
pub(super) struct Redirects {
    pub(super) list: Vec<Redirect>,
    pub(super) stdin: Option<Rc<Content>>,
}

/// The file that standard output goes to, and whether it is appended.
pub(super) fn output_file(redirects: &[Redirect]) -> Option<(String, bool)> {
    redirects.iter().rev().find_map(|r| match r.op.as_str() {
        ">" | "1>" | ">|" | "&>" => Some((r.target.clone(), false)),
        ">>" | "1>>" | "&>>" => Some((r.target.clone(), true)),
        _ => None,
    })
}

impl Run {
    pub(super) fn redirect(
        &mut self,
        source: &Source,
        token: &Token,
        scope: &Scope,
        found: &mut Redirects,
    ) {
        match &token.kind {
            Kind::Redirect { op, target } => {
                self.here = scope.origin.part(target);
                let word = self.word(source.raw(target.clone()), scope);
                let op = source.raw(op.clone());
                if matches!(op, "<" | "0<")
                    && let Some(content) = self.known_file(&word.text, scope)
                {
                    found.stdin = Some(content);
                }
                found.list.push(Redirect {
                    op: op.to_owned(),
                    target: word.text,
                });
            }
            Kind::Heredoc { body, raw, strip } => {
                self.here = scope.origin.part(body);
                let mut text = Cow::Borrowed(source.raw(body.clone()));
                if *strip {
                    let mut stripped = String::with_capacity(text.len());
                    for line in text.split_inclusive('\n') {
                        stripped.push_str(line.trim_start_matches('\t'));
                    }
                    text = Cow::Owned(stripped);
                }
                let word = if *raw {
                    Word::plain(text)
                } else {
                    self.heredoc(&text, scope)
                };
                found.stdin = Some(Rc::new(word.into()));
            }
            Kind::HereString { word } => {
                self.here = scope.origin.part(word);
                let mut content: Content = self.word(source.raw(word.clone()), scope).into();
                content.bytes.push(b'\n');
                found.stdin = Some(Rc::new(content));
            }
            _ => {}
        }
    }

    /// Remembers what a file holds that a command with a known output was sent to.
    pub(super) fn written(
        &mut self,
        file: Option<(String, bool)>,
        output: Option<Content>,
    ) -> Option<Content> {
        let Some((name, append)) = file else {
            return output;
        };
        let before = self.files.remove(&name).or_else(|| {
            let known = append.then(|| self.remembered(&name)).flatten();
            known.map(Rc::new)
        });
        let content = match (output, append, before) {
            (Some(more), true, Some(all)) => {
                let mut all = Rc::unwrap_or_clone(all);
                all.append(more);
                Some(all)
            }
            (output, _, _) => output,
        };
        if let Some(content) = content
            && self.spend_decoded(content.bytes.len())
        {
            self.lost.remove(&name);
            self.files.insert(name, Rc::new(content));
        } else if !name.starts_with("/dev/") {
            self.lost.insert(name);
        }
        Some(Content::default())
    }
}
