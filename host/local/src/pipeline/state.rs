//! What the engine keeps: pipelines, executions, action executions and jobs. Data only.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::Timestamp;

use super::event::{ArtifactLocation, ErrorDetails, Phase, Status, Trigger};
use super::model::{Action, Configuration, Pipeline};
use super::operation::ExecutionDetails;
use super::resolve::Namespaces;

/// A pipeline and what goes on in it.
pub(super) struct PipelineState {
    pub(super) declaration: Pipeline,
    pub(super) created: Timestamp,
    /// Executions, oldest first.
    pub(super) executions: VecDeque<String>,
    /// Which execution a client request token began.
    pub(super) request_tokens: HashMap<String, String>,
    /// One per stage.
    pub(super) slots: Vec<Slot>,
    /// The last known version of each source object, by action.
    pub(super) seen: BTreeMap<String, Option<String>>,
    /// The last action execution of each (stage, action).
    pub(super) latest_runs: HashMap<(usize, usize), String>,
}

/// A stage holds one execution; others wait before it.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) occupant: Option<String>,
    pub(super) waiting: VecDeque<String>,
    /// The last execution that entered.
    pub(super) latest: Option<String>,
}

/// One way through a pipeline.
pub(super) struct Execution {
    pub(super) id: String,
    pub(super) pipeline: String,
    pub(super) status: Status,
    pub(super) summary: Option<String>,
    pub(super) started: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) trigger: Trigger,
    pub(super) trigger_detail: String,
    /// The pipeline's variables, resolved.
    pub(super) variables: BTreeMap<String, String>,
    pub(super) namespaces: Namespaces,
    /// What actions produced so far, by name.
    pub(super) artifacts: BTreeMap<String, Artifact>,
    pub(super) revisions: Vec<SourceRevision>,
    /// How each stage stands; None before it is entered.
    pub(super) stages: Vec<Option<Status>>,
    /// Action executions, oldest first.
    pub(super) runs: Vec<String>,
}

#[derive(Clone)]
pub(super) struct Artifact {
    pub(super) location: ArtifactLocation,
    pub(super) revision: Option<String>,
}

/// What a source action found.
#[derive(Clone)]
pub(super) struct SourceRevision {
    pub(super) action: String,
    pub(super) artifact: Option<String>,
    pub(super) revision: Revision,
}

#[derive(Clone)]
pub(super) struct Revision {
    pub(super) id: String,
    pub(super) change_id: String,
    pub(super) summary: Option<String>,
    /// Seconds since the epoch.
    pub(super) created: f64,
}

/// One action execution. It may take several jobs.
pub(super) struct Run {
    pub(super) id: String,
    pub(super) pipeline: String,
    pub(super) execution: String,
    pub(super) stage: usize,
    /// A copy: the view of a finished run needs it, whatever becomes of the pipeline.
    pub(super) declared: Action,
    pub(super) stage_name: String,
    pub(super) status: Status,
    pub(super) phase: Phase,
    pub(super) started: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) details: ExecutionDetails,
    pub(super) error: Option<ErrorDetails>,
    /// In clear.
    pub(super) configuration: Configuration,
    pub(super) inputs: Vec<Artifact>,
    pub(super) outputs: Vec<ArtifactLocation>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) revision: Option<Revision>,
    /// When it counts as lost.
    pub(super) deadline: Timestamp,
    /// The job that is open, if one is.
    pub(super) job: Option<String>,
}

/// One unit of work for a worker.
pub(super) struct Job {
    /// The order of offering.
    pub(super) sequence: u64,
    pub(super) run: String,
    pub(super) status: JobStatus,
    /// That of the last hand-out.
    pub(super) nonce: String,
    /// When it counts as lost, where its action type says.
    pub(super) deadline: Option<Timestamp>,
    pub(super) continuation_token: Option<String>,
    /// Access keys of the sessions made for it.
    pub(super) sessions: Vec<String>,
}

/// A job's life; [`super`] draws it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum JobStatus {
    /// Made by a continuation; not offered yet.
    Created { due: Timestamp },
    /// Offered to pollers.
    Queued,
    /// Handed out; offered again once `again` has come.
    Dispatched { again: Timestamp },
    /// Acknowledged.
    InProgress,
    /// Ended by its worker.
    Succeeded,
    /// Ended by its worker.
    Failed,
    /// Ended by a timeout, its own or that of its action.
    TimedOut,
}

impl JobStatus {
    /// The name in the service's model.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "Created",
            Self::Queued => "Queued",
            Self::Dispatched { .. } => "Dispatched",
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::TimedOut => "TimedOut",
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::TimedOut)
    }
}

/// Seconds since the epoch, as the protocol has them.
pub(super) fn epoch(time: Timestamp) -> f64 {
    // Milliseconds of any plausible date are exact in an f64.
    let milliseconds = time.as_millisecond() as f64;
    milliseconds / 1000.0
}
