//! What the tests show, as sections of docs/LOCAL.md. Each sentence is there once.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::shown::{self, Kind, Shown};
use super::subjects::{OTHERS, Service, Subjects, UNBUILT_S3};
use crate::{pages, paths};

const PAGE: &str = "docs/LOCAL.md";

/// Write the sections into the page.
pub(crate) fn run() -> Result<()> {
    pages::write(PAGE, &current()?)
}

/// The page as it should be.
fn current() -> Result<String> {
    let root = paths::root();
    let subjects = Subjects::read(&root)?;
    let facts = Facts::new(&subjects, shown::by_tests(&root)?)?;
    pages::filled(PAGE, "conformance", &facts.sections())
}

/// What is shown, by subject and kind.
struct Facts<'a> {
    subjects: &'a Subjects,
    /// In the order of their first subjects.
    shown: Vec<Shown>,
}

impl<'a> Facts<'a> {
    /// # Errors
    /// A sentence of a subject that there is not; a subject without a sentence.
    fn new(subjects: &'a Subjects, mut shown: Vec<Shown>) -> Result<Self> {
        let all = subjects.all();
        for entry in &mut shown {
            if entry.subjects == [UNBUILT_S3] {
                entry.subjects = subjects.unbuilt_s3();
            }
            for subject in &entry.subjects {
                if !all.contains(&subject.as_str()) {
                    bail!("{}, {}: no service has `{subject}`", entry.file, entry.test);
                }
            }
        }
        let has_sentence = |subject: &str| {
            let mut named = shown.iter().flat_map(|entry| &entry.subjects);
            named.any(|named| named == subject)
        };
        let bare: Vec<&str> = all
            .iter()
            .copied()
            .filter(|subject| !has_sentence(subject))
            .collect();
        if !bare.is_empty() {
            bail!("no test shows what these do: {bare:?}");
        }
        let place = |entry: &Shown| {
            let of = |subject: &String| all.iter().position(|one| one == subject);
            entry.subjects.iter().filter_map(of).min()
        };
        shown.sort_by_key(place);
        Ok(Self { subjects, shown })
    }

    fn sections(&self) -> String {
        let mut text = String::new();
        for service in &self.subjects.services {
            text.push_str(&self.overview(service));
        }
        text.push_str("## As on AWS\n\n");
        for service in &self.subjects.services {
            let is_its = |entry: &&Shown| {
                let named = &entry.subjects[0];
                named == service.name || service.operations.contains(named)
            };
            let entries = self.of(Kind::AsOnAws).filter(is_its);
            let _ = writeln!(text, "{}:\n", service.name);
            text.push_str(&table(&["what is shown"], entries));
        }
        text.push_str(DIFFERS);
        text.push_str(&table(&["on AWS", "here"], self.of(Kind::UnlikeAws)));
        text.push_str(ASSUMED);
        text.push_str(&table(&["here"], self.of(Kind::AsAssumed)));
        text.push_str(NOT_BUILT);
        text.push_str(&self.whole());
        let parts = self.of(Kind::NotBuilt);
        let parts = parts.filter(|entry| !self.is_whole(entry));
        text.push_str(&table(&["what is not built"], parts));
        text.trim_end().to_owned() + "\n"
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Shown> {
        self.shown.iter().filter(move |entry| entry.kind == kind)
    }

    /// How many sentences of each kind there are of each operation; those of which nothing is built together.
    fn overview(&self, service: &Service) -> String {
        let mut text = format!("### {}\n\n| operation |", service.name);
        for kind in Kind::ALL {
            let anchor = kind.words().to_lowercase().replace(' ', "-");
            let _ = write!(text, " [{}](#{anchor}) |", kind.words());
        }
        text.push_str("\n|---|---|---|---|---|\n");
        let count = |subject: &str, kind: Kind| {
            let has = |entry: &&Shown| entry.subjects.iter().any(|named| named == subject);
            match self.of(kind).filter(has).count() {
                0 => String::new(),
                count => count.to_string(),
            }
        };
        let mut unbuilt = 0;
        let operations = service.operations.iter().map(String::as_str);
        for subject in operations.chain([service.name]) {
            if self.is_unbuilt(subject) {
                unbuilt += 1;
                continue;
            }
            let label = match subject == service.name {
                true => "all, and what is around them".to_owned(),
                false => format!("`{subject}`"),
            };
            let counts = Kind::ALL.map(|kind| count(subject, kind));
            let _ = writeln!(text, "| {label} | {} |", counts.join(" | "));
        }
        let _ = writeln!(text, "| {unbuilt} more | | | | all of it |\n");
        text
    }

    /// Whether nothing of an operation is built.
    fn is_unbuilt(&self, subject: &str) -> bool {
        let about = |entry: &&Shown| entry.subjects.iter().any(|named| named == subject);
        self.subjects.is_operation(subject)
            && self
                .shown
                .iter()
                .filter(about)
                .all(|entry| entry.kind == Kind::NotBuilt)
    }

    /// Whether a sentence is about operations of which nothing is built.
    fn is_whole(&self, entry: &Shown) -> bool {
        entry
            .subjects
            .iter()
            .all(|subject| self.is_unbuilt(subject))
    }

    fn whole(&self) -> String {
        let mut text = String::new();
        for entry in self.of(Kind::NotBuilt).filter(|entry| self.is_whole(entry)) {
            let names = quoted(&entry.subjects);
            let _ = writeln!(text, "- {names}: {} ({})", entry.what, shown_by(entry));
        }
        text.push('\n');
        text
    }
}

/// One row for each sentence; rows that follow one another name their subjects once.
fn table<'a>(titles: &[&str], entries: impl Iterator<Item = &'a Shown>) -> String {
    let mut text = format!("| operation | {} | shown by |\n|---", titles.join(" | "));
    text.push_str(&"|---".repeat(titles.len() + 1));
    text.push_str("|\n");
    let mut before: &[String] = &[];
    for entry in entries {
        let subjects = match before == entry.subjects {
            true => String::new(),
            false => quoted(&entry.subjects),
        };
        before = &entry.subjects;
        let on_aws = entry.on_aws.iter().map(String::as_str);
        let told: Vec<&str> = on_aws.chain([entry.what.as_str()]).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {subjects} | {} | {} |",
            told.join(" | "),
            shown_by(entry)
        );
    }
    text.push('\n');
    text
}

