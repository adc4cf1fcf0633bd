//! Failures and texts whose cause is the worker or the service.

use pipefitter_codepipeline::{FailureResult, FailureType};

fn failure(kind: FailureType, message: String) -> FailureResult {
    FailureResult {
        kind,
        message,
        external_execution_id: None,
    }
}

/// A restart met a plugin that ran and may not run again.
pub(crate) fn restarted(retry_safe: bool, attempt: u32) -> FailureResult {
    let why = if retry_safe {
        format!("for attempt {attempt}, and no job is run more than 3 times")
    } else {
        "and its manifest does not say `retry-safe = true`, so it was not run again: what it did \
         outside its outputs may or may not have happened"
            .to_owned()
    };
    failure(
        FailureType::SystemUnavailable,
        format!("the worker was restarted while the plugin ran {why}. Retry the stage."),
    )
}

/// The worker shut down before the job was done.
pub(crate) fn shutdown(known: bool) -> FailureResult {
    let what = if known {
        "before the plugin was started"
    } else {
        "before it could read what the job is about"
    };
    failure(
        FailureType::SystemUnavailable,
        format!("the worker was shut down {what}; nothing was run. Retry the stage."),
    )
}

/// The worker shut down during an upload.
pub(crate) fn shutdown_upload() -> FailureResult {
    failure(
        FailureType::SystemUnavailable,
        "the plugin succeeded, but the worker was shut down before all output artifacts were \
         uploaded. Retry the stage."
            .to_owned(),
    )
}

/// The summary of a job that is passed on to another worker.
pub(crate) fn passed_on() -> &'static str {
    "the worker shuts down: another one goes on with this action"
}

/// A task of the worker panicked.
pub(crate) fn host_panic(doing: &str) -> FailureResult {
    failure(
        FailureType::SystemUnavailable,
        format!(
            "an internal error of the worker ended the job while {doing}; other jobs are not \
             affected. Retry the stage; if it happens again, tell the worker's operator, whose log \
             says more."
        ),
    )
}

/// The write before the run failed.
pub(crate) fn journal_broken() -> FailureResult {
    failure(
        FailureType::SystemUnavailable,
        "the worker cannot write its journal, so the plugin was not started (it could have been \
         started twice). Retry the stage when the worker's operator has looked at its disk."
            .to_owned(),
    )
}

/// The service refused a result.
pub(crate) fn result_refused(reason: &str) -> FailureResult {
    failure(
        FailureType::JobFailed,
        format!(
            "CodePipeline refused the result of this job as invalid ({reason}); this failure is sent \
             in its place. What the plugin did has happened."
        ),
    )
}

/// The journal's outcome is not one that this version reads.
pub(crate) fn outcome_unreadable() -> FailureResult {
    failure(
        FailureType::SystemUnavailable,
        "the plugin was done, but the worker was restarted and could not read the outcome from its \
         journal. Retry the stage."
            .to_owned(),
    )
}

/// GetJobDetails is denied.
pub(crate) fn recall_denied(action_type: &str) -> FailureResult {
    failure(
        FailureType::PermissionError,
        format!(
            "the worker for {action_type} was restarted and may not read the job again: its role needs \
             codepipeline:GetJobDetails (for a partner's action type codepipeline:GetThirdPartyJobDetails) on \
             resource *. Add it, then retry the stage."
        ),
    )
}

/// GetJobDetails answers with nonsense.
pub(crate) fn not_recalled(action_type: &str) -> FailureResult {
    failure(
        FailureType::SystemUnavailable,
        format!(
            "the worker for {action_type} was restarted and CodePipeline did not give the job's details \
             again. Retry the stage."
        ),
    )
}

/// The worker's own disk or directories.
pub(crate) fn local(doing: &str, error: &dyn std::fmt::Display) -> FailureResult {
    failure(
        FailureType::SystemUnavailable,
        format!(
            "the worker could not {doing}: {error}. Retry the stage; if it happens again, the worker's \
             operator has to look at its disk."
        ),
    )
}

/// A field of the plugin's result breaks a limit of the service.
pub(crate) fn result_field(plugin: &str, field: &dyn std::fmt::Display) -> FailureResult {
    failure(
        FailureType::JobFailed,
        format!(
            "plugin `{plugin}` returned a result that CodePipeline does not take: {field}. The plugin \
             has to be changed; what it did has happened."
        ),
    )
}
