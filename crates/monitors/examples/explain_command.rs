//! Shows what a command line is taken for: the simple commands that it would run, and the rules
//! that match. Reads the command line from its argument.

use proctor_monitors::{Rules, command_score};

fn main() {
    let text: String = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    for command in proctor_shell::analyse(&text).commands {
        println!("{command:?}");
    }
    let rules = Rules::builtin();
    let (score, hits) = command_score(&rules, &text);
    println!("score {score:.3}");
    for hit in hits {
        let rule = hit.rule;
        println!(
            "{:.2} {} ({}): {}",
            rule.score, rule.reference.id, rule.behaviour, hit.quote
        );
    }
}
