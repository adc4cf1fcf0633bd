//! `cargo xtask conformance`: docs/LOCAL.md's table of operations, made from the tests that show what each does.
//!
//! A test says what it shows in its own documentation:
//!
//! ```text
//!   /// Shows `PollForJobs` as on AWS: a poll gets jobs of its query value only.
//!   #[tokio::test]
//!   async fn a_queryable_property_selects_jobs() {
//! ```
//!
//! | word | the behaviour |
//! |---|---|
//! | `as on AWS` | is documented for AWS, and the same here |
//! | `as assumed` | is documented nowhere: docs/AWS-ASSUMPTIONS.md |
//! | `unlike AWS` | is documented for AWS, and another here |
//! | `not built` | is not there, and refused by name |
//!
//! A behaviour is in the table because a test shows it, and goes with the test. Each operation of the service's
//! model has a row, or the table is not made.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{pages, paths};

const PAGE: &str = "docs/LOCAL.md";

/// Where tests of the embedded service are.
const FOLDERS: [&str; 3] = ["host/local/src", "host/local/tests", "tests/tests"];

/// Generated from the service's model, with each operation's name.
const MODEL: &str = "host/local/src/pipeline/shapes/requests.rs";

const KINDS: [&str; 4] = ["as on AWS", "as assumed", "unlike AWS", "not built"];

/// What one test shows of some operations.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    operations: Vec<String>,
    kind: &'static str,
    what: String,
    test: String,
}

/// Write the table into the page.
pub(crate) fn run() -> Result<()> {
    pages::write(PAGE, &current()?)
}

/// The page as it should be.
fn current() -> Result<String> {
    let root = paths::root();
    let model =
        fs::read_to_string(root.join(MODEL)).with_context(|| format!("could not read {MODEL}"))?;
    let table = table(&operations(&model), &shown_by_tests(&root)?)?;
    pages::filled(PAGE, "conformance", &table)
}

/// The names in the table of requests: `("Name", &SHAPE)`, on one line or two.
fn operations(model: &str) -> Vec<String> {
    let (_, table) = model.split_once("REQUESTS").unwrap_or_default();
    let (table, _) = table.split_once("];").unwrap_or_default();
    let quoted = table.split('"').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

fn shown_by_tests(root: &Path) -> Result<Vec<Shown>> {
    let mut shown = Vec::new();
    for folder in FOLDERS {
        for path in rust_files(&root.join(folder))? {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("could not read {}", path.display()))?;
            shown.extend(read(&short(&path), &text)?);
        }
    }
    Ok(shown)
}

/// The end of a file's path, as docs/SECURITY.md has it, too.
fn short(path: &Path) -> String {
    let path = path.with_extension("");
    let part =
        |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let folder = part(path.parent().and_then(Path::file_name));
    format!("{folder}/{}", part(path.file_name()))
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What the tests of a file show.
fn read(file: &str, text: &str) -> Result<Vec<Shown>> {
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("/// ") else {
            continue;
        };
        let mut sentences = vec![first.to_owned()];
        while let Some(next) = lines.next_if(|line| line.starts_with("///")) {
            let next = next.trim_start_matches('/').trim();
            match sentences
                .last_mut()
                .filter(|_| !next.starts_with("Shows `"))
            {
                Some(sentence) => {
                    sentence.push(' ');
                    sentence.push_str(next);
                }
                None => sentences.push(next.to_owned()),
            }
        }
        sentences.retain(|sentence| sentence.starts_with("Shows `"));
        if sentences.is_empty() {
            continue;
        }
        let mut is_test = false;
        while let Some(attribute) = lines.next_if(|line| line.starts_with('#')) {
            is_test |= attribute.starts_with("#[test]") || attribute.starts_with("#[tokio::test");
        }
        let name = lines.peek().and_then(|line| function(line));
        let Some(name) = name.filter(|_| is_test) else {
            bail!("{file}: `{}` stands above no test", sentences[0]);
        };
        for sentence in sentences {
            found.push(shown(&sentence, &format!("{file}::{name}"))?);
        }
    }
    Ok(found)
}

