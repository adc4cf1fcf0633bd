//! The embedded service itself: killed and started again, moved in time, made to misbehave, and with the other
//! answers to what nothing public settles about AWS.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod control;
mod own_worker;
mod partner;
mod restart;
mod skew;
mod switches;
mod waiting;
mod worker;

pub(crate) use partner::Partner;
pub(crate) use worker::By;
