//! The main job, end to end: a pipeline's action is polled, run as wasm and reported.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod artifacts;
mod configuration;
mod hostile;
mod many;
mod outcomes;
mod policy;
mod secrets;
