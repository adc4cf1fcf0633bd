//! Whole-system suites: the real binary over HTTP.
//!
//! ```text
//!   AWS SDK client ------------------------------.
//!                                                v
//!   `pipefitter run` --> proxy (faults) --> `pipefitter dev --no-worker`
//! ```
//!
//! A [`Rig`] is one such arrangement in a folder of its own. Tests wait for lines that the programs print,
//! for requests that the proxy sees and for files that plugins make, each with a deadline that tells what
//! was waited for and shows the output so far. They never sleep.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a step of a test that fails is the test's failure"
)]

mod answers;
pub mod archives;
pub mod binary;
mod child;
mod client;
mod compiled;
mod dropped;
mod executions;
pub mod fault_table;
mod files;
pub mod hostile;
mod idle_aws;
mod moto;
pub mod partners;
pub mod pipelines;
pub mod plugins;
mod process;
mod proxy;
pub mod queue;
mod relay;
mod resigned;
mod rig;
mod service;
pub mod soak;
mod supervisor;
mod tally;
mod vitals;
mod webhook;
mod worker;

pub use child::{Child, limits_of, status_of};
pub use dropped::dropped;
pub use executions::ActionResult;
pub use files::{appears, closed_to_others, count_with_prefix, fresh_copy};
pub use idle_aws::{ACCOUNT, ASSUMED, Call, IdleAws};
pub use moto::MotoServer;
pub use process::{Process, deaf_to_file_limits, finished, skipped, with_ulimit};
pub use proxy::{Exchange, Fault, Held, Proxy};
pub use rig::{Rig, RigOptions, small_source};
pub use service::{CONTROL_TOKEN, ControlPath, Service, ServiceOptions};
pub use supervisor::Supervisor;
pub use tally::{results_of, terminal_results};
pub use vitals::Vitals;
pub use webhook::{Post, Webhook};
pub use worker::{Worker, WorkerSetup};
