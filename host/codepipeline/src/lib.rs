//! The CodePipeline service as a source of jobs.
//!
//! [`JobSource`] is what the worker sees: plain types, classed errors, limits enforced before a call.

mod ids;
mod source;

pub use ids::{ActionTypeId, ClientId, ContinuationToken, JobId, Nonce, Owner, SourceId};
pub use source::{
    Acknowledged, Artifact, ArtifactCredentials, CurrentRevision, ErrorClass, ExecutionDetails,
    FailureResult, FailureType, JobContents, JobSource, Offer, PipelineContext, PollRequest,
    S3Location, ServiceError, SuccessResult,
};