/// The name in a line that begins a function.
fn function(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("fn ")?;
    rest.split_once('(').map(|(name, _)| name)
}

fn shown(sentence: &str, test: &str) -> Result<Shown> {
    let rest = sentence.trim_start_matches("Shows ");
    let of = |kind: &'static str| {
        let (operations, what) = rest.split_once(&format!(" {kind}: "))?;
        Some((kind, operations, what))
    };
    let Some((kind, operations, what)) = KINDS.into_iter().find_map(of) else {
        bail!(
            "{test}: `{sentence}` is none of {}, each followed by a colon",
            KINDS.join(", ")
        );
    };
    let operations = operations.split('`').skip(1).step_by(2);
    Ok(Shown {
        operations: operations.map(str::to_owned).collect(),
        kind,
        what: what.trim_end_matches('.').replace('|', "\\|"),
        test: test.to_owned(),
    })
}

/// One row for each behaviour, by operation and kind.
fn table(operations: &[String], shown: &[Shown]) -> Result<String> {
    let mut rows: BTreeMap<&str, Vec<&Shown>> = BTreeMap::new();
    for entry in shown {
        for operation in &entry.operations {
            if !operations.contains(operation) {
                bail!("{}: the service's model has no `{operation}`", entry.test);
            }
            rows.entry(operation).or_default().push(entry);
        }
    }
    let bare: Vec<&String> = operations
        .iter()
        .filter(|operation| !rows.contains_key(operation.as_str()))
        .collect();
    if !bare.is_empty() {
        bail!("no test shows what these do: {bare:?}");
    }
    let mut text = String::from("| operation | | what is shown | by |\n|---|---|---|---|\n");
    for (operation, entries) in rows {
        let mut first = format!("`{operation}`");
        for kind in KINDS {
            for entry in entries.iter().filter(|entry| entry.kind == kind) {
                // Writing to a String cannot fail.
                let _ = writeln!(
                    text,
                    "| {first} | {kind} | {} | `{}` |",
                    entry.what, entry.test
                );
                first.clear();
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_manual_is_what_the_tests_show() {
        let current = current().unwrap();
        let kept = fs::read_to_string(paths::root().join(PAGE)).unwrap();
        assert!(
            kept == current,
            "{PAGE} is not what the tests show: run `cargo xtask conformance`"
        );
    }

    #[test]
    fn a_test_says_what_it_shows_of_several_operations_and_in_several_lines() {
        let text = "/// Shows `PollForJobs`, `AcknowledgeJob` as on AWS: one worker wins a race, and the\n\
                    /// other is told.\n/// Shows `PollForJobs` as assumed: it hides.\n#[tokio::test]\n\
                    async fn races() {\n/// Shows nothing of the kind.\nfn helper() {}";
        let shown = read("tests/races", text).unwrap();
        assert_eq!(shown.len(), 2);
        assert_eq!(shown[0].operations, ["PollForJobs", "AcknowledgeJob"]);
        assert_eq!(shown[0].kind, "as on AWS");
        assert_eq!(
            shown[0].what,
            "one worker wins a race, and the other is told"
        );
        assert_eq!(shown[1].test, "tests/races::races");
        let operations = ["AcknowledgeJob".to_owned(), "PollForJobs".to_owned()];
        let table = table(&operations, &shown).unwrap();
        assert_eq!(table.lines().count(), 5, "{table}");
    }

    #[test]
    fn what_shows_nothing_is_an_error() {
        let no_test = "/// Shows `PollForJobs` as on AWS: x.\nfn helper() {}";
        let no_kind = "/// Shows `PollForJobs` working.\n#[test]\nfn a() {}";
        for (text, said) in [(no_test, "above no test"), (no_kind, "none of")] {
            let error = read("file", text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let other = "/// Shows `PollForBobs` as on AWS: x.\n#[test]\nfn a() {}";
        let shown = read("file", other).unwrap();
        let error = table(&["PollForJobs".to_owned()], &shown).unwrap_err();
        assert!(error.to_string().contains("PollForBobs"), "{error}");
        let error = table(&["PollForJobs".to_owned()], &[]).unwrap_err();
        assert!(error.to_string().contains("no test shows"), "{error}");
    }
}
