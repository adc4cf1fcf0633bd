//! What `invoke` prints: the result as JSON, in the contract's words and snake_case.

use pipefitter_codepipeline::{CurrentRevision, ExecutionDetails, FailureType};
use pipefitter_sandbox::Level;
use serde_json::{Value, json};

use super::source::Answer;
use crate::exit::Exit;

pub(crate) fn render(answer: &Answer) -> (Value, Exit) {
    match answer {
        Answer::Success(result) => match &result.continuation {
            Some(token) => {
                let mut shown = json!({ "outcome": "in_progress", "token": token.expose() });
                add_details(&mut shown, &result.details);
                (shown, Exit::InProgress)
            }
            None => {
                let mut shown = json!({ "outcome": "succeeded", "variables": result.variables });
                add_details(&mut shown, &result.details);
                if let Some(revision) = &result.current_revision {
                    shown["current_revision"] = revision_json(revision);
                }
                (shown, Exit::Success)
            }
        },
        Answer::Failure(failure) => {
            let shown = json!({
                "outcome": "failed",
                "kind": kind(failure.kind),
                "message": failure.message,
            });
            (shown, Exit::Failure)
        }
    }
}

/// The id is left out: it leads to a log that went with the command.
fn add_details(shown: &mut Value, details: &ExecutionDetails) {
    if let Some(summary) = &details.summary {
        shown["summary"] = summary.as_str().into();
    }
    if let Some(percent) = details.percent_complete {
        shown["percent_complete"] = percent.into();
    }
}

/// Without what it does not have.
pub(crate) fn revision_json(revision: &CurrentRevision) -> Value {
    let members = [
        ("revision", json!(revision.revision)),
        ("change_identifier", json!(revision.change_identifier)),
        ("created", json!(revision.created)),
        ("summary", json!(revision.summary)),
    ];
    members
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect()
}

fn kind(kind: FailureType) -> &'static str {
    match kind {
        FailureType::JobFailed => "job_failed",
        FailureType::ConfigurationError => "configuration_error",
        FailureType::PermissionError => "permission_error",
        FailureType::RevisionOutOfSync => "revision_out_of_sync",
        FailureType::RevisionUnavailable => "revision_unavailable",
        FailureType::SystemUnavailable => "system_unavailable",
    }
}

pub(crate) fn level(level: Level) -> &'static str {
    match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => " info",
        Level::Warn => " warn",
        Level::Error => "error",
    }
}
