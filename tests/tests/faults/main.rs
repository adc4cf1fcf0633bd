//! What goes wrong around a job: rivals, lost answers, expired credentials, crashes, shutdowns.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod child;
mod crash;
mod disk;
mod group;
mod races;
mod restart;
mod results;
mod shutdown;
mod supervisor;
