//! `proctor explain`: a behaviour of the catalogue, in plain words.

use std::io::{IsTerminal, Write};

use proctor_model::Catalogue;

use crate::args::{Colour, ExplainArgs, Output};
use crate::{Exit, style};

/// Runs the command.
pub(crate) fn run(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    let catalogue = Catalogue::builtin();
    let plain = Output {
        json: args.json,
        color: Colour::Auto,
        reveal: false,
    };
    let style = style(&plain, false, std::io::stdout().is_terminal());
    let Some(id) = &args.behaviour else {
        if args.json {
            writeln!(out, "{}", serde_json::to_string_pretty(catalogue)?)?;
        } else {
            for behaviour in &catalogue.behaviours {
                writeln!(
                    out,
                    "{:<24} {:<8}  {}",
                    behaviour.id, behaviour.severity, behaviour.name
                )?;
            }
            writeln!(out, "\n`proctor explain BEHAVIOUR` says more.")?;
        }
        return Ok(Exit::Fine);
    };
    let id = crate::scan::behaviour(id)?;
    if let Some(behaviour) = catalogue.get(&id) {
        if args.json {
            writeln!(out, "{}", serde_json::to_string_pretty(behaviour)?)?;
        } else {
            write!(out, "{}", proctor_report::explain(behaviour, &style))?;
        }
    }
    Ok(Exit::Fine)
}
