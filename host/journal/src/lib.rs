//! What survives a crash: one record per job between acknowledge and report.
//!
//! The journal holds no credential and no secret. A record says how far a job is known to be; every
//! change is on disk before `put` returns, so the worker can write first and act then.
//!
//! [`Redb`] is the journal of a real worker. [`Memory`] keeps the same promises short of a power cut, for
//! `dev` and for tests of a restart; [`Failing`] breaks on purpose, for tests of the worker.

mod codec;
#[cfg(test)]
mod crash_tests;
mod failing;
mod identity;
mod memory;
mod record;
mod store;
mod writer;

pub use codec::reread;
pub use failing::{FailWhen, Failing};
pub use memory::Memory;
pub use record::{Identity, Journal, JournalError, Phase, Record, RecordKey, ServiceIdentity};
pub use writer::Redb;
