//! What a worker tells whoever listens. Everything in it is masked and cleaned.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use pipefitter_codepipeline::FailureType;
use pipefitter_sandbox::Level;

/// Which job an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobInfo {
    /// The source's id.
    pub source: String,
    /// The job's id.
    pub job: String,
    /// `Category/Provider/Version`.
    pub action_type: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// The stage's name.
    pub stage: String,
    /// The action's name.
    pub action: String,
    /// The pipeline execution's id, where the service tells it.
    pub pipeline_execution: Option<String>,
    /// The plugin's name; empty where none serves the type any more.
    pub plugin: String,
    /// The job's log.
    pub log: PathBuf,
}

/// What a job came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobOutcome {
    /// It succeeded.
    Succeeded {
        /// Output variables.
        variables: BTreeMap<String, String>,
        /// What the console shows.
        summary: Option<String>,
        /// Leads to the work, or to the log.
        external_execution_id: Option<String>,
    },
    /// The action goes on in another job.
    Continued {
        /// What the console shows.
        summary: Option<String>,
        /// How far it is.
        percent: Option<u8>,
    },
    /// It failed.
    Failed {
        /// CodePipeline's failure type.
        kind: FailureType,
        /// For the pipeline's owner.
        message: String,
    },
}

/// How a job left the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobEnd {
    /// The service has the result.
    Reported,
    /// The service had ended the job before (abandoned, timed out), as the answer to its result told.
    Superseded,
    /// The same, noticed before it had a result: it was interrupted.
    Cancelled,
    /// The service refused the result and its replacement; the journal keeps it.
    Parked,
    /// Another worker's.
    NotOurs,
    /// Not done: the journal has it for the next start.
    Left,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerEvent {
    /// A job is ours and begins.
    Started {
        /// Which.
        job: Arc<JobInfo>,
    },
    /// A line of its log.
    Log {
        /// Which.
        job: Arc<JobInfo>,
        /// How much it matters.
        level: Level,
        /// The line.
        text: String,
        /// Names and values that go with it.
        fields: Vec<(String, String)>,
    },
    /// How far it is.
    Progress {
        /// Which.
        job: Arc<JobInfo>,
        /// 0 to 100.
        percent: Option<u8>,
        /// A few words.
        summary: String,
    },
    /// Its outcome is known; it is reported next.
    Finished {
        /// Which.
        job: Arc<JobInfo>,
        /// What it came to.
        outcome: JobOutcome,
    },
    /// It has left the worker.
    Ended {
        /// Which.
        job: Arc<JobInfo>,
        /// How.
        end: JobEnd,
    },
    /// Something for the operator, about no job in particular.
    Notice {
        /// How much it matters.
        level: Level,
        /// In words.
        text: String,
    },
}
