//! The patch format of `apply_patch`: several files between `*** Begin Patch` and `*** End Patch`.

/// What a patch does to one file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FilePatch {
    /// The path as given; of a moved file, its new one.
    pub(crate) path: String,
    /// The part of the patch that says so.
    pub(crate) text: String,
    /// What is done.
    pub(crate) change: Change,
}

/// What is done to a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// It is made, with this content.
    Add(String),
    /// It goes.
    Delete,
    /// These texts are replaced by those.
    Update(Vec<(String, String)>),
}

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";

/// The patch, if the script is nothing but `apply_patch` with a heredoc, a `cd` before it at most.
pub(super) fn only_command(script: &str) -> Option<&str> {
    let start = script.find(BEGIN)?;
    let (before, patch) = script.split_at_checked(start)?;
    let after = patch.rsplit_once(END)?.1.trim();
    let mut words = before.split_whitespace();
    let mut first = words.next()?;
    if first == "cd" {
        words.next()?;
        (words.next()? == "&&").then_some(())?;
        first = words.next()?;
    }
    let is_call = matches!(first, "apply_patch" | "applypatch");
    // What may follow is the heredoc's end word or the closing quote.
    let is_end = after
        .chars()
        .all(|c| c.is_alphanumeric() || "_'\"".contains(c));
    (is_call && is_end && before.lines().count() <= 2).then_some(patch)
}

/// Reads a patch; lines that fit nothing are passed over.
pub(super) fn parse(patch: &str) -> Vec<FilePatch> {
    let mut files: Vec<FilePatch> = Vec::new();
    for line in patch.lines() {
        if let Some((path, change)) = header(line) {
            files.push(FilePatch {
                path: path.trim().to_owned(),
                text: format!("{line}\n"),
                change,
            });
            continue;
        }
        let Some(file) = files.last_mut() else {
            continue;
        };
        if line.starts_with(END) || line.starts_with(BEGIN) {
            continue;
        }
        file.text.push_str(line);
        file.text.push('\n');
        if let Some(path) = line.strip_prefix("*** Move to: ") {
            path.trim().clone_into(&mut file.path);
        } else {
            file.change.line(line);
        }
    }
    for file in &mut files {
        if let Change::Update(hunks) = &mut file.change {
            hunks.retain(|(old, new)| !old.is_empty() || !new.is_empty());
        }
    }
    files
}

fn header(line: &str) -> Option<(&str, Change)> {
    let line = line.strip_prefix("*** ")?;
    if let Some(path) = line.strip_prefix("Add File: ") {
        Some((path, Change::Add(String::new())))
    } else if let Some(path) = line.strip_prefix("Delete File: ") {
        Some((path, Change::Delete))
    } else {
        let path = line.strip_prefix("Update File: ")?;
        Some((path, Change::Update(vec![Default::default()])))
    }
}

impl Change {
    /// Takes the next line of the file's part of the patch.
    fn line(&mut self, line: &str) {
        let hunks = match self {
            Self::Add(content) => {
                if let Some(text) = line.strip_prefix('+') {
                    push(content, text);
                }
                return;
            }
            Self::Delete => return,
            Self::Update(hunks) => hunks,
        };
        if line.starts_with("@@") {
            hunks.push(Default::default());
        }
        let Some((old, new)) = hunks.last_mut() else {
            return;
        };
        if let Some(text) = line.strip_prefix('-') {
            push(old, text);
        } else if let Some(text) = line.strip_prefix('+') {
            push(new, text);
        } else if let Some(text) = line.strip_prefix(' ') {
            push(old, text);
            push(new, text);
        }
    }
}

fn push(to: &mut String, line: &str) {
    to.push_str(line);
    to.push('\n');
}
