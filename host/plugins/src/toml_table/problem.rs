//! What is wrong with a text, and where.

use std::cell::RefCell;
use std::ops::Range;

use super::words::printable;

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
}

impl<'t> Problems<'t> {
    pub(crate) fn new(text: &'t str, errors: &[toml::de::Error]) -> Self {
        let mut problems = Problems {
            text,
            found: RefCell::default(),
            guesswork: Vec::new(),
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

    fn push(&self, span: Range<usize>, message: &str, remedy: &str) {
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
