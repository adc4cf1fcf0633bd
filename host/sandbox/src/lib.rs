//! Runs one job of a plugin inside wasmtime.
//!
//! The crate offers one seam, [`JobRunner`]: a [`JobSpec`] of plain data goes in, a [`Verdict`] comes
//! out, and log lines and progress reach an [`JobHost`] meanwhile. Nothing here knows AWS.
//!
//! A [`Sandbox`] is the engine: it tells what a component is, compiles it, and seals the code so that nothing
//! else is ever loaded. [`ChildProcess`] runs each job in a process of its own that the kernel locks down;
//! [`InProcess`] runs jobs in this process, isolated by wasm alone. A [`Launcher`] starts the processes, whose main is
//! [`child_main`].
//!
//! The parts, from the outside in: `child` (processes) and `in_process` (threads, panics), `sandbox`, `adapt`, `loader`,
//! `engine` and `seal` (code), `run` (one job), `command` (one of a plain WASI command), `state` (what a guest can reach: `mounts`, `fs`, `log`, `waits`), `guard` and `limiter`
//! (what may end a job early), `fault` (why it ended).
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test that fails panics"
    )
)]

mod adapt;
mod asynchronous;
mod bindings;
mod by_isolation;
mod child;
mod command;
mod contract;
mod convert;
mod engine;
mod error;
mod fault;
mod fixed;
mod fs;
mod guard;
mod http;
mod in_process;
mod job;
mod limiter;
mod limits;
mod lines;
mod loader;
mod log;
mod mounts;
mod panics;
mod run;
mod runner;
mod sandbox;
mod seal;
mod shape;
mod state;
mod streams;
mod survey;
mod test_imports;
mod text;
mod waits;

pub use adapt::own_component;
pub use by_isolation::ByIsolation;
pub use child::compile::CompileLimits;
pub use child::floor::IsolationFloor;
#[doc(hidden)]
pub use child::gate::read_as_parent;
pub use child::inside::child_main;
pub use child::launcher::{CHILD_COMMAND, Launcher};
pub use child::parts::{ChildParts, Look};
pub use child::process::ChildProcess;
#[doc(hidden)]
pub use command::hear_command;
pub use error::{Cause, SandboxError};
pub use http::NAMES as EGRESS_ERRORS;
pub use in_process::InProcess;
pub use job::{
    ActionType, Continuation, CurrentRevision, DirectoryGrant, ExecutionDetails, Failure,
    FailureKind, InputDir, Job, Outcome, OutputDir, PipelineContext, Success,
};
pub use limits::{Limit, LimitUnit, Limits, SHARED_STACK};
pub use panics::hide_texts_of_guests_panics;
pub use runner::{
    CodeRef, CommandDir, Fault, Fixed, HostStream, Isolation, JobControl, JobEnd, JobHost,
    JobRunner, JobSpec, Level, LogLine, SecretError, StopHandle, StopReason, Usage, Verdict,
    VerdictKind,
};
pub use sandbox::{Sandbox, SandboxConfig, Verified};
pub use seal::SealKey;
pub use shape::{Entry, Shape};
pub use survey::{FileKind, Producer, Survey, SurveyFault};
pub use test_imports::{Syscall, TestImports};
