//! Failures of a job that does not fit its plugin, or whose artifacts or token are not in order.

use pipefitter_artifacts::{ArtifactError, ErrorKind};
use pipefitter_codepipeline::{FailureResult, FailureType};
use pipefitter_plugins::{ArtifactCounts, ConfigurationProblem};

fn failure(kind: FailureType, message: String) -> FailureResult {
    FailureResult {
        kind,
        message,
        external_execution_id: None,
    }
}

/// The plugin went while the job was on its way.
pub(crate) fn no_plugin(action_type: &str) -> FailureResult {
    failure(
        FailureType::SystemUnavailable,
        format!(
            "the worker has no plugin for {action_type} any more, nothing was run. Retry the stage when \
             the worker's operator has put it back into the plugins directory."
        ),
    )
}

/// The action's configuration breaks the manifest's rules.
pub(crate) fn configuration(action: &str, problems: &[ConfigurationProblem]) -> FailureResult {
    let list: Vec<String> = problems
        .iter()
        .map(|problem| format!("\n- {}", problem.message))
        .collect();
    failure(
        FailureType::ConfigurationError,
        format!(
            "the configuration of action `{action}` is not what its action type takes:{}\n\
             Change it in the pipeline's definition; nothing was run.",
            list.concat()
        ),
    )
}

/// More or fewer artifacts than the manifest declares.
pub(crate) fn artifact_count(
    action: &str,
    kind: &str,
    given: usize,
    counts: ArtifactCounts,
) -> FailureResult {
    let wanted = if counts.min == counts.max {
        counts.min.to_string()
    } else {
        format!("{} to {}", counts.min, counts.max)
    };
    failure(
        FailureType::ConfigurationError,
        format!(
            "action `{action}` has {given} {kind} artifacts, its plugin takes {wanted}. Change the \
             pipeline's definition; nothing was run."
        ),
    )
}

/// The service gave an artifact without an address.
pub(crate) fn no_location(artifact: &str) -> FailureResult {
    failure(
        FailureType::SystemUnavailable,
        format!("CodePipeline did not say where artifact `{artifact}` lies. Retry the stage."),
    )
}

/// An artifact could not be fetched or stored.
pub(crate) fn artifact_failed(error: &ArtifactError) -> FailureResult {
    let kind = match error.kind {
        ErrorKind::Unavailable => FailureType::RevisionUnavailable,
        ErrorKind::Denied => FailureType::PermissionError,
        ErrorKind::BadArchive | ErrorKind::EmptyOutput | ErrorKind::BadOutput => {
            FailureType::JobFailed
        }
        ErrorKind::Service | ErrorKind::Local => FailureType::SystemUnavailable,
    };
    let message = if error.message.contains(&error.artifact) {
        error.message.clone()
    } else {
        format!("artifact `{}`: {}", error.artifact, error.message)
    };
    failure(kind, message)
}

/// A continuation token, given or returned, that cannot be used.
pub(crate) fn token(plugin: &str, problem: &dyn std::fmt::Display) -> FailureResult {
    failure(
        FailureType::JobFailed,
        format!(
            "plugin `{plugin}` cannot go on in another job: {problem}. The plugin has to be changed; \
             what it did has happened."
        ),
    )
}

/// A part of the result that is kept and shown in clear holds a secret.
pub(crate) fn secret_shown(plugin: &str, what: &str, origin: &str) -> FailureResult {
    failure(
        FailureType::JobFailed,
        format!(
            "plugin `{plugin}` returned a result that cannot be taken: {what} holds {origin}, and \
             CodePipeline keeps and shows it in clear. The plugin has to leave it out, or the value is no \
             secret; what the plugin did has happened."
        ),
    )
}
