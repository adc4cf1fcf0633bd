//! What is wrong with a text, and where.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::Range;

use super::words::{likeness, printable};

/// One fault of a text. Message and remedy are single lines without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableProblem {
    /// In bytes; always within the text and between its characters.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

/// Collects problems while a text is read.
pub(crate) struct Problems<'t> {
    text: &'t str,
    found: RefCell<Vec<TableProblem>>,
    /// Lines that are not TOML, each with those below it up to the next header.
    guesswork: Vec<Range<usize>>,
    /// While a table is read that is not there, nothing in it is wrong.
    muted: Cell<bool>,
    /// Tables, as messages call them, and the keys that they may hold; the root is not among them.
    homes: RefCell<BTreeSet<(String, &'static str)>>,
}

impl<'t> Problems<'t> {
    pub(crate) fn new(text: &'t str, errors: &[toml::de::Error]) -> Self {
        let mut problems = Problems {
            text,
            found: RefCell::default(),
            guesswork: Vec::new(),
            muted: Cell::new(false),
            homes: RefCell::default(),
        };
        for error in errors {
            problems.not_toml(error);
        }
        problems
    }

    fn not_toml(&mut self, error: &toml::de::Error) {
        let span = self.within(error.span().unwrap_or(0..0));
        let line = self.text[..span.start]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        // One slip makes the parser stumble several times on the same line.
        if self.guesswork.iter().any(|range| range.start == line) {
            return;
        }
        let mut lines = self.text[line..].split_inclusive('\n');
        let broken = lines.next().map_or(0, str::len);
        let below: usize = lines
            .take_while(|line| !line.trim_start().starts_with('['))
            .map(str::len)
            .sum();
        let end = line + broken + below;
        // What is missing at the end of the text has its place behind the last character.
        let end = if end == self.text.len() { end + 1 } else { end };
        self.guesswork.push(line..end);
        self.push(
            span,
            &format!("not TOML: {}", error.message()),
            "correct this line: text goes in quotes, tables in [brackets]",
        );
    }

    pub(crate) fn add(&self, span: Range<usize>, message: &str, remedy: &str) {
        let span = self.within(span);
        if !self
            .guesswork
            .iter()
            .any(|range| range.contains(&span.start))
        {
            self.push(span, message, remedy);
        }
    }

    /// Something is not there; in a text that is not TOML it may only have been lost.
    pub(crate) fn missing(&self, span: Range<usize>, message: &str, remedy: &str) {
        if self.guesswork.is_empty() {
            self.push(self.within(span), message, remedy);
        }
    }

    /// Does something of which no problem is kept.
    pub(crate) fn muted(&self, work: impl FnOnce()) {
        let before = self.muted.replace(true);
        work();
        self.muted.set(before);
    }

    /// A table may hold these keys.
    pub(crate) fn home(&self, path: &str, keys: &[&'static str]) {
        let table = match path.split_once('[') {
            None => format!("[{path}]"),
            Some((list, index)) if index.ends_with(']') && !list.contains('.') => {
                format!("[[{list}]]")
            }
            // What is in a list's item has no header that could be named.
            Some(_) => return,
        };
        let keys = keys.iter().map(|key| (table.clone(), *key));
        self.homes.borrow_mut().extend(keys);
    }

    /// The key that one of the root was probably meant to be, if it is more alike than `than`, and the tables that have it:
    /// of those, the ones that the fewest dots lead to.
    pub(crate) fn home_of(
        &self,
        name: &str,
        than: Option<f64>,
    ) -> Option<(Vec<String>, &'static str)> {
        let homes = self.homes.borrow();
        let near = homes
            .iter()
            .filter_map(|(_, key)| Some((likeness(name, key)?, *key)));
        let near = near.filter(|(alike, _)| than.is_none_or(|than| *alike > than));
        // Of several that are as alike, the first by name.
        let (_, key) = near.max_by(|(a, key), (b, other)| a.total_cmp(b).then(other.cmp(key)))?;
        let having = || {
            homes
                .iter()
                .filter(|home| home.1 == key)
                .map(|home| &home.0)
        };
        let depth = |table: &String| table.matches('.').count();
        let least = having().map(depth).min()?;
        let tables = having().filter(|table| depth(table) == least);
        Some((tables.cloned().collect(), key))
    }

    fn push(&self, span: Range<usize>, message: &str, remedy: &str) {
        if self.muted.get() {
            return;
        }
        self.found.borrow_mut().push(TableProblem {
            span,
            message: printable(message),
            remedy: printable(remedy),
        });
    }

    /// A span can end behind the text, and, of a text that is not TOML, inside a character.
    fn within(&self, span: Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start);
        start..self.text.ceil_char_boundary(span.end).max(start)
    }

    /// In the order of the text.
    pub(crate) fn into_sorted(self) -> Vec<TableProblem> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|problem| problem.span.start);
        found
    }
}
