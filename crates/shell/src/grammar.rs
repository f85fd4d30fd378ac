//! Pieces into pipelines, lists and compound commands.
//!
//! Lines of simple commands joined by operators, nearly all of what agents run, are put together
//! straight from the pieces. Anything with a compound command goes to the bash grammar of
//! tree-sitter, which sees a *skeleton*: every word stands there as `w`, redirections and heredocs
//! are gone. The grammar so decides what is a loop and where it ends, while no quoting and no
//! heredoc of a hostile text ever reaches its C scanner. Where the grammar finds an error, the
//! pieces of that part are read as simple commands.

use std::cell::RefCell;
use std::ops::{ControlFlow, Range};

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use crate::bounds;
use crate::lex::{Kind, Lexed, Token};

/// A list of pipelines.
pub(crate) type List = Vec<Pipeline>;

/// Commands joined by `|`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Pipeline {
    pub(crate) stages: Vec<Stage>,
    /// Ended by `&`.
    pub(crate) background: bool,
    /// Runs only if the pipeline before it fails (`||`).
    pub(crate) otherwise: bool,
}

/// One stage of a pipeline.
#[derive(Debug, PartialEq)]
pub(crate) enum Stage {
    /// Words and redirections: a range of pieces.
    Simple(Range<usize>),
    /// A compound command and the redirections after it.
    Compound { body: Body, redirects: Range<usize> },
    /// A function definition.
    Function {
        /// The piece that is its name.
        name: usize,
        /// The bytes of its body.
        body: Range<usize>,
    },
}

/// A compound command, as far as it matters which commands run.
#[derive(Debug, PartialEq)]
pub(crate) enum Body {
    /// `( ... )` and `{ ...; }`.
    Group(List),
    /// `for` and `select`.
    Loop {
        /// The piece that names the variable.
        variable: usize,
        /// The pieces of its values.
        values: Range<usize>,
        list: List,
    },
    /// `if`, `while`, `until` and `case`: parts that may run, conditions included, and the pieces
    /// of words that are only looked at.
    Choice { looked_at: Range<usize>, list: List },
}

/// The structure of a script.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Script {
    pub(crate) list: List,
    pub(crate) malformed: bool,
    pub(crate) truncated: bool,
}

/// Finds the structure of a script in its pieces.
pub(crate) fn structure(text: &str, lexed: &Lexed) -> Script {
    let all = 0..lexed.tokens.len();
    let mut script = if lexed.flat {
        flat(&lexed.tokens, all)
    } else {
        compound(text, &lexed.tokens)
    };
    script.malformed |= lexed.malformed;
    script.truncated |= lexed.truncated;
    script
}

// Without the grammar

/// Reads pieces as simple commands joined by operators. Whatever else there is, such as reserved
/// words of a broken compound command, separates commands and makes the script malformed.
fn flat(tokens: &[Token], range: Range<usize>) -> Script {
    let mut script = Script::default();
    let mut pipeline = Pipeline::default();
    let mut simple: Option<Range<usize>> = None;
    // Whether the operator before wants a command after it.
    let mut wanting = false;
    for (index, token) in tokens.iter().enumerate().take(range.end).skip(range.start) {
        if token.kind.in_command() {
            simple.get_or_insert(index..index).end = index + 1;
            wanting = false;
            continue;
        }
        if let Some(words) = simple.take() {
            pipeline.stages.push(Stage::Simple(words));
        } else if token.kind != Kind::Newline {
            script.malformed = true;
        }
        match token.kind {
            Kind::Pipe => wanting = true,
            // A line may end after `|`, `&&` and `||`.
            Kind::Newline if wanting => {}
            Kind::And | Kind::Or => {
                close(&mut script.list, &mut pipeline);
                pipeline.otherwise = token.kind == Kind::Or;
                wanting = true;
            }
            Kind::Background => {
                pipeline.background = true;
                close(&mut script.list, &mut pipeline);
            }
            Kind::Semicolon | Kind::Newline => close(&mut script.list, &mut pipeline),
            _ => {
                script.malformed = true;
                close(&mut script.list, &mut pipeline);
            }
        }
    }
    if let Some(words) = simple {
        pipeline.stages.push(Stage::Simple(words));
    }
    script.malformed |= wanting;
    close(&mut script.list, &mut pipeline);
    script
}

