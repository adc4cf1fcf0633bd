//! One table, and which of its keys were asked for.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::sync::LazyLock;
use std::time::Duration;

use toml::de::DeTable;

use super::entry::Entry;
use super::problem::{Problems, TableProblem};
use super::words::{joined, key_in, likeness, list_of, meant};

/// What is read in place of a table that is not there.
static NOTHING: LazyLock<DeTable<'static>> = LazyLock::new(DeTable::new);

/// Read a text with `root`, which returns nothing only where a problem says why.
///
/// # Errors
///
/// Every problem of the text, in its order.
pub fn read<T>(
    text: &str,
    root: impl FnOnce(&Table<'_>) -> Option<T>,
) -> Result<T, Vec<TableProblem>> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    let problems = Problems::new(text, &errors);
    let table = Table::new(&problems, tree.get_ref(), 0..0, String::new());
    let value = root(&table);
    table.finish();
    let problems = problems.into_sorted();
    match value {
        Some(value) if problems.is_empty() => Ok(value),
        _ => Err(problems),
    }
}

/// A table while it is read. A getter returns nothing where its key is absent or, with a problem noted, wrong.
pub struct Table<'a> {
    problems: &'a Problems<'a>,
    table: &'a DeTable<'a>,
    /// Of its header or braces.
    span: Range<usize>,
    /// The path from the root; empty for the root.
    path: String,
    asked: RefCell<Vec<&'static str>>,
    required: RefCell<Vec<(&'static str, String)>>,
}

impl<'a> Table<'a> {
    pub(crate) fn new(
        problems: &'a Problems<'a>,
        table: &'a DeTable<'a>,
        span: Range<usize>,
        path: String,
    ) -> Self {
        Table {
            problems,
            table,
            span,
            path,
            asked: RefCell::default(),
            required: RefCell::default(),
        }
    }

    /// Note a problem with a key's value, or, where there is none, with the table.
    pub fn problem(&self, key: &str, message: impl AsRef<str>, remedy: impl AsRef<str>) {
        let span = self
            .table
            .get(key)
            .map_or_else(|| self.span.clone(), toml::Spanned::span);
        self.problems.add(span, message.as_ref(), remedy.as_ref());
    }

    /// The value of a key, whatever it is.
    #[must_use]
    pub fn get(&self, key: &'static str) -> Option<Entry<'a>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        let value = self.table.get(key)?;
        Some(Entry::new(
            self.problems,
            value,
            self.path.clone(),
            key.to_owned(),
        ))
    }

    /// A key must be there; `remedy` says how to add it.
    pub fn require(&self, key: &'static str, remedy: impl Into<String>) {
        self.required.borrow_mut().push((key, remedy.into()));
    }

    /// See [`Entry::text`].
    #[must_use]
    pub fn text(&self, key: &'static str) -> Option<String> {
        self.get(key)?.text().map(str::to_owned)
    }

    /// See [`Entry::flag`].
    #[must_use]
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        self.get(key)?.flag()
    }

    /// See [`Entry::count`].
    #[must_use]
    pub fn count<N>(&self, key: &'static str, range: RangeInclusive<N>) -> Option<N>
    where
        N: TryFrom<u64> + PartialOrd + fmt::Display,
    {
        self.get(key)?.count(range)
    }

    /// See [`Entry::duration`].
    #[must_use]
    pub fn duration(&self, key: &'static str) -> Option<Duration> {
        self.get(key)?.duration()
    }

    /// See [`Entry::size`].
    #[must_use]
    pub fn size(&self, key: &'static str) -> Option<u64> {
        self.get(key)?.size()
    }

    /// See [`Entry::choice`].
    #[must_use]
    pub fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        self.get(key)?.choice(words)
    }

    /// See [`Entry::table`]. Of a table that is not there `read` is asked too, for the keys that it knows, and what it
    /// returns is dropped.
    pub fn table<T>(&self, key: &'static str, read: impl FnOnce(&Table<'a>) -> T) -> Option<T> {
        if let Some(entry) = self.get(key) {
            return entry.table(read);
        }
        self.problems.muted(|| {
            let path = joined(&self.path, key);
            let table = Table::new(self.problems, &NOTHING, 0..0, path);
            drop(read(&table));
            table.finish();
        });
        None
    }

    /// See [`Entry::tables`]: of `[[key]]`, or of a list of inline tables.
    pub fn tables<T>(&self, key: &'static str, read: impl FnMut(&Table<'a>) -> T) -> Vec<T> {
        self.get(key)
            .and_then(|entry| entry.tables(read))
            .unwrap_or_default()
    }

    /// See [`Entry::named`].
    #[must_use]
    pub fn named(&self, key: &'static str) -> Vec<(String, Entry<'a>)> {
        self.get(key)
            .and_then(|entry| entry.named())
            .unwrap_or_default()
    }

    /// Tell of keys that nobody asked for, and of required ones that are absent.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        let is_root = self.path.is_empty();
        if !is_root {
            self.problems.home(&self.path, &asked);
        }
        let unknown = self
            .table
            .keys()
            .filter(|key| !asked.contains(&key.get_ref().as_ref()));
        let mut misspelt: Vec<&str> = Vec::new();
        for key in unknown {
            let name: &str = key.get_ref();
            let other = meant(name, &asked);
            // The root is finished last, when every table has told what it may hold.
            let alike = other.and_then(|other| likeness(name, other));
            let home = is_root
                .then(|| self.problems.home_of(name, alike))
                .flatten();
            let other = other.filter(|_| home.is_none());
            misspelt.extend(other);
            self.problems.add(
                key.span(),
                &format!("unknown key {}", key_in(&self.path, name)),
                &match (home, other) {
                    (Some((tables, key)), _) if key == name => {
                        format!("`{key}` belongs in {}", tables.join(" or "))
                    }
                    (Some((tables, key)), _) => {
                        format!(
                            "did you mean `{key}`? It belongs in {}",
                            tables.join(" or ")
                        )
                    }
                    (None, Some(other)) => format!("did you mean `{other}`?"),
                    (None, None) => format!("remove it; known here: {}", list_of(&asked)),
                },
            );
        }
        for (key, remedy) in self.required.borrow().iter() {
            if !self.table.contains_key(*key) && !misspelt.contains(key) {
                let message = match self.path.as_str() {
                    "" => format!("there is no `{key}`"),
                    path => format!("`{path}` has no `{key}`"),
                };
                self.problems.missing(self.span.clone(), &message, remedy);
            }
        }
    }
}
