//! What survives a crash: one record per job between acknowledge and report.
//!
//! The journal holds no credential and no secret. A record says how far a job is known to be; every
//! change is on disk before `put` returns, so the worker can write first and act then.

mod record;

pub use record::{Identity, Journal, JournalError, Phase, Record, RecordKey};
