//! What is different, in words and as a unified diff.

use std::fmt::Write as _;

use pipefitter_codepipeline::clean_text;
use similar::{ChangeTag, TextDiff};

/// Lines around a change.
const CONTEXT: usize = 3;
/// Of one diff, so many lines are shown.
const MOST_LINES: usize = 120;

/// One thing that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// The file of the case that says what is expected.
    pub(super) file: String,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Text { expected: String, actual: String },
    Words(String),
}

impl Difference {
    /// None where the two are the same.
    pub(super) fn of_texts(file: &str, expected: &str, actual: &str) -> Option<Self> {
        (expected != actual).then(|| Self {
            file: file.to_owned(),
            what: What::Text {
                expected: expected.to_owned(),
                actual: actual.to_owned(),
            },
        })
    }

    pub(super) fn in_words(file: impl Into<String>, words: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            what: What::Words(words.into()),
        }
    }

    /// Its lines, without an indent; in colours, if `colours`.
    pub(super) fn render(&self, colours: bool) -> String {
        match &self.what {
            What::Words(words) => format!("{}: {}\n", self.file, clean_text(words)),
            What::Text { expected, actual } => self.unified(expected, actual, colours),
        }
    }

    fn unified(&self, expected: &str, actual: &str, colours: bool) -> String {
        let paint = |code: &str, text: &str| {
            if colours {
                format!("\u{1b}[{code}m{text}\u{1b}[0m\n")
            } else {
                format!("{text}\n")
            }
        };
        let mut lines = vec![
            paint("31", &format!("--- {}", self.file)),
            paint("32", "+++ this run"),
        ];
        let diff = TextDiff::from_lines(expected, actual);
        for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
            lines.push(paint("36", hunk.header().to_string().trim_end()));
            for change in hunk.iter_changes() {
                let (sign, code) = match change.tag() {
                    ChangeTag::Delete => ('-', "31"),
                    ChangeTag::Insert => ('+', "32"),
                    ChangeTag::Equal => (' ', "0"),
                };
                // A plugin wrote it.
                let text = clean_text(change.value()).replace('\n', "");
                let line = format!("{sign}{text}");
                lines.push(match change.tag() {
                    ChangeTag::Equal => format!("{line}\n"),
                    _ => paint(code, &line),
                });
                if change.missing_newline() {
                    lines.push("\\ no line end at the end\n".to_owned());
                }
            }
        }
        if lines.len() > MOST_LINES {
            let more = lines.len() - MOST_LINES;
            lines.truncate(MOST_LINES);
            let mut last = String::new();
            // Writing to a String cannot fail.
            let _ = writeln!(last, "({more} more lines)");
            lines.push(last);
        }
        lines.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_codes_do_not_reach_the_terminal_and_the_end_is_told() {
        let difference = Difference::of_texts("log.txt", "a\nb\n", "a\n\u{1b}[2Jc").unwrap();
        assert_eq!(
            difference.render(false),
            "--- log.txt\n+++ this run\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ no line end at the end\n"
        );
        assert!(difference.render(true).contains("\u{1b}[32m+c\u{1b}[0m\n"));
        assert_eq!(Difference::of_texts("x", "a", "a"), None);
    }

    #[test]
    fn a_long_diff_is_cut() {
        let long: String = (0..1000).map(|n| format!("{n}\n")).collect();
        let shown = Difference::of_texts("x", "", &long).unwrap().render(false);
        assert_eq!(shown.lines().count(), MOST_LINES + 1);
        assert!(shown.ends_with("more lines)\n"), "{shown}");
    }
}
