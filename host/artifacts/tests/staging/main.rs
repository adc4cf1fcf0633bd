//! Staging through its public doors: archives good and bad, and an S3 that misbehaves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod archives;
mod fetch;
mod refusals;
mod store;
mod support;
