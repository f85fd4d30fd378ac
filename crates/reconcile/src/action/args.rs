//! Reading the arguments of a tool call, of which nothing is sure.

use serde_json::Value;

/// The input of a tool call.
#[derive(Clone, Copy)]
pub(super) struct Args<'a>(pub(super) &'a Value);

impl<'a> Args<'a> {
    /// The input, where it is free text and no object.
    pub(super) fn free(self) -> Option<&'a str> {
        self.0.as_str()
    }

    /// A text argument.
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        self.0.get(key)?.as_str()
    }

    /// The first text argument that is there.
    pub(super) fn any(self, keys: &[&str]) -> Option<&'a str> {
        keys.iter().find_map(|key| self.text(key))
    }

    /// A copy of the first argument that is there and can stand as text: a text, or a list of
    /// texts joined by commas.
    pub(super) fn string(self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| match self.0.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Array(items) => {
                let texts: Vec<_> = items.iter().filter_map(Value::as_str).collect();
                (!texts.is_empty()).then(|| texts.join(", "))
            }
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }

    /// The argument that names a file.
    pub(super) fn path(self) -> Option<String> {
        self.string(&[
            "file_path",
            "path",
            "notebook_path",
            "filename",
            "file_name",
            "filepath",
            "filePath",
            "target_file",
            "file",
            "file_id",
            "source",
            "name",
        ])
    }

    /// A list of texts.
    pub(super) fn list(self, key: &str) -> Option<Vec<&'a str>> {
        let items = self.0.get(key)?.as_array()?;
        items.iter().map(Value::as_str).collect()
    }

    /// An inner object.
    pub(super) fn object(self, key: &str) -> Option<Self> {
        self.0.get(key).filter(|v| v.is_object()).map(Args)
    }

    /// A list of inner objects.
    pub(super) fn objects(self, key: &str) -> impl Iterator<Item = Self> {
        let items = self.0.get(key).and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .filter(|v| v.is_object())
            .map(Args)
    }

    /// A flag; what is no flag is off.
    pub(super) fn flag(self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool).unwrap_or_default()
    }

    /// Whether there is such an argument.
    pub(super) fn has(self, key: &str) -> bool {
        self.0.get(key).is_some()
    }
}
