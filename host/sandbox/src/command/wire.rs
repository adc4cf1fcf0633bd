//! The JSON of the protocol: the contract's records in snake_case. `tests` holds it against wit/ and the schemas.

use serde::{Deserialize, Serialize};

use crate::bindings::pipefitter::action::types as wit;
use crate::job::{
    Continuation, CurrentRevision, ExecutionDetails, Failure, FailureKind, Outcome, Success,
};
use crate::runner::{Level, SecretError, StopReason};

use super::pairs::{Object, Pairs};

/// The versions that this host speaks.
pub(super) const VERSIONS: &[u32] = &[1];

/// Characters of an explanation that is told.
const SAID: usize = 300;

/// What a line may hold, one at a time.
pub(super) const KINDS: [&str; 8] = [
    "log",
    "progress",
    "outcome",
    "failure",
    "stop_requested",
    "time_remaining",
    "threshold",
    "secret",
];

#[derive(Serialize)]
struct Document<'a> {
    pipefitter: Versions,
    job: Job<'a>,
}

#[derive(Serialize)]
struct Versions {
    versions: &'static [u32],
}

#[derive(Serialize)]
struct Job<'a> {
    id: &'a str,
    attempt: u32,
    account_id: Option<&'a str>,
    action_type: ActionType<'a>,
    configuration: Object<'a>,
    pipeline: PipelineContext<'a>,
    inputs: Vec<InputArtifact<'a>>,
    outputs: Vec<OutputArtifact<'a>>,
    scratch: Option<&'a str>,
    continuation_token: Option<&'a str>,
    attributes: Object<'a>,
}

#[derive(Serialize)]
struct ActionType<'a> {
    category: &'a str,
    owner: &'a str,
    provider: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct PipelineContext<'a> {
    pipeline: &'a str,
    stage: &'a str,
    action: &'a str,
    pipeline_arn: Option<&'a str>,
    pipeline_execution_id: Option<&'a str>,
    action_execution_id: Option<&'a str>,
}

#[derive(Serialize)]
struct InputArtifact<'a> {
    name: &'a str,
    path: &'a str,
    file: Option<&'a str>,
    revision: Option<&'a str>,
}

#[derive(Serialize)]
struct OutputArtifact<'a> {
    name: &'a str,
    path: &'a str,
}

/// The job as its line, with LF. Configuration values with these names are left out.
pub(super) fn job_line(job: &wit::Job, without: &[String]) -> Result<Vec<u8>, serde_json::Error> {
    let object = |pairs| Object {
        pairs,
        without: &[],
    };
    let (kind, place) = (&job.action_type, &job.pipeline);
    let document = Document {
        pipefitter: Versions { versions: VERSIONS },
        job: Job {
            id: &job.id,
            attempt: job.attempt,
            account_id: job.account_id.as_deref(),
            action_type: ActionType {
                category: &kind.category,
                owner: &kind.owner,
                provider: &kind.provider,
                version: &kind.version,
            },
            configuration: Object {
                pairs: &job.configuration,
                without,
            },
            pipeline: PipelineContext {
                pipeline: &place.pipeline,
                stage: &place.stage,
                action: &place.action,
                pipeline_arn: place.pipeline_arn.as_deref(),
                pipeline_execution_id: place.pipeline_execution_id.as_deref(),
                action_execution_id: place.action_execution_id.as_deref(),
            },
            inputs: job
                .inputs
                .iter()
                .map(|input| InputArtifact {
                    name: &input.name,
                    path: &input.path,
                    file: input.file.as_deref(),
                    revision: input.revision.as_deref(),
                })
                .collect(),
            outputs: job
                .outputs
                .iter()
                .map(|output| OutputArtifact {
                    name: &output.name,
                    path: &output.path,
                })
                .collect(),
            scratch: job.scratch.as_deref(),
            continuation_token: job.continuation_token.as_deref(),
            attributes: object(&job.attributes),
        },
    };
    let mut line = serde_json::to_vec(&document)?;
    line.push(b'\n');
    Ok(line)
}

/// What a line says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Log(LogWrite),
    Progress(Progress),
    Answer(Result<Outcome, Failure>),
    StopRequested,
    TimeRemaining,
    Threshold,
    Secret(String),
}

/// Why a line is not one of the protocol after all.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It may be anybody's: it is text.
    Text(String),
    /// It is the plugin's, and breaks a rule.
    Broken(String),
}

