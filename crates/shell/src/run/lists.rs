//! Lists, pipelines, compound commands and loops.

use std::rc::Rc;

use super::redirects::{Redirects, output_file};
use super::{Function, Run, Source};
use crate::bounds;
use crate::content::{Content, Printed};
use crate::grammar::{Body, Pipeline, Stage};
use crate::lex::Kind;
use crate::scope::Scope;
use crate::variables::Value;
use crate::word::Word;

impl Run {
    pub(super) fn list(
        &mut self,
        source: &Source,
        list: &[Pipeline],
        scope: &Scope,
    ) -> Option<Content> {
        let mut printed = Printed::default();
        for pipeline in list {
            if !self.spend_step() {
                break;
            }
            let output = self.pipeline(source, pipeline, scope);
            // Of `a || b` the first is taken to work.
            if scope.capture && !pipeline.otherwise {
                printed.add(output);
            }
        }
        printed.content()
    }

    pub(super) fn pipeline(
        &mut self,
        source: &Source,
        pipeline: &Pipeline,
        scope: &Scope,
    ) -> Option<Content> {
        let (number, mut stage) = scope.place.unwrap_or_else(|| {
            self.pipelines += 1;
            (self.pipelines - 1, 0)
        });
        let mut scope = scope.clone();
        scope.background |= pipeline.background;
        scope.piped |= pipeline.stages.len() > 1;
        let captured = scope.capture;
        let mut output = None;
        for (index, part) in pipeline.stages.iter().enumerate() {
            let last = index + 1 == pipeline.stages.len();
            let begin = self.out.commands.len();
            scope.place = Some((number, stage));
            scope.capture = captured || !last;
            output = self.stage(source, part, &scope);
            if !last {
                scope.stdin = output.take().map(Rc::new);
                let top = self
                    .out
                    .commands
                    .iter()
                    .skip(begin)
                    .filter(|c| c.pipeline == number)
                    .map(|c| c.stage)
                    .max();
                stage = top.unwrap_or(stage) + 1;
            }
        }
        output
    }

    pub(super) fn stage(
        &mut self,
        source: &Source,
        stage: &Stage,
        scope: &Scope,
    ) -> Option<Content> {
        match stage {
            Stage::Simple(range) => self.simple(source, range.clone(), scope),
            Stage::Function { name, body } => {
                let name = source.raw(source.tokens.get(*name)?.span.clone());
                let function = Function {
                    body: Rc::from(source.raw(body.clone())),
                    origin: scope.origin.part(body),
                    called: false,
                };
                self.functions.insert(name.to_owned(), function);
                Some(Content::default())
            }
            Stage::Compound { body, redirects } => {
                let mut inner = scope.nested().list();
                if inner.too_deep() {
                    self.out.truncated = true;
                    return None;
                }
                let mut found = Redirects::default();
                for token in source.tokens.get(redirects.clone()).unwrap_or_default() {
                    self.redirect(source, token, scope, &mut found);
                }
                if found.stdin.is_some() {
                    inner.stdin = found.stdin.take();
                }
                let file = output_file(&found.list);
                inner.capture |= file.is_some();
                inner.redirects = found
                    .list
                    .into_iter()
                    .chain(inner.redirects.iter().cloned())
                    .collect();
                let output = self.body(source, body, &inner);
                self.written(file, output)
            }
        }
    }

    pub(super) fn body(&mut self, source: &Source, body: &Body, scope: &Scope) -> Option<Content> {
        match body {
            Body::Group(list) => self.list(source, list, scope),
            Body::Choice { looked_at, list } => {
                for token in source.tokens.get(looked_at.clone()).unwrap_or_default() {
                    self.here = scope.origin.part(&token.span);
                    self.word(source.raw(token.span.clone()), scope);
                }
                let mut scope = scope.clone();
                scope.capture = false;
                self.list(source, list, &scope);
                None
            }
            Body::Loop {
                variable,
                values,
                list,
            } => {
                let name = source.raw(source.tokens.get(*variable)?.span.clone());
                let mut words = Vec::new();
                for token in source.tokens.get(values.clone()).unwrap_or_default() {
                    if token.kind == Kind::Word {
                        self.here = scope.origin.part(&token.span);
                        words.extend(self.words(source.raw(token.span.clone()), scope));
                    }
                }
                self.rounds(name, words, |run| run.list(source, list, scope))
            }
        }
    }

    /// Follows a loop value by value, or once with the value unknown.
    fn rounds(
        &mut self,
        name: &str,
        values: Vec<Word>,
        mut round: impl FnMut(&mut Self) -> Option<Content>,
    ) -> Option<Content> {
        if values.is_empty() || values.iter().any(|v| v.dynamic) {
            self.variables.forget(name);
            round(self);
            return None;
        }
        let mut printed = Printed::default();
        let (values, left_out) = bounds::rounds(values, |value| &value.text);
        self.out.truncated |= left_out;
        for value in values {
            if self.steps_left == 0 {
                break;
            }
            self.variables.set(name, Value::from(value));
            printed.add(round(self));
        }
        printed.content()
    }
}
