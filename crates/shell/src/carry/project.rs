//! What build tools and test runners run because a file of the project says so.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::Layer;
use crate::code::Language;
use crate::content::Content;
use crate::run::Run;
use crate::scope::Scope;
use crate::variables::Value;
use crate::word::Word;

impl Run {
    /// Follows `make`, `npm run` and `pytest` to what the project's files make of them, where these
    /// are known.
    pub(super) fn project(&mut self, words: &[Word], index: usize, scope: &Scope) {
        let mut texts = words.iter().map(|w| w.text.as_str());
        let program = texts.next().unwrap_or_default();
        let program = program.rsplit('/').next().unwrap_or(program);
        let operands: Vec<&str> = texts.collect();
        match program {
            "make" | "gmake" => self.make(&operands, index, scope),
            "npm" | "pnpm" | "yarn" | "bun" => self.package_script(&operands, index, scope),
            "pytest" | "py.test" => self.test_setup(index, scope),
            _ if operands.starts_with(&["-m", "pytest"]) => self.test_setup(index, scope),
            _ => {}
        }
    }

    /// The recipes of the goals of `make`.
    fn make(&mut self, operands: &[&str], index: usize, scope: &Scope) {
        let mut file = None;
        let mut goals = Vec::new();
        let mut rest = operands.iter();
        while let Some(word) = rest.next() {
            match *word {
                "-f" | "--file" | "--makefile" => file = rest.next().copied(),
                "-C" | "-I" | "-o" | "-W" => drop(rest.next()),
                option if option.starts_with('-') || option.contains('=') => {}
                // `-j 4`.
                number if number.bytes().all(|b| b.is_ascii_digit()) => {}
                goal => goals.push(goal),
            }
        }
        let usual = ["GNUmakefile", "makefile", "Makefile"];
        let names = file.as_ref().map_or(&usual[..], std::slice::from_ref);
        let Some((name, content)) = self.first_known(names, scope) else {
            return;
        };
        let text = content.text();
        let makefile = Makefile::read(&text);
        for (name, value) in &makefile.variables {
            self.variables.set(name, Value::plain(*value));
        }
        let recipes = makefile.recipes(&goals);
        self.follow(name, recipes, index, scope);
    }

    /// The scripts of `package.json`.
    fn package_script(&mut self, operands: &[&str], index: usize, scope: &Scope) {
        let mut words = operands.iter().copied().filter(|w| !w.starts_with('-'));
        let name = match words.next() {
            Some("run" | "run-script" | "rum") => words.next(),
            Some("t" | "tst") => Some("test"),
            Some("i" | "ci" | "add") => Some("install"),
            other => other,
        };
        let (Some(script), Some((file, content))) =
            (name, self.first_known(&["package.json"], scope))
        else {
            return;
        };
        let text = content.text();
        let (_, scripts) = text.split_once("\"scripts\"").unwrap_or(("", &text));
        let names = [
            format!("pre{script}"),
            script.to_owned(),
            format!("post{script}"),
        ];
        let found = names.iter().filter_map(|name| field(scripts, name));
        let script = found.collect::<Vec<_>>().join("\n");
        self.follow(file, script, index, scope);
    }

    /// What `pytest` reads before any test.
    fn test_setup(&mut self, index: usize, scope: &Scope) {
        let name = "conftest.py";
        if let Some(content) = self.known_file(name, scope) {
            let layer = Layer::Script(name.to_owned());
            self.foreign(Language::Python, "python3", &content, layer, index, scope);
        }
    }

    fn first_known<'n>(&self, names: &[&'n str], scope: &Scope) -> Option<(&'n str, Rc<Content>)> {
        names
            .iter()
            .find_map(|name| Some((*name, self.known_file(name, scope)?)))
    }

    fn follow(&mut self, file: &str, script: String, index: usize, scope: &Scope) {
        let layer = Layer::Script(file.to_owned());
        // A recipe that runs the same file again is not followed again.
        if !script.is_empty() && !scope.via.contains(&layer) {
            self.open(&Content::from(script), layer, index, scope);
        }
    }
}

