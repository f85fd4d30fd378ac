//! Inline code of other languages.

use proctor_shell::analyse_code;

use crate::{check, ends, line};

/// What code of a language runs.
#[track_caller]
fn runs(language: &str, code: &str, commands: &[&str]) {
    let analysis = analyse_code(language, code);
    let found: Vec<String> = analysis.commands.iter().skip(1).map(line).collect();
    assert_eq!(found, commands, "{code}");
    let first = &analysis.commands[0];
    assert_eq!(first.argv, [language, "-c", code]);
}

#[test]
fn where_code_stands() {
    let code = "import os; os.system(\"a\")";
    ends(&format!("python3 -c '{code}'"), "python:> a");
    ends(&format!("python3.11 -Bc '{code}'"), "python:> a");
    ends(
        &format!("sudo python -u -c '{code}' x y"),
        "!sudo> python:> a",
    );
    ends(&format!("python3 - <<'E'\n{code}\nE"), "stdin> python:> a");
    ends(&format!("echo '{code}' | python3"), "stdin> python:> a");
    ends(
        &format!("echo '{code}' > x.py; python3 x.py"),
        "./x.py> python:> a",
    );
    ends("perl -lne 'system(\"a\")' f", "perl:> a");
    ends(
        "perl -MMIME::Base64 -e 'system(\"a\");' -e 'exec \"b\"'",
        "perl:> b",
    );
    ends("ruby -rsocket -e 'system(\"a\")'", "ruby:> a");
    ends(
        "node -e 'require(\"child_process\").exec(\"a\")'",
        "node:> a",
    );
    ends("php -r 'system(\"a\");'", "php:> a");
    ends("awk -F: '{ system(\"a \" $1) }' f", "awk:> a {$1}");
    // The code itself stays visible where it stood in no word.
    check(
        "python3 <<'E'\nprint(1)\nE",
        &["python3", "stdin> python3 -c \"print(1)\\n\""],
    );
    check("python3 script.py -c x", &["python3 script.py -c x"]);
    check("python3 -m pytest -q", &["python3 -m pytest -q"]);
    check("perl -v; awk -f x.awk y", &["perl -v", "awk -f x.awk y"]);
}

#[test]
fn python() {
    runs(
        "python",
        "import os as o\no.system('a b')",
        &["python:> a b"],
    );
    runs(
        "python",
        "from os import system as s, popen\ns('a'); popen('b').read()",
        &["python:> a", "python:> b"],
    );
    runs(
        "python",
        "import subprocess\nsubprocess.run(['a', 'b c'], check=True)",
        &["python:> a \"b c\""],
    );
    runs(
        "python",
        "subprocess.check_output('a | b', shell=True)",
        &["python:> a", "python:> b"],
    );
    runs(
        "python",
        "u = 'x' + \"y\" 'z'\nsubprocess.call(f'a {u} {v}', shell=True)",
        &["python:> a xyz {v}"],
    );
    runs(
        "python",
        "subprocess.Popen(args=['a', b])",
        &["python:> a {b}"],
    );
    runs("python", "__import__('os').system('a')", &["python:> a"]);
    runs(
        "python",
        "getattr(__import__('o'+'s'), 'sys'+'tem')('a')",
        &["python:> a"],
    );
    runs("python", "os.execvp('a', ['a', 'b'])", &["python:> a b"]);
    runs(
        "python",
        "os.spawnlp(os.P_WAIT, 'a', 'a', 'b')",
        &["python:> a b"],
    );
    runs(
        "python",
        "x = [\n  'a',\n  'b',\n]\nsubprocess.run(x + ['c'])",
        &["python:> a b c"],
    );
    runs(
        "python",
        "for i in range(3):\n    os.system(\"\"\"a\nb\"\"\")",
        &["python:> a", "python:> b"],
    );
    runs(
        "python",
        "!pip install a\nx = !b",
        &["python:> pip install a"],
    );
    runs("python", "# os.system('a')\nprint('os.system(1)')", &[]);
    runs("python", "pty.spawn('/bin/bash')", &["python:> /bin/bash"]);
}

