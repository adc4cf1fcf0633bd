//! Every fault of the service at every operation of a worker, as a table in the output.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod custom;
#[path = "../partner/partner.rs"]
#[allow(dead_code, reason = "the partner's own suite has more uses for it")]
mod partner;
mod partners;
