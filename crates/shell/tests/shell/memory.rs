//! What a text runs that an earlier one left behind.

use std::sync::Arc;

use proctor_shell::{Memory, analyse, analyse_after};

/// The commands of a text where these files are known, a line each.
fn commands(files: &[(&str, &str)], text: &str) -> String {
    let mut memory = Memory::default();
    for (path, content) in files {
        memory.write(path, content);
    }
    let commands = analyse_after(&Arc::new(memory), text).commands;
    let lines: Vec<String> = commands.iter().map(|c| c.argv.join(" ")).collect();
    lines.join("\n")
}

#[test]
fn scripts_are_followed_in_any_way_of_running_them() {
    let files = [("/home/u/p/tools/x.sh", "#!/bin/bash\nrm -rf /srv\n")];
    for text in [
        "sh tools/x.sh",
        "bash /home/u/p/tools/x.sh now",
        "./tools/x.sh",
        ". tools/x.sh",
        "cd tools && source ./x.sh",
        "sudo bash tools/x.sh",
        "cat tools/x.sh | sh",
        "sh < tools/x.sh",
    ] {
        assert!(commands(&files, text).ends_with("rm -rf /srv"), "{text}");
    }
    for text in [
        "sh other.sh",
        "cat tools/x.sh",
        "chmod +x tools/x.sh",
        "echo > tools/x.sh; sh tools/x.sh",
    ] {
        assert!(!commands(&files, text).contains("rm -rf /srv"), "{text}");
    }
}

#[test]
fn a_file_that_runs_itself_ends() {
    let files = [("a.sh", "sh b.sh"), ("b.sh", "sh a.sh")];
    assert_eq!(commands(&files, "sh a.sh"), "sh a.sh\nsh b.sh\nsh a.sh");
    assert_eq!(
        commands(&[("Makefile", "a: b\n\tmake\nb: a\n\tls")], "make"),
        "make\nls\nmake"
    );
}

#[test]
fn make_runs_the_recipes_of_its_goals() {
    let makefile = "DIR := build\n.PHONY: all\nall: $(X) out\n\t@echo done\n\
        out: ; touch out\nclean:\n\t-rm -rf $(DIR) \\\n\t\t$$HOME/x\n";
    let files = [("/p/Makefile", makefile)];
    assert_eq!(
        commands(&files, "make -j 4"),
        "make -j 4\ntouch out\necho done"
    );
    assert_eq!(
        commands(&files, "make clean"),
        "make clean\nrm -rf build $HOME/x"
    );
    assert_eq!(commands(&files, "make other"), "make other");
    assert_eq!(commands(&[], "make"), "make");
}

#[test]
fn package_managers_run_the_scripts_of_the_package() {
    let package = r#"{"name": "build", "scripts": {"prebuild": "echo \"a\"", "build": "tsc", "test": "jest"}}"#;
    let files = [("/p/package.json", package)];
    assert_eq!(
        commands(&files, "npm run build"),
        "npm run build\necho a\ntsc"
    );
    assert_eq!(commands(&files, "npm t"), "npm t\njest");
    assert_eq!(commands(&files, "yarn build"), "yarn build\necho a\ntsc");
    assert_eq!(commands(&files, "npm run none"), "npm run none");
}

#[test]
fn tests_run_what_is_set_up_for_them() {
    let files = [(
        "/p/tests/conftest.py",
        "import os\nos.system('rm -rf /srv')\n",
    )];
    for text in ["pytest -q", "python3 -m pytest tests"] {
        assert!(commands(&files, text).ends_with("rm -rf /srv"), "{text}");
    }
}

#[test]
fn a_text_tells_what_it_leaves_behind() {
    let analysis = analyse("echo a > x; date > y; export A=1 B=$(date); C=2");
    assert_eq!(
        analysis.files,
        [
            ("x".to_owned(), Some("a\n".to_owned())),
            ("y".to_owned(), None)
        ]
    );
    assert_eq!(analysis.exports, [("A".to_owned(), "1".to_owned())]);
}
