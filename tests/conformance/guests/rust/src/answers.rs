//! Configuration in, and every kind of answer out.

use pipefitter_sdk::{CurrentRevision, Failure, FailureKind, Job, Outcome, control};
use serde::Deserialize;

#[derive(Deserialize)]
struct Numbers {
    number: Option<i64>,
    #[serde(default)]
    count: usize,
    #[serde(default)]
    size: usize,
}

const MISSING: &str = "(missing)";

pub(crate) fn config(job: &Job) -> Result<Outcome, Failure> {
    let numbers: Numbers = job.config()?;
    let text = job.config_value("text");
    let number = numbers.number.map(|number| (number * 2).to_string());
    Ok(Outcome::succeeded()
        .variable("text", text.unwrap_or(MISSING))
        .variable("characters", text.unwrap_or_default().chars().count())
        .variable("number", number.as_deref().unwrap_or(MISSING)))
}

pub(crate) fn variables(job: &Job) -> Result<Outcome, Failure> {
    let Numbers { count, size, .. } = job.config()?;
    let value = "x".repeat(size);
    Ok((0..count).fold(Outcome::succeeded(), |outcome, at| {
        outcome.variable(format!("v{at}"), &value)
    }))
}

pub(crate) fn fail(job: &Job) -> Failure {
    let name = job.config_value("kind").unwrap_or_default();
    let kind = match name {
        "configuration-error" => FailureKind::ConfigurationError,
        "permission-error" => FailureKind::PermissionError,
        "revision-out-of-sync" => FailureKind::RevisionOutOfSync,
        "revision-unavailable" => FailureKind::RevisionUnavailable,
        "system-unavailable" => FailureKind::SystemUnavailable,
        _ => FailureKind::JobFailed,
    };
    Failure::new(kind, format!("failed as asked: {name}")).external_id("external-1")
}

pub(crate) fn chain(job: &Job) -> Result<Outcome, Failure> {
    let token: Option<String> = job.token()?;
    Ok(match token.as_deref() {
        None => Outcome::in_progress("one").summary("one of three"),
        Some("one") => Outcome::in_progress("two").summary("two of three"),
        Some(_) => Outcome::succeeded()
            .variable("hops", 3)
            .summary("three of three"),
    })
}

pub(crate) fn details(job: &Job) -> Outcome {
    Outcome::succeeded()
        .variable("pipeline", &job.pipeline.pipeline)
        .variable("stage", &job.pipeline.stage)
        .variable("action", &job.pipeline.action)
        .variable("provider", &job.action_type.provider)
        .variable("attempt", job.attempt)
        .external_id("external-2")
        .percent(100)
        .current_revision(CurrentRevision::new("r1", "c1").summary("a revision"))
}

pub(crate) fn progress() -> Outcome {
    control::progress(40, "two of five");
    Outcome::succeeded()
}
