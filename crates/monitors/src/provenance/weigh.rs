//! Weighs one act against the instructions that tools brought: did the agent obey one of them
//! rather than its user?

use super::atoms::{Atom, Form};
use super::cues::either;
use super::outputs::{Output, Outputs};
use super::request::Asked;
use super::spans::{ORDERS, Span};
use super::subject::{Argument, Subject};
use super::words::{is_verb, stem};

/// The strongest case that an act obeys an instruction from a tool's output.
pub(crate) struct Case<'a> {
    /// In [0, 1]: how sure.
    pub(crate) score: f64,
    /// The output that the instruction stands in.
    pub(crate) output: &'a Output,
    /// The instruction.
    pub(crate) span: Span<'a>,
    /// The arguments that came from it, most telling first: argument, part, and whether the part
    /// stands in honest data as well.
    pub(crate) shared: Vec<Shared<'a>>,
    /// How far the request asks for such acts, in [0, 1].
    pub(crate) asked: f64,
}

/// An argument's part that stands in the instruction.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub(crate) argument: &'a Argument,
    pub(crate) atom: &'a Atom,
    /// In [0, 1]: how much it tells.
    weight: f64,
}

/// What a value still tells of its origin that honest data holds too: little, next to nothing if
/// it is a single word, but more if it is a phrase and the instruction is plainly one.
const ALSO_IN_DATA: f64 = 0.35;
const WORD_ALSO_IN_DATA: f64 = 0.1;
const PHRASE_ALSO_IN_DATA: f64 = 0.5;

/// How far an act of the very kind that an instruction orders, and that nobody asked for, speaks
/// for itself, whatever its values.
const ORDERED_ACT: f64 = 0.35;

/// What is left of the case where the act passes over the address or account that the
/// instruction is about.
const OFF_TARGET: f64 = 0.25;

/// Finds the strongest case.
pub(crate) fn weigh<'a>(
    subject: &'a Subject,
    outputs: &'a Outputs,
    asked: &Asked,
) -> Option<Case<'a>> {
    let mut best: Option<Case<'a>> = None;
    let asked_for = subject.asked_for(asked);
    let needles = subject.needles();
    let mut honest = Honest::new(outputs);
    for output in outputs.iter() {
        if subject.strict && !(output.holds(&needles) && output.may_steer()) {
            continue;
        }
        let values: Vec<(&'a Argument, &'a Atom)> = subject
            .arguments
            .iter()
            .flat_map(|argument| argument.atoms.iter().map(move |atom| (argument, atom)))
            .filter(|(_, atom)| output.has(atom))
            .collect();
        // Without a common value only an order that was followed in kind can make a case.
        let by_kind =
            subject.effect >= 0.5 && asked_for < 1.0 && !subject.strict && output.may_steer();
        if values.is_empty() && !by_kind {
            continue;
        }
        let covered = covers(output, subject, asked);
        let atoms: Vec<&Atom> = values.iter().map(|(_, atom)| *atom).collect();
        let spans: Vec<Span<'a>> = if by_kind {
            output.spans().all().collect()
        } else {
            output.spans().with(&atoms).collect()
        };
        for span in spans {
            let agency = span.agency(subject.strict);
            if span.is_data() || (subject.strict && agency < 0.5) {
                continue;
            }
            let mut shared = shared(&values, &span, agency, &mut honest);
            let kind = sameness(subject, &span);
            let ordered = by_kind
                && agency >= 0.5
                && span.own.imperative >= ORDERS
                && orders_this(subject, &span);
            if shared.is_empty() && !ordered {
                continue;
            }
            shared.sort_by(|a, b| b.weight.total_cmp(&a.weight));
            let mut support = either(shared.iter().map(|s| s.weight));
            if ordered {
                support = either([support, ORDERED_ACT * (1.0 - asked_for) * agency]);
            }
            if off_target(subject, &span, asked) {
                support *= OFF_TARGET;
            }
            let reads = span.instruction(subject.strict, (1.0 - asked_for) * kind);
            let score = support
                * reads
                * (0.6 + 0.4 * kind)
                * (0.12 + 0.88 * subject.effect)
                * (1.0 - (0.3 + 0.35 * (1.0 - agency)) * asked_for)
                * (1.0 - 0.75 * covered * (1.0 - agency) * (0.6 + 0.4 * asked_for))
                * if echoes(subject, &span) { 0.2 } else { 1.0 };

            if best.as_ref().is_none_or(|b| score > b.score) {
                best = Some(Case {
                    score,
                    output,
                    span,
                    shared,
                    asked: asked_for,
                });
            }
        }
    }
    best
}