fn close(list: &mut List, pipeline: &mut Pipeline) {
    let done = std::mem::take(pipeline);
    if !done.stages.is_empty() {
        list.push(done);
    }
}

// With the grammar

/// Reads pieces with the bash grammar.
fn compound(text: &str, tokens: &[Token]) -> Script {
    let skeleton = Skeleton::new(text, tokens);
    let Some(tree) = parse(&skeleton.text) else {
        let mut script = flat(tokens, 0..tokens.len());
        script.malformed = true;
        script.truncated = true;
        return script;
    };
    let mut reader = Reader {
        tokens,
        starts: &skeleton.starts,
        malformed: skeleton.malformed,
        truncated: false,
    };
    let list = reader.block(tree.root_node(), 0);
    Script {
        list,
        malformed: reader.malformed,
        truncated: reader.truncated,
    }
}

/// The text that the grammar sees: words as `w`, no redirections.
struct Skeleton {
    text: String,
    /// Where each piece begins that stands in it, and which piece that is.
    starts: Vec<(usize, usize)>,
    malformed: bool,
}

impl Skeleton {
    fn new(text: &str, tokens: &[Token]) -> Self {
        let mut skeleton = Self {
            text: String::with_capacity(tokens.len() * 3),
            starts: Vec::with_capacity(tokens.len()),
            malformed: false,
        };
        let mut previous: Option<&Kind> = None;
        let mut after_loop = false;
        for (index, token) in tokens.iter().enumerate() {
            let raw = text.get(token.span.clone()).unwrap_or_default();
            let written = match &token.kind {
                Kind::Word | Kind::Test => "w",
                // The header of `for ((...))`; the grammar only needs to see a loop.
                Kind::Arithmetic if after_loop => "w in w",
                Kind::Arithmetic => "w",
                // A command that is nothing but redirections is a command all the same; after a
                // compound command or among words they are left out.
                kind if kind.is_redirect() => {
                    let alone = previous.is_none_or(|p| {
                        !p.in_command() && !matches!(p, Kind::Close | Kind::Reserved)
                    });
                    let last = tokens
                        .get(index + 1)
                        .is_none_or(|next| !next.kind.in_command());
                    if alone && last { "w" } else { "" }
                }
                Kind::Newline => "\n",
                Kind::Background => "&",
                Kind::Pipe => "|",
                _ => raw,
            };
            after_loop = token.kind == Kind::Reserved && matches!(raw, "for" | "select");
            if written.is_empty() {
                continue;
            }
            skeleton.starts.push((skeleton.text.len(), index));
            skeleton.text.push_str(written);
            if written != "\n" {
                skeleton.text.push(' ');
            }
            previous = Some(&token.kind);
        }
        skeleton
    }
}