/// What tells whose line it is. Everything else of it is not looked at before.
#[derive(Deserialize)]
struct Head {
    pipefitter: serde_json::Value,
    job_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "pipefitter")]
    _version: u32,
    #[serde(rename = "job_id")]
    _job_id: String,
    log: Option<LogWrite>,
    progress: Option<Progress>,
    outcome: Option<OutcomeKind>,
    failure: Option<FailureRecord>,
    stop_requested: Option<Nothing>,
    time_remaining: Option<Nothing>,
    threshold: Option<Nothing>,
    secret: Option<SecretGet>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogWrite {
    pub(super) level: Level,
    pub(super) message: String,
    #[serde(default)]
    pub(super) fields: Pairs,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    pub(super) percent: Option<u8>,
    pub(super) summary: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretGet {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeKind {
    Succeeded(SuccessRecord),
    InProgress(ContinuationRecord),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuccessRecord {
    #[serde(default)]
    variables: Pairs,
    #[serde(default)]
    details: DetailsRecord,
    current_revision: Option<RevisionRecord>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContinuationRecord {
    token: String,
    #[serde(default)]
    details: DetailsRecord,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DetailsRecord {
    summary: Option<String>,
    external_execution_id: Option<String>,
    percent_complete: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevisionRecord {
    revision: String,
    change_identifier: String,
    created: Option<f64>,
    summary: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FailureRecord {
    kind: FailureType,
    message: String,
    external_execution_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FailureType {
    JobFailed,
    ConfigurationError,
    PermissionError,
    RevisionOutOfSync,
    RevisionUnavailable,
    SystemUnavailable,
}

/// A line of the protocol, without its end.
pub(super) fn read(line: &[u8], job_id: &str) -> Result<Said, Unread> {
    let text = std::str::from_utf8(line).map_err(|error| {
        Unread::Text(format!(
            "it is not UTF-8 from byte {} on",
            error.valid_up_to() + 1
        ))
    })?;
    let head: Head = serde_json::from_str(text)
        .map_err(|error| Unread::Text(format!("it cannot be read: {}", place(&error))))?;
    match head.job_id {
        Some(id) if id == job_id => {}
        Some(_) => return Err(Unread::Text("its `job_id` is not that of this job".into())),
        None => return Err(Unread::Text("it has no `job_id`".into())),
    }
    let broken = |why: String| Err(Unread::Broken(why));
    let version = head.pipefitter;
    if !VERSIONS.iter().any(|spoken| version == *spoken) {
        let version = version.to_string();
        // As in `place`: a long one is left out whole.
        let version = if version.chars().count() > SAID {
            "(something long)"
        } else {
            &version
        };
        return broken(format!(
            "it is of version {version} of the protocol, and this host speaks 1"
        ));
    }
    match serde_json::from_str::<Line>(text) {
        Ok(line) => line.said(),
        Err(error) => broken(place(&error)),
    }
}

/// What serde says, without the line's number, which is always the first. It quotes values: a long one is left out
/// whole, since a part of a secret is not recognised as one.
fn place(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let (what, column) = said
        .rsplit_once(" at line 1 column ")
        .unwrap_or((&said, "?"));
    let what = if what.chars().count() > SAID {
        "a value is not of its type"
    } else {
        what
    };
    format!("{what} (byte {column} of the line)")
}

impl Line {
    fn said(self) -> Result<Said, Unread> {
        let kinds = [
            self.log.map(Said::Log),
            self.progress.map(Said::Progress),
            self.outcome.map(|outcome| Said::Answer(Ok(outcome.into()))),
            self.failure
                .map(|failure| Said::Answer(Err(failure.into()))),
            self.stop_requested.map(|_| Said::StopRequested),
            self.time_remaining.map(|_| Said::TimeRemaining),
            self.threshold.map(|_| Said::Threshold),
            self.secret.map(|secret| Said::Secret(secret.name)),
        ];
        let mut kinds = kinds.into_iter().flatten();
        match (kinds.next(), kinds.next()) {
            (Some(said), None) => Ok(said),
            (None, _) => Err(Unread::Broken(format!(
                "it has no kind; a line has one of {}",
                list(&KINDS)
            ))),
            (Some(_), Some(_)) => Err(Unread::Broken(
                "it has more than one kind; give each a line of its own".into(),
            )),
        }
    }
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

impl From<OutcomeKind> for Outcome {
    fn from(outcome: OutcomeKind) -> Outcome {
        match outcome {
            OutcomeKind::Succeeded(success) => Outcome::Succeeded(Success {
                variables: success.variables.0,
                details: success.details.into(),
                current_revision: success.current_revision.map(|current| CurrentRevision {
                    revision: current.revision,
                    change_identifier: current.change_identifier,
                    created: current.created,
                    summary: current.summary,
                }),
            }),
            OutcomeKind::InProgress(next) => Outcome::InProgress(Continuation {
                token: next.token,
                details: next.details.into(),
            }),
        }
    }
}

impl From<DetailsRecord> for ExecutionDetails {
    fn from(details: DetailsRecord) -> ExecutionDetails {
        ExecutionDetails {
            summary: details.summary,
            external_execution_id: details.external_execution_id,
            percent_complete: details.percent_complete,
        }
    }
}

impl From<FailureRecord> for Failure {
    fn from(failure: FailureRecord) -> Failure {
        Failure {
            kind: match failure.kind {
                FailureType::JobFailed => FailureKind::JobFailed,
                FailureType::ConfigurationError => FailureKind::ConfigurationError,
                FailureType::PermissionError => FailureKind::PermissionError,
                FailureType::RevisionOutOfSync => FailureKind::RevisionOutOfSync,
                FailureType::RevisionUnavailable => FailureKind::RevisionUnavailable,
                FailureType::SystemUnavailable => FailureKind::SystemUnavailable,
            },
            message: failure.message,
            external_execution_id: failure.external_execution_id,
        }
    }
}

/// An answer, as its line with LF.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer<'a> {
    StopRequested(Option<Stop>),
    TimeRemaining(u32),
    Threshold(Level),
    Secret(Secret<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stop {
    Cancelled,
    HandOver,
}

impl From<StopReason> for Stop {
    fn from(reason: StopReason) -> Stop {
        match reason {
            StopReason::Cancelled => Stop::Cancelled,
            StopReason::HandOver => Stop::HandOver,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Secret<'a> {
    Ok(&'a str),
    Error(SecretError),
}

impl Answer<'_> {
    pub(super) fn line(&self) -> Vec<u8> {
        // Plain data whose names are strings: serde_json has nothing to refuse in it.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}
