//! The job and its result as plain data: the WIT records of `pipefitter:action`, without wasm types.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The action type that a job is for, in CodePipeline's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ActionType {
    /// `Source`, `Build`, `Test`, `Deploy`, `Invoke`, `Approval` or `Compute`.
    pub category: String,
    /// `Custom` or `ThirdParty`.
    pub owner: String,
    /// At most 35 characters.
    pub provider: String,
    /// At most 9 characters.
    pub version: String,
}

/// Where in which pipeline the action stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct PipelineContext {
    /// The pipeline's name.
    pub pipeline: String,
    /// The stage's name.
    pub stage: String,
    /// The action's name.
    pub action: String,
    /// The pipeline's ARN; absent for third-party jobs.
    pub pipeline_arn: Option<String>,
    /// The pipeline execution's id; absent for third-party jobs.
    pub pipeline_execution_id: Option<String>,
    /// The same for every job of a continuation chain.
    pub action_execution_id: Option<String>,
}

/// What the job record holds besides directories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Job {
    /// The job's id; free text, never a path.
    pub id: String,
    /// 1, or more when the same job is run again after a crash.
    pub attempt: u32,
    /// 12 digits, where the service tells it.
    pub account_id: Option<String>,
    /// The action type.
    pub action_type: ActionType,
    /// Names occur once.
    pub configuration: Vec<(String, String)>,
    /// The pipeline, stage and action.
    pub pipeline: PipelineContext,
    /// The plugin's own token of the previous hop.
    pub continuation_token: Option<String>,
    /// Facts a later host may add.
    pub attributes: Vec<(String, String)>,
}

/// An input artifact's directory on the host. Read-only in the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InputDir {
    /// The artifact's name in the pipeline.
    pub name: String,
    /// The directory on the host.
    pub host: PathBuf,
    /// The name of the one file in it, where the artifact was not unpacked.
    pub file: Option<String>,
    /// The revision that the service gave.
    pub revision: Option<String>,
}

/// An output artifact's directory on the host. Empty at the start, writable in the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OutputDir {
    /// The artifact's name in the pipeline.
    pub name: String,
    /// The directory on the host.
    pub host: PathBuf,
}

/// A host directory that the operator granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DirectoryGrant {
    /// The directory on the host; must exist.
    pub host: PathBuf,
    /// Its absolute path in the guest.
    pub guest: String,
    /// Whether the guest may write there.
    #[serde(default)]
    pub write: bool,
}

/// What the console shows beside the action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct ExecutionDetails {
    /// What was done.
    pub summary: Option<String>,
    /// The id of this work in another system.
    pub external_execution_id: Option<String>,
    /// 0 to 100.
    pub percent_complete: Option<u8>,
}

/// The revision that an action made current.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CurrentRevision {
    /// 1 to 1,500 characters.
    pub revision: String,
    /// 1 to 100 characters.
    pub change_identifier: String,
    /// Seconds since the Unix epoch.
    pub created: Option<f64>,
    /// A description.
    pub summary: Option<String>,
}

/// The job is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Success {
    /// Output variables.
    pub variables: Vec<(String, String)>,
    /// What the console shows.
    pub details: ExecutionDetails,
    /// The revision made current.
    pub current_revision: Option<CurrentRevision>,
}

/// The job ends, the action goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Continuation {
    /// What the next job gets.
    pub token: String,
    /// What the console shows meanwhile.
    pub details: ExecutionDetails,
}

/// CodePipeline's failure types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The work itself failed.
    JobFailed,
    /// The action's configuration is wrong.
    ConfigurationError,
    /// Something that is needed may not be accessed.
    PermissionError,
    /// The revision is not the one expected.
    RevisionOutOfSync,
    /// An input is missing.
    RevisionUnavailable,
    /// Another system does not answer.
    SystemUnavailable,
}

/// The plugin's own verdict that the job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Failure {
    /// CodePipeline's failure type.
    pub kind: FailureKind,
    /// For the pipeline's owner.
    pub message: String,
    /// As in [`ExecutionDetails`].
    pub external_execution_id: Option<String>,
}

/// What a run that did not fail came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The job is done.
    Succeeded(Success),
    /// There is more to do, in a later job.
    InProgress(Continuation),
}
