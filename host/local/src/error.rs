//! Why the service does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A step of starting the service that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// The service has a fixed key pair, so nobody else may reach it.
    #[error(
        "the local service listens on loopback addresses only, and {0} is none; use 127.0.0.1 or \
         [::1]"
    )]
    NotLoopback(SocketAddr),
    /// The account is not twelve digits.
    #[error("'{0}' is not an account id: twelve digits are")]
    Account(String),
    /// The region is not one.
    #[error("'{0}' is not a region: 4 to 30 lower-case letters, digits and '-' are")]
    Region(String),
    /// A third-party action type or client is not valid.
    #[error("third-party setting {place}: {message}; {remedy}")]
    ThirdParty {
        /// Where, as in [`crate::ThirdPartyFault::path`], with dots between.
        place: String,
        /// What is wrong.
        message: String,
        /// What to do.
        remedy: String,
    },
    /// The port is taken, or may not be used.
    #[error(
        "could not listen on {address}; is another server running there? port 0 takes a free one"
    )]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The temporary directory for objects could not be made.
    #[error("could not make a temporary directory for objects")]
    TemporaryDirectory(#[source] io::Error),
    /// The object store could not be opened.
    #[error("could not open the object store")]
    Objects(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// CodePipeline's state could not be opened or read.
    #[error("could not open CodePipeline's state in {path}")]
    State {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
