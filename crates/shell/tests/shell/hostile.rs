//! Texts made to hurt.

use proctor_shell::{Analysis, analyse, analyse_code};

/// As much as is read of a text; less where the code is not optimised, which takes its time.
const LEN: usize = if cfg!(debug_assertions) {
    32 * 1024
} else {
    256 * 1024
};

#[track_caller]
fn bounded(text: &str, analysis: &Analysis) {
    assert!(analysis.commands.len() <= 10_000);
    let bytes: usize = analysis
        .commands
        .iter()
        .map(|c| c.argv.iter().map(String::len).sum::<usize>())
        .sum();
    assert!(bytes <= 16 << 20, "{bytes}");
    for command in &analysis.commands {
        assert!(text.get(command.span.clone()).is_some());
    }
}

#[test]
fn deep_nesting_fits_on_a_small_stack() {
    let nests = [
        ("(", ")"),
        ("$(", ")"),
        ("{ ", ";}"),
        ("\"$(", ")\""),
        ("${a:-", "}"),
        ("<(", ")"),
        ("if a;then ", ";fi"),
        ("case a in b) ", ";; esac"),
        ("while a;do ", ";done"),
        ("f(){ ", ";}"),
        ("for i in a;do ", ";done"),
        ("`", "`"),
        ("a=(", ")"),
        ("@(", ")"),
        ("[[ (", ") ]]"),
        ("((", "))"),
        ("a|{ ", ";}"),
        ("x $(a|", ")"),
    ];
    let languages = ["python", "node", "perl", "ruby", "php", "lua", "awk"];
    let run = move || {
        for (open, close) in nests {
            for depth in [30, 60, 5_000] {
                let text = format!("{}x{}", open.repeat(depth), close.repeat(depth));
                bounded(&text, &analyse(&text));
            }
        }
        for open in ["(", "[", "{", "f(", "a[", "\"#{", "`${", "eval("] {
            for language in languages {
                let text = open.repeat(20_000);
                bounded(&text, &analyse_code(language, &text));
            }
        }
        // Layers in layers, each a level of everything.
        let mut text = "x".to_owned();
        for _ in 0..12 {
            text = format!("sudo bash -c {:?}", format!("if a; then (b; {text}); fi"));
        }
        bounded(&text, &analyse(&text));
    };
    let small = std::thread::Builder::new().stack_size(1024 * 1024);
    small.spawn(run).unwrap().join().unwrap();
}

#[test]
fn long_texts_end_in_time() {
    let start = std::time::Instant::now();
    let repeated = [
        "(",
        "$(",
        "`",
        "${",
        "\"$(",
        "'",
        "$'",
        "{ a; }|",
        "a|",
        "a)",
        "fi ",
        "<<E\n",
        "a<<E ",
        "{a,b",
        "{a,b}",
        "${a//",
        "f(){ f|f;};",
        "[[ ",
        "case x in a)",
        ";;b)",
        "\0",
        "\\",
    ];
    for unit in repeated {
        let text = unit.repeat(LEN / unit.len());
        bounded(&text, &analyse(&text));
    }
    for unit in ["'\"", "q(", "a=[a,a];", "a=a+a;", "f\"{", "\"\"\"", "/*"] {
        for language in ["python", "node", "perl"] {
            let text = unit.repeat(LEN / unit.len());
            bounded(&text, &analyse_code(language, &text));
        }
    }
    // Fractions of a second each in a release build.
    assert!(start.elapsed().as_secs() < 120);
}

#[test]
fn what_grows_is_cut() {
    let doubling = format!("a=xxxxxxxx;{} echo $a", "a=$a$a;".repeat(100));
    let loops = format!(
        "{}a=b;{}",
        "for i in 1 2 3 4 5 6 7 8;do ".repeat(10),
        "done;".repeat(10)
    );
    let groups = format!("{{ {} }} {}", "a;".repeat(5_000), ">f ".repeat(5_000));
    let encoded = format!(
        "echo {} {} | sh",
        "QUFB".repeat(9_000),
        "| base64 -d | base64".repeat(900)
    );
    let stdin = format!(
        "cat <<E | {{ {} }}\n{}\nE\n",
        "cat;".repeat(9_000),
        "x".repeat(90_000)
    );
    let python = format!(
        "python3 -c 'a=\"xx\"\n{}'",
        "a=a.replace(\"x\",\"xxxx\")\n".repeat(100)
    );
    let texts = [
        doubling.as_str(),
        &loops,
        &groups,
        &encoded,
        &stdin,
        &python,
        "f(){ f;f;f;f;f;f;f;f;f;f; };f",
        "x='f(){ eval \"$x\"; }'; eval \"$x\"",
        "x='eval \"$x\";eval \"$x\"'; eval \"$x\"",
    ];
    for text in texts {
        let analysis = analyse(text);
        bounded(text, &analysis);
        assert!(
            analysis.truncated,
            "{}",
            text.chars().take(60).collect::<String>()
        );
    }
}

#[test]
fn a_long_text_is_read_from_its_beginning() {
    let text = format!("a b\n{}", "# é\n".repeat(64 * 1024));
    let analysis = analyse(&text);
    assert!(analysis.truncated);
    assert_eq!(analysis.commands.len(), 1);
}
