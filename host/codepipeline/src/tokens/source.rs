//! What a third-party source asks.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::ids::{ClientId, ClientToken};

/// Knows customers' tokens.
#[async_trait]
pub trait ClientTokens: Send + Sync {
    /// The token of a client; `None` where it has none, or none yet.
    async fn token(&self, client: &ClientId) -> Result<Option<ClientToken>, ClientTokensError>;

    /// Grows when what was told before may be told otherwise now. Where nobody can say, as of a program, it
    /// stays the same, and time alone makes it worth asking again.
    async fn revision(&self) -> u64 {
        0
    }
}

/// Client tokens cannot be had. Nothing of a token, and nothing that a program printed, is in it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClientTokensError {
    /// The file cannot be read.
    #[error("the client tokens in {path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Arc<std::io::Error>,
    },
    /// Not a plain file.
    #[error("the client tokens should be in {path}, which is not a file")]
    Kind {
        /// As configured.
        path: PathBuf,
    },
    /// Somebody else decides what is in it.
    #[error(
        "others may write the client tokens in {path} (mode {mode:04o}): run `chmod o-w {path}`"
    )]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// More than is read.
    #[error("the client tokens in {place} have more than {most} bytes")]
    Size {
        /// A path, or a variable of the environment.
        place: String,
        /// In bytes.
        most: u64,
    },
    /// Not what it should be.
    #[error(
        "the client tokens in {place} are not a JSON object of client ids and tokens: look at line {line}, column \
         {column}"
    )]
    Form {
        /// A path, or a variable of the environment.
        place: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// Nothing to run, or nowhere to put the client's id.
    #[error(
        "the program for client tokens needs `{{client-id}}` in one of its arguments, such as [\"/usr/local/bin/token-of\", \
         \"{{client-id}}\"]"
    )]
    Arguments,
    /// The program does not start.
    #[error("the program for client tokens {program} does not start")]
    Start {
        /// As configured.
        program: String,
        /// Why.
        source: Arc<std::io::Error>,
    },
    /// The program says that it failed.
    #[error(
        "the program for client tokens {program} ended with {status}: a client that has no token is told by printing \
         nothing"
    )]
    Failed {
        /// As configured.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The program does not end.
    #[error("the program for client tokens {program} was ended after {after:?}")]
    Time {
        /// As configured.
        program: String,
        /// How long it had.
        after: Duration,
    },
    /// What the program prints is no token.
    #[error(
        "the program for client tokens {program} did not print one line with a token of 1 to {most} characters"
    )]
    Output {
        /// As configured.
        program: String,
        /// In UTF-16 code units.
        most: usize,
    },
}
