//! The embedded CodePipeline.
//!
//! ```text
//!   service      an HTTP request in, an answer out: signature, protocol, errors
//!   operation    the request, checked against the service's model (schema, shapes)
//!   driver       the task that owns the engine: requests, effects, timers, source changes, in turn
//!   engine       the state and all its transitions; pure but for random ids
//!   keeper       what the state is on disk: written before an answer goes out
//! ```
//!
//! The engine is one state changed by one task, so that every race of the service (two workers for a
//! job, a result against a timeout) has an order and a winner. What takes time (copying a source
//! object, looking for uploads) is an *effect*: it runs beside, and its end is one more input.
//!
//! A job's life, by the names of the service's model:
//!
//! ```text
//!            continuation              delay over
//!   action ───────────────> Created ───────────────┐
//!     │                                            v
//!     └─────────────────────────────────────────> Queued <───┐ a new nonce each time
//!                                                  │ poll    │ not acknowledged in time:
//!                                                  v         │ handed out again
//!                                              Dispatched ───┘
//!                                                  │ acknowledge, with the last nonce
//!                                                  v
//!                                              InProgress ──> Succeeded | Failed
//!
//!   from any of these: TimedOut, or abandoned with its execution
//! ```
//!
//! An acknowledge with any nonce but the last, or of a job in any other state, is an
//! `InvalidNonceException`; a result in any state but InProgress an `InvalidJobStateException`.

mod action_types;
mod advance;
mod approvals;
mod check_action_type;
mod check_pipeline;
mod check_resolved;
mod control;
mod custom_jobs;
mod declarations;
mod driver;
mod engine;
mod error;
mod event;
mod executions;
mod history;
mod job_data;
mod jobs;
mod keeper;
mod kept;
mod model;
mod operation;
mod page;
mod pipeline_state;
mod requests;
mod resolve;
mod revisions;
mod runs;
mod saved;
mod schema;
mod service;
mod shapes;
mod source;
mod state;
mod stop;
#[cfg(test)]
mod tests;
mod third_party;
mod timers;
mod transitions;

pub use event::{
    ActionEvent, ArtifactLocation, ErrorDetails, Event, EventKind, Phase, Status, Trigger,
};

pub(crate) use control::Order;
pub(crate) use driver::{CodePipeline, Saved};
pub(crate) use engine::Settings;
pub(crate) use error::ApiError;
pub(crate) use service::{failure, is_target, serve};
