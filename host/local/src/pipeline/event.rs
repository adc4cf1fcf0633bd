//! What a watcher of the service sees as executions go on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Something happened to an execution.
///
/// Secret configuration is in no event; what an action's own worker says (summary, message,
/// variables) is passed on as it came.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// The pipeline's name.
    pub pipeline: String,
    /// The execution, a UUID.
    pub execution_id: String,
    /// What.
    pub kind: EventKind,
}

impl Event {
    pub(super) fn new(at: Timestamp, pipeline: &str, execution_id: &str, kind: EventKind) -> Self {
        Self {
            at,
            pipeline: pipeline.to_owned(),
            execution_id: execution_id.to_owned(),
            kind,
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// An execution began.
    ExecutionStarted {
        /// What began it.
        trigger: Trigger,
    },
    /// An execution that had failed or was stopped goes on: a stage of it is retried.
    ExecutionResumed,
    /// Somebody asked an execution to stop.
    ExecutionStopping {
        /// Whether its actions are abandoned at once; else they are waited for.
        abandon: bool,
        /// Why, where that was said.
        reason: Option<String>,
    },
    /// The execution entered a stage.
    StageStarted {
        /// The stage's name.
        stage: String,
    },
    /// The execution is in a stage again: it is retried.
    StageResumed {
        /// The stage's name.
        stage: String,
    },
    /// The execution will leave the stage once its actions have ended.
    StageStopping {
        /// The stage's name.
        stage: String,
    },
    /// The execution's time in a stage ended.
    StageFinished {
        /// The stage's name.
        stage: String,
        /// How: succeeded, failed, stopped or cancelled.
        status: Status,
    },
    /// An action began, got news or ended.
    Action(Box<ActionEvent>),
    /// An execution ended.
    ExecutionFinished {
        /// How: succeeded, failed, superseded, stopped or cancelled.
        status: Status,
        /// Why, where there is more to say than the status does.
        summary: Option<String>,
    },
}

/// What began an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Trigger {
    /// Somebody called CreatePipeline, and the service was told to start what is made.
    CreatePipeline,
    /// Somebody called StartPipelineExecution.
    StartPipelineExecution,
    /// A new version of a source object.
    PollForSourceChanges,
    /// Somebody called PutActionRevision.
    PutActionRevision,
}

impl Trigger {
    /// The name in the service's model.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CreatePipeline => "CreatePipeline",
            Self::StartPipelineExecution => "StartPipelineExecution",
            Self::PollForSourceChanges => "PollForSourceChanges",
            Self::PutActionRevision => "PutActionRevision",
        }
    }
}

/// How an execution, a stage or an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Status {
    /// Not ended yet.
    InProgress,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// A newer execution took its place (executions only).
    Superseded,
    /// Stops once its actions have ended (executions and stages).
    Stopping,
    /// Somebody stopped it (executions and stages).
    Stopped,
    /// Its pipeline was updated meanwhile (executions and stages).
    Cancelled,
    /// Its execution did not wait for it (actions only).
    Abandoned,
}

impl Status {
    /// Whether it has not ended.
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::InProgress | Self::Stopping)
    }

    /// The name in the service's model.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Superseded => "Superseded",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Cancelled => "Cancelled",
            Self::Abandoned => "Abandoned",
        }
    }
}

/// Where an action in progress stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Phase {
    /// Its job waits for a worker.
    Queued,
    /// A worker has its job, or, for a source, the service itself is at it.
    Running,
    /// Its job ended with a continuation token; another follows.
    Continuing,
    /// It waits for somebody's approval.
    Approval,
    /// Over.
    Ended,
}

/// An action's state.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ActionEvent {
    /// The stage's name.
    pub stage: String,
    /// The action's name.
    pub action: String,
    /// The action execution, a UUID.
    pub action_execution_id: String,
    /// The action type as `owner/category/provider/version`.
    pub action_type: String,
    /// How it stands.
    pub status: Status,
    /// Where it stands.
    pub phase: Phase,
    /// The worker's summary.
    pub summary: Option<String>,
    /// How much is done, 0 to 100.
    pub percent: Option<u8>,
    /// The worker's own id of the execution.
    pub external_execution_id: Option<String>,
    /// The action type's link to it.
    pub external_execution_url: Option<String>,
    /// Why it failed.
    pub error: Option<ErrorDetails>,
    /// What PutApprovalResult must show, where it is a manual approval.
    pub approval_token: Option<String>,
    /// What it passes on; only once it succeeded.
    pub output_variables: BTreeMap<String, String>,
    /// Where its output artifacts are; only once it succeeded.
    pub output_artifacts: Vec<ArtifactLocation>,
}

/// Why an action failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorDetails {
    /// The failure type of the service's model (`JobFailed`, `ConfigurationError` ...).
    pub code: String,
    /// What went wrong.
    pub message: String,
}

impl ErrorDetails {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

/// Where an artifact is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ArtifactLocation {
    /// The artifact's name in the pipeline.
    pub name: String,
    /// The artifact store's bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
}
