//! Whole sites: each directory of `tests/cases` has an input, a job, and what must come of it.
//!
//! `job.json`: `configuration`. `expected.json`: `variables` and `summary`, or `failure` (its kind, and
//! the message); `contains` and `lacks` (texts by file); `absent` (files); `log` (texts).
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pipefitter_plugin_site::run;
use pipefitter_sdk::testing;
use serde::Deserialize;

#[derive(Deserialize)]
struct CaseJob {
    configuration: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Expected {
    variables: BTreeMap<String, String>,
    summary: Option<String>,
    failure: Option<(String, String)>,
    contains: BTreeMap<String, Vec<String>>,
    lacks: BTreeMap<String, Vec<String>>,
    absent: Vec<String>,
    log: Vec<String>,
}

#[test]
fn every_case_comes_out_as_expected() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut names: Vec<_> = fs::read_dir(&cases)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    assert!(!names.is_empty());
    for case in names {
        check(&case);
    }
}

fn check(case: &Path) {
    let name = case.file_name().unwrap().to_string_lossy();
    let job: CaseJob = read(&case.join("job.json"));
    let expected: Expected = read(&case.join("expected.json"));
    let output = tempfile::tempdir().unwrap();
    let built = build(case, &job, output.path());
    let log = testing::take_log();
    for text in &expected.log {
        assert!(
            log.iter().any(|line| line.text.contains(text)),
            "{name}: not in the log: {text}"
        );
    }
    let outcome = match (built, &expected.failure) {
        (Ok(outcome), None) => outcome,
        (Err(failure), Some((kind, message))) => {
            assert_eq!(format!("{:?}", failure.kind), *kind, "{name}");
            assert_eq!(failure.message, *message, "{name}");
            return;
        }
        (got, _) => panic!("{name}: {got:?}"),
    };
    assert_eq!(
        outcome
            .variables()
            .iter()
            .cloned()
            .collect::<BTreeMap<_, _>>(),
        expected.variables
    );
    assert_eq!(outcome.details().summary, expected.summary, "{name}");
    let content = |file: &String| {
        fs::read_to_string(output.path().join(file))
            .unwrap_or_else(|error| panic!("{name}: {file}: {error}"))
    };
    for (file, texts) in &expected.contains {
        let content = content(file);
        for text in texts {
            assert!(
                content.contains(text),
                "{name}: {file} lacks {text}:\n{content}"
            );
        }
    }
    for (file, texts) in &expected.lacks {
        let content = content(file);
        for text in texts {
            assert!(
                !content.contains(text),
                "{name}: {file} has {text}:\n{content}"
            );
        }
    }
    for file in &expected.absent {
        assert!(
            !output.path().join(file).exists(),
            "{name}: {file} is there"
        );
    }
    repeats(case, &job, output.path());
}

fn build(
    case: &Path,
    job: &CaseJob,
    output: &Path,
) -> Result<pipefitter_sdk::Outcome, pipefitter_sdk::Failure> {
    let builder = testing::job()
        .input("Source", case.join("input"))
        .output("Site", output);
    let job = job
        .configuration
        .iter()
        .fold(builder, |job, (key, value)| job.config(key, value));
    run(job.build())
}

/// The same input gives the same bytes.
fn repeats(case: &Path, job: &CaseJob, first: &Path) {
    let second = tempfile::tempdir().unwrap();
    build(case, job, second.path()).unwrap();
    let files = pipefitter_sdk::walk(first).unwrap();
    assert_eq!(files, pipefitter_sdk::walk(second.path()).unwrap());
    for file in files {
        assert_eq!(
            fs::read(first.join(&file)).unwrap(),
            fs::read(second.path().join(&file)).unwrap()
        );
    }
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
