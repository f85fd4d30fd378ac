//! Pieces into pipelines, lists and compound commands.
//!
//! Lists and pipelines of simple commands, nearly all of what agents run, are put together straight
//! from the pieces. Where compound commands begin and end is for the bash grammar of tree-sitter to
//! say. It never sees the text, only a *skeleton* of it: every simple command stands there as `w`,
//! operators as `;`, and heredocs and redirections are gone. So no quoting and no heredoc of a
//! hostile text reaches the grammar's scanner, which is C, and no long pipeline its parser, whose
//! memory would grow with the square of the length. Where the grammar finds an error, reserved
//! words merely separate commands.

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

/// Finds the structure of a script in its pieces. `budget` is how many bytes of skeletons the
/// grammar may still see.
pub(crate) fn structure(text: &str, lexed: &Lexed, budget: &mut usize) -> Script {
    let all = 0..lexed.tokens.len();
    let mut script = if lexed.flat {
        flat(&lexed.tokens, all, Vec::new())
    } else {
        compound(text, &lexed.tokens, budget)
    };
    script.malformed |= lexed.malformed;
    script.truncated |= lexed.truncated;
    script
}

// Lists and pipelines

/// Reads pieces as commands joined by operators, where some of them make up `units`: compound
/// commands, in order. Reserved words and parentheses outside those only separate commands.
fn flat(tokens: &[Token], range: Range<usize>, units: Vec<(Range<usize>, Stage)>) -> Script {
    let mut script = Script::default();
    let mut pipeline = Pipeline::default();
    let mut units = units.into_iter().peekable();
    // Whether the operator before wants a command after it.
    let mut wanting = false;
    let mut index = range.start;
    while index < range.end {
        if let Some((unit, stage)) = units.next_if(|(unit, _)| unit.start <= index) {
            pipeline.stages.push(stage);
            wanting = false;
            index = unit.end.max(index);
            continue;
        }
        let Some(token) = tokens.get(index) else {
            break;
        };
        let end = units.peek().map_or(range.end, |(unit, _)| unit.start);
        let len = tokens
            .get(index..end)
            .unwrap_or_default()
            .iter()
            .take_while(|t| t.kind.in_command())
            .count();
        if len > 0 {
            pipeline.stages.push(Stage::Simple(index..index + len));
            wanting = false;
            index += len;
            continue;
        }
        index += 1;
        let empty = pipeline.stages.is_empty() || wanting;
        match token.kind {
            Kind::Pipe => {
                script.malformed |= empty;
                wanting = true;
            }
            // A line may end after `|`, `&&` and `||`.
            Kind::Newline if wanting => {}
            Kind::And | Kind::Or => {
                script.malformed |= empty;
                close(&mut script.list, &mut pipeline);
                pipeline.otherwise = token.kind == Kind::Or;
                wanting = true;
            }
            Kind::Background => {
                script.malformed |= empty;
                pipeline.background = true;
                close(&mut script.list, &mut pipeline);
            }
            Kind::Semicolon => {
                script.malformed |= empty;
                close(&mut script.list, &mut pipeline);
            }
            _ => close(&mut script.list, &mut pipeline),
        }
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

// Compound commands

/// Reads pieces with the bash grammar.
fn compound(text: &str, tokens: &[Token], budget: &mut usize) -> Script {
    let skeleton = Skeleton::new(text, tokens);
    let all = 0..tokens.len();
    let left = budget.checked_sub(skeleton.text.len());
    *budget = left.unwrap_or(0);
    let Some(tree) = left.and_then(|_| parse(&skeleton.text)) else {
        let mut script = flat(tokens, all, Vec::new());
        script.truncated = true;
        return script;
    };
    let mut reader = Reader {
        text,
        tokens,
        starts: &skeleton.starts,
        truncated: false,
    };
    let units = reader.units(tree.root_node(), 0);
    let mut script = flat(tokens, all, units);
    script.malformed |= tree.root_node().has_error();
    script.truncated |= reader.truncated;
    script
}

/// The text that the grammar sees.
struct Skeleton {
    text: String,
    /// Where each piece begins that stands in it, and which piece that is.
    starts: Vec<(usize, usize)>,
}

/// What stands last in a skeleton.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    /// Nothing, or a word or bracket that wants a command after it.
    Opening,
    /// A simple command, or a word of a header.
    Command,
    /// The end of a compound command.
    Closing,
    Separator,
}

impl Skeleton {
    fn new(text: &str, tokens: &[Token]) -> Self {
        let mut skeleton = Self {
            text: String::with_capacity(tokens.len() * 2),
            starts: Vec::with_capacity(tokens.len()),
        };
        let mut last = Last::Opening;
        let mut loop_header = false;
        for (index, token) in tokens.iter().enumerate() {
            let raw = text.get(token.span.clone()).unwrap_or_default();
            let next = tokens.get(index + 1).map(|t| &t.kind);
            let (written, now) = match &token.kind {
                // The header of `for ((...))`: the grammar only needs to see a loop.
                Kind::Arithmetic if loop_header => ("w in w", Last::Command),
                // The name of a function is told by the parenthesis after it.
                Kind::Word if next == Some(&Kind::Open) => ("w", Last::Command),
                kind if kind.is_redirect() && last == Last::Closing => continue,
                kind if kind.in_command() => match last {
                    // One command stands for all in a row, and for all its words.
                    Last::Command => continue,
                    Last::Separator if skeleton.text.ends_with("w ; ") => continue,
                    _ => ("w", Last::Command),
                },
                Kind::Alternative => continue,
                Kind::Reserved if matches!(raw, "}" | "fi" | "done" | "esac") => {
                    (raw, Last::Closing)
                }
                Kind::Reserved => (raw, Last::Opening),
                Kind::Open => ("(", Last::Opening),
                Kind::Close => (")", Last::Closing),
                Kind::NextCase => (";;", Last::Opening),
                Kind::Newline if last == Last::Opening => continue,
                _ if last == Last::Separator => continue,
                _ => (";", Last::Separator),
            };
            // `done }` and `} then` are right as they are; the grammar wants a separator there.
            let goes_on = matches!(raw, "then" | "do" | "elif" | "else" | "}" | "fi" | "done");
            if last == Last::Closing && token.kind == Kind::Reserved && goes_on {
                skeleton.text.push_str("; ");
            }
            loop_header = token.kind == Kind::Reserved && matches!(raw, "for" | "select");
            last = now;
            skeleton.starts.push((skeleton.text.len(), index));
            skeleton.text.push_str(written);
            skeleton.text.push(' ');
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

/// Finds the compound commands in the syntax tree of a skeleton. What stands between them is left
/// to [`flat`], which knows better: to the grammar `a | b && c` is `a` piped into `b && c`.
struct Reader<'t> {
    text: &'t str,
    tokens: &'t [Token],
    starts: &'t [(usize, usize)],
    truncated: bool,
}

impl Reader<'_> {
    /// The outermost compound commands below a node, each with the pieces it is made of.
    fn units(&mut self, node: Node, depth: usize) -> Vec<(Range<usize>, Stage)> {
        let mut units = Vec::new();
        let mut cursor = node.walk();
        if !cursor.goto_first_child() {
            return units;
        }
        // Level of the cursor below `node`; lists nest as deep as they are long.
        let mut level = 1usize;
        loop {
            let unit = self.unit(cursor.node(), depth);
            let found = unit.is_some();
            units.extend(unit);
            if !found && cursor.goto_first_child() {
                level += 1;
                continue;
            }
            while !cursor.goto_next_sibling() {
                level -= 1;
                if level == 0 || !cursor.goto_parent() {
                    return units;
                }
            }
        }
    }

    /// A compound command and the redirections after it.
    fn unit(&mut self, node: Node, depth: usize) -> Option<(Range<usize>, Stage)> {
        if !node.is_named() || !is_compound(node.kind()) {
            return None;
        }
        if depth > bounds::NESTING {
            self.truncated = true;
            return None;
        }
        let mut range = self.pieces(node)?;
        if node.kind() == "function_definition" {
            let stage = self.function(node)?;
            return Some((range, stage));
        }
        let body = match node.kind() {
            "for_statement" => self.for_loop(node, range.start, depth)?,
            "case_statement" => self.case(node, range.start, depth),
            "if_statement" | "while_statement" => Body::Choice {
                looked_at: 0..0,
                list: self.inside(node, range.clone(), depth),
            },
            _ => Body::Group(self.inside(node, range.clone(), depth)),
        };
        let redirects = self.run_of(range.end, Kind::is_redirect);
        range.end = redirects.end;
        Some((range, Stage::Compound { body, redirects }))
    }

    /// The list inside a node. Its own reserved words and parentheses only separate commands.
    fn inside(&mut self, node: Node, range: Range<usize>, depth: usize) -> List {
        let units = self.units(node, depth + 1);
        flat(self.tokens, range, units).list
    }

    fn function(&self, node: Node) -> Option<Stage> {
        let name = self.pieces(node.child_by_field_name("name")?)?;
        let body = self.pieces(node.child_by_field_name("body")?)?;
        let first = self.tokens.get(body.start)?;
        let last = self.tokens.get(body.end.checked_sub(1)?)?;
        Some(Stage::Function {
            name: name.start,
            body: first.span.start..last.span.end,
        })
    }

    fn for_loop(&mut self, node: Node, start: usize, depth: usize) -> Option<Body> {
        let values = if self.is_reserved(start + 2, "in") {
            self.run_of(start + 3, |kind| *kind == Kind::Word)
        } else {
            start..start
        };
        let body = node.child_by_field_name("body")?;
        let pieces = self.pieces(body)?;
        Some(Body::Loop {
            variable: start + 1,
            values,
            list: self.inside(body, pieces, depth),
        })
    }

    fn case(&mut self, node: Node, start: usize, depth: usize) -> Body {
        let mut list = List::new();
        let mut cursor = node.walk();
        let items: Vec<Node> = node
            .named_children(&mut cursor)
            .filter(|child| child.kind() == "case_item")
            .collect();
        for item in items {
            let Some(mut pieces) = self.pieces(item) else {
                continue;
            };
            // Patterns end at the parenthesis.
            let patterns = self.run_of(pieces.start, |kind| *kind != Kind::Close);
            pieces.start = patterns.end;
            list.extend(self.inside(item, pieces, depth));
        }
        Body::Choice {
            looked_at: start + 1..start + 2,
            list,
        }
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

    /// The pieces from `start` on that are of a kind.
    fn run_of(&self, start: usize, kind: impl Fn(&Kind) -> bool) -> Range<usize> {
        let rest = self.tokens.get(start..).unwrap_or_default();
        start..start + rest.iter().take_while(|t| kind(&t.kind)).count()
    }

    fn is_reserved(&self, index: usize, word: &str) -> bool {
        self.tokens.get(index).is_some_and(|t| {
            t.kind == Kind::Reserved && self.text.get(t.span.clone()) == Some(word)
        })
    }
}

fn is_compound(kind: &str) -> bool {
    matches!(
        kind,
        "subshell"
            | "compound_statement"
            | "for_statement"
            | "if_statement"
            | "while_statement"
            | "case_statement"
            | "function_definition"
    )
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
                compound(text, &lexed.tokens, &mut 10_000),
                flat(&lexed.tokens, 0..lexed.tokens.len(), Vec::new()),
                "{text}"
            );
        }
    }
}
