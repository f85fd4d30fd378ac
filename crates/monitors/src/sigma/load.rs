//! Reads Sigma files, ours and other people's.

use proctor_model::{BehaviourId, Severity};
use rsigma_parser::{Level, SigmaRule, parse_sigma_yaml};

use super::{Category, reference};
use crate::ruleset::{Examples, OwnKeys, Problem, Rule, check_meaning};

/// A Sigma rule, read and not yet compiled.
pub(crate) struct SigmaSource {
    pub(crate) sigma: SigmaRule,
    pub(crate) rule: Rule,
    pub(crate) category: Category,
    pub(crate) examples: Examples<String>,
}

/// Reads the rules of one file. A file may hold several documents.
///
/// Rules for systems that no agent of ours runs on are counted in `elsewhere`.
pub(crate) fn load(
    file: &str,
    text: &str,
    problems: &mut Vec<Problem>,
    elsewhere: &mut usize,
) -> Vec<SigmaSource> {
    let mut problem = |line: u32, rule: Option<&str>, message: String| {
        problems.push(Problem {
            file: file.to_owned(),
            line,
            rule: rule.map(str::to_owned),
            message,
        });
    };
    let collection = match parse_sigma_yaml(text) {
        Ok(collection) => collection,
        Err(error) => {
            let error = error.to_string();
            problem(line_in(&error), None, error);
            return Vec::new();
        }
    };
    for error in &collection.errors {
        problem(line_in(error), None, error.clone());
    }
    if !collection.correlations.is_empty() || !collection.filters.is_empty() {
        problem(
            0,
            None,
            "correlation and filter rules are not supported; write a sequence".to_owned(),
        );
    }
    let mut sources = Vec::new();
    for sigma in collection.rules {
        let line = line_of(text, &sigma.title);
        let source = &sigma.logsource;
        if source
            .product
            .as_deref()
            .is_some_and(|p| !matches!(p, "linux" | "macos" | "unix"))
        {
            *elsewhere += 1;
            continue;
        }
        let category = source.category.as_deref().and_then(Category::named);
        let Some(category) = category.filter(|_| source.service.is_none()) else {
            problem(
                line,
                Some(&sigma.title),
                "no recording of an agent answers this log source; one of process_creation, \
                 file_event, file_access, file_delete, file_change, network_connection, shell_text"
                    .to_owned(),
            );
            continue;
        };
        let own = match own_keys(&sigma) {
            Ok(own) => own,
            Err(message) => {
                problem(line, Some(&sigma.title), message);
                continue;
            }
        };
        let rule = rule(file, line, &sigma, &own);
        sources.push(SigmaSource {
            sigma,
            rule,
            category,
            examples: own.examples,
        });
    }
    sources.retain(|source| check_meaning(&source.rule, problems));
    sources
}

fn own_keys(sigma: &SigmaRule) -> Result<OwnKeys, String> {
    let Some(value) = sigma.custom_attributes.get("proctor") else {
        return Ok(OwnKeys::default());
    };
    serde_json::to_value(value)
        .and_then(serde_json::from_value)
        .map_err(|e| format!("in `proctor`: {e}"))
}

fn rule(file: &str, line: u32, sigma: &SigmaRule, own: &OwnKeys) -> Rule {
    let id = sigma
        .name
        .as_deref()
        .or(sigma.id.as_deref())
        .unwrap_or(&sigma.title);
    let (severity, score) = match sigma.level.unwrap_or(Level::Medium) {
        Level::Informational => (Severity::Info, 0.1),
        Level::Low => (Severity::Low, 0.2),
        Level::Medium => (Severity::Medium, 0.4),
        Level::High => (Severity::High, 0.6),
        Level::Critical => (Severity::Critical, 0.8),
    };
    let behaviour = own
        .behaviour
        .as_ref()
        .map_or_else(|| behaviour_of_tags(&sigma.tags), BehaviourId::new);
    let explanation = own
        .why
        .as_deref()
        .or(sigma.description.as_deref())
        .unwrap_or_default();
    Rule {
        reference: reference(id, own.version.unwrap_or(1)),
        title: sigma.title.clone(),
        // A rule from elsewhere says how bad, not how sure; its level stands in for both.
        score: own.score.unwrap_or(score),
        severity,
        overreach: own.overreach,
        deception: own.deception,
        explanation: explanation.split_whitespace().collect::<Vec<_>>().join(" "),
        behaviour,
        marks: own.marks.clone(),
        file: file.to_owned(),
        line,
    }
}

/// The behaviour nearest to a rule's ATT&CK tactics, for rules that know nothing of behaviours.
fn behaviour_of_tags(tags: &[String]) -> BehaviourId {
    const TACTICS: [(&str, &str); 14] = [
        ("attack.credential-access", "credential-access"),
        ("attack.exfiltration", "exfiltration"),
        ("attack.persistence", "persistence"),
        ("attack.privilege-escalation", "privilege-escalation"),
        ("attack.command-and-control", "covert-channel"),
        ("attack.impact", "destructive-action"),
        ("attack.defense-evasion", "obfuscation"),
        ("attack.defense-impairment", "oversight-tampering"),
        ("attack.stealth", "obfuscation"),
        ("attack.lateral-movement", "scope-overreach"),
        ("attack.collection", "scope-overreach"),
        ("attack.initial-access", "scope-overreach"),
        ("attack.execution", "scope-overreach"),
        ("attack.discovery", "scope-overreach"),
    ];
    let tactic = TACTICS.iter().find(|(tactic, _)| {
        tags.iter()
            .any(|tag| tag.replace('_', "-").eq_ignore_ascii_case(tactic))
    });
    BehaviourId::new(tactic.map_or("scope-overreach", |(_, behaviour)| behaviour))
}

/// The line of a rule's title, counted from 1; 0 where it is not found.
fn line_of(text: &str, title: &str) -> u32 {
    text.lines()
        .position(|line| {
            line.strip_prefix("title:")
                .is_some_and(|t| t.trim().trim_matches(['"', '\'']) == title)
        })
        .and_then(|i| u32::try_from(i + 1).ok())
        .unwrap_or(0)
}

/// The line that an error of the YAML reader names, 0 where it names none.
fn line_in(error: &str) -> u32 {
    error
        .split_once("line ")
        .and_then(|(_, rest)| {
            rest.split(|c: char| !c.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or(0)
}
