//! Errors as the service sends them: a name and a message.

use super::model::ActionTypeId;

/// A refusal, with the exception's name in the service's model where it has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct ApiError {
    /// The exception's name, with its suffix (`JobNotFoundException`).
    pub(crate) code: &'static str,
    /// What to tell the caller.
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    pub(super) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    pub(super) fn structure(message: impl Into<String>) -> Self {
        Self::new("InvalidStructureException", message)
    }

    pub(super) fn action(message: impl Into<String>) -> Self {
        Self::new("InvalidActionDeclarationException", message)
    }

    pub(super) fn stage(message: impl Into<String>) -> Self {
        Self::new("InvalidStageDeclarationException", message)
    }

    /// A part of the service that is not built here.
    pub(super) fn not_built(what: &str) -> Self {
        Self::new(
            "NotBuiltException",
            format!(
                "{what} is not built into pipefitter's embedded CodePipeline; docs/LOCAL.md lists \
                 what is"
            ),
        )
    }

    pub(super) fn pipeline_not_found(name: &str, account: &str) -> Self {
        Self::new(
            "PipelineNotFoundException",
            format!("Account '{account}' does not have a pipeline with name '{name}'"),
        )
    }

    pub(super) fn action_type_not_found(id: &ActionTypeId) -> Self {
        Self::new(
            "ActionTypeNotFoundException",
            format!("{id} is not available"),
        )
    }

    pub(super) fn job_not_found(id: &str) -> Self {
        Self::new(
            "JobNotFoundException",
            format!("Job with id '{id}' does not exist"),
        )
    }

    pub(super) fn job_state(message: impl Into<String>) -> Self {
        Self::new("InvalidJobStateException", message)
    }

    pub(super) fn nonce(message: impl Into<String>) -> Self {
        Self::new("InvalidNonceException", message)
    }
}
