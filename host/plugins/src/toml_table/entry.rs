//! One value, read as what it should be.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problems;
use super::table::Table;
use super::words::{described, joined, key_in, meant, one_of};
use crate::units::{UnitError, parse_duration, parse_size};

pub(crate) type Value<'a> = Spanned<DeValue<'a>>;

/// The value of a key or an item of a list. Every getter notes a problem where it returns nothing.
pub struct Entry<'a> {
    problems: &'a Problems<'a>,
    value: &'a Value<'a>,
    /// The path from the root to what holds it; empty for the root itself.
    parent: String,
    key: String,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(
        problems: &'a Problems<'a>,
        value: &'a Value<'a>,
        parent: String,
        key: String,
    ) -> Self {
        Entry {
            problems,
            value,
            parent,
            key,
        }
    }

    fn path(&self) -> String {
        joined(&self.parent, &self.key)
    }

    fn named_in_messages(&self) -> String {
        key_in(&self.parent, &self.key)
    }

    /// Note a problem with the value.
    pub fn problem(&self, message: impl AsRef<str>, remedy: impl AsRef<str>) {
        self.problems
            .add(self.value.span(), message.as_ref(), remedy.as_ref());
    }

    fn is_not(&self, wanted: &str, remedy: impl AsRef<str>) {
        let given = described(self.value.get_ref());
        let name = self.named_in_messages();
        self.problem(format!("{name} is {given}, not {wanted}"), remedy);
    }

    /// Whether it is a table, so that a value may be written short or with details.
    #[must_use]
    pub fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }

    /// A text that is not blank.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        let text = self.string()?;
        if text.trim().is_empty() {
            self.problem(
                format!("{} is empty", self.named_in_messages()),
                "fill it in, or remove the line",
            );
            return None;
        }
        Some(text)
    }

    fn string(&self) -> Option<&'a str> {
        let text = self.value.get_ref().as_str();
        if text.is_none() {
            self.is_not("text", "put it in double quotes");
        }
        text
    }

    /// True or false.
    #[must_use]
    pub fn flag(&self) -> Option<bool> {
        let flag = self.value.get_ref().as_bool();
        if flag.is_none() {
            self.is_not("true or false", "write true or false, without quotes");
        }
        flag
    }

    /// A whole number within a range.
    #[must_use]
    pub fn count<N>(&self, range: RangeInclusive<N>) -> Option<N>
    where
        N: TryFrom<u64> + PartialOrd + fmt::Display,
    {
        let number = self
            .value
            .get_ref()
            .as_integer()
            .and_then(|integer| u64::from_str_radix(integer.as_str(), integer.radix()).ok())
            .and_then(|number| N::try_from(number).ok())
            .filter(|number| range.contains(number));
        if number.is_none() {
            let wanted = format!("a whole number of {} to {}", range.start(), range.end());
            self.is_not(&wanted, format!("write {wanted}"));
        }
        number
    }

    /// A duration as [`parse_duration`] reads it; zero is one.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.measured(parse_duration, "a duration in quotes, such as \"15m\"")
    }

    /// A size in bytes as [`parse_size`] reads it; zero is one.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.measured(parse_size, "a size in quotes, such as \"256MiB\"")
    }

    fn measured<T>(&self, parse: fn(&str) -> Result<T, UnitError>, wanted: &str) -> Option<T> {
        let remedy = format!("write {wanted}");
        let Some(text) = self.value.get_ref().as_str() else {
            self.is_not(wanted, remedy);
            return None;
        };
        parse(text)
            .map_err(|error| self.problem(format!("{}: {error}", self.named_in_messages()), remedy))
            .ok()
    }

    /// One of a few words.
    #[must_use]
    pub fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.value.get_ref().as_str();
        let chosen = text.and_then(|text| words.iter().find(|(word, _)| *word == text));
        if chosen.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let wanted = one_of(&known);
            match text.and_then(|text| meant(text, &known)) {
                Some(other) => self.is_not(&wanted, format!("did you mean \"{other}\"?")),
                None => self.is_not(&wanted, format!("write {wanted} in double quotes")),
            }
        }
        chosen.map(|(_, value)| *value)
    }

    /// What `read` makes of a table.
    pub fn table<T>(&self, read: impl FnOnce(&Table<'a>) -> T) -> Option<T> {
        let span = self.value.span();
        let table = Table::new(self.problems, self.keys()?, span, self.path());
        let value = read(&table);
        table.finish();
        Some(value)
    }

    /// The entries of a table whose keys are the writer's own names: none of them is unknown.
    #[must_use]
    pub fn named(&self) -> Option<Vec<(String, Entry<'a>)>> {
        let entries = self.keys()?.iter().map(|(key, value)| {
            let name = key.get_ref().to_string();
            let entry = Entry::new(self.problems, value, self.path(), name.clone());
            (name, entry)
        });
        Some(entries.collect())
    }

    fn keys(&self) -> Option<&'a DeTable<'a>> {
        let table = self.value.get_ref().as_table();
        if table.is_none() {
            let path = self.path();
            // Of a list's item: `[0]` is ours, not TOML's.
            let remedy = match path
                .strip_suffix(']')
                .and_then(|path| path.rsplit_once('['))
            {
                Some((list, _)) => {
                    format!("write [[{list}]] and its keys below, or its keys in {{braces}}")
                }
                // Of a table in a list, which has no name.
                None if path.contains('[') => {
                    format!(
                        "write `{} = {{ ... }}`, with its keys in the braces",
                        self.key
                    )
                }
                None => format!("write [{path}] and its keys below"),
            };
            self.is_not("a table", remedy);
        }
        table
    }

    /// What `read` makes of each table of a list.
    pub fn tables<T>(&self, mut read: impl FnMut(&Table<'a>) -> T) -> Option<Vec<T>> {
        let Some(items) = self.items() else {
            let remedy = format!("write [[{}]], in double brackets", self.path());
            self.is_not("a list of tables", remedy);
            return None;
        };
        let read = items.iter().filter_map(|item| item.table(&mut read));
        Some(read.collect())
    }

    /// The items of a list; nothing, and no problem, if it is none.
    #[must_use]
    pub fn items(&self) -> Option<Vec<Entry<'a>>> {
        let items = self.value.get_ref().as_array()?.iter().enumerate();
        let entries = items.map(|(at, item)| {
            let key = format!("{}[{at}]", self.key);
            Entry::new(self.problems, item, self.parent.clone(), key)
        });
        Some(entries.collect())
    }

    /// The items of a list of texts, blank ones among them.
    #[must_use]
    pub fn texts(&self) -> Option<Vec<&'a str>> {
        let Some(items) = self.items() else {
            self.is_not(
                "a list of texts",
                "write a list in brackets, such as [\"a\", \"b\"]",
            );
            return None;
        };
        // All of them are read, so that all faults are told.
        let texts: Vec<Option<&str>> = items.iter().map(Entry::string).collect();
        texts.into_iter().collect()
    }
}
