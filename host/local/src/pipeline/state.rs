//! What the engine keeps: pipelines, executions, action executions and jobs. Data only, in the form
//! that it has on disk, too: a change to it is a new format of [`super::keeper`], which
//! a test with rows that were kept tells (tests/golden.rs).

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::{ArtifactLocation, ErrorDetails, Phase, Status, Trigger};
use super::model::{Action, Configuration, ExecutionMode, Pipeline};
use super::operation::ExecutionDetails;
use super::resolve::Namespaces;
use crate::auth::instant;

/// A pipeline and what goes on in it.
#[derive(Serialize, Deserialize)]
pub(super) struct PipelineState {
    pub(super) declaration: Pipeline,
    /// What it was before, by version.
    pub(super) earlier: BTreeMap<i64, Pipeline>,
    #[serde(with = "instant")]
    pub(super) created: Timestamp,
    #[serde(with = "instant")]
    pub(super) updated: Timestamp,
    /// Executions, oldest first.
    pub(super) executions: VecDeque<String>,
    /// Which execution a client request token began.
    pub(super) request_tokens: BTreeMap<String, String>,
    /// One per stage.
    pub(super) slots: Vec<Slot>,
    /// The last known version of each source object, by action.
    pub(super) seen: BTreeMap<String, Option<String>>,
}

impl PipelineState {
    /// The position of a stage.
    pub(super) fn stage(&self, name: &str) -> Option<usize> {
        let mut stages = self.declaration.stages.iter();
        stages.position(|stage| stage.name == name)
    }
}

/// A stage holds one execution; others wait before it.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Slot {
    pub(super) occupant: Option<String>,
    pub(super) waiting: VecDeque<String>,
    /// The last execution that entered.
    pub(super) latest: Option<String>,
    /// Whether executions may enter.
    pub(super) transition: Transition,
    /// The last execution of each action, by the action's name.
    pub(super) latest_runs: BTreeMap<String, String>,
    /// What PutActionRevision announced last, and the execution that it began, by the action's name;
    /// until the action says what it found, or that execution ends without it.
    pub(super) announced: BTreeMap<String, (Revision, String)>,
}

/// The way into a stage.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Transition {
    /// Set while it is disabled.
    pub(super) disabled: Option<String>,
    /// When it was last changed.
    #[serde(with = "instant::option")]
    pub(super) changed: Option<Timestamp>,
}

/// One way through a pipeline.
#[derive(Serialize, Deserialize)]
pub(super) struct Execution {
    pub(super) id: String,
    pub(super) pipeline: String,
    /// The pipeline's version and mode when it began. A later version ends it.
    pub(super) version: i64,
    pub(super) mode: ExecutionMode,
    pub(super) status: Status,
    pub(super) summary: Option<String>,
    /// What StopPipelineExecution said.
    pub(super) stop: Option<Stop>,
    #[serde(with = "instant")]
    pub(super) started: Timestamp,
    #[serde(with = "instant")]
    pub(super) updated: Timestamp,
    pub(super) trigger: Trigger,
    pub(super) trigger_detail: String,
    /// The pipeline's variables, resolved.
    pub(super) variables: BTreeMap<String, String>,
    pub(super) namespaces: Namespaces,
    /// What actions produced so far, by name.
    pub(super) artifacts: BTreeMap<String, Artifact>,
    pub(super) revisions: Vec<SourceRevision>,
    /// The stages that it entered, by name.
    pub(super) stages: BTreeMap<String, StageRun>,
    /// Action executions, oldest first.
    pub(super) runs: Vec<String>,
}

impl Execution {
    pub(super) fn stage_status(&self, stage: &str) -> Option<Status> {
        self.stages.get(stage).map(|stage| stage.status)
    }
}

/// A request to stop.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Stop {
    pub(super) reason: Option<String>,
}

/// An execution in a stage.
#[derive(Serialize, Deserialize)]
pub(super) struct StageRun {
    pub(super) status: Status,
    /// The runs that count: of each action that has begun, the last one, by the action's name.
    /// A retry forgets those that it begins again.
    pub(super) current: BTreeMap<String, String>,
    /// Manual retries.
    pub(super) retries: u32,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Artifact {
    pub(super) location: ArtifactLocation,
    pub(super) revision: Option<String>,
}

/// What a source action found.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct SourceRevision {
    pub(super) action: String,
    pub(super) artifact: Option<String>,
    pub(super) revision: Revision,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Revision {
    pub(super) id: String,
    pub(super) change_id: String,
    pub(super) summary: Option<String>,
    /// Seconds since the epoch.
    pub(super) created: f64,
}

/// One action execution. It may take several jobs.
#[derive(Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) pipeline: String,
    pub(super) execution: String,
    pub(super) stage: usize,
    /// A copy: the view of a finished run needs it, whatever becomes of the pipeline.
    pub(super) declared: Action,
    pub(super) stage_name: String,
    pub(super) version: i64,
    pub(super) status: Status,
    pub(super) phase: Phase,
    #[serde(with = "instant")]
    pub(super) started: Timestamp,
    #[serde(with = "instant")]
    pub(super) updated: Timestamp,
    /// Who last changed it, where that is a user.
    pub(super) updated_by: Option<String>,
    pub(super) details: ExecutionDetails,
    pub(super) error: Option<ErrorDetails>,
    /// In clear.
    pub(super) configuration: Configuration,
    pub(super) inputs: Vec<Artifact>,
    pub(super) outputs: Vec<ArtifactLocation>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) revision: Option<Revision>,
    /// When it counts as lost.
    #[serde(with = "instant")]
    pub(super) deadline: Timestamp,
    /// The job that is open, if one is.
    pub(super) job: Option<String>,
    /// What an answer to a manual approval must show.
    pub(super) approval_token: Option<String>,
}

/// One unit of work for a worker.
#[derive(Serialize, Deserialize)]
pub(super) struct Job {
    /// The order of offering.
    pub(super) sequence: u64,
    pub(super) run: String,
    pub(super) status: JobStatus,
    /// That of the last hand-out.
    pub(super) nonce: String,
    /// When it counts as lost, where its action type says.
    #[serde(with = "instant::option")]
    pub(super) deadline: Option<Timestamp>,
    pub(super) continuation_token: Option<String>,
    /// Access keys of the sessions made for it.
    pub(super) sessions: Vec<String>,
}

/// A job's life; [`super`] draws it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum JobStatus {
    /// Made by a continuation; not offered yet.
    Created {
        #[serde(with = "instant")]
        due: Timestamp,
    },
    /// Offered to pollers.
    Queued,
    /// Handed out; offered again once `again` has come.
    Dispatched {
        #[serde(with = "instant")]
        again: Timestamp,
    },
    /// Acknowledged.
    InProgress,
    /// Ended by its worker.
    Succeeded,
    /// Ended by its worker.
    Failed,
    /// Ended by a timeout, its own or that of its action.
    TimedOut,
    /// Its execution was stopped, or its pipeline updated. Not a status of the service's model.
    Abandoned,
}

impl JobStatus {
    /// The name in the service's model, where it has one.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "Created",
            Self::Queued => "Queued",
            Self::Dispatched { .. } => "Dispatched",
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::TimedOut => "TimedOut",
            Self::Abandoned => "abandoned",
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed) || self.is_lost()
    }

    /// Whether it ended without its worker.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Abandoned)
    }
}

/// Seconds since the epoch, as the protocol has them.
pub(super) fn epoch(time: Timestamp) -> f64 {
    // Milliseconds of any plausible date are exact in an f64.
    let milliseconds = time.as_millisecond() as f64;
    milliseconds / 1000.0
}
