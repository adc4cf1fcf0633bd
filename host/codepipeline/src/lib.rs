//! The CodePipeline service as a source of jobs.
//!
//! [`JobSource`] is what the worker sees: plain types, classed errors, limits enforced before a call.
//! [`CustomSource`] implements it over the AWS SDK for the account's own action types. No type of the SDK
//! that holds a job leaves this crate.

mod checked;
mod classify;
mod config;
mod convert;
mod custom;
mod ids;
pub mod limits;
mod policy;
mod registered;
mod source;
mod text;

pub use checked::FieldError;
pub use config::{ConnectError, Retries, SourceConfig, Timeouts};
pub use custom::CustomSource;
pub use ids::{ActionTypeId, ClientId, ContinuationToken, JobId, Nonce, Owner, SourceId};
pub use policy::iam_policy;
pub use registered::{ArtifactCounts, RegisteredActionType, RegisteredProperty};
pub use source::{
    Acknowledged, Artifact, ArtifactCredentials, CurrentRevision, ErrorClass, ExecutionDetails,
    FailureResult, FailureType, JobContents, JobSource, Offer, PipelineContext, PollRequest,
    S3Location, ServiceError, SuccessResult,
};
pub use text::{clean_text, cut_utf16};
