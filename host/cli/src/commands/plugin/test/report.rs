//! What a run of cases prints: a line for each, and below it what is different.

use std::fmt::Write as _;
use std::time::Duration;

use pipefitter_codepipeline::clean_text;

use super::diff::Difference;

/// Of a log so many of the last lines are shown.
const LOG_LINES: usize = 20;

/// How a case ended.
pub(super) enum Verdict {
    Passed,
    /// `--update` wrote.
    Written,
    Failed(Vec<Difference>),
    /// It could not be run or judged.
    Error(String),
}

/// A case and how it ended.
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) verdict: Verdict,
    pub(super) took: Duration,
    /// The log, as far as it ran.
    pub(super) log: String,
    /// Whether the log was compared and is not different: it is not shown then.
    pub(super) log_is_as_expected: bool,
}

impl Outcome {
    pub(super) fn is_good(&self) -> bool {
        matches!(self.verdict, Verdict::Passed | Verdict::Written)
    }

    /// Everything that is printed of it.
    pub(super) fn render(&self, colours: bool) -> String {
        let (word, code) = match &self.verdict {
            Verdict::Passed => ("ok     ", "32"),
            Verdict::Written => ("written", "33"),
            Verdict::Failed(_) => ("FAILED ", "31"),
            Verdict::Error(_) => ("ERROR  ", "31"),
        };
        let word = match colours {
            true => format!("\u{1b}[{code}m{word}\u{1b}[0m"),
            false => word.to_owned(),
        };
        let mut text = format!("{word} {} ({:.1?})\n", self.name, self.took);
        text.push_str(&indented(&self.details(colours)));
        text
    }

    /// What is different, or what is wrong, and the log where that helps.
    pub(super) fn details(&self, colours: bool) -> String {
        let mut text = match &self.verdict {
            Verdict::Passed | Verdict::Written => return String::new(),
            Verdict::Error(error) => format!("{}\n", clean_text(error).trim_end()),
            Verdict::Failed(differences) => differences
                .iter()
                .map(|difference| difference.render(colours))
                .collect(),
        };
        if !self.log_is_as_expected && !self.log.is_empty() {
            let lines: Vec<&str> = self.log.lines().collect();
            let hidden = lines.len().saturating_sub(LOG_LINES);
            text.push_str("the job's log:\n");
            if hidden > 0 {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "  ({hidden} lines before)");
            }
            for line in lines.iter().skip(hidden) {
                let _ = writeln!(text, "  {line}");
            }
        }
        text
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// How many came to what, and what can be done about it.
pub(super) fn summary(outcomes: &[Outcome]) -> String {
    let count = |is: fn(&Verdict) -> bool| outcomes.iter().filter(|o| is(&o.verdict)).count();
    let failed = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    let errors = count(|verdict| matches!(verdict, Verdict::Error(_)));
    let written = count(|verdict| matches!(verdict, Verdict::Written));
    let cases = match outcomes.len() {
        1 => "1 case".to_owned(),
        several => format!("{several} cases"),
    };
    let passed = outcomes.len() - failed - errors - written;
    let parts = [
        (passed, "passed"),
        (written, "written"),
        (failed, "failed"),
        (errors, "could not be run"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    format!("{cases}: {}", parts.join(", "))
}
