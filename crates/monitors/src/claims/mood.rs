//! Whether a sentence states something: plans, hopes, conditions, questions, denials and the words
//! of others are no claims of the agent.

use super::sentences::{Kind, Sentence, Token, TokenKind};

/// Words that make what follows in the same clause a hope, a plan or a duty.
const HEDGES: &[&str] = &[
    "should",
    "would",
    "will",
    "may",
    "might",
    "could",
    "must",
    "shall",
    "ought",
    "probably",
    "likely",
    "hopefully",
    "presumably",
    "expect",
    "expected",
    "expecting",
    "believe",
    "think",
    "assume",
    "assuming",
    "suspect",
    "guess",
    "seem",
    "seems",
    "seemed",
    "appear",
    "appears",
    "ideally",
    "theoretically",
    "theory",
    "need",
    "needs",
    "want",
    "wants",
    "wanted",
    "hope",
    "let",
    "let's",
    "lets",
    "i'll",
    "we'll",
    "you'll",
    "it'll",
    "i'd",
    "you'd",
    "that'll",
    "going",
    "gonna",
    "please",
    "plan",
    "planned",
    "planning",
    "intend",
    "goal",
    "aim",
    "aims",
    "supposed",
    "recommend",
    "suggest",
    "suggested",
    "consider",
    "try",
    "trying",
    "attempt",
    "attempting",
    "unless",
    "todo",
    "remaining",
    "pending",
    "next",
    "wait",
    "waiting",
    "later",
    "soon",
    "whether",
    "required",
    "requires",
    "require",
    "target",
    "typically",
    "usually",
    "generally",
    "normally",
    "often",
];

/// Words that turn the clause into its contrary.
const DENIALS: &[&str] = &[
    "not",
    "no",
    "never",
    "none",
    "neither",
    "nor",
    "without",
    "unable",
    "cannot",
    "can't",
    "couldn't",
    "didn't",
    "don't",
    "doesn't",
    "haven't",
    "hasn't",
    "hadn't",
    "isn't",
    "aren't",
    "wasn't",
    "weren't",
    "won't",
    "wouldn't",
    "shouldn't",
    "yet",
    "instead",
    "skipped",
    "failed",
    "fails",
    "unverified",
    "untested",
    "nothing",
    "zero",
];

/// Words that open a condition; what follows in the sentence hangs on it.
const CONDITIONS: &[&str] = &[
    "if", "once", "unless", "until", "whether", "provided", "when", "whenever", "before", "till",
];

/// Words that hedge even after the verb.
const LATE_HEDGES: &[&str] = &[
    "probably",
    "likely",
    "hopefully",
    "presumably",
    "theoretically",
    "supposedly",
    "should",
    "reportedly",
    "allegedly",
];

/// Words that say it was so at another time than now.
const PAST: &[&str] = &[
    "previously",
    "originally",
    "initially",
    "earlier",
    "baseline",
    "formerly",
    "yesterday",
    "pre-existing",
    "upstream",
];

/// Those whose words a sentence may repeat.
const OTHERS: &[&str] = &[
    "readme",
    "documentation",
    "docs",
    "you",
    "they",
    "user",
    "issue",
    "ticket",
    "spec",
    "author",
    "description",
    "specification",
    "sub-agent",
    "subagent",
    "agent",
    "reporter",
    "comment",
    "message",
    "maintainer",
    "he",
    "she",
    "customer",
    "reviewer",
];

/// Verbs by which others are quoted.
const QUOTES: &[&str] = &[
    "says",
    "said",
    "say",
    "mentioned",
    "mentions",
    "mention",
    "reported",
    "reports",
    "states",
    "stated",
    "claims",
    "claimed",
    "noted",
    "notes",
    "told",
    "confirmed",
    "asked",
    "wanted",
    "described",
    "wrote",
    "writes",
    "shared",
    "provided",
    "pasted",
    "showed",
];

/// Base forms that tell somebody to see to it, rather than say that it is so.
const ORDERS: &[&str] = &[
    "verify",
    "ensure",
    "confirm",
    "check",
    "make",
    "validate",
    "run",
    "see",
    "add",
    "update",
    "create",
    "fix",
    "ensuring",
    "verifying",
    "checking",
    "confirming",
    "making",
    "validating",
    "get",
    "keep",
    "guarantee",
    "guarantees",
    "ensures",
    "verifies",
    "checks",
    "asserts",
    "implement",
    "write",
];

/// What a clause asserts, as far as its mood tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Said to be so, now.
    Stated,
    /// Said not to be so.
    Denied,
    /// Hoped, planned, asked, required, quoted, or true at another time.
    Other,
}

/// A stretch of a sentence that is judged by itself.
#[derive(Clone, Debug)]
pub(crate) struct Clause<'s> {
    pub(crate) tokens: Vec<Token<'s>>,
    /// What came before in the same sentence puts it under a condition or into a plan.
    under: bool,
}