/// The text of a field of a JSON object, found without reading the whole: what is known of a file
/// may be a part of it.
fn field(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("\"{name}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?;
    let mut value = String::new();
    let mut letters = rest.trim_start().strip_prefix('"')?.chars();
    loop {
        match letters.next()? {
            '"' => return Some(value),
            '\\' => match letters.next()? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'u' => {
                    let digits: String = letters.by_ref().take(4).collect();
                    let number = u32::from_str_radix(&digits, 16).ok()?;
                    value.push(char::from_u32(number).unwrap_or('?'));
                }
                other => value.push(other),
            },
            letter => value.push(letter),
        }
    }
}

/// The rules of a makefile.
#[derive(Default)]
struct Makefile<'t> {
    rules: Vec<Rule<'t>>,
    /// Which rules make a target.
    of: HashMap<&'t str, Vec<usize>>,
    variables: Vec<(&'t str, &'t str)>,
}

#[derive(Default)]
struct Rule<'t> {
    needs: Vec<&'t str>,
    recipe: Vec<&'t str>,
}

impl<'t> Makefile<'t> {
    fn read(text: &'t str) -> Self {
        let mut makefile = Self::default();
        // Recipe lines of a part of a file whose rule stands elsewhere.
        makefile.rules.push(Rule::default());
        let mut goes_on = false;
        for line in text.lines() {
            let recipe = line.strip_prefix('\t').or(goes_on.then_some(line));
            goes_on = recipe.is_some() && line.ends_with('\\');
            if let Some(line) = recipe {
                if let Some(rule) = makefile.rules.last_mut() {
                    rule.recipe.push(line);
                }
            } else if let Some((name, value)) = assignment(line) {
                makefile.variables.push((name, value));
            } else if let Some((targets, needs)) = line.split_once(':')
                && !line.starts_with('#')
            {
                let (needs, recipe) = match needs.split_once(';') {
                    Some((needs, recipe)) => (needs, vec![recipe]),
                    None => (needs, Vec::new()),
                };
                let needs = needs.split('#').next().unwrap_or_default();
                let number = makefile.rules.len();
                for target in targets.split_whitespace() {
                    makefile.of.entry(target).or_default().push(number);
                }
                makefile.rules.push(Rule {
                    needs: needs.split_whitespace().collect(),
                    recipe,
                });
            }
        }
        makefile
    }

    /// What a shell is given to make these goals, or the first one.
    fn recipes(&self, goals: &[&'t str]) -> String {
        let first = self
            .of
            .iter()
            .filter(|(target, _)| !target.starts_with('.'));
        let first = first.min_by_key(|(_, rules)| rules.first().copied());
        let mut wanted: Vec<usize> = match (goals, first) {
            ([], Some((_, rules))) => rules.clone(),
            _ => goals
                .iter()
                .rev()
                .flat_map(|g| self.of.get(g))
                .flatten()
                .copied()
                .collect(),
        };
        let mut seen = HashSet::new();
        let mut order = Vec::new();
        while let Some(number) = wanted.pop() {
            let Some(rule) = self.rules.get(number).filter(|_| seen.insert(number)) else {
                continue;
            };
            order.push(number);
            wanted.extend(rule.needs.iter().filter_map(|n| self.of.get(n)).flatten());
        }
        // What is needed comes first.
        order.reverse();
        order.insert(0, 0);
        let rules = order.iter().filter_map(|number| self.rules.get(*number));
        let lines = rules.flat_map(|rule| &rule.recipe);
        lines.fold(String::new(), |mut script, line| {
            let line = line.trim_start_matches([' ', '\t', '@', '-', '+']);
            script.push_str(&shell_line(line));
            script.push('\n');
            script
        })
    }
}

/// `NAME = VALUE`, with any of make's signs.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end_matches([':', '?', '+', '!']).trim();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (!name.is_empty() && name.bytes().all(plain)).then_some((name, value.trim()))
}

/// A recipe line as the shell gets it: `$(NAME)` is a variable of make, `$$` a dollar of the shell.
fn shell_line(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        out.push('$');
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            rest = after;
        } else if let Some(after) = rest.strip_prefix("(shell ") {
            out.push('(');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')'))
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        {
            out.push_str(&format!("{{{name}}}"));
            rest = after;
        }
    }
    out.push_str(rest);
    out
}
