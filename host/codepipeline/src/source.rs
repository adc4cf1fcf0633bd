//! The seam towards the worker: what a source offers, takes and answers.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::ids::{ActionTypeId, ClientId, ContinuationToken, JobId, Nonce, Owner, SourceId};
use crate::unserved::ClientsView;

/// One poll.
#[derive(Clone, Debug)]
pub struct PollRequest {
    /// The action type.
    pub action_type: ActionTypeId,
    /// `maxBatchSize`: the slots that are free, at least 1.
    pub max: u32,
    /// `queryParam`: the queryable property's key and one value.
    pub query: Option<(String, String)>,
}

/// A job that was handed out, not yet ours.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The job.
    pub job: JobId,
    /// The partner's customer; third-party only.
    pub client: Option<ClientId>,
    /// What the poll itself told. Third-party polls tell nothing: see [`JobSource::open`].
    pub contents: Option<JobContents>,
}

/// What a job is about. Built once from the SDK's types; its `Debug` shows no secret.
#[derive(Clone)]
pub struct JobContents {
    /// Proves the hand-out. Absent in the details of a custom job.
    pub nonce: Option<Nonce>,
    /// 12 digits; absent for third-party jobs.
    pub account: Option<String>,
    /// As registered.
    pub action_type: Option<ActionTypeId>,
    /// The action's configuration, secrets in clear.
    pub configuration: BTreeMap<String, SecretString>,
    /// Where the action stands.
    pub pipeline: PipelineContext,
    /// In the pipeline's order.
    pub inputs: Vec<Artifact>,
    /// In the pipeline's order.
    pub outputs: Vec<Artifact>,
    /// Only where the action has artifacts.
    pub credentials: Option<ArtifactCredentials>,
    /// Left by the previous job of the chain.
    pub continuation: Option<ContinuationToken>,
    /// The customer-managed key's id, where the pipeline has one.
    pub encryption_key: Option<String>,
}

impl fmt::Debug for JobContents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobContents")
            .field("action_type", &self.action_type)
            .field("pipeline", &self.pipeline)
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}

/// The pipeline, stage and action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PipelineContext {
    /// The pipeline's name.
    pub pipeline: String,
    /// The stage's name.
    pub stage: String,
    /// The action's name.
    pub action: String,
    /// Absent for third-party jobs.
    pub pipeline_arn: Option<String>,
    /// Absent for third-party jobs.
    pub pipeline_execution_id: Option<String>,
    /// The same for every job of a continuation chain.
    pub action_execution_id: Option<String>,
}

/// An artifact and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The name in the pipeline's definition.
    pub name: String,
    /// The revision that the service gave.
    pub revision: Option<String>,
    /// The object. The service always gives it; its model says it may not.
    pub location: Option<S3Location>,
}

/// An S3 object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Location {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key.
    pub key: String,
}

/// A job's own temporary credentials. The API tells no expiry: renew by age.
#[derive(Clone)]
pub struct ArtifactCredentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: SecretString,
    /// The session token.
    pub session_token: SecretString,
}

/// The answer to an acknowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// The job is ours.
    Ours,
    /// Another worker was first, on an answer to an attempt that we know the outcome of.
    LostRace,
    /// InvalidNonce after an attempt whose answer was never seen: ours or another's, by rule.
    Ambiguous,
}

/// What an action execution shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionDetails {
    /// Cut to 2,048.
    pub summary: Option<String>,
    /// Up to 1,500.
    pub external_execution_id: Option<String>,
    /// More counts as 100.
    pub percent_complete: Option<u8>,
}

/// The revision that an action made current.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurrentRevision {
    /// 1 to 1,500.
    pub revision: String,
    /// 1 to 100.
    pub change_identifier: String,
    /// Seconds since the Unix epoch.
    pub created: Option<f64>,
    /// Cut to 2,048.
    pub summary: Option<String>,
}

/// PutJobSuccessResult: with a token the action goes on in a new job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SuccessResult {
    /// Ends this job only.
    pub continuation: Option<ContinuationToken>,
    /// What the console shows.
    pub details: ExecutionDetails,
    /// Output variables; only without a token.
    pub variables: BTreeMap<String, String>,
    /// The revision made current.
    pub current_revision: Option<CurrentRevision>,
}