/// The clauses of a sentence: cut at marks and at words like `but`, and before `and` where a new
/// statement starts.
pub(crate) fn clauses<'s>(tokens: &[Token<'s>]) -> Vec<Clause<'s>> {
    let mut out: Vec<Clause<'s>> = vec![];
    let mut now: Vec<Token<'s>> = vec![];
    let mut under = false;
    let mut aside: Option<Vec<Token<'s>>> = None;
    for (i, token) in tokens.iter().enumerate() {
        if token.kind == TokenKind::Mark {
            match token.low {
                // What stands in brackets is a clause of its own; the outer one goes on after it.
                "(" if aside.is_none() => {
                    aside = Some(std::mem::take(&mut now));
                    continue;
                }
                ")" => {
                    if let Some(outer) = aside.take() {
                        let inner = std::mem::replace(&mut now, outer);
                        close(&mut out, inner, &mut under);
                        continue;
                    }
                }
                "," | ";" | "→" | "." | "!" => {
                    close(&mut out, std::mem::take(&mut now), &mut under);
                    if token.low != "," {
                        under = false;
                    }
                    continue;
                }
                // After a label of up to four words the mark introduces, otherwise it cuts.
                "—" | "–" | ":" if now.len() > 4 => {
                    close(&mut out, std::mem::take(&mut now), &mut under);
                    continue;
                }
                _ => {}
            }
        } else if token.kind == TokenKind::Word && !now.is_empty() {
            match token.low {
                "but" | "however" | "although" | "though" | "whereas" | "except" | "because" => {
                    close(&mut out, std::mem::take(&mut now), &mut under);
                    under = false;
                }
                "and" | "so" if starts_anew(tokens.get(i + 1..).unwrap_or(&[])) => {
                    close(&mut out, std::mem::take(&mut now), &mut under);
                    continue;
                }
                _ => {}
            }
        }
        now.push(*token);
    }
    if let Some(outer) = aside {
        close(&mut out, outer, &mut under);
    }
    close(&mut out, now, &mut under);
    out
}

fn close<'s>(out: &mut Vec<Clause<'s>>, tokens: Vec<Token<'s>>, under: &mut bool) {
    if tokens.is_empty() {
        return;
    }
    let clause = Clause {
        tokens,
        under: *under,
    };
    // A condition or plan at the head of a sentence governs the clauses after it.
    if clause.opens_condition() || clause.opens_plan() {
        *under = true;
    }
    out.push(clause);
}

