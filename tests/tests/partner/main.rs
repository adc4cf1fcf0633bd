//! A partner's worker against the embedded service: customers with and without a token, crashes, free text.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod crash;
mod customers;
mod dev;
mod ended;
mod free_text;
mod partner;
mod stores;
