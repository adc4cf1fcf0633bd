//! Secrets of AWS, asked of moto's server: a Secrets Manager, Parameter Store and IAM that nobody here wrote.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails may panic"
)]

mod moto;
mod stores;
