//! Quotes, variables, substitutions and braces.

use proctor_shell::{Layer, analyse};

use crate::{check, ends};

#[test]
fn quotes_are_removed() {
    check(
        r#"a 'b c' "d e" f\ g ''  "" h'i'"j" "#,
        &[r#"a "b c" "d e" "f g" "" "" hij"#],
    );
    check(r#"echo "a\"b\$c\n" 'd\e' "#, &[r#"echo a"b$c\n d\e"#]);
    check("a \\\n b", &["a b"]);
    check("a $'b\\tc\\x41' $\"d\"", &["~escapes> a b\tcA d"]);
    check("echo don\\'t # a comment's end\nx", &["echo don't", "x"]);
}

#[test]
fn a_name_that_is_taken_apart_is_marked() {
    check("c''url x", &["~quotes> curl x"]);
    check("c\\url x", &["~quotes> curl x"]);
    check("w\"ge\"t x", &["~quotes> wget x"]);
    check("$'\\x63url' x", &["~escapes> curl x"]);
    check("a=cu; b=rl; $a$b x", &["", "", "~variables> curl x"]);
    check("x=abcurl; ${x:2} y", &["", "~variables> curl y"]);
    check("cat${IFS}/etc/passwd", &["~variables> cat /etc/passwd"]);
    // All of these are everyday ways of writing.
    check("\\ls x", &["ls x"]);
    check("\"/opt/my tool/run\" x", &["\"/opt/my tool/run\" x"]);
    check("DIR=/opt; $DIR/bin/run x", &["", "/opt/bin/run x"]);
    check("CMD='run -x'; $CMD y", &["", "run -x y"]);
    check("echo a'b'c", &["echo abc"]);
}

#[test]
fn variables_that_the_text_assigns_are_known() {
    check("a='b c'; x $a \"$a\" ${a}d", &["", "x b c \"b c\" b cd"]);
    check(
        "a=1; a+=2; export b=$a; x $b",
        &["", "", "export b=12", "x 12"],
    );
    check(
        "a=(b 'c d'); x ${a[1]} \"${a[@]}\" ${#a[@]}",
        &["", "x c d b \"c d\" 2"],
    );
    check(
        "a=abcd; x ${a:1:2} ${a/b/X} ${a#a} ${a%d} ${a^^} ${#a}",
        &["", "x bc aXcd bcd abc ABCD 4"],
    );
    check("a=b; b=c; x ${!a}", &["", "", "x c"]);
    check(
        "read a b <<< 'x y z'; c $a \"$b\"",
        &["read a b", "c x \"y z\""],
    );
    check("printf -v a '%s' q; c $a", &["printf -v a %s q", "c q"]);
    check("a=b; unset a; x $a", &["", "unset a", "x $a"]);
    ends("x ${a:-b c} $((2 * 3 + 1))", "x b c 7");
}

#[test]
fn what_only_a_run_would_tell_stands_as_it_was_written() {
    let text = "cp $HOME/a \"$(date +%s).txt\" `pwd` ~/b *.c ${x[1]} $((y+1))";
    let command = &analyse(text).commands[0];
    assert_eq!(
        command.argv,
        [
            "cp",
            "$HOME/a",
            "$(date +%s).txt",
            "`pwd`",
            "~/b",
            "*.c",
            "${x[1]}",
            "$((y+1))"
        ]
    );
    assert!(command.dynamic);
    assert!(!analyse("cp ~/a *.c").commands[0].dynamic);
}

#[test]
fn substitutions_are_opened() {
    check(
        "a $(b $(c)) `d`",
        &[
            "a \"$(b $(c))\" `d`",
            "$()> b $(c)",
            "$()> $()> c",
            "$()> d",
        ],
    );
    check("a <(b) >(c)", &["a <(b) >(c)", "$()> b", "$()> c"]);
    check("a \"x $(b 'y)')\"", &["a \"x $(b 'y)')\"", "$()> b y)"]);
    check("a ${x:-$(b)}", &["a $(b)", "$()> b"]);
    check("a=$(b)", &["", "$()> b"]);
    check(
        "a `b \\`c\\``",
        &["a \"`b \\\\`c\\\\``\"", "$()> b `c`", "$()> $()> c"],
    );
}

#[test]
fn substitutions_with_a_known_output_are_replaced() {
    check("c$(echo u)rl x", &["curl x", "$()> echo u"]);
    check("$(which curl) x", &["curl x", "$()> which curl"]);
    check("a $(seq 1 3)", &["a 1 2 3", "$()> seq 1 3"]);
    check(
        "a \"$(printf '%s-%02d' b 7)\"",
        &["a b-07", "$()> printf %s-%02d b 7"],
    );
    // Part of the output is not known: the whole stays.
    ends("x=$(ls; echo b); c $x", "c \"$(ls; echo b)\"");
}

#[test]
fn a_commit_message_in_a_heredoc() {
    let text = "git commit -m \"$(cat <<'EOF'\nIt's (mostly) done; $x\nEOF\n)\" && git push";
    check(
        text,
        &[
            "git commit -m \"It's (mostly) done; $x\"",
            "$()> cat",
            "git push",
        ],
    );
    assert!(!analyse(text).malformed);
}

#[test]
fn braces() {
    check("{curl,-s,x}", &["curl -s x"]);
    check("a b{1..3}c d{,e}", &["a b1c b2c b3c d de"]);
    check("a {} {b} '{c,d}' ${x}", &["a {} {b} {c,d} ${x}"]);
}

#[test]
fn layers_travel_with_values() {
    let analysis = analyse("a=$(echo Y3VybA== | base64 -d); b=$a; $b x");
    let last = analysis.commands.last().unwrap();
    assert_eq!(last.argv, ["curl", "x"]);
    assert_eq!(last.via, [Layer::Decoded("base64".to_owned())]);
}
