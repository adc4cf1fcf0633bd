//! Every fault at every operation of a worker, as tables in the output: of CodePipeline and S3, and of the services beside
//! them, which have no part in what is open about CodePipeline.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "jobs.rs"]
mod jobs;
mod queue;
mod roles;
mod stores;
