//! Requests are checked against a table of shapes before anything looks into them.
//!
//! The tables in [`super::shapes`] are the service's own model of 2015-07-09, transcribed: required
//! members, lengths, patterns, ranges and value sets. [`check`] walks a request along its shape and
//! collects every violation, worded as the service words them, so that a client's test that reads
//! the text reads the same one here. Lengths are counted in UTF-16 units, as the service's Java does.
//!
//! Unknown members are ignored, as the service ignores them. A value of the wrong JSON type is a
//! `SerializationException`; everything else a `ValidationException`.

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
        key: Text,
        value: Text,
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

/// What a string must satisfy.
#[derive(Clone, Copy)]
pub(super) struct Text {
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) pattern: Option<Pattern>,
    /// Never repeated in a message.
    pub(super) sensitive: bool,
}

/// A pattern of the model: its text, for messages, and what it means.
#[derive(Clone, Copy)]
pub(super) struct Pattern {
    pub(super) text: &'static str,
    pub(super) matches: fn(&str) -> bool,
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

    pub(super) const fn matching(min: usize, max: usize, pattern: Pattern) -> Self {
        Self {
            min,
            max,
            pattern: Some(pattern),
            sensitive: false,
        }
    }

    pub(super) const fn sensitive(self) -> Self {
        Self {
            sensitive: true,
            ..self
        }
    }

    /// The constraints that `text` breaks.
    fn broken(&self, text: &str) -> Vec<String> {
        let mut broken = Vec::new();
        length(text.encode_utf16().count(), self.min, self.max, &mut broken);
        if let Some(pattern) = self.pattern
            && !(pattern.matches)(text)
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
            value: item_shape,
            min,
            max,
        } => {
            let entries = value
                .as_object()
                .ok_or_else(|| mistyped(value, "a Map", path))?;
            let mut broken = Vec::new();
            length(entries.len(), *min, *max, &mut broken);
            for (name, item) in entries {
                let text = item
                    .as_str()
                    .ok_or_else(|| mistyped(item, "a String", path))?;
                for (what, broken_here) in [
                    ("keys", key.broken(name)),
                    ("value", item_shape.broken(text)),
                ] {
                    if !broken_here.is_empty() {
                        let which = if what == "keys" {
                            format!("'{}'", cut(name))
                        } else {
                            format!("of '{}'", cut(name))
                        };
                        broken.push(format!(
                            "Map {what} must satisfy constraint: [{}] ({which})",
                            broken_here.join(", ")
                        ));
                    }
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
