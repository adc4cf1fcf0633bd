//! Runs one job of a plugin inside wasmtime.
//!
//! The crate offers one seam, [`JobRunner`]: a [`JobSpec`] of plain data goes in, a [`Verdict`] comes
//! out, and log lines and progress reach an [`EventSink`] meanwhile. Nothing here knows AWS.
//!
//! A [`Sandbox`] is the engine: it tells what a component is, compiles it, and seals the code so that nothing
//! else is ever loaded. [`InProcess`] runs jobs on it, in this process.
//!
//! The parts, from the outside in: `in_process` (threads, panics), `loader` and `engine` and `seal` (code),
//! `run` (one job), `state` (what a guest can reach: `mounts`, `fs`, `log`, `waits`), `guard` and `limiter` (what
//! may end a job early), `fault` (why it ended).
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test that fails panics"
    )
)]

mod bindings;
mod convert;
mod engine;
mod error;
mod fault;
mod fs;
mod guard;
mod in_process;
mod job;
mod limiter;
mod lines;
mod loader;
mod log;
mod mounts;
mod run;
mod runner;
mod seal;
mod shape;
mod state;
mod text;
mod waits;

pub use engine::{Sandbox, SandboxConfig};
pub use error::{Cause, SandboxError};
pub use fs::DiskLimits;
pub use in_process::InProcess;
pub use job::{
    ActionType, Continuation, CurrentRevision, DirectoryGrant, ExecutionDetails, Failure,
    FailureKind, InputDir, Job, Outcome, OutputDir, PipelineContext, Success,
};
pub use runner::{
    CodeRef, EventSink, Fault, JobControl, JobRunner, JobSpec, Level, Limit, Limits, LogLine,
    StopHandle, StopReason, Usage, Verdict, VerdictKind,
};
pub use seal::SealKey;
pub use shape::Shape;
