//! The sandbox through its public door, with a real component: what a plugin can do, what it cannot, and that
//! every limit is named when it is hit.
//!
//! The component is `tests/guests/probe`; one that is missing is named with the command that builds it.
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
mod harness;
mod isolation;
mod jobs;
mod limits;
mod stop;

pub(crate) const ISOLATION: pipefitter_sandbox::Isolation = pipefitter_sandbox::Isolation::Shared;
