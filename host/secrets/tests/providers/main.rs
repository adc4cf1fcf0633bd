//! Secrets through their public door, but for those of AWS: these are asked of moto's server, in the
//! whole-system suite `secrets`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails may panic"
)]

mod cache;
mod config;
mod files;
mod policy;
