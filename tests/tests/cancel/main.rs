//! Jobs that somebody ends, jobs of many hops, and the events that tell of both.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails may panic"
)]

mod chain;
mod events;
mod stopped;
