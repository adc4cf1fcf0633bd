//! Clients that nobody here wrote: boto3, the AWS CLI and the AWS SDK for JavaScript, as users and as workers.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod aws_cli;
mod boto;
mod javascript;
mod partner;
