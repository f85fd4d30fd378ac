//! Claims about deeds: files made, changed and deleted, work shipped, work done.

use super::super::ClaimKind;
use super::super::mood::{Clause, Mood};
use super::super::paths;
use super::super::sentences::{Token, TokenKind};

/// What was done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Created,
    Changed,
    Deleted,
}

impl Verb {
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "created" | "wrote" | "generated" => Self::Created,
            "added" | "updated" | "modified" | "changed" | "edited" | "refactored" | "rewrote"
            | "replaced" | "renamed" | "moved" | "fixed" | "implemented" | "extended"
            | "rewritten" | "patched" | "corrected" | "written" => Self::Changed,
            "deleted" | "removed" => Self::Deleted,
            _ => return None,
        })
    }

    pub(super) fn kind(self, path: String) -> ClaimKind {
        match self {
            Self::Created => ClaimKind::FileCreated { path },
            Self::Changed => ClaimKind::FileChanged { path },
            Self::Deleted => ClaimKind::FileDeleted { path },
        }
    }
}

/// The verb of a line such as `Files created:` that the items after it share.
pub(super) fn list_verb(low: &str, words: &[Token<'_>]) -> Option<Verb> {
    let about_files = low.contains("file");
    let planned = [
        "to be",
        "to create",
        "to change",
        "will",
        "should",
        "would",
        "could",
        "not ",
    ];
    if !about_files || planned.iter().any(|w| low.contains(w)) || words.len() > 8 {
        return None;
    }
    words.iter().find_map(|t| match t.low {
        "new" => Some(Verb::Created),
        word => Verb::of(word),
    })
}

pub(super) fn path_of(token: &Token<'_>) -> Option<String> {
    paths::path_like(token.raw, token.kind == TokenKind::Code).map(str::to_owned)
}

/// The files that the clause says were created, changed or deleted.
pub(super) fn files_touched(clause: &Clause<'_>) -> Vec<(Verb, String)> {
    let found = clause.tokens.iter().enumerate().find_map(|(i, t)| {
        (t.kind == TokenKind::Word)
            .then(|| Verb::of(t.low))
            .flatten()
            .map(|v| (i, v))
    });
    let Some((at, verb)) = found else {
        return vec![];
    };
    let previous = at.checked_sub(1).map_or("", |i| clause.word(i));
    let active = at == 0
        || matches!(
            previous,
            "i" | "i've"
                | "we"
                | "we've"
                | "have"
                | "also"
                | "and"
                | "then"
                | "successfully"
                | "just"
                | "now"
                | ":"
                | "—"
        )
        || clause
            .tokens
            .get(at - 1)
            .is_some_and(|t| t.kind == TokenKind::Mark);
    let passive = clause.has(&["was", "were", "been"])
        && matches!(
            previous,
            "was" | "were" | "been" | "successfully" | "now" | "also" | "is"
        );
    if !(active || passive) || clause.mood(at) != Mood::Stated {
        return vec![];
    }
    // "was created by the installer", "the file I was given"
    if clause.has(&["by", "who", "commit", "given", "which"]) && passive {
        return vec![];
    }
    let mut out = vec![];
    for (i, token) in clause.tokens.iter().enumerate() {
        let reach = if i > at { i - at <= 12 } else { passive };
        if !reach {
            continue;
        }
        let Some(path) = path_of(token) else {
            continue;
        };
        let link = i.checked_sub(1).map_or("", |j| clause.word(j));
        let effect = match (verb, link) {
            // "removed `foo` from `a.rs`", "moved x to a.rs", "fixed y in a.rs": a.rs was changed.
            (_, "in" | "to" | "into" | "from") => Verb::Changed,
            // "created with x.sh", "based on a.md", "like b.py", "using c.py", "for d.rs"
            (
                _,
                "with" | "on" | "like" | "using" | "for" | "than" | "of" | "as" | "see" | "via"
                | "against" | "per" | "following" | "matching" | "reads" | "where",
            ) => continue,
            (verb, _) => verb,
        };
        out.push((effect, path));
    }
    out.truncate(12);
    out
}

/// Committed, pushed, deployed, published.
pub(super) fn shipped(clause: &Clause<'_>) -> Option<ClaimKind> {
    let at = clause.find(|t| {
        t.kind == TokenKind::Word
            && matches!(
                t.low,
                "committed" | "pushed" | "deployed" | "published" | "opened" | "merged"
            )
    })?;
    let word = clause.word(at);
    let previous = at.checked_sub(1).map_or("", |i| clause.word(i));
    let active = at == 0
        || matches!(
            previous,
            "i" | "i've"
                | "we"
                | "we've"
                | "have"
                | "also"
                | "and"
                | "then"
                | "successfully"
                | "just"
                | "now"
        );
    let passive = matches!(previous, "was" | "were" | "been" | "is" | "are")
        && clause.has(&[
            "changes",
            "change",
            "fix",
            "branch",
            "everything",
            "code",
            "app",
            "application",
            "service",
            "site",
            "work",
            "update",
            "release",
        ]);
    if !(active || passive) || clause.mood(at) != Mood::Stated {
        return None;
    }
    match word {
        "committed" => (!clause.has(&["to", "secrets", "secret", "already"])
            || clause.has(&["changes", "branch", "main", "git"]))
        .then_some(ClaimKind::Committed),
        "pushed" => (clause.has(&[
            "branch",
            "origin",
            "remote",
            "changes",
            "main",
            "master",
            "commit",
            "commits",
            "it",
            "everything",
            "fix",
            "upstream",
        ]) || clause.tokens.iter().any(|t| t.kind == TokenKind::Code))
        .then_some(ClaimKind::Pushed),
        "opened" => clause
            .has(&["pr", "request", "mr"])
            .then_some(ClaimKind::Pushed),
        "merged" => clause
            .has(&["pr", "request", "mr", "branch"])
            .then_some(ClaimKind::Pushed),
        _ => Some(ClaimKind::Deployed),
    }
}

/// Verbs for what agents do with tools that are neither files nor shells.
const ACTS: &[&str] = &[
    "sent",
    "emailed",
    "messaged",
    "posted",
    "replied",
    "paid",
    "transferred",
    "booked",
    "scheduled",
    "rescheduled",
    "reserved",
    "invited",
    "ordered",
    "purchased",
    "cancelled",
    "canceled",
    "refunded",
    "notified",
    "subscribed",
    "unsubscribed",
];

/// The verb by which the clause says that the agent acted on the world.
pub(super) fn acted(clause: &Clause<'_>) -> Option<&'static str> {
    let at = clause.find(|t| t.kind == TokenKind::Word && t.is(ACTS))?;
    let previous = at.checked_sub(1).map_or("", |i| clause.word(i));
    let own = clause.has(&["i", "i've", "we've"])
        && matches!(
            previous,
            "i" | "i've" | "we've" | "have" | "successfully" | "also" | "and" | "just" | "now"
        );
    let passive = matches!(previous, "been" | "successfully")
        && clause.has(&["has", "have"])
        && clause.has(&["been"]);
    // "the mail you were sent", "was sent by Kim"
    let other = clause.has(&["by", "you", "who", "were"]);
    if !(own || passive) || other || clause.mood(at) != Mood::Stated {
        return None;
    }
    ACTS.iter().find(|v| **v == clause.word(at)).copied()
}

/// Whether the clause says that the whole work is done and works.
pub(super) fn done(clause: &Clause<'_>) -> bool {
    let Some(at) = clause.find(|t| {
        t.kind == TokenKind::Word
            && matches!(
                t.low,
                "done"
                    | "complete"
                    | "completed"
                    | "implemented"
                    | "works"
                    | "working"
                    | "fixed"
                    | "resolved"
                    | "finished"
                    | "functional"
                    | "production-ready"
                    | "operational"
            )
    }) else {
        return false;
    };
    let whole = clause.has(&[
        "all",
        "everything",
        "fully",
        "now",
        "successfully",
        "task",
        "implementation",
        "feature",
        "fix",
        "bug",
        "issue",
        "work",
        "completely",
        "correctly",
        "migration",
        "refactor",
        "it's",
        "i've",
        "problem",
    ]);
    let short = clause.tokens.len() <= 3
        && matches!(clause.word(at), "done" | "fixed" | "complete" | "completed");
    let narrow = clause.has(&["how", "works", "way", "why", "what"])
        && clause.has(&["how", "way", "why", "what"]);
    (whole || short) && !narrow && clause.tokens.len() <= 14 && clause.mood(at) == Mood::Stated
}
