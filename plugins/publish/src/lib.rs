//! A Deploy action: publishes files into a granted directory in steps.
//!
//! Readers never see half a release: files are copied beside what is served, verified, and put in its
//! place by one rename. Each step is a job of its own, so that a worker may stop between any two.
//!
//! ```text
//!   copy                    verify                     switch
//!   .releases/ID.partial -> .releases/ID + ID.json  -> current -> .releases/ID, prune
//! ```
//!
//! Every step may be repeated, and begins by looking at what an earlier attempt left. `place` knows the
//! paths, `manifest` what a release consists of, `copy`, `verify`, `switch` and `prune` are the steps,
//! `steps` strings them together by the continuation token.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod config;
mod copy;
mod link;
mod manifest;
mod place;
mod prune;
mod steps;
mod switch;
mod verify;

pub use steps::{publish, run};

pipefitter_sdk::plugin!(run);
