//! Requests are checked against a table of shapes before anything looks into them.
//!
//! The tables in [`super::shapes`] are the service's own model of 2015-07-09: required members,
//! lengths, patterns, ranges and value sets. [`check`] walks a request along its shape and
//! collects every violation, worded as the service words them, so that a client's test that reads
//! the text reads the same one here. Lengths are counted in UTF-16 units, and patterns match the
//! whole text, as in the service's Java.
//!
//! Unknown members are ignored, as the service ignores them. A value of the wrong JSON type is a
//! `SerializationException`; everything else a `ValidationException`.

use std::sync::OnceLock;

use regex_lite::Regex;
use serde_json::Value;

use super::error::ApiError;

/// The shape of a value.
pub(super) enum Shape {
    Text(Text),
    Enum(&'static [&'static str]),
    Int {
        min: i64,
        max: i64,
    },
    Bool,
    /// Seconds since the epoch, with a fraction.
    Time,
    List {
        member: &'static Shape,
        min: usize,
        max: usize,
    },
    Map {
        key: &'static Shape,
        value: &'static Shape,
        min: usize,
        max: usize,
    },
    Struct(&'static [Member]),
}

/// A member of a structure.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) shape: &'static Shape,
}

/// A member that a request must have.
pub(super) const fn req(name: &'static str, shape: &'static Shape) -> Member {
    Member {
        name,
        required: true,
        shape,
    }
}

/// A member that a request may have.
pub(super) const fn opt(name: &'static str, shape: &'static Shape) -> Member {
    Member {
        name,
        required: false,
        shape,
    }
}

/// What a string must satisfy.
pub(super) struct Text {
    min: usize,
    max: usize,
    pattern: Option<&'static Pattern>,
    /// Never repeated in a message.
    sensitive: bool,
}

/// A pattern of the model.
pub(super) struct Pattern {
    text: &'static str,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(super) const fn new(text: &'static str) -> Self {
        Self {
            text,
            regex: OnceLock::new(),
        }
    }

    /// The pattern made ready. A test sees to it that each of the model's can be.
    fn regex(&self) -> Option<&Regex> {
        let ready = || Regex::new(&translated(self.text)).ok();
        self.regex.get_or_init(ready).as_ref()
    }

    /// Whether the whole of `text` is as the pattern says.
    fn matches(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }
}

/// A pattern of Java's as our crate reads it: it matches the whole text, and its dot stops at five
/// kinds of line ends.
fn translated(pattern: &str) -> String {
    let (mut written, mut in_class, mut escaped) = (String::new(), false, false);
    for letter in pattern.chars() {
        match letter {
            '.' if !in_class && !escaped => written.push_str(r"[^\n\r\x{85}\x{2028}\x{2029}]"),
            _ => written.push(letter),
        }
        if !escaped {
            in_class = letter == '[' || (in_class && letter != ']');
        }
        escaped = letter == '\\' && !escaped;
    }
    format!("^(?:{written})$")
}

/// No upper bound.
pub(super) const ANY: usize = usize::MAX;

/// How much of an offending value a message repeats.
const ECHO: usize = 128;

impl Text {
    pub(super) const fn of(min: usize, max: usize) -> Self {
        Self {
            min,
            max,
            pattern: None,
            sensitive: false,
        }
    }

    pub(super) const fn matching(self, pattern: &'static Pattern) -> Self {
        Self {
            min: self.min,
            max: self.max,
            pattern: Some(pattern),
            sensitive: self.sensitive,
        }
    }

    pub(super) const fn sensitive(self) -> Self {
        Self {
            min: self.min,
            max: self.max,
            pattern: self.pattern,
            sensitive: true,
        }
    }

    /// Whether its pattern, if it has one, can be matched.
    #[cfg(test)]
    pub(super) fn has_meaning(&self) -> bool {
        self.pattern.is_none_or(|pattern| pattern.regex().is_some())
    }

    /// The constraints that `text` breaks.
    fn broken(&self, text: &str) -> Vec<String> {
        let mut broken = Vec::new();
        length(text.encode_utf16().count(), self.min, self.max, &mut broken);
        if let Some(pattern) = self.pattern
            && !pattern.matches(text)
        {
            broken.push(format!(
                "Member must satisfy regular expression pattern: {}",
                pattern.text
            ));
        }
        broken
    }
}

fn length(found: usize, min: usize, max: usize, broken: &mut Vec<String>) {
    if found < min {
        broken.push(format!(
            "Member must have length greater than or equal to {min}"
        ));
    }
    if found > max {
        broken.push(format!(
            "Member must have length less than or equal to {max}"
        ));
    }
}

/// Checks `value` against `shape`.
///
/// # Errors
/// `SerializationException` where a value has the wrong JSON type; `ValidationException` listing
/// every broken constraint otherwise.
pub(super) fn check(value: &Value, shape: &Shape) -> Result<(), ApiError> {
    let mut found = Vec::new();
    walk(value, shape, &mut Path::default(), &mut found)?;
    if found.is_empty() {
        return Ok(());
    }
    let (count, noun) = (
        found.len(),
        if found.len() == 1 { "error" } else { "errors" },
    );
    Err(ApiError::validation(format!(
        "{count} validation {noun} detected: {}",
        found.join("; ")
    )))
}

