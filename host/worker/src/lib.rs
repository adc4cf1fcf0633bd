//! The life of a job: dispatcher, state machine, slots, outbox, drain, recovery.
//!
//! [`Worker::start`] takes a [`WorkerConfig`] and [`WorkerParts`] (sources of jobs, staging, a runner, a
//! journal, claims, the plugins' catalogue) and polls, acknowledges, stages, runs, uploads and reports
//! until it is told to drain. What a job may go through is a pure step function (`life`); one task
//! (`dispatch`) owns the truth and does what the steps say; the work itself is done by tasks (`job`) that
//! answer by messages.
//!
//! What holds, whatever fails: a job that was acknowledged gets exactly one effective result; a plugin
//! runs at most once per job, or, where its manifest says `retry-safe = true`, at least once and at most
//! three times.

mod backoff;
mod config;
mod dispatch;
mod envelope;
mod error;
mod events;
mod grants;
mod handle;
mod hiding_credentials;
mod job;
mod life;
mod masker;
mod message;
mod names;
mod outcome;
mod preparer;
mod readiness;
mod said;
mod slots;
mod staging;
mod status;

pub use config::{
    AttachGrant, PluginGrants, PluginSettings, SourceEvents, SourceParts, SourceSettings,
    WorkerConfig, WorkerParts, default_unpack_limits,
};
pub use error::WorkerError;
pub use events::{JobEnd, JobInfo, JobOutcome, WorkerEvent};
pub use handle::{Worker, WorkerHandle};
pub use preparer::Preparer;
pub use readiness::Readiness;
pub use staging::Staging;
pub use status::{
    Counters, DrainReport, JobStatus, PollerStatus, QueueStatus, UnservedClientStatus, WorkerStatus,
};
