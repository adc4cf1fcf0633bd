//! Every limit, at it and one past it.

use proptest::prelude::*;

use super::*;
use crate::ids::ContinuationToken;

fn success() -> SuccessResult {
    SuccessResult::default()
}

fn with_token(token: String) -> SuccessResult {
    SuccessResult {
        continuation: Some(ContinuationToken::new(token)),
        ..success()
    }
}

fn with_details(details: ExecutionDetails) -> SuccessResult {
    SuccessResult {
        details,
        ..success()
    }
}

fn with_revision(revision: &str, change: &str) -> SuccessResult {
    let current_revision = Some(CurrentRevision {
        revision: revision.to_owned(),
        change_identifier: change.to_owned(),
        created: None,
        summary: None,
    });
    SuccessResult {
        current_revision,
        ..success()
    }
}

fn with_variables(entries: &[(&str, &str)]) -> SuccessResult {
    let variables = entries
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    SuccessResult {
        variables,
        ..success()
    }
}

fn external(id: String) -> SuccessResult {
    with_details(ExecutionDetails {
        external_execution_id: Some(id),
        ..ExecutionDetails::default()
    })
}

#[test]
fn what_fits_passes_as_it_is() {
    for result in [
        success(),
        with_token("t".repeat(2048)),
        with_token("\u{1b}[31mverbatim\n".to_owned()),
        with_token("😀".repeat(1024)),
        external("e".repeat(1500)),
        with_revision(&"r".repeat(1500), &"c".repeat(100)),
        with_variables(&[("a@-_Z9", ""), ("b", "any \u{1b} value\n")]),
        with_variables(&[("v", &"x".repeat(122_879))]),
    ] {
        assert_eq!(result.clone().checked(), Ok(result));
    }
}

#[test]
fn what_may_not_be_cut_fails_by_name() {
    let refused: Vec<String> = [
        with_token(String::new()),
        with_token("t".repeat(2049)),
        with_token("😀".repeat(1025)),
        SuccessResult {
            continuation: Some(ContinuationToken::new("t")),
            ..with_variables(&[("a", "b")])
        },
        external("e".repeat(1501)),
        with_revision("", "c"),
        with_revision(&"r".repeat(1501), "c"),
        with_revision("r", ""),
        with_revision("r", &"c".repeat(101)),
        with_variables(&[("", "v")]),
        with_variables(&[("has space", "v")]),
        with_variables(&[("umläut", "v")]),
        with_variables(&[("line\nbreak\u{1b}[31m", "v")]),
        with_variables(&[(&"long name ".repeat(30), "v")]),
        with_variables(&[("v", &"x".repeat(122_880))]),
        with_variables(&[("v", &"ä".repeat(61_440))]),
    ]
    .into_iter()
    .map(|result| match result.checked() {
        Ok(_) => "passed".to_owned(),
        Err(error) => format!("{}: {error}", error.field()),
    })
    .collect();
    insta::assert_snapshot!(refused.join("\n"));
}

#[test]
fn prose_is_cleaned_cut_or_left_out() {
    let checked = with_details(ExecutionDetails {
        summary: Some(format!("\u{1b}[32m{}\u{1b}[0m\n", "s".repeat(3000))),
        external_execution_id: Some(" run-1\r\n".to_owned()),
        percent_complete: Some(250),
    })
    .checked()
    .unwrap();
    let summary = checked.details.summary.unwrap();
    assert_eq!(utf16_len(&summary), 2048);
    assert!(
        summary.ends_with("s... (cut from 3000 characters)"),
        "{summary}"
    );
    assert_eq!(
        checked.details.external_execution_id.as_deref(),
        Some("run-1")
    );
    assert_eq!(checked.details.percent_complete, Some(100));

    let empty = with_details(ExecutionDetails {
        summary: Some("\u{1b}[0m \n".to_owned()),
        external_execution_id: Some("\n".to_owned()),
        percent_complete: Some(0),
    })
    .checked()
    .unwrap();
    assert_eq!(empty.details.summary, None);
    assert_eq!(empty.details.external_execution_id, None);
    assert_eq!(empty.details.percent_complete, Some(0));
}

#[test]
fn a_revision_keeps_what_makes_sense() {
    let mut result = with_revision("r", "c");
    for (created, kept) in [
        (Some(f64::NAN), None),
        (Some(f64::INFINITY), None),
        (Some(-1.0), None),
        (Some(1e300), None),
        (Some(1_700_000_000.5), Some(1_700_000_000.5)),
        (None, None),
    ] {
        if let Some(revision) = &mut result.current_revision {
            revision.created = created;
            revision.summary = Some(" a commit \u{7}".to_owned());
        }
        let revision = result.clone().checked().unwrap().current_revision.unwrap();
        assert_eq!(revision.created, kept);
        assert_eq!(revision.summary.as_deref(), Some("a commit"));
    }
}

#[test]
fn a_failure_always_says_something() {
    for kind in [
        FailureType::JobFailed,
        FailureType::ConfigurationError,
        FailureType::PermissionError,
        FailureType::RevisionOutOfSync,
        FailureType::RevisionUnavailable,
        FailureType::SystemUnavailable,
    ] {
        let checked = FailureResult {
            kind,
            message: " \u{1b}[0m\n".to_owned(),
            external_execution_id: Some("e".repeat(1501)),
        }
        .checked();
        assert!(
            checked.message.contains("no message"),
            "{}",
            checked.message
        );
        assert_eq!(checked.external_execution_id, None);
    }
}

proptest! {
    #[test]
    fn a_checked_result_is_within_the_limits_and_stays(
        summary in prop::option::of("\\PC{0,3000}"),
        id in prop::option::of("[\\PC\n\t]{0,60}"),
        percent in any::<Option<u8>>(),
    ) {
        let details = ExecutionDetails { summary, external_execution_id: id, percent_complete: percent };
        let once = with_details(details).checked().unwrap();
        for (text, max) in [
            (&once.details.summary, limits::EXECUTION_SUMMARY),
            (&once.details.external_execution_id, limits::EXTERNAL_EXECUTION_ID),
        ] {
            if let Some(text) = text {
                prop_assert!((1..=max).contains(&text.encode_utf16().count()));
            }
        }
        prop_assert_eq!(once.clone().checked(), Ok(once));
    }

    #[test]
    fn a_failure_is_within_the_limits_and_stays(
        text in any::<String>(),
        times in 0usize..200,
        id in any::<Option<String>>(),
    ) {
        let once = FailureResult {
            kind: FailureType::JobFailed,
            message: text.repeat(times),
            external_execution_id: id,
        }
        .checked();
        let units = once.message.encode_utf16().count();
        prop_assert!((1..=limits::FAILURE_MESSAGE).contains(&units));
        prop_assert!(once.message.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'));
        prop_assert_eq!(once.clone().checked(), once);
    }
}
