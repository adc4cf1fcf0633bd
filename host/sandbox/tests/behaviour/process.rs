//! The same suite with a process for each job: what a plugin can do, what it cannot and how its limits are named is
//! no other there.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails panics"
)]

mod adapted;
mod asynchronous;
mod code;
mod commands;
mod disk;
mod drill;
mod harness;
mod isolation;
mod jobs;
mod limits;
mod stop;
mod usage;
mod workshop;

pub(crate) const ISOLATION: pipefitter_sandbox::Isolation = pipefitter_sandbox::Isolation::Process;
