//! Clients that nobody here wrote: boto3 and the AWS CLI, as users and as a rival worker.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod aws_cli;
mod boto;
mod partner;
