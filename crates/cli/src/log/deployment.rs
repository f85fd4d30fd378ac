//! `proctor deployment`: the register of sanctioned deployments.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

use super::{at, clean, say, word};
use crate::Exit;
use crate::args::DeploymentCommand;
use crate::recorder::{Control, Place, control};

/// Runs the command.
pub(crate) fn deployment(
    command: &DeploymentCommand,
    state: Option<&Path>,
    json: bool,
) -> anyhow::Result<Exit> {
    let place = Place::of(state)?;
    match command {
        DeploymentCommand::Add { manifest } => {
            let text = std::fs::read_to_string(manifest)
                .with_context(|| format!("cannot read `{}`", manifest.display()))?;
            // Said here, where the file has a name.
            if let Err(error) = proctor_model::Manifest::parse(&text) {
                bail!("{}:{error}", manifest.display());
            }
            let done = control(&place, &Control::Propose { manifest: text })?;
            say(&done, json, |d| {
                let id = word(at(d, "/deployment"));
                let revision = &at(d, "/revision");
                format!(
                    "revision {revision} of `{id}` is put forward; it covers nothing before \
                     `proctor deployment approve {id} --revision {revision}`"
                )
            })
        }
        DeploymentCommand::List => {
            let all = control(&place, &Control::Deployments { id: None })?;
            list(&all, json)
        }
        DeploymentCommand::Show { id } => {
            let one = one(&place, id)?;
            say(&one, json, |d| {
                let mut text = format!("{}: {}\n", word(at(d, "/id")), standing(d));
                for entry in at(d, "/history").as_array().into_iter().flatten() {
                    text += &format!(
                        "{}  {} by {}{}\n",
                        word(at(entry, "/at")),
                        word(at(entry, "/change")),
                        word(at(entry, "/by")),
                        match at(entry, "/revision").as_u64() {
                            Some(revision) => format!(", revision {revision}"),
                            None => String::new(),
                        }
                    );
                }
                let newest = at(d, "/history").as_array().into_iter().flatten().rev();
                let newest = newest.filter_map(|e| at(e, "/text").as_str()).next();
                text + "\n" + newest.unwrap_or_default().trim_end()
            })
        }
        DeploymentCommand::Diff { id } => {
            let one = one(&place, id)?;
            if !(at(&one, "/approved").is_object() && at(&one, "/proposed").is_object()) {
                bail!("`{id}` has no approved manifest with another one put forward");
            }
            let mut out = std::io::stdout().lock();
            for change in at(&one, "/changes").as_array().into_iter().flatten() {
                if json {
                    writeln!(out, "{change}")?;
                    continue;
                }
                let line = format!(
                    "{}\n  - {}\n  + {}",
                    word(at(change, "/field")),
                    at(change, "/before"),
                    at(change, "/after")
                );
                writeln!(out, "{}", clean(&line))?;
            }
            Ok(Exit::Fine)
        }
        DeploymentCommand::Approve { id, revision } => {
            let request = Control::Approve {
                id: id.clone(),
                revision: *revision,
            };
            say(&control(&place, &request)?, json, |d| {
                format!(
                    "revision {} of `{}` holds from now on",
                    at(d, "/revision"),
                    word(at(d, "/deployment"))
                )
            })
        }
        DeploymentCommand::Retire { id, reason } => {
            let request = Control::Retire {
                id: id.clone(),
                reason: reason.clone(),
            };
            say(&control(&place, &request)?, json, |d| {
                format!("`{}` covers nothing any more", word(at(d, "/deployment")))
            })
        }
    }
}

fn one(place: &Place, id: &str) -> anyhow::Result<Value> {
    let request = Control::Deployments {
        id: Some(id.to_owned()),
    };
    let found = control(place, &request)?;
    let first = found.as_array().and_then(|all| all.first()).cloned();
    first.with_context(|| format!("no deployment `{id}`; `proctor deployment list` names them"))
}

fn standing(deployment: &Value) -> &'static str {
    match (
        at(deployment, "/retired").as_bool(),
        at(deployment, "/covers_today").as_bool(),
        at(deployment, "/approved").is_object(),
    ) {
        (Some(true), _, _) => "retired",
        (_, Some(true), _) => "in force",
        (_, _, true) => "expired",
        _ => "not approved",
    }
}

fn list(all: &Value, json: bool) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    for deployment in all.as_array().into_iter().flatten() {
        if json {
            writeln!(out, "{deployment}")?;
            continue;
        }
        let held = ["/approved/manifest", "/proposed/manifest"].map(|which| at(deployment, which));
        let manifest = held.iter().find(|m| m.is_object());
        let field = |name: &str| manifest.map_or("–", |m| word(at(m, &format!("/{name}"))));
        writeln!(
            out,
            "{:<24} {:<13} until {:<12} {}",
            clean(word(at(deployment, "/id"))),
            standing(deployment),
            field("expires"),
            clean(field("owner")),
        )?;
    }
    Ok(Exit::Fine)
}