#[test]
fn python_that_hides() {
    runs(
        "python",
        "exec(base64.b64decode('b3Muc3lzdGVtKCJhIik='))",
        &[
            "python:> ~base64> python -c os.system(\"a\")",
            "python:> ~base64> python:> a",
        ],
    );
    runs(
        "python",
        "os.system(bytes.fromhex('61').decode())",
        &["python:> ~hex> a"],
    );
    runs(
        "python",
        "os.system(''.join(chr(c) for c in [97, 0x62]))",
        &["python:> ~characters> ab"],
    );
    runs(
        "python",
        "os.system(''.join(map(chr, [97, 98])))",
        &["python:> ~characters> ab"],
    );
    runs("python", "os.system('ba'[::-1])", &["python:> ~rev> ab"]);
    runs(
        "python",
        "os.system(codecs.decode('n', 'rot13'))",
        &["python:> ~rot13> a"],
    );
    runs(
        "python",
        "os.system('xb'.replace('x', 'a'))",
        &["python:> ~replace> ab"],
    );
    runs("python", "os.system('\\x61b')", &["python:> ~escapes> ab"]);
    ends("python3 -c \"print('a b')\" | sh", "stdin> a b");
}

#[test]
fn javascript() {
    runs(
        "node",
        "const cp = require('node:child_process'); cp.execSync(`a ${x}`)",
        &["node:> a {x}"],
    );
    runs(
        "node",
        "const {exec: e, spawn} = require('child_process'); e('a'); spawn('b', ['c d'])",
        &["node:> a", "node:> b \"c d\""],
    );
    runs(
        "node",
        "import * as cp from 'child_process'\ncp.exec('a', (err) => { cp.exec('b') })",
        &["node:> a", "node:> b"],
    );
    runs(
        "node",
        "import { execFileSync as x } from \"child_process\"; x('a', ['b'])",
        &["node:> a b"],
    );
    runs("node", "/re'gex/.exec('a'); x.exec('b') // exec('c')", &[]);
    runs(
        "node",
        "eval(atob('cmVxdWlyZSgiY2hpbGRfcHJvY2VzcyIpLmV4ZWMoImEiKQ=='))",
        &[
            "node:> ~base64> node -c require(\"child_process\").exec(\"a\")",
            "node:> ~base64> node:> a",
        ],
    );
    runs(
        "node",
        "cp.exec(Buffer.from('61', 'hex').toString())",
        &["node:> ~hex> a"],
    );
    runs(
        "node",
        "cp.exec(['a', 'b'].reverse().join(' '))",
        &["node:> b a"],
    );
    runs("node", "cp['ex' + 'ec']('a')", &["node:> a"]);
}

#[test]
fn other_languages() {
    runs(
        "perl",
        "system('a', 'b c'); exec \"d\"; print `e`; qx{f}; open(F, '-|', 'g'); open F, \"h |\";",
        &[
            "perl:> a \"b c\"",
            "perl:> d",
            "perl:> e",
            "perl:> f",
            "perl:> g",
            "perl:> h",
        ],
    );
    runs(
        "perl",
        "my $x = 'a'; s/'//; system(\"$x b\"); eval pack('H*', '6162');",
        &["perl:> a b", "perl:> ~hex> perl -c ab"],
    );
    runs(
        "ruby",
        "system 'a b'; `c #{d}`; %x(e); IO.popen(['f', 'g']); x = 'h'; exec(x, 'i')",
        &[
            "ruby:> a b",
            "ruby:> c {d}",
            "ruby:> e",
            "ruby:> f g",
            "ruby:> h i",
        ],
    );
    runs(
        "php",
        "<?php $c = 'a' . ' b'; system($c); echo `d`; shell_exec(\"e $f\"); system(base64_decode('Zw=='));",
        &["php:> a b", "php:> d", "php:> e {$f}", "php:> ~base64> g"],
    );
    runs(
        "lua",
        "os.execute('a ' .. 'b') -- c\nio.popen(\"d\")",
        &["lua:> a b", "lua:> d"],
    );
    runs(
        "awk",
        "BEGIN { \"a b\" | getline x; print y | \"c\"; system(\"d\") }",
        &["awk:> a b", "awk:> c", "awk:> d"],
    );
}

#[test]
fn other_kinds_of_code() {
    // A shell is no other language.
    assert_eq!(analyse_code("bash", "a; b").commands.len(), 2);
    // What is not known is one command all the same.
    runs("brainfuck", "+[-]", &[]);
}
