//! Typed reads from the spanned TOML tree.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problems, list_of, meant};
use crate::units::{UnitError, parse_duration, parse_size};

pub(crate) type Value<'t> = Spanned<DeValue<'t>>;

/// One table; what is asked of it is what it may hold.
pub(crate) struct Table<'a, 't> {
    table: Option<&'a DeTable<'t>>,
    /// Of its header or braces.
    pub(crate) span: Range<usize>,
    /// As messages call it: `[action]`.
    name: &'static str,
    known: Vec<&'static str>,
}

/// A value and where it is.
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

impl<'a, 't> Table<'a, 't> {
    pub(crate) fn root(table: &'a DeTable<'t>) -> Self {
        Table {
            table: Some(table),
            span: 0..0,
            name: "the manifest",
            known: Vec::new(),
        }
    }

    /// `value` as a table; nothing where it is none.
    pub(crate) fn of(
        value: &'a Value<'t>,
        name: &'static str,
        problems: &mut Problems<'_>,
    ) -> Self {
        let table = value.get_ref().as_table();
        if table.is_none() {
            problems.at(
                &value.span(),
                format!("{name} is {}, not a table", described(value)),
                if name.starts_with('[') {
                    format!("write {name} on a line of its own and its keys below")
                } else {
                    "write it in braces, such as { guest = \"/site\", write = true }".to_owned()
                },
            );
        }
        Table {
            table,
            span: value.span(),
            name,
            known: Vec::new(),
        }
    }

    pub(crate) fn get(&mut self, key: &'static str) -> Option<&'a Value<'t>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table?.get(key)
    }

    pub(crate) fn table(
        &mut self,
        key: &'static str,
        name: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Table<'a, 't>> {
        let value = self.get(key)?;
        Some(Table::of(value, name, problems))
    }

    pub(crate) fn string(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<&'a str>> {
        let value = self.get(key)?;
        let Some(text) = value.get_ref().as_str() else {
            problems.at(
                &value.span(),
                format!("`{key}` is {}, not text", described(value)),
                "put it in double quotes",
            );
            return None;
        };
        Some(At {
            value: text,
            span: value.span(),
        })
    }

    pub(crate) fn boolean(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<At<bool>> {
        let value = self.get(key)?;
        let Some(flag) = value.get_ref().as_bool() else {
            problems.at(
                &value.span(),
                format!("`{key}` is {}", described(value)),
                "write true or false, without quotes",
            );
            return None;
        };
        Some(At {
            value: flag,
            span: value.span(),
        })
    }

    /// False where it is absent or wrong.
    pub(crate) fn flag(&mut self, key: &'static str, problems: &mut Problems<'_>) -> bool {
        self.boolean(key, problems).is_some_and(|flag| flag.value)
    }

    /// A whole number of 0 to `max`.
    pub(crate) fn count(
        &mut self,
        key: &'static str,
        max: u32,
        problems: &mut Problems<'_>,
    ) -> Option<At<u32>> {
        let value = self.get(key)?;
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|integer| u32::from_str_radix(integer.as_str(), integer.radix()).ok())
            .filter(|number| *number <= max);
        let Some(number) = number else {
            problems.at(
                &value.span(),
                format!("`{key}` is {}", described(value)),
                format!("write a whole number of 0 to {max}"),
            );
            return None;
        };
        Some(At {
            value: number,
            span: value.span(),
        })
    }

    pub(crate) fn duration(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Duration> {
        let found = self.unit(key, parse_duration, "\"15m\"", problems)?;
        (!found.value.is_zero()).then_some(found.value).or_else(|| {
            self.nothing(key, &found.span, problems);
            None
        })
    }

    pub(crate) fn size(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<u64> {
        let found = self.unit(key, parse_size, "\"256MiB\"", problems)?;
        (found.value > 0).then_some(found.value).or_else(|| {
            self.nothing(key, &found.span, problems);
            None
        })
    }

    fn unit<T>(
        &mut self,
        key: &'static str,
        parse: fn(&str) -> Result<T, UnitError>,
        example: &str,
        problems: &mut Problems<'_>,
    ) -> Option<At<T>> {
        let value = self.get(key)?;
        let Some(text) = value.get_ref().as_str() else {
            problems.at(
                &value.span(),
                format!("`{key}` is {}, not text with a unit", described(value)),
                format!("write it with a unit and in quotes, such as {example}"),
            );
            return None;
        };
        match parse(text) {
            Ok(parsed) => Some(At {
                value: parsed,
                span: value.span(),
            }),
            Err(error) => {
                problems.at(
                    &value.span(),
                    format!("`{key}`: {error}"),
                    format!("write it such as {example}"),
                );
                None
            }
        }
    }

    fn nothing(&self, key: &str, span: &Range<usize>, problems: &mut Problems<'_>) {
        problems.at(
            span,
            format!("`{key}` is nothing at all: no run could keep it"),
            "raise it, or leave the line out to take the host's default",
        );
    }

    /// Something that must be there is not, not even under a misspelt name, which [`finish`](Self::finish)
    /// tells of. A key of a table is given with its brackets.
    pub(crate) fn missing(&self, key: &str, remedy: &str, problems: &mut Problems<'_>) {
        let Some(table) = self.table else { return };
        let name = key.trim_matches(['[', ']']);
        let misspelt =
            |found: &str| !self.known.contains(&found) && meant(found, &[name]).is_some();
        if !table.keys().any(|found| misspelt(found.get_ref())) {
            problems.missing(&self.span, format!("{} has no `{key}`", self.name), remedy);
        }
    }

    /// Keys that nobody asked for.
    pub(crate) fn finish(self, problems: &mut Problems<'_>) {
        let Some(table) = self.table else { return };
        for key in table.keys() {
            let name: &str = key.get_ref();
            if self.known.contains(&name) {
                continue;
            }
            let message = format!("`{}` is not a key of {}", printable(name), self.name);
            let remedy = match meant(name, &self.known) {
                Some(other) => format!("did you mean `{other}`?"),
                None => format!("remove it; known here: {}", list_of(&self.known)),
            };
            problems.at(&key.span(), message, remedy);
        }
    }
}

/// A value in a message: what it is, and what it reads where that is short.
pub(crate) fn described(value: &Value<'_>) -> String {
    const SHORT: usize = 40;
    match value.get_ref() {
        DeValue::String(text) if text.chars().count() <= SHORT => {
            format!("the text \"{}\"", printable(text))
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

/// Without what would move a terminal's cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
