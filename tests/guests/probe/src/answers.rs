//! Answers, right and wrong.

use crate::bindings::exports::pipefitter::action::handler::{Job, Outcome};
use crate::bindings::pipefitter::action::types::{
    Continuation, CurrentRevision, ExecutionDetails, FailureType, Success,
};
use crate::{Answer, config, details, failed, files, number, succeeded};

pub(crate) fn describe(job: &Job) -> Answer {
    let some = |text: &Option<String>| text.clone().unwrap_or_else(|| "(none)".into());
    let mut variables = vec![
        ("id".to_owned(), job.id.clone()),
        ("attempt".to_owned(), job.attempt.to_string()),
        ("account".to_owned(), some(&job.account_id)),
        (
            "type".to_owned(),
            format!(
                "{}/{}/{}/{}",
                job.action_type.category,
                job.action_type.owner,
                job.action_type.provider,
                job.action_type.version
            ),
        ),
        (
            "context".to_owned(),
            format!(
                "{}/{}/{}",
                job.pipeline.pipeline, job.pipeline.stage, job.pipeline.action
            ),
        ),
        ("arn".to_owned(), some(&job.pipeline.pipeline_arn)),
        (
            "execution".to_owned(),
            some(&job.pipeline.pipeline_execution_id),
        ),
        (
            "action-execution".to_owned(),
            some(&job.pipeline.action_execution_id),
        ),
        ("scratch".to_owned(), some(&job.scratch)),
        ("token".to_owned(), some(&job.continuation_token)),
    ];
    for (at, input) in job.inputs.iter().enumerate() {
        variables.push((
            format!("input{at}"),
            format!(
                "{} {} {} {}",
                input.name,
                input.path,
                some(&input.file),
                some(&input.revision)
            ),
        ));
    }
    for (at, output) in job.outputs.iter().enumerate() {
        variables.push((
            format!("output{at}"),
            format!("{} {}", output.name, output.path),
        ));
    }
    variables.extend(job.attributes.iter().cloned());
    Ok(Outcome::Succeeded(Success {
        variables,
        details: ExecutionDetails {
            summary: Some("described".into()),
            external_execution_id: Some("probe-1".into()),
            percent_complete: Some(100),
        },
        current_revision: Some(CurrentRevision {
            revision: "r1".into(),
            change_identifier: "c1".into(),
            created: Some(1.5),
            summary: Some("a revision".into()),
        }),
    }))
}

pub(crate) fn fail(job: &Job) -> Answer {
    let kind = match config(job, "kind").unwrap_or("job-failed") {
        "configuration-error" => FailureType::ConfigurationError,
        "permission-error" => FailureType::PermissionError,
        "revision-out-of-sync" => FailureType::RevisionOutOfSync,
        "revision-unavailable" => FailureType::RevisionUnavailable,
        "system-unavailable" => FailureType::SystemUnavailable,
        _ => FailureType::JobFailed,
    };
    failed(kind, config(job, "message").unwrap_or("told to fail"))
}

pub(crate) fn hop(job: &Job) -> Answer {
    let hops = number(job, "hops").unwrap_or(1);
    let done = match job.continuation_token.as_deref() {
        None => 0,
        Some(token) => match token.strip_prefix("hop-").map(str::parse::<u64>) {
            Some(Ok(done)) => done,
            _ => {
                return failed(
                    FailureType::JobFailed,
                    &format!("a strange token: {token:?}"),
                );
            }
        },
    };
    if done >= hops {
        return files::ok(job);
    }
    Ok(Outcome::InProgress(Continuation {
        token: format!("hop-{}", done + 1),
        details: ExecutionDetails {
            summary: Some(format!("hop {} of {hops}", done + 1)),
            external_execution_id: None,
            percent_complete: u8::try_from(done * 100 / hops.max(1)).ok(),
        },
    }))
}

pub(crate) fn bad(name: &str) -> Answer {
    let next = |token: String| {
        Ok(Outcome::InProgress(Continuation {
            token,
            details: details(),
        }))
    };
    let pair = |name: &str, value: String| succeeded(vec![(name.to_owned(), value)]);
    match name {
        "bad-answer-token" => next(String::new()),
        "bad-answer-long-token" => next("t".repeat(2049)),
        "bad-answer-host-token" => next("pipefitter:1:{}".into()),
        "bad-answer-name" => pair("not a name!", "x".into()),
        "bad-answer-twice" => succeeded(vec![
            ("same".into(), "1".into()),
            ("same".into(), "2".into()),
        ]),
        "bad-answer-variables" => pair("large", "x".repeat(122_881)),
        "bad-answer-message" => failed(FailureType::JobFailed, &"long ".repeat(2000)),
        "bad-answer-empty-message" => failed(FailureType::JobFailed, ""),
        "bad-answer-control" => failed(
            FailureType::JobFailed,
            "\u{1b}[31mred\u{1b}[0m and \u{0} more",
        ),
        "bad-answer-percent" => Ok(Outcome::Succeeded(Success {
            variables: Vec::new(),
            details: ExecutionDetails {
                summary: Some("s".repeat(3000)),
                external_execution_id: Some("e".repeat(1501)),
                percent_complete: Some(200),
            },
            current_revision: None,
        })),
        other => failed(
            FailureType::ConfigurationError,
            &format!("no such answer: {other}"),
        ),
    }
}
