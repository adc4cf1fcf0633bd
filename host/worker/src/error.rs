//! Why a worker does not start.

use std::path::PathBuf;

/// Why a worker does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// There is nothing to poll.
    #[error("the worker has no source: configure at least one `[[source]]`")]
    NoSource,
    /// Journal entries could not be told apart.
    #[error("two sources have the id `{0}`: give each `[[source]]` an id of its own")]
    SourceTwice(String),
    /// A directory could not be made or swept.
    #[error("the directory {path} cannot be {action}")]
    Directory {
        /// Which.
        path: PathBuf,
        /// `made` or `swept`.
        action: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The journal cannot be read: jobs of an earlier run would be lost.
    #[error("the journal cannot be read")]
    Journal(#[source] pipefitter_journal::JournalError),
    /// The dispatcher's task panicked.
    #[error("the worker's dispatcher failed")]
    Dispatcher(#[source] tokio::task::JoinError),
}
