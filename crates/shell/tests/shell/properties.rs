//! Promises that hold for any text.

use proctor_shell::{Analysis, analyse};
use proptest::prelude::*;

/// Texts that look like shell, at least in their parts.
fn shell_like() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "a",
        "b=c",
        "$x",
        "${x:1:2}",
        "$(",
        ")",
        "`",
        "'",
        "\"",
        "\\",
        " ",
        " ",
        " ",
        "\n",
        ";",
        "&&",
        "||",
        "|",
        "&",
        "<",
        ">",
        "<<E\n",
        "E\n",
        "<<<",
        "(",
        "{ ",
        "}",
        "if ",
        "then ",
        "fi",
        "for i in ",
        "do ",
        "done",
        "while ",
        "case x in ",
        "esac",
        ";;",
        "f() ",
        "[[ ",
        "]]",
        "((",
        "))",
        "{a,b}",
        "$'\\x41'",
        "sudo ",
        "bash -c ",
        "eval ",
        "xargs ",
        "echo ",
        "base64 -d",
        "python3 -c ",
        "os.system('a')",
        "é",
        "#",
        "*",
        "~",
        "2>&1",
        "=",
        "+",
        "!",
        "alias a=",
        "trap ",
        "crontab -",
        "tee f",
        "sh f",
        "printf ",
        "\\x41",
        "%s",
        "read x",
    ]);
    prop::collection::vec(parts, 0..40).prop_map(|parts| parts.concat())
}

fn check(text: &str, analysis: &Analysis) -> Result<(), TestCaseError> {
    for (index, command) in analysis.commands.iter().enumerate() {
        prop_assert!(text.get(command.span.clone()).is_some());
        prop_assert!(command.carrier.is_none_or(|carrier| carrier < index));
    }
    Ok(())
}

/// Quotes a word for the shell.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        check(&text, &analyse(&text))?;
    }

    #[test]
    fn any_shell_like_text_is_read_twice_the_same(text in shell_like()) {
        let analysis = analyse(&text);
        check(&text, &analysis)?;
        prop_assert_eq!(analysis, analyse(&text));
    }

    #[test]
    fn quoted_words_come_out_as_they_were(
        words in prop::collection::vec("[^\0]{0,12}", 1..6),
    ) {
        let text = format!("cmd {}", words.iter().map(|w| quote(w)).collect::<Vec<_>>().join(" "));
        let analysis = analyse(&text);
        prop_assert!(!analysis.malformed);
        prop_assert_eq!(&analysis.commands[0].argv[1..], &words[..]);
    }

    #[test]
    fn plain_words_are_split_at_blanks(
        words in prop::collection::vec("[A-Za-z0-9_./:@%+,-]{1,10}", 1..8),
    ) {
        let text = format!("cmd {}", words.join("  "));
        prop_assert_eq!(&analyse(&text).commands[0].argv[1..], &words[..]);
    }

    #[test]
    fn a_layer_shows_the_same_commands(text in shell_like()) {
        let plain = analyse(&text);
        let wrapped = analyse(&format!("bash -c {}", quote(&text)));
        // What begins like an option is one to bash.
        let comparable = !plain.truncated && !wrapped.truncated && !text.starts_with(['-', '+']);
        let words = |analysis: &Analysis, skip: usize| {
            let commands = analysis.commands.iter().skip(skip);
            commands.map(|c| c.argv.clone()).collect::<Vec<_>>()
        };
        if comparable {
            prop_assert_eq!(words(&plain, 0), words(&wrapped, 1));
        }
    }
}
