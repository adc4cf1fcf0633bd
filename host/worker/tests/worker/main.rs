//! The worker through its public door, against a service, a runner and staging that answer as told, in
//! paused time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails may panic"
)]

mod cancelled;
mod catalogue;
mod catalogue_changes;
mod claims;
mod drain;
mod events;
mod journal;
mod life;
mod logs;
mod masking;
mod partner;
mod progress;
mod queue;
mod races;
mod recovery;
mod renewal;
mod results;
mod runner;
mod service;
mod shares;
mod sources;
mod stage;
mod usage;
mod world;
