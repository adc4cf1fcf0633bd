//! What was found, for the pipeline's owner and for other programs.

use pipefitter_sdk::Failure;
use serde::Serialize;

use crate::check::{Broken, Verdict};

/// How many broken links the message names; all are in the log.
const NAMED: usize = 20;
/// Longer links are cut in the message, which may have 5,000 characters for 20 of them.
const LINK_CHARACTERS: usize = 100;

/// What was found. Its JSON is the file `report.json`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) pages: usize,
    /// All of them, external and ignored ones too.
    pub(crate) links: usize,
    pub(crate) external: usize,
    pub(crate) ignored: usize,
    /// By page and line.
    pub(crate) broken: Vec<Broken>,
}

impl Report {
    pub(crate) fn count(&mut self, page: &str, line: usize, link: &str, verdict: Verdict) {
        self.links += 1;
        match verdict {
            Verdict::Good => {}
            Verdict::External => self.external += 1,
            Verdict::Ignored => self.ignored += 1,
            Verdict::Broken(problem) => self.broken.push(Broken {
                page: page.to_owned(),
                line,
                link: link.to_owned(),
                problem,
            }),
        }
    }

    /// One line.
    pub(crate) fn summary(&self) -> String {
        format!(
            "{} links on {} pages: {} broken, {} external, {} ignored",
            self.links,
            self.pages,
            self.broken.len(),
            self.external,
            self.ignored
        )
    }

    /// The failure that names what is broken.
    pub(crate) fn failure(&self, allowed: usize) -> Failure {
        let mut message = format!(
            "{} of {} links on {} pages are broken",
            self.broken.len(),
            self.links,
            self.pages
        );
        if allowed > 0 {
            message.push_str(&format!(" ({allowed} are allowed)"));
        }
        message.push(':');
        for broken in self.broken.iter().take(NAMED) {
            message.push_str(&format!("\n{}", line(broken, LINK_CHARACTERS)));
        }
        if let Some(more @ 1..) = self.broken.len().checked_sub(NAMED) {
            message.push_str(&format!("\n... and {more} more: the log has all"));
        }
        Failure::job_failed(message)
    }
}

/// `page:line: `link`: problem`, with the link and the rest cut.
pub(crate) fn line(broken: &Broken, characters: usize) -> String {
    let Broken {
        page,
        line,
        link,
        problem,
    } = broken;
    format!(
        "{}:{line}: `{}`: {}",
        cut(page, characters),
        cut(link, characters),
        cut(problem, characters)
    )
}

fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(broken: usize, length: usize) -> Report {
        let mut report = Report {
            pages: 2,
            ..Report::default()
        };
        for line in 1..=broken {
            let why = Verdict::Broken("there is no such file".to_owned());
            report.count("a.html", line, &"ü".repeat(length), why);
        }
        report
    }

    #[test]
    fn the_first_twenty_are_named_and_the_rest_counted() {
        let message = report(23, 1).failure(0).message;
        assert!(message.starts_with(
            "23 of 23 links on 2 pages are broken:\na.html:1: `ü`: there is no such file\n"
        ));
        assert!(
            message.ends_with(
                "\na.html:20: `ü`: there is no such file\n... and 3 more: the log has all"
            )
        );
        assert!(!report(20, 1).failure(0).message.contains("more"));
    }

    #[test]
    fn the_message_stays_within_what_the_service_takes() {
        let mut long = report(40, 4_000);
        for broken in &mut long.broken {
            broken.page = "p".repeat(3_000);
            broken.problem = "q".repeat(3_000);
        }
        assert!(long.failure(0).message.chars().count() < 8_000);
        assert!(report(40, 4_000).failure(0).message.chars().count() < 5_000);
    }
}
