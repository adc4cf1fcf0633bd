//! Values and names in messages.

use toml::de::DeValue;

/// A value in a message: what it is, and what it reads where that is short.
pub(crate) fn described(value: &DeValue<'_>) -> String {
    const SHORT: usize = 40;
    match value {
        DeValue::String(text) if text.chars().count() <= SHORT => {
            format!("the text \"{text}\"")
        }
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Integer(number) if number.as_str().len() <= SHORT => {
            format!("the number {number}")
        }
        DeValue::Integer(_) | DeValue::Float(_) => "a number".to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// A name as TOML's key: bare where that can be, else quoted, as one with a dot must be.
#[must_use]
pub fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

/// The path to a key of the table at `path`, which is empty for the root.
pub(crate) fn joined(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// A key as messages call it: `slots` in `worker`.
pub(crate) fn key_in(path: &str, key: &str) -> String {
    if path.is_empty() {
        format!("`{key}`")
    } else {
        format!("`{key}` in `{path}`")
    }
}

/// Without what would move a terminal's cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// `known` as a list.
pub(crate) fn list_of(known: &[&str]) -> String {
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    known.join(", ")
}

/// `known` in words: `a`, `a or b`, `a, b or c`.
pub(crate) fn one_of(known: &[&str]) -> String {
    match known {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [rest @ .., last] => {
            format!("{} or `{last}`", list_of(rest))
        }
    }
}

/// How alike two keys are, up to 1, if one may be the other, misspelt.
pub(crate) fn likeness(name: &str, other: &str) -> Option<f64> {
    // Above this Jaro-Winkler similarity a slip of the finger lies; below it, another word.
    const ALIKE: f64 = 0.8;
    let plain = |text: &str| text.to_lowercase().replace('_', "-");
    let alike = strsim::jaro_winkler(&plain(name), &plain(other));
    (alike >= ALIKE).then_some(alike)
}

/// The one of `known` that `name` was probably meant to be.
pub(crate) fn meant<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .filter_map(|candidate| Some((likeness(name, candidate)?, *candidate)))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
