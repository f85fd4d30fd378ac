//! Calls that matter, as data: those that start commands, those that decode.

use super::Language;

/// What a call that matters does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Call {
    /// The first argument is shell text; several or a list are the words of a program.
    Shell,
    /// The first argument is a program, a list or the others are its words.
    Argv,
    /// As `Argv`, where the list repeats the program's name (`execv`).
    Exec,
    /// As `Exec`, after a first argument that says how (`spawnv`).
    Spawn,
    /// The first argument is more code.
    Code,
    /// Prints its arguments, with a line end.
    PrintLine,
    /// Prints its arguments.
    Print,
    /// Opens a pipe: `open(F, "cmd |")`.
    Open,
}

/// Names of functions that start something, by language. A name matches a whole dotted path.
const CALLS: &[(Language, Call, &[&str])] = &[
    (
        Language::Python,
        Call::Shell,
        &[
            "os.system",
            "os.popen",
            "os.popen2",
            "os.popen3",
            "posix.system",
            "popen2.popen2",
            "subprocess.run",
            "subprocess.call",
            "subprocess.check_call",
            "subprocess.check_output",
            "subprocess.Popen",
            "subprocess.getoutput",
            "subprocess.getstatusoutput",
            "commands.getoutput",
            "commands.getstatusoutput",
            "asyncio.create_subprocess_shell",
            "pexpect.spawn",
            "pexpect.run",
            "pty.spawn",
            "get_ipython.system",
            "invoke.run",
            "platform.popen",
            "sh.bash",
            "check_output",
            "Popen",
            "getoutput",
        ],
    ),
    (
        Language::Python,
        Call::Argv,
        &["asyncio.create_subprocess_exec"],
    ),
    (
        Language::Python,
        Call::Exec,
        &[
            "os.execv",
            "os.execve",
            "os.execvp",
            "os.execvpe",
            "os.execl",
            "os.execle",
            "os.execlp",
            "os.execlpe",
            "os.posix_spawn",
            "os.posix_spawnp",
        ],
    ),
    (
        Language::Python,
        Call::Spawn,
        &[
            "os.spawnv",
            "os.spawnve",
            "os.spawnvp",
            "os.spawnvpe",
            "os.spawnl",
            "os.spawnle",
            "os.spawnlp",
            "os.spawnlpe",
        ],
    ),
    (
        Language::Python,
        Call::Code,
        &[
            "exec",
            "eval",
            "compile",
            "builtins.exec",
            "builtins.eval",
            "__builtins__.exec",
        ],
    ),
    (Language::Python, Call::PrintLine, &["print"]),
    (
        Language::Python,
        Call::Print,
        &["sys.stdout.write", "sys.stdout.buffer.write"],
    ),
    (
        Language::JavaScript,
        Call::Shell,
        &[
            "child_process.exec",
            "child_process.execSync",
            "execSync",
            "cp.exec",
            "shelljs.exec",
            "shell.exec",
            "execaCommand",
            "execaCommandSync",
        ],
    ),
    (
        Language::JavaScript,
        Call::Argv,
        &[
            "child_process.spawn",
            "child_process.spawnSync",
            "child_process.execFile",
            "child_process.execFileSync",
            "child_process.fork",
            "spawnSync",
            "execFileSync",
            "execFile",
            "spawn",
            "Bun.spawn",
            "Bun.spawnSync",
            "execa",
            "Deno.Command",
        ],
    ),
    (
        Language::JavaScript,
        Call::Code,
        &[
            "eval",
            "Function",
            "vm.runInThisContext",
            "vm.runInNewContext",
            "vm.runInContext",
            "setTimeout",
            "setInterval",
        ],
    ),
    (Language::JavaScript, Call::PrintLine, &["console.log"]),
    (Language::JavaScript, Call::Print, &["process.stdout.write"]),
    (
        Language::Perl,
        Call::Shell,
        &[
            "system",
            "exec",
            "CORE.system",
            "CORE.exec",
            "capture",
            "IPC.Open3.open3",
        ],
    ),
    (Language::Perl, Call::Open, &["open"]),
    (Language::Perl, Call::Code, &["eval"]),
    (Language::Perl, Call::Print, &["print", "printf"]),
    (Language::Perl, Call::PrintLine, &["say"]),
    (
        Language::Ruby,
        Call::Shell,
        &[
            "system",
            "exec",
            "spawn",
            "Kernel.system",
            "Kernel.exec",
            "Kernel.spawn",
            "IO.popen",
            "Process.spawn",
            "PTY.spawn",
            "Open3.capture2",
            "Open3.capture2e",
            "Open3.capture3",
            "Open3.popen2",
            "Open3.popen2e",
            "Open3.popen3",
        ],
    ),
    (
        Language::Ruby,
        Call::Code,
        &["eval", "instance_eval", "class_eval", "Kernel.eval"],
    ),
    (
        Language::Ruby,
        Call::PrintLine,
        &["puts", "$stdout.puts", "STDOUT.puts"],
    ),
    (
        Language::Ruby,
        Call::Print,
        &["print", "$stdout.write", "STDOUT.write"],
    ),
    (
        Language::Php,
        Call::Shell,
        &[
            "system",
            "exec",
            "shell_exec",
            "passthru",
            "popen",
            "proc_open",
        ],
    ),
    (Language::Php, Call::Argv, &["pcntl_exec"]),
    (
        Language::Php,
        Call::Code,
        &["eval", "assert", "create_function"],
    ),
    (
        Language::Php,
        Call::Print,
        &["echo", "print", "print_r", "printf"],
    ),
    (Language::Lua, Call::Shell, &["os.execute", "io.popen"]),
    (
        Language::Lua,
        Call::Code,
        &["load", "loadstring", "dostring"],
    ),
    (Language::Lua, Call::PrintLine, &["print"]),
    (Language::Lua, Call::Print, &["io.write", "io.stdout.write"]),
    (Language::Awk, Call::Shell, &["system"]),
    (Language::Awk, Call::PrintLine, &["print"]),
    (Language::Awk, Call::Print, &["printf"]),
];