/// Remembers which atoms some output holds outside of any instruction.
struct Honest<'a> {
    outputs: &'a Outputs,
    known: Vec<(&'a Atom, bool)>,
}

impl<'a> Honest<'a> {
    fn new(outputs: &'a Outputs) -> Self {
        Self {
            outputs,
            known: Vec::new(),
        }
    }

    fn has(&mut self, atom: &'a Atom) -> bool {
        if let Some((_, has)) = self.known.iter().find(|(a, _)| std::ptr::eq(*a, atom)) {
            return *has;
        }
        let has = self
            .outputs
            .iter()
            .filter(|output| output.has(atom))
            .any(|output| output.spans().with(&[atom]).any(|span| span.is_plain()));
        self.known.push((atom, has));
        has
    }
}

/// The parts of arguments that stand in the span: of each argument the most telling one.
fn shared<'a>(
    values: &[(&'a Argument, &'a Atom)],
    span: &Span<'_>,
    agency: f64,
    honest: &mut Honest<'a>,
) -> Vec<Shared<'a>> {
    let mut out: Vec<Shared<'a>> = Vec::new();
    for (argument, atom) in values {
        if !span.sentence.has(atom) {
            continue;
        }
        let weight = if !honest.has(atom) {
            atom.weight
        } else if agency >= 0.6 && atom.form == Form::Phrase && atom.text.contains(' ') {
            atom.weight * PHRASE_ALSO_IN_DATA
        } else if matches!(atom.form, Form::Phrase | Form::Number) && !atom.text.contains(' ') {
            atom.weight * WORD_ALSO_IN_DATA
        } else {
            atom.weight * ALSO_IN_DATA
        };
        let new = Shared {
            argument,
            atom,
            weight,
        };
        match out.iter_mut().find(|s| std::ptr::eq(s.argument, *argument)) {
            Some(old) if old.weight < weight => *old = new,
            Some(_) => {}
            None => out.push(new),
        }
    }
    out
}

/// In [0, 1]: how far tool and instruction speak of the same kind of act.
fn sameness(subject: &Subject, span: &Span<'_>) -> f64 {
    let shares_word =
        words_of(span).any(|word| subject.name.iter().any(|name| stem(name) == stem(word)));
    let same_kind = subject.kinds.meets(span.own.orders);
    0.5 * f64::from(u8::from(shares_word)) + 0.5 * f64::from(u8::from(same_kind))
}

/// Whether the instruction orders this very kind of act on this very kind of thing.
fn orders_this(subject: &Subject, span: &Span<'_>) -> bool {
    let named = |object: &String| words_of(span).any(|word| stem(word) == stem(object));
    subject.kinds.meets(span.own.orders)
        && (subject.objects.is_empty() || subject.objects.iter().any(named))
}

fn words_of<'a>(span: &Span<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    span.sentence
        .folded()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
}

/// Whether the instruction is about addresses or accounts that the request does not give, and the
/// act has none of them.
fn off_target(subject: &Subject, span: &Span<'_>, asked: &Asked) -> bool {
    let mut foreign = span
        .sentence
        .targets()
        .iter()
        .filter(|target| !asked.has(target))
        .peekable();
    foreign.peek().is_some() && !foreign.any(|target| subject.text.has(target))
}

/// In [0, 1]: how far the request itself hands the act over to this output: it says to follow
/// what stands there, or names the place and asks for such an act.
fn covers(output: &Output, subject: &Subject, asked: &Asked) -> f64 {
    let named = output.source().iter().any(|atom| asked.names(atom));
    let delegated = if !asked.delegates() {
        0.0
    } else if named {
        1.0
    } else {
        0.5
    };
    let asked_there = if named && asked.speaks_of(subject.kinds) {
        0.8
    } else {
        0.0
    };
    f64::max(delegated, asked_there)
}

/// Whether the act carries the instruction itself along, as a name or a quotation, rather than
/// doing what it says: the verb that orders stands in its arguments with the words that follow.
fn echoes(subject: &Subject, span: &Span<'_>) -> bool {
    // A command line is made of such words.
    if subject.command {
        return false;
    }
    let words: Vec<&str> = words_of(span).collect();
    words
        .windows(ECHO_WORDS)
        .filter(|window| window.first().is_some_and(|word| is_verb(word)))
        .any(|window| subject.text.has_words(&window.join(" ")))
}

/// Words in a row that make an echo.
const ECHO_WORDS: usize = 4;