/// CodePipeline's failure types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureType {
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

/// PutJobFailureResult.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureResult {
    /// The type.
    pub kind: FailureType,
    /// Cut to 5,000; an empty one is replaced.
    pub message: String,
    /// Up to 1,500.
    pub external_execution_id: Option<String>,
}

/// What the service says of an action's execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionExecution {
    /// It goes on.
    InProgress,
    /// It has ended: abandoned, failed, which is what a timeout comes to, or succeeded.
    Ended,
    /// The service cannot be asked, or lists no such execution.
    Unknown,
}

/// What an error means for what is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// Slow down, then try again.
    Throttled,
    /// Try again: connection, timeout, 5xx.
    Transient,
    /// Credentials or rights: hibernate, tell the operator.
    Denied,
    /// The job, or the action type, is not there (any more), or is ended already.
    Gone,
    /// Another worker's.
    LostRace,
    /// Done or not, nobody knows.
    Ambiguous,
    /// A partner's job whose client has no token that the service takes: nothing was done, and it is tried
    /// again once there is one.
    NoToken,
    /// The request itself is wrong: never retried as it is.
    Invalid,
}

/// An operation failed.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct ServiceError {
    /// CodePipeline's name of the operation.
    pub operation: &'static str,
    /// What it means.
    pub class: ErrorClass,
    /// The service's error code, such as `InvalidNonceException`, where there is one.
    pub code: Option<String>,
    /// In words; never a request or response body.
    pub message: String,
    /// Seconds the service asks to wait.
    pub retry_after: Option<std::time::Duration>,
}

/// A source of jobs: one set of credentials, one Region, one owner.
#[async_trait]
pub trait JobSource: Send + Sync {
    /// Names it in jobs, journal entries and log lines.
    fn id(&self) -> &SourceId;
    /// Whose action types it polls for. Of a partner's there is no account, ARN or execution id, no
    /// `queryParam`, and no output variable goes back.
    fn owner(&self) -> Owner;
    /// The Region, which is the artifacts' too.
    fn region(&self) -> &str;
    /// Partners' clients whose jobs are not taken, as polls have met them. The account's own jobs have none.
    fn clients(&self) -> ClientsView {
        ClientsView::default()
    }
    /// PollForJobs, or its third-party twin, which leaves out jobs of clients without a token.
    async fn poll(&self, request: &PollRequest) -> Result<Vec<Offer>, ServiceError>;
    /// The offer's contents: at once for a custom job; client token and details for a partner's.
    async fn open(&self, offer: &Offer) -> Result<JobContents, ServiceError>;
    /// AcknowledgeJob, SDK retries off. A transient error means that the answer was not seen: ask again
    /// with `unseen = true`, so that InvalidNonce then counts as ambiguous.
    async fn acknowledge(
        &self,
        job: &JobId,
        client: Option<&ClientId>,
        nonce: &Nonce,
        unseen: bool,
    ) -> Result<Acknowledged, ServiceError>;
    /// GetJobDetails, or its third-party twin: only to renew credentials or to recover.
    async fn details(
        &self,
        job: &JobId,
        client: Option<&ClientId>,
    ) -> Result<JobContents, ServiceError>;
    /// ListActionExecutions: whether the execution of an action goes on. It needs a right that jobs do not need,
    /// and what a partner's job does not have; a source that cannot ask knows nothing.
    async fn action_execution(
        &self,
        _context: &PipelineContext,
    ) -> Result<ActionExecution, ServiceError> {
        Ok(ActionExecution::Unknown)
    }
    /// PutJobSuccessResult, or its third-party twin, which sends no variables. The result has passed
    /// [`SuccessResult::checked`].
    async fn put_success(
        &self,
        job: &JobId,
        client: Option<&ClientId>,
        result: &SuccessResult,
    ) -> Result<(), ServiceError>;
    /// PutJobFailureResult, or its third-party twin. Text is cut here where it must be.
    async fn put_failure(
        &self,
        job: &JobId,
        client: Option<&ClientId>,
        result: &FailureResult,
    ) -> Result<(), ServiceError>;
}