/// Names that say enough wherever they stand in a path.
const TELLING: &[&str] = &[
    "execSync",
    "spawnSync",
    "execFileSync",
    "execFile",
    "check_output",
    "getoutput",
    "Popen",
    "shell_exec",
    "passthru",
];

/// What the function of this name does.
pub(super) fn call(language: Language, path: &str) -> Option<Call> {
    let known = |path: &str| {
        CALLS
            .iter()
            .find(|(of, _, names)| *of == language && names.contains(&path))
            .map(|(_, call, _)| *call)
    };
    let last = path.rsplit('.').next().unwrap_or(path);
    known(path).or_else(|| known(last).filter(|_| TELLING.contains(&last)))
}

/// What a function makes of a text or a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    Base64,
    Base32,
    Hex,
    /// Any of gzip, zlib and bare deflate.
    Inflate,
    Rot13,
    Reverse,
    /// By the encoding that another argument names.
    Decode,
    /// Characters from their numbers.
    Characters,
    /// The texts of a list, one after the other.
    Join,
    /// Perl's and Ruby's `pack` and `unpack`.
    Pack,
    Split,
    Replace,
    /// Percent escapes of addresses.
    Percent,
    /// Nothing that matters here.
    Same,
}

const CHANGES: &[(Change, &[&str])] = &[
    (
        Change::Base64,
        &[
            "b64decode",
            "urlsafe_b64decode",
            "standard_b64decode",
            "decodebytes",
            "decodestring",
            "a2b_base64",
            "atob",
            "decode_base64",
            "base64_decode",
            "decode64",
            "strict_decode64",
            "urlsafe_decode64",
        ],
    ),
    (Change::Base32, &["b32decode"]),
    (
        Change::Hex,
        &["unhexlify", "a2b_hex", "fromhex", "b16decode", "hex2bin"],
    ),
    (
        Change::Inflate,
        &[
            "decompress",
            "gzinflate",
            "gzuncompress",
            "gzdecode",
            "inflateSync",
            "gunzipSync",
            "unzipSync",
            "inflateRawSync",
            "inflate",
            "uncompress",
        ],
    ),
    (Change::Rot13, &["str_rot13"]),
    (Change::Reverse, &["strrev", "reverse", "reversed"]),
    (Change::Decode, &["decode", "from", "force_encoding"]),
    (
        Change::Characters,
        &[
            "chr",
            "fromCharCode",
            "fromCodePoint",
            "bytes",
            "bytearray",
            "char",
        ],
    ),
    (Change::Join, &["join", "implode", "concat"]),
    (Change::Pack, &["pack", "unpack", "unpack1"]),
    (Change::Split, &["split", "explode", "list", "chars"]),
    (
        Change::Replace,
        &["replace", "replaceAll", "gsub", "str_replace"],
    ),
    (
        Change::Percent,
        &[
            "unquote",
            "decodeURIComponent",
            "unescape",
            "urldecode",
            "rawurldecode",
        ],
    ),
    (
        Change::Same,
        &[
            "encode",
            "str",
            "String",
            "toString",
            "to_s",
            "strip",
            "trim",
            "rstrip",
            "lstrip",
            "chomp",
            "read",
            "getvalue",
            "toLowerCase",
            "BytesIO",
            "StringIO",
            "freeze",
            "ascii",
            "raw",
            "dedent",
            "shlex_split",
            "quote",
            "array",
            "tuple",
        ],
    ),
];

/// What the function or method of this name makes of its text.
pub(super) fn change(name: &str) -> Option<Change> {
    CHANGES
        .iter()
        .find(|(_, names)| names.contains(&name))
        .map(|(change, _)| *change)
}
