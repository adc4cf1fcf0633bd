//! Runs one job of a plugin inside wasmtime.
//!
//! The crate offers one seam, [`JobRunner`]: a [`JobSpec`] of plain data goes in, a [`Verdict`] comes
//! out, and log lines and progress reach an [`EventSink`] meanwhile. Nothing here knows AWS.

mod job;
mod runner;

pub use job::{
    ActionType, Continuation, CurrentRevision, DirectoryGrant, ExecutionDetails, Failure,
    FailureKind, InputDir, Job, Outcome, OutputDir, PipelineContext, Success,
};
pub use runner::{
    CodeRef, EventSink, Fault, JobControl, JobRunner, JobSpec, Level, Limit, Limits, LogLine,
    StopHandle, StopReason, Usage, Verdict, VerdictKind,
};