#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn within<T>(&mut self, part: String, f: impl FnOnce(&mut Self) -> T) -> T {
        self.0.push(part);
        let result = f(self);
        self.0.pop();
        result
    }

    fn violation(&self, value: &str, constraint: &str) -> String {
        format!(
            "Value{value} at '{}' failed to satisfy constraint: {constraint}",
            self.0.join(".")
        )
    }
}

fn walk(
    value: &Value,
    shape: &Shape,
    path: &mut Path,
    found: &mut Vec<String>,
) -> Result<(), ApiError> {
    match shape {
        Shape::Text(text) => {
            let string = value
                .as_str()
                .ok_or_else(|| mistyped(value, "a String", path))?;
            let echoed = echo(string, text.sensitive);
            found.extend(
                text.broken(string)
                    .iter()
                    .map(|c| path.violation(&echoed, c)),
            );
        }
        Shape::Enum(values) => {
            let string = value
                .as_str()
                .ok_or_else(|| mistyped(value, "a String", path))?;
            if !values.contains(&string) {
                let constraint = format!(
                    "Member must satisfy enum value set: [{}]",
                    values.join(", ")
                );
                found.push(path.violation(&echo(string, false), &constraint));
            }
        }
        Shape::Int { min, max } => {
            let number = value
                .as_i64()
                .ok_or_else(|| mistyped(value, "an Integer", path))?;
            let mut broken = |constraint: String| {
                found.push(path.violation(&format!(" '{number}'"), &constraint));
            };
            if number < *min {
                broken(format!(
                    "Member must have value greater than or equal to {min}"
                ));
            }
            if number > *max {
                broken(format!(
                    "Member must have value less than or equal to {max}"
                ));
            }
        }
        Shape::Bool => {
            value
                .as_bool()
                .ok_or_else(|| mistyped(value, "a Boolean", path))?;
        }
        Shape::Time => {
            value
                .as_f64()
                .ok_or_else(|| mistyped(value, "a Timestamp", path))?;
        }
        Shape::List { member, min, max } => {
            let items = value
                .as_array()
                .ok_or_else(|| mistyped(value, "a List", path))?;
            let mut broken = Vec::new();
            length(items.len(), *min, *max, &mut broken);
            found.extend(broken.iter().map(|c| path.violation("", c)));
            for (index, item) in items.iter().enumerate() {
                // The service counts from one, and calls each item `member`.
                path.within(format!("{}.member", index + 1), |path| {
                    walk(item, member, path, found)
                })?;
            }
        }
        Shape::Map {
            key,
            value: value_shape,
            min,
            max,
        } => {
            let entries = value
                .as_object()
                .ok_or_else(|| mistyped(value, "a Map", path))?;
            let mut broken = Vec::new();
            length(entries.len(), *min, *max, &mut broken);
            for (name, item) in entries {
                if let Shape::Text(key) = key {
                    rule_of_map(
                        "keys",
                        &format!("'{}'", cut(name)),
                        &key.broken(name),
                        &mut broken,
                    );
                }
                if let Shape::Text(value) = value_shape {
                    let text = item
                        .as_str()
                        .ok_or_else(|| mistyped(item, "a String", path))?;
                    let entry = format!("of '{}'", cut(name));
                    rule_of_map("value", &entry, &value.broken(text), &mut broken);
                } else {
                    path.within(format!("{}.member", cut(name)), |path| {
                        walk(item, value_shape, path, found)
                    })?;
                }
            }
            // Maps carry configuration, which may be secret: their values are never repeated.
            found.extend(broken.iter().map(|c| path.violation("", c)));
        }
        Shape::Struct(members) => {
            let entries = value
                .as_object()
                .ok_or_else(|| mistyped(value, "a Structure", path))?;
            for member in *members {
                path.within(member.name.to_owned(), |path| {
                    match entries.get(member.name) {
                        None | Some(Value::Null) => {
                            if member.required {
                                found.push(path.violation(" null", "Member must not be null"));
                            }
                        }
                        Some(item) => walk(item, member.shape, path, found)?,
                    }
                    Ok::<(), ApiError>(())
                })?;
            }
        }
    }
    Ok(())
}

fn rule_of_map(what: &str, entry: &str, rules: &[String], broken: &mut Vec<String>) {
    if !rules.is_empty() {
        let rules = rules.join(", ");
        broken.push(format!(
            "Map {what} must satisfy constraint: [{rules}] ({entry})"
        ));
    }
}

fn echo(text: &str, sensitive: bool) -> String {
    if sensitive {
        String::new()
    } else {
        format!(" '{}'", cut(text))
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(ECHO) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

fn mistyped(value: &Value, wanted: &str, path: &Path) -> ApiError {
    let found = match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(_) => "BOOLEAN_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "LIST_VALUE",
        Value::Object(_) => "STRUCTURE_VALUE",
    };
    ApiError::serialization(format!(
        "{found} can not be converted to {wanted} (at '{}')",
        path.0.join(".")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dot_that_stands_for_any_character_is_translated() {
        let any = r"[^\n\r\x{85}\x{2028}\x{2029}]";
        assert_eq!(translated(".*"), format!("^(?:{any}*)$"));
        assert_eq!(translated(r"[a.\].]\."), r"^(?:[a.\].]\.)$");
    }
}
