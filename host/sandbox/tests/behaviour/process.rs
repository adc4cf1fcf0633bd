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
mod door;
mod drill;
mod harness;
mod held;
mod isolation;
mod jobs;
mod kernel;
mod limits;
mod neighbours;
mod own;
mod stop;
mod usage;
mod workshop;

pub(crate) const ISOLATION: pipefitter_sandbox::Isolation = pipefitter_sandbox::Isolation::Process;
