//! Every fault at every operation of a worker, as tables in the output.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "jobs.rs"]
mod jobs;
