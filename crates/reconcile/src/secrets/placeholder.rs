//! Telling placeholders and examples from credentials.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Words that no real credential is made of.
static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build([
            "example",
            "xxxx",
            "your_",
            "your-",
            "yourpassword",
            "yourtoken",
            "yoursecret",
            "changeme",
            "change_me",
            "change-me",
            "placeholder",
            "redacted",
            "dummy",
            "insert_",
            "insert-",
            "replace_",
            "replace-",
            "replaceme",
            "replacewith",
            "<",
            "${",
            "{{",
            "$(",
            "***",
            "...",
            "…",
            "process.env",
            "os.environ",
            "getenv",
            "12345678",
            "_here",
            "-here",
            "not-a-real",
            "notreal",
        ])
        .ok()
});

/// Values that stand for a password and are none.
const NONE: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "secret",
    "token",
    "null",
    "none",
    "undefined",
    "true",
    "false",
    "string",
    "required",
    "optional",
    "default",
    "postgres",
    "mysql",
    "admin",
    "root",
    "user",
    "guest",
    "hidden",
    "masked",
    "empty",
    "invalid",
    "unknown",
    "test",
    "testing",
    "foobar",
    "hunter2",
    "s3cret",
    "test123",
    "password1",
    "password123",
    "secret123",
];

/// Whether the value only stands where a credential would.
pub(super) fn is_placeholder(value: &str) -> bool {
    if value.starts_with(['$', '%', '@', '&', '*']) && !value.contains(|c: char| c.is_ascii_digit())
    {
        return true;
    }
    let lower = value.to_ascii_lowercase();
    NONE.contains(&lower.as_str())
        || distinct(value) <= 4
        || WORDS.as_ref().is_some_and(|words| words.is_match(value))
}

/// Number of distinct bytes, 64 at most looked at.
fn distinct(value: &str) -> u32 {
    let mut seen = [0u64; 4];
    for byte in value.bytes().take(64) {
        if let Some(word) = seen.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }
    seen.iter().map(|word| word.count_ones()).sum()
}
