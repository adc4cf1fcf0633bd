//! `pipefitter probe-aws` against the embedded service: it finds out what the service was started with, and
//! leaves nothing behind.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod answers;
mod consent;
mod endings;
mod lab;
mod rights;
mod trouble;
