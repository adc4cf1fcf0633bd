//! Whole sites: each directory of `tests/cases` has a site, a job, and what must come of it.
//!
//! `job.json`: `configuration`. `expected.json`: `variables`, or `failure`, the message.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pipefitter_plugin_linkcheck::run;
use pipefitter_sdk::{FailureKind, testing};
use serde::Deserialize;

#[derive(Deserialize)]
struct CaseJob {
    configuration: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default)]
    variables: BTreeMap<String, String>,
    failure: Option<Vec<String>>,
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
        let name = case.file_name().unwrap().to_string_lossy();
        let job: CaseJob = read(&case.join("job.json"));
        let expected: Expected = read(&case.join("expected.json"));
        let output = tempfile::tempdir().unwrap();
        let builder = testing::job()
            .input("Site", case.join("input"))
            .output("Report", output.path());
        let job = job
            .configuration
            .iter()
            .fold(builder, |job, (key, value)| job.config(key, value));
        match (run(job.build()), expected.failure) {
            (Err(failure), Some(lines)) => {
                assert_eq!(failure.kind, FailureKind::JobFailed, "{name}");
                assert_eq!(failure.message, lines.join("\n"), "{name}");
            }
            (Ok(outcome), None) => {
                let variables: BTreeMap<_, _> = outcome.variables().iter().cloned().collect();
                assert_eq!(variables, expected.variables, "{name}");
                let report: serde_json::Value = read(&output.path().join("report.json"));
                let broken = report["broken"].as_array().unwrap().len();
                assert_eq!(broken.to_string(), variables["broken"], "{name}");
            }
            (got, _) => panic!("{name}: {got:?}"),
        }
    }
}

#[test]
fn a_job_without_an_output_artifact_makes_no_report() {
    let site = tempfile::tempdir().unwrap();
    fs::write(site.path().join("index.html"), "<a href=#top>x</a>").unwrap();
    let outcome = run(testing::job().input("Site", site.path()).build()).unwrap();
    assert_eq!(outcome.variable_value("broken"), Some("0"));
    assert!(testing::take_progress().len() >= 2);
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
