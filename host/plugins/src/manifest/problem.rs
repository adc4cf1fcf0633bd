//! What is wrong with a manifest, and where.

use std::fmt;
use std::ops::Range;

use crate::toml_table::TableProblem;

/// One fault of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestProblem {
    /// The file, as the caller named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// In bytes of the manifest's text; line and column are its start.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

impl ManifestProblem {
    pub(crate) fn of(file: &str, text: &str, problem: TableProblem) -> Self {
        let before = text.get(..problem.span.start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        ManifestProblem {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            span: problem.span,
            message: problem.message,
            remedy: problem.remedy,
        }
    }
}

impl fmt::Display for ManifestProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            message,
            remedy,
            ..
        } = self;
        write!(f, "{file}:{line}:{column}: {message}; {remedy}")
    }
}
