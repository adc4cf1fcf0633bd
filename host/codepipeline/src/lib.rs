//! The CodePipeline service as a source of jobs.
//!
//! [`JobSource`] is what the worker sees: plain types, classed errors, limits enforced before a call.
//! [`CustomSource`] implements it over the AWS SDK for the account's own action types, [`ThirdPartySource`] for
//! a partner's, with its customers' tokens ([`ClientTokens`]). No type of the SDK that holds a job leaves this
//! crate. Both are made over a [`Connection`], which answers what is no job's business, too.

mod checked;
mod classify;
mod config;
mod connection;
mod convert;
mod custom;
mod dated;
mod executions;
mod ids;
pub mod limits;
mod policy;
mod registered;
mod roles;
mod source;
mod text;
mod third_party;
mod tokens;
mod unserved;

pub use checked::FieldError;
pub use config::{ConnectError, Retries, SourceConfig, Timeouts};
pub use connection::{Connection, PollRight};
pub use custom::CustomSource;
pub use ids::{
    ActionTypeId, ClientId, ClientToken, ContinuationToken, JobId, Nonce, Owner, SourceId,
};
pub use policy::{account_of, executions_statement, iam_policy, partition};
pub use registered::{ArtifactCounts, RegisteredActionType, RegisteredProperty};
pub use source::{
    Acknowledged, ActionExecution, Artifact, ArtifactCredentials, CurrentRevision, ErrorClass,
    ExecutionDetails, FailureResult, FailureType, JobContents, JobSource, Offer, PipelineContext,
    PollRequest, S3Location, ServiceError, SuccessResult,
};
pub use text::{clean_text, cut_utf16};
pub use third_party::ThirdPartySource;
pub use tokens::{ClientTokens, ClientTokensError, ExecTokens, FileTokens, GivenTokens};
pub use unserved::{ClientsView, REMEMBERED, UnservedClient, WhyUnserved};