thread_local! {
    static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

/// Parses with this thread's parser; `None` where the bounds do not allow it to end.
fn parse(text: &str) -> Option<Tree> {
    PARSER.with_borrow_mut(|slot| {
        if slot.is_none() {
            let mut parser = Parser::new();
            parser
                .set_language(&tree_sitter_bash::LANGUAGE.into())
                .ok()?;
            *slot = Some(parser);
        }
        let parser = slot.as_mut()?;
        let mut steps = 0usize;
        let mut progress = |_: &ParseState| {
            steps += 1;
            if steps > bounds::GRAMMAR_STEPS {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let tree = parser.parse_with_options(
            &mut |at, _| text.as_bytes().get(at..).unwrap_or_default(),
            None,
            Some(options),
        );
        if tree.is_none() {
            parser.reset();
        }
        tree
    })
}

/// Reads a syntax tree of a skeleton back into pieces.
struct Reader<'t> {
    tokens: &'t [Token],
    starts: &'t [(usize, usize)],
    malformed: bool,
    truncated: bool,
}

impl Reader<'_> {
    /// The statements that are children of a node.
    fn block(&mut self, node: Node, depth: usize) -> List {
        let mut list = List::new();
        let mut cursor = node.walk();
        let children: Vec<Node> = node.children(&mut cursor).collect();
        for child in children {
            if child.kind() == "&" {
                if let Some(last) = list.last_mut() {
                    last.background = true;
                }
            } else {
                self.statement(child, false, depth, &mut list);
            }
        }
        list
    }

    fn statement(&mut self, node: Node, otherwise: bool, depth: usize, list: &mut List) {
        if !node.is_named() {
            return;
        }
        if depth > bounds::NESTING {
            self.truncated = true;
            return self.flatten(node, otherwise, list);
        }
        match node.kind() {
            "list" => self.list(node, otherwise, depth, list),
            "pipeline" => {
                if node.has_error() {
                    return self.flatten(node, otherwise, list);
                }
                let mut pipeline = Pipeline {
                    otherwise,
                    ..Pipeline::default()
                };
                let mut cursor = node.walk();
                let children: Vec<Node> = node.named_children(&mut cursor).collect();
                for child in children {
                    pipeline.stages.extend(self.stage(child, depth));
                }
                close(list, &mut pipeline);
            }
            "comment" => {}
            _ => {
                if let Some(stage) = self.stage(node, depth) {
                    list.push(Pipeline {
                        stages: vec![stage],
                        background: false,
                        otherwise,
                    });
                } else {
                    self.flatten(node, otherwise, list);
                }
            }
        }
    }

    /// `a && b || c` nests to the left as often as there are operators: no recursion there.
    fn list(&mut self, node: Node, otherwise: bool, depth: usize, list: &mut List) {
        let mut rest = Vec::new();
        let mut first = node;
        while first.kind() == "list" {
            let mut operator = "";
            let mut cursor = first.walk();
            let mut operands = Vec::new();
            for child in first.children(&mut cursor) {
                if child.is_named() {
                    operands.push(child);
                } else {
                    operator = child.kind();
                }
            }
            let mut operands = operands.into_iter();
            let Some(left) = operands.next() else { break };
            for right in operands.rev() {
                rest.push((right, operator == "||"));
            }
            first = left;
        }
        self.statement(first, otherwise, depth + 1, list);
        for (node, otherwise) in rest.into_iter().rev() {
            self.statement(node, otherwise, depth + 1, list);
        }
    }

    /// One stage; `None` where the node is nothing that runs as one.
    fn stage(&mut self, node: Node, depth: usize) -> Option<Stage> {
        let body = match node.kind() {
            "command" => return Some(Stage::Simple(self.words(node)?)),
            "function_definition" => return self.function(node),
            "subshell" | "compound_statement" => Body::Group(self.block(node, depth + 1)),
            "for_statement" => self.for_loop(node, depth)?,
            "if_statement" | "while_statement" | "case_statement" => self.choice(node, depth)?,
            _ => return None,
        };
        Some(Stage::Compound {
            body,
            redirects: self.redirects_after(node),
        })
    }

    /// The pieces of a simple command: those in the skeleton and the redirections around them.
    fn words(&self, node: Node) -> Option<Range<usize>> {
        let mut range = self.pieces(node)?;
        while range.start > 0
            && self
                .tokens
                .get(range.start - 1)
                .is_some_and(|t| t.kind.is_redirect())
        {
            range.start -= 1;
        }
        while self
            .tokens
            .get(range.end)
            .is_some_and(|t| t.kind.in_command())
        {
            range.end += 1;
        }
        Some(range)
    }

    /// The pieces that a node covers.
    fn pieces(&self, node: Node) -> Option<Range<usize>> {
        let from = self
            .starts
            .partition_point(|(at, _)| *at < node.start_byte());
        let to = self.starts.partition_point(|(at, _)| *at < node.end_byte());
        let (_, first) = self.starts.get(from)?;
        let (_, last) = self.starts.get(to.checked_sub(1)?)?;
        (first <= last).then(|| *first..*last + 1)
    }

    fn redirects_after(&self, node: Node) -> Range<usize> {
        let start = self.pieces(node).map_or(0, |range| range.end);
        let len = self
            .tokens
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take_while(|t| t.kind.is_redirect())
            .count();
        start..start + len
    }

    fn function(&mut self, node: Node) -> Option<Stage> {
        let name = self.pieces(node.child_by_field_name("name")?)?;
        let body = self.pieces(node.child_by_field_name("body")?)?;
        let first = self.tokens.get(body.start)?;
        let last = self.tokens.get(body.end.checked_sub(1)?)?;
        Some(Stage::Function {
            name: name.start,
            body: first.span.start..last.span.end,
        })
    }

    fn for_loop(&mut self, node: Node, depth: usize) -> Option<Body> {
        let variable = self.pieces(node.child_by_field_name("variable")?)?.start;
        let mut cursor = node.walk();
        let values: Vec<Range<usize>> = node
            .children_by_field_name("value", &mut cursor)
            .filter_map(|value| self.pieces(value))
            .collect();
        let values = match (values.first(), values.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => variable..variable,
        };
        Some(Body::Loop {
            variable,
            values,
            list: self.block(node.child_by_field_name("body")?, depth + 1),
        })
    }

    fn choice(&mut self, node: Node, depth: usize) -> Option<Body> {
        let looked_at = node
            .child_by_field_name("value")
            .and_then(|value| self.pieces(value))
            .unwrap_or(0..0);
        let mut list = List::new();
        self.branches(node, depth, &mut list);
        Some(Body::Choice { looked_at, list })
    }

    /// All that may run in a node whose branches may nest: conditions, bodies, other branches.
    fn branches(&mut self, node: Node, depth: usize, list: &mut List) {
        if depth > bounds::NESTING {
            self.truncated = true;
            return;
        }
        let mut cursor = node.walk();
        let children: Vec<(Node, bool)> = {
            let mut children = Vec::new();
            if cursor.goto_first_child() {
                loop {
                    children.push((cursor.node(), cursor.field_name() == Some("value")));
                    if !cursor.goto_next_sibling() {
                        break;
                    }
                }
            }
            children
        };
        for (child, value) in children {
            match child.kind() {
                "elif_clause" | "else_clause" | "do_group" | "case_item" => {
                    self.branches(child, depth + 1, list);
                }
                "&" => {
                    if let Some(last) = list.last_mut() {
                        last.background = true;
                    }
                }
                _ if value => {}
                _ => self.statement(child, false, depth + 1, list),
            }
        }
    }

    /// Reads what the grammar could not as simple commands.
    fn flatten(&mut self, node: Node, otherwise: bool, list: &mut List) {
        self.malformed = true;
        let Some(range) = self.pieces(node) else {
            return;
        };
        let mut part = flat(self.tokens, range).list;
        if let Some(first) = part.first_mut() {
            first.otherwise = otherwise;
        }
        list.append(&mut part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lex::lex;

    #[test]
    fn grammar_and_shortcut_agree() {
        for text in [
            "a b c",
            "a | b |& c && d || e; f & g",
            "a >x 2>&1 <y | b <<< z &",
            "a &&\n b |\n c\n\nd",
            "cat <<A | sh; x\nbody\nA\ny",
            "> f",
            "A=1 B=2",
            "A=1 >f b 2>g c",
        ] {
            let lexed = lex(text, &mut 10_000);
            assert!(lexed.flat, "{text}");
            assert_eq!(
                compound(text, &lexed.tokens),
                flat(&lexed.tokens, 0..lexed.tokens.len()),
                "{text}"
            );
        }
    }
}
