#![doc = include_str!("../README.md")]

mod config;
pub mod control;
mod export;
mod failure;
mod files;
mod host;
#[cfg(feature = "http")]
pub mod http;
#[cfg(all(feature = "http", target_arch = "wasm32"))]
mod http_wasm;
mod job;
pub mod log;
#[cfg(feature = "log")]
mod log_bridge;
mod outcome;
pub mod secrets;
pub mod testing;
#[cfg(feature = "tracing")]
pub mod tracing;

#[doc(hidden)]
pub use export::__export;
pub use failure::{Context, Failure, FailureKind};
pub use files::walk;
pub use job::{ActionType, InputArtifact, Job, OutputArtifact, PipelineContext};
pub use outcome::{CurrentRevision, ExecutionDetails, Outcome};
