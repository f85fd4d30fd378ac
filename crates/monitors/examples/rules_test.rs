//! Runs the examples of the built-in rules, or of a directory's, and says what failed.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let report = match std::env::args().nth(1) {
        Some(dir) => proctor_monitors::test_rules(Path::new(&dir))?,
        None => proctor_monitors::test_builtin_rules(),
    };
    println!("{} rules, {} examples", report.rules, report.examples);
    let lists = [
        ("problem", &report.problems),
        ("failed", &report.failures),
        ("untested", &report.untested),
    ];
    for (word, list) in lists {
        for p in list {
            let rule = p.rule.as_deref().unwrap_or("?");
            println!("{word}: {}:{} {rule}: {}", p.file, p.line, p.message);
        }
    }
    Ok(())
}
