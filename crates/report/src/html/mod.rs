//! One self-contained page: nothing is loaded, nothing runs that is not in the file, and it works
//! without scripts.
//!
//! The page is filled by a template that escapes every value; agents' texts reach it only through
//! a [`Lens`], so that they are masked as well. Its content security policy names the digests of
//! its one style sheet and its one script, and allows nothing else.

mod model;

use std::fmt::Write as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{
    AutoEscape, Environment, Output, State, UndefinedBehavior, Value, context, escape_formatter,
};
use thiserror::Error;

use crate::clean::Lens;
use crate::digest::Digest;
use crate::excerpt::SessionView;
use crate::scan::Scan;
use crate::{svg, units};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const TEMPLATES: [(&str, &str); 4] = [
    ("page.html", include_str!("page.html")),
    ("overview.html", include_str!("overview.html")),
    ("findings.html", include_str!("findings.html")),
    ("sessions.html", include_str!("sessions.html")),
];

/// The page could not be made. Only a broken template does this, never what a scan holds.
#[derive(Debug, Error)]
#[error("the report page could not be written")]
pub struct PageError(#[from] minijinja::Error);

/// The report as one self-contained page.
///
/// `views` are the sessions that it shows as timelines, as [`Plan`](crate::Plan) asked for them.
/// Credentials are masked unless `reveal`, and every home directory is written as `~`, so that
/// the page can be handed on. Its size is bounded whatever the scan holds.
///
/// # Errors
///
/// If a template is broken.
pub fn html(scan: &Scan, views: &[SessionView], reveal: bool) -> Result<String, PageError> {
    let lens = Lens {
        reveal,
        home: scan.home.clone(),
        any_home: true,
    };
    let digest = Digest::of(scan, &lens);
    let page = model::Page::of(scan, &digest, views, &lens);
    let environment = environment()?;
    let template = environment.get_template("page.html")?;
    Ok(template.render(context! {
        page => Value::from(Serde(&page)),
        digest => Value::from(Serde(&digest)),
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        style_digest => digest_of(STYLE),
        script_digest => digest_of(SCRIPT),
        revealed => reveal,
    })?)
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_formatter(format);
    let mut syntax = SyntaxConfig::builder();
    env.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).build()?);
    env.add_filter("count", units::count);
    env.add_filter("bytes", units::bytes);
    env.add_filter("duration", units::duration);
    env.add_filter("percent", units::percent);
    env.add_filter("counted", |n: u64, one: &str, many: &str| {
        units::counted(n, one, many)
    });
    env.add_filter("ticks", ticks);
    env.add_function("bar", |part: u64, whole: u64, class: &str| {
        Value::from_safe_string(svg::bar(part, whole, class))
    });
    for (name, source) in TEMPLATES {
        env.add_template(name, source)?;
    }
    Ok(env)
}

/// Escapes texts as the plots do. The engine's own way writes slashes as entities too, of which
/// paths are full; everything but plain texts is left to it.
fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    match value.as_str().filter(|_| !value.is_safe()) {
        Some(text) => Ok(out.write_str(&svg::escape(text))?),
        None => escape_formatter(out, state, value),
    }
}

/// Sets what stands between backquotes as code. Everything is escaped here, so that the result is
/// safe as it is; text with a stray backquote stays plain.
fn ticks(text: &str) -> Value {
    let parts: Vec<&str> = text.split('`').collect();
    let plain = parts.len().is_multiple_of(2);
    let mut out = String::with_capacity(text.len() + 32);
    for (i, part) in parts.into_iter().enumerate() {
        let escaped = svg::escape(part);
        let _ = match (plain, i % 2) {
            (true, 0) if i == 0 => write!(out, "{escaped}"),
            (true, _) => write!(out, "`{escaped}"),
            (false, 0) => write!(out, "{escaped}"),
            (false, _) => write!(out, "<code>{escaped}</code>"),
        };
    }
    Value::from_safe_string(out)
}

/// The digest of an inline style or script as a content security policy names it.
fn digest_of(text: &str) -> Value {
    use base64::Engine as _;
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(text.as_bytes());
    let digest = base64::engine::general_purpose::STANDARD.encode(digest);
    Value::from_safe_string(format!("sha256-{digest}"))
}
