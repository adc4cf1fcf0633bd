//! Every fault of the service at every operation of a worker, as a table in the output.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod custom;
#[path = "../partner/partner.rs"]
#[allow(
    dead_code,
    clippy::duplicate_mod,
    reason = "the partner's own suite has more uses for it, and is beside this one in others"
)]
mod partner;
mod partners;
