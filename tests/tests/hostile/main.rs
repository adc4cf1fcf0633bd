//! Hostile guests, all of them, under both kinds of isolation.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod limits;
mod load;
mod run;
mod soak;
