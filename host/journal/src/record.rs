//! Records, and the trait that keeps them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A job as the journal names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    /// The source's id.
    pub source: String,
    /// The job's id; free text.
    pub job: String,
}

/// How far a job is known to be. Each phase is written before the effect it names.
///
/// ```text
/// Acknowledging -> Acknowledged -> Running{n} -> Finished -> (removed)
///                                  ^______|         |
///                                  retry-safe       v
///                                                 Parked
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "phase")]
pub enum Phase {
    /// About to acknowledge, or acknowledged without the answer seen.
    Acknowledging,
    /// The service said that the job is ours.
    Acknowledged,
    /// About to instantiate the plugin for the attempt in the record.
    Running,
    /// About to report: the outbox.
    Finished {
        /// The result as the worker encodes it; holds no secret.
        outcome: serde_json::Value,
        /// Whether a plain failure has replaced a result that the service found invalid.
        replaced: bool,
    },
    /// The service refused the result and its replacement: kept for the operator, never sent again.
    Parked {
        /// The result that was refused.
        outcome: serde_json::Value,
        /// The service's words.
        reason: String,
    },
}

/// One job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Which job.
    pub key: RecordKey,
    /// `Category/Provider/Version`.
    pub action_type: String,
    /// Of the hand-out that we acknowledge with.
    pub nonce: String,
    /// The partner's customer; third-party only.
    pub client: Option<String>,
    /// 0 before the first run.
    pub attempt: u32,
    /// As the manifest said when the job was taken.
    pub retry_safe: bool,
    /// Taken for ours by rule, after an acknowledge whose answer was not seen: the service may not hold it
    /// for acknowledged, so its refusal of a result is not final at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_rule: bool,
    /// Milliseconds since the Unix epoch, when the job was taken.
    pub taken_at: i64,
    /// How far it is.
    pub phase: Phase,
}

/// Where a source's jobs are: a job's id means nothing, or something else, anywhere else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ServiceIdentity {
    /// Whose action types it polls for.
    pub owner: String,
    /// `aws`, `aws-cn`, ...
    pub partition: String,
    /// 12 digits; absent where nobody could tell.
    pub account: Option<String>,
    /// The Region.
    pub region: String,
    /// Where it is not the Region's own.
    pub endpoint: Option<String>,
}

/// Which services a journal was written for, by the sources' ids: a journal never meets another's jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identity {
    /// By id.
    pub sources: BTreeMap<String, ServiceIdentity>,
}

/// The journal failed.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Opening failed.
    #[error("open journal {path}")]
    Open {
        /// The file.
        path: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It was written for another service.
    #[error(
        "journal was written for {what} {found} of source {source_id}, which now has {what} {wanted}: put the old \
         {what} back; or give the source another id, once this journal's jobs are reported; or give this \
         configuration a state-dir of its own"
    )]
    Identity {
        /// The source.
        source_id: String,
        /// `owner`, `partition`, `account`, `Region` or `endpoint`.
        what: &'static str,
        /// In the file.
        found: String,
        /// In the configuration.
        wanted: String,
    },
    /// A source is not configured any more.
    #[error(
        "journal still holds jobs of source {source_id}, which is not configured any more: put the source back \
         until they are reported, or give this configuration a state-dir of its own"
    )]
    SourceGone {
        /// The source.
        source_id: String,
    },
    /// Whose credentials a source has cannot be told, and there are jobs that it matters to.
    #[error(
        "journal holds jobs of source {source_id} in account {account}, and nobody can tell now which account its \
         credentials are of: let STS be reached, or write `account = \"{account}\"` into the source if you know that \
         they are of that one"
    )]
    AccountUnknown {
        /// The source.
        source_id: String,
        /// In the file.
        account: String,
    },
    /// An older version wrote it, and what that says of a service with jobs is not enough to know it by.
    #[error(
        "journal was written by an older version, and holds jobs of source {source_id}, of which that says only \
         \"{found}\": start the version that wrote it and let it report its jobs, or set state-dir to an empty \
         directory"
    )]
    OldIdentity {
        /// The source.
        source_id: String,
        /// In the file.
        found: String,
    },
    /// It was written by another version.
    #[error(
        "journal has format {found}, this version reads format {known}: start the version that wrote it and \
         let it report its jobs, or set state-dir to an empty directory"
    )]
    Format {
        /// In the file.
        found: u32,
        /// Known here.
        known: u32,
    },
    /// A job's record is of another version, or none.
    #[error("read journal {path}")]
    Record {
        /// The file.
        path: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A read failed.
    #[error("read journal")]
    Read(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A commit failed: what it held is not known to be on disk.
    #[error("write journal")]
    Write(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Keeps records. `put` and `remove` return when the change is on disk.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Write a record, in place of an older one of the same key.
    async fn put(&self, record: Record) -> Result<(), JournalError>;
    /// Forget a job.
    async fn remove(&self, key: &RecordKey) -> Result<(), JournalError>;
    /// Every record, by key.
    async fn load(&self) -> Result<Vec<Record>, JournalError>;
}