/// Whether the words after `and` have a subject of their own.
fn starts_anew(rest: &[Token<'_>]) -> bool {
    let Some(first) = rest.first() else {
        return false;
    };
    let digits = first.low.bytes().next().is_some_and(|b| b.is_ascii_digit());
    digits
        || matches!(
            first.low,
            "all"
                | "every"
                | "everything"
                | "the"
                | "tests"
                | "both"
                | "existing"
                | "i"
                | "i've"
                | "we"
                | "it"
                | "this"
                | "build"
                | "no"
                | "now"
                | "clippy"
                | "lint"
                | "verified"
                | "confirmed"
                | "pushed"
                | "committed"
                | "deployed"
                | "ran"
                | "created"
                | "updated"
        )
}

impl<'s> Clause<'s> {
    /// Position of the first token for which this holds.
    pub(crate) fn find(&self, test: impl Fn(&Token<'s>) -> bool) -> Option<usize> {
        self.tokens.iter().position(test)
    }

    /// Whether one of these words stands in the clause.
    pub(crate) fn has(&self, words: &[&str]) -> bool {
        self.tokens
            .iter()
            .any(|t| t.kind == TokenKind::Word && t.is(words))
    }

    /// The word at this position, empty where there is none.
    pub(crate) fn word(&self, at: usize) -> &'s str {
        match self.tokens.get(at) {
            Some(t) if t.kind == TokenKind::Word => t.low,
            _ => "",
        }
    }

    fn before(&self, at: usize) -> impl DoubleEndedIterator<Item = &Token<'s>> {
        self.tokens.iter().take(at)
    }

    fn opens_condition(&self) -> bool {
        let first = self.word(0);
        let second = self.word(1);
        let condition = |w: &str| {
            matches!(
                w,
                "if" | "once"
                    | "unless"
                    | "until"
                    | "whether"
                    | "provided"
                    | "assuming"
                    | "before"
                    | "whenever"
            )
        };
        if condition(first)
            || (matches!(first, "but" | "and" | "only" | "even") && condition(second))
        {
            return true;
        }
        // "When you run", "after you push", but not "when I ran", "after the change".
        matches!(first, "when" | "after" | "as")
            && self.has(&[
                "you",
                "your",
                "user",
                "someone",
                "merged",
                "complete",
                "completes",
            ])
            && !self.has(&["i", "we"])
    }

    fn opens_plan(&self) -> bool {
        self.tokens.iter().take(4).any(|t| {
            matches!(
                t.low,
                "let"
                    | "let's"
                    | "i'll"
                    | "we'll"
                    | "will"
                    | "next"
                    | "going"
                    | "please"
                    | "plan"
                    | "need"
                    | "should"
                    | "must"
                    | "todo"
                    | "want"
            )
        })
    }

    /// How the word at `at` (the verb of the claim) is meant.
    pub(crate) fn mood(&self, at: usize) -> Mood {
        let infinitive = at.checked_sub(1).is_some_and(|i| self.word(i) == "to");
        if infinitive && !self.has(&["continue", "continues", "continued"]) {
            return Mood::Other;
        }
        self.mood_of_value(at)
    }

    /// How the word at `at`, which is no verb, is meant.
    pub(crate) fn mood_of_value(&self, at: usize) -> Mood {
        if self.under {
            return Mood::Other;
        }
        if self
            .before(at)
            .any(|t| t.kind == TokenKind::Word && t.is(CONDITIONS))
            && !self.first_person_when(at)
        {
            return Mood::Other;
        }
        if self.tokens.iter().skip(at + 1).any(|t| {
            matches!(
                t.low,
                "if" | "when" | "once" | "unless" | "until" | "whenever" | "before"
            )
        }) {
            return Mood::Other;
        }
        let sure = self
            .before(at)
            .any(|t| matches!(t.low, "confirmed" | "verified" | "confirms" | "verifies"))
            || (self.has(&["can"]) && self.has(&["confirm"]));
        let hedged = self
            .before(at)
            .any(|t| t.kind == TokenKind::Word && t.is(HEDGES));
        if (hedged && !sure) || self.has(LATE_HEDGES) {
            return Mood::Other;
        }
        if self.has(PAST) || self.repeats_others() {
            return Mood::Other;
        }
        let ordered = self.before(at).enumerate().any(|(i, t)| {
            let order = t.kind == TokenKind::Word && t.is(ORDERS);
            let base = i == 0 || matches!(self.word(i - 1), "to" | "and" | "then" | "also" | "can");
            order && (base || t.low.ends_with("ing") || t.low.ends_with("es"))
        });
        if ordered && !(self.has(&["can"]) && self.has(&["confirm"])) {
            return Mood::Other;
        }
        if self
            .before(at)
            .any(|t| t.kind == TokenKind::Word && t.is(DENIALS))
        {
            return Mood::Denied;
        }
        Mood::Stated
    }

    /// Whether the clause repeats what somebody else said: "you said that", "according to".
    fn repeats_others(&self) -> bool {
        if self.has(&["according"]) {
            return true;
        }
        let words = self.tokens.iter().filter(|t| t.kind == TokenKind::Word);
        words.clone().zip(words.skip(1)).any(|(a, b)| {
            a.is(OTHERS) && (b.is(QUOTES) || matches!(b.low, "already" | "also" | "just"))
        })
    }

    /// "When I ran the suite all tests passed" is a report, not a condition.
    fn first_person_when(&self, at: usize) -> bool {
        self.before(at).any(|t| matches!(t.low, "i" | "we"))
            && !self.has(&["if", "once", "unless", "until", "whether"])
    }
}

/// Whether the line heads a list of what is still to come or to be met: "Next steps:".
pub(crate) fn opens_list_of_plans(sentence: &Sentence, words: &[Token<'_>]) -> bool {
    const AHEAD: &[&str] = &[
        "next",
        "todo",
        "to-do",
        "todos",
        "goal",
        "goals",
        "requirements",
        "criteria",
        "remaining",
        "roadmap",
        "upcoming",
        "future",
        "proposed",
        "planned",
        "plan",
        "plans",
        "should",
        "must",
        "need",
        "needs",
        "will",
        "expected",
        "prerequisites",
        "pending",
        "before",
    ];
    const REACHED: &[&str] = &[
        "done",
        "complete",
        "completed",
        "met",
        "fulfilled",
        "satisfied",
        "finished",
        "verified",
        "confirmed",
        "results",
        "result",
        "test",
        "was",
        "were",
        "did",
        "checked",
        "status",
    ];
    let short = words.len() <= 8;
    // A lead ends in a colon; without one only a heading, or a line as short as one, is a lead.
    let leads =
        sentence.kind == Kind::Heading || (sentence.kind == Kind::Prose && words.len() <= 3);
    let says = |list: &[&str]| words.iter().any(|t| t.is(list));
    leads && short && says(AHEAD) && !says(REACHED)
}

/// Whether the sentence as a whole can hold a claim: no question, no open task, no quoted line.
pub(crate) fn can_state(sentence: &Sentence) -> bool {
    if sentence.text.ends_with('?') {
        return false;
    }
    match sentence.kind {
        Kind::Item { ticked } => ticked != Some(false),
        Kind::Prose | Kind::Heading => true,
        Kind::Code => false,
    }
}
