//! What is wrong with a manifest, and where.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

/// One fault of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestProblem {
    /// The file, as the caller named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

impl fmt::Display for ManifestProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            message,
            remedy,
        } = self;
        write!(f, "{file}:{line}:{column}: {message}; {remedy}")
    }
}

/// Collects problems while a text is read.
#[derive(Debug)]
pub(crate) struct Problems<'t> {
    file: &'t str,
    text: &'t str,
    found: Vec<(usize, ManifestProblem)>,
    /// Lines that are not TOML.
    broken: BTreeSet<usize>,
    /// These, and those below them up to the next header: what the parser made of them is guesswork.
    unjudged: BTreeSet<usize>,
}

impl<'t> Problems<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        Problems {
            file,
            text,
            found: Vec::new(),
            broken: BTreeSet::new(),
            unjudged: BTreeSet::new(),
        }
    }

    pub(crate) fn not_toml(&mut self, span: Option<Range<usize>>, message: &str) {
        let offset = span.map_or(0, |span| span.start);
        let (line, _) = self.place(offset);
        // One slip makes the parser stumble several times on the same line.
        if !self.broken.insert(line) {
            return;
        }
        self.push(offset, format!("not TOML: {message}"), "correct this line");
        self.unjudged.insert(line);
        let below = (line + 1..).zip(self.text.lines().skip(line));
        let unjudged = below.take_while(|(_, text)| !text.trim_start().starts_with('['));
        self.unjudged.extend(unjudged.map(|(line, _)| line));
    }

    pub(crate) fn at(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (line, _) = self.place(span.start);
        if !self.unjudged.contains(&line) {
            self.push(span.start, message, remedy);
        }
    }

    /// Something is not there; in a text that is not TOML it may only have been lost.
    pub(crate) fn missing(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if self.broken.is_empty() {
            self.push(span.start, message, remedy);
        }
    }

    fn push(&mut self, offset: usize, message: impl Into<String>, remedy: impl Into<String>) {
        let (line, column) = self.place(offset);
        self.found.push((
            offset,
            ManifestProblem {
                file: self.file.to_owned(),
                line,
                column,
                message: message.into(),
                remedy: remedy.into(),
            },
        ));
    }

    /// In the order of the file.
    pub(crate) fn finish(mut self) -> Vec<ManifestProblem> {
        self.found.sort_by_key(|(offset, _)| *offset);
        self.found.into_iter().map(|(_, problem)| problem).collect()
    }

    fn place(&self, offset: usize) -> (usize, usize) {
        // A span can end behind the text, and, of a text that is not TOML, inside a character.
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
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

/// The one of `known` that `name` was probably meant to be.
pub(crate) fn meant<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    // Above this Jaro-Winkler similarity a slip of the finger lies; below it, another word.
    const ALIKE: f64 = 0.8;
    let plain = |text: &str| text.to_lowercase().replace('_', "-");
    let name = plain(name);
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&name, &plain(candidate)), *candidate))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