fn quoted(subjects: &[String]) -> String {
    let label = |subject: &String| match subject.as_str() {
        "CodePipeline" | "S3" | OTHERS => subject.clone(),
        operation => format!("`{operation}`"),
    };
    let labels: Vec<String> = subjects.iter().map(label).collect();
    labels.join(", ")
}

/// The test, by the end of its file's path, as docs/SECURITY.md names tests, too.
fn shown_by(entry: &Shown) -> String {
    // No link: the page is read where the sources are not, too.
    let path = entry.file.trim_end_matches(".rs");
    let mut parts = path.rsplit('/');
    let (file, folder) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    format!("`{folder}/{file}::{}`", entry.test)
}

const DIFFERS: &str =
    "## What differs from AWS\n\n### Unlike AWS\n\nWhere it is known what AWS does.\n\n";

const ASSUMED: &str = "### As assumed\n\nWhere nothing public says what AWS does. \
[AWS-ASSUMPTIONS.md](AWS-ASSUMPTIONS.md) has the questions that\nmatter to a worker, and the switch that gives the other \
answer.\n\n";

const NOT_BUILT: &str = "## What is not built\n\nCodePipeline answers with NotBuiltException and S3 with NotImplemented, \
where the request itself is sound.\nNothing of these operations:\n\n";

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_table_in_the_manual_is_what_the_tests_show() {
        let current = current().unwrap();
        let kept = fs::read_to_string(paths::root().join(PAGE)).unwrap();
        assert!(
            kept == current,
            "{PAGE} is not what the tests show: run `cargo xtask conformance`"
        );
    }

    fn subjects() -> Subjects {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Subjects::of(
            owned(&["PollForJobs", "TagResource"]),
            owned(&["GetObject", "GetBucketAcl", "PutBucketAcl"]),
            owned(&["GetObject"]),
        )
        .unwrap()
    }

    fn facts(sentences: &str) -> Result<String> {
        let subjects = subjects();
        let text = format!("{sentences}\n#[test]\nfn a() {{}}");
        let facts = Facts::new(&subjects, shown::read("folder/file.rs", &text)?)?;
        Ok(facts.sections())
    }

    const ENOUGH: &str = "/// Shows `PollForJobs` as on AWS: it gets jobs.\n\
         /// Shows `PollForJobs` unlike AWS: on AWS slowly; here at once.\n\
         /// Shows `PollForJobs`, `GetObject` as assumed: politely.\n\
         /// Shows `TagResource` not built: refused by name.\n\
         /// Shows every other operation of S3 not built: named, too.\n\
         /// Shows `GetObject` not built: torrents.\n\
         /// Shows `CodePipeline`, `S3` as on AWS: signed.\n\
         /// Shows `other services` not built: none is there.";

    #[test]
    fn each_sentence_is_on_the_page_once_and_counted_by_operation() {
        let page = facts(ENOUGH).unwrap();
        for line in [
            "| `PollForJobs` | 1 | 1 | 1 |  |",
            "| `GetObject` |  | 1 |  | 1 |",
            "| 1 more | | | | all of it |",
            "| 2 more | | | | all of it |",
            "| `PollForJobs` | slowly | at once | `folder/file::a` |",
            "| `PollForJobs`, `GetObject` | politely | `folder/file::a` |",
            "- `TagResource`: refused by name (`folder/file::a`)",
            "- `GetBucketAcl`, `PutBucketAcl`: named, too (`folder/file::a`)",
            "| `GetObject` | torrents | `folder/file::a` |",
            "| other services | none is there | `folder/file::a` |",
        ] {
            assert_eq!(page.matches(line).count(), 1, "{line}\n{page}");
        }
        let of_both = "| all, and what is around them | 1 |  |  |  |";
        assert_eq!(page.matches(of_both).count(), 2, "{page}");
    }

    #[test]
    fn what_nobody_shows_or_nobody_has_is_an_error() {
        let lines: Vec<&str> = ENOUGH.lines().collect();
        for (left_out, said) in [
            (3, "TagResource"),
            (4, "PutBucketAcl"),
            (7, "other services"),
        ] {
            let mut lines = lines.clone();
            lines.remove(left_out);
            let error = facts(&lines.join("\n")).unwrap_err().to_string();
            assert!(
                error.contains("no test shows") && error.contains(said),
                "{error}"
            );
        }
        let more = format!("{ENOUGH}\n/// Shows `PollForBobs` as on AWS: x.");
        let error = facts(&more).unwrap_err().to_string();
        assert!(error.contains("no service has `PollForBobs`"), "{error}");
    }

    #[test]
    fn the_operations_are_read_out_of_the_code() {
        let subjects = Subjects::read(&paths::root()).unwrap();
        let [codepipeline, s3] = &subjects.services;
        assert_eq!(codepipeline.operations.len(), 44);
        assert!(s3.operations.len() > 100);
        let unbuilt = subjects.unbuilt_s3();
        assert_eq!(s3.operations.len() - unbuilt.len(), 24);
        assert!(unbuilt.contains(&"PutBucketPolicy".to_owned()));
    }
}
