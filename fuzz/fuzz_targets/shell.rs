//! Shell text of any kind: nothing panics, and what comes out keeps its promises.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proctor_shell::{Analysis, analyse, analyse_code};

fuzz_target!(|text: &str| {
    let analysis = analyse(text);
    check(text, &analysis);
    assert_eq!(analysis, analyse(text), "the same text, the same analysis");
    // A text that is code gets there by an interpreter; spare it the way.
    for language in ["python", "node", "perl", "ruby", "php", "lua", "awk"] {
        check(text, &analyse_code(language, text));
    }
});

fn check(text: &str, analysis: &Analysis) {
    assert!(analysis.commands.len() <= 10_000);
    let mut bytes = 0;
    for (index, command) in analysis.commands.iter().enumerate() {
        assert!(
            text.get(command.span.clone()).is_some(),
            "span {:?} is inside the text, at character boundaries",
            command.span
        );
        assert!(command.carrier.is_none_or(|carrier| carrier < index));
        assert!(command.via.len() <= 64, "layers are bounded");
        bytes += command.argv.iter().map(String::len).sum::<usize>();
        let _ = command.program();
    }
    assert!(bytes <= 16 * 1024 * 1024, "words are bounded");
}
