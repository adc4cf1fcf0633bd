//! What is wrong with what an operator configured.

use std::path::PathBuf;

/// What is wrong with what an operator configured; nothing that a guest or a server does is one of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EgressError {
    /// A grant that cannot be read.
    #[error("the network grant `{grant}` {reason}")]
    Grant {
        /// As it was written, without a user or password.
        grant: String,
        /// What is wrong with it, and what to write instead.
        reason: String,
    },
    /// A range of addresses that cannot be read.
    #[error("the address range `{range}` {reason}")]
    Range {
        /// As it was written.
        range: String,
        /// What is wrong with it, and what to write instead.
        reason: String,
    },
    /// A limit that would stop everything, or that this crate could not keep.
    #[error("the network limit `{limit}` is {value}: {reason}")]
    Limit {
        /// Its name.
        limit: &'static str,
        /// The value that was asked for.
        value: u64,
        /// What it may be.
        reason: String,
    },
    /// A header that the host shall add.
    #[error("the header `{name}` cannot be attached to requests: {reason}")]
    AttachedHeader {
        /// Its name as it was written.
        name: String,
        /// What is wrong with it; never its value.
        reason: &'static str,
    },
    /// A proxy that cannot be used.
    #[error("the proxy `{proxy}` {reason}")]
    Proxy {
        /// As it was written, without a user or password.
        proxy: String,
        /// What is wrong with it, and what to write instead.
        reason: String,
    },
    /// The file of further certificate authorities cannot be read.
    #[error("the file of further certificate authorities, {path}, cannot be read")]
    ReadAuthorities {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file of further certificate authorities is not PEM.
    #[error("the file of further certificate authorities, {path}, is not PEM")]
    ParseAuthorities {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    /// The file of further certificate authorities holds none.
    #[error(
        "the file of further certificate authorities, {path}, holds no certificate: \
         each one starts with a line `-----BEGIN CERTIFICATE-----`"
    )]
    NoAuthorities {
        /// Which.
        path: PathBuf,
    },
    /// A certificate of that file cannot stand for an authority.
    #[error("certificate {number} of {path} cannot stand for an authority")]
    Authority {
        /// The file.
        path: PathBuf,
        /// Which certificate of it, counted from 1.
        number: usize,
        /// What is wrong with it.
        #[source]
        source: rustls::Error,
    },
    /// No server could be trusted.
    #[error(
        "the system has no certificate authorities{detail}: install its package of them \
         (ca-certificates), or name a PEM file of your own"
    )]
    NoSystemAuthorities {
        /// What the system's store said, where it said anything.
        detail: String,
    },
    /// The TLS client could not be set up.
    #[error("the TLS client cannot be set up")]
    Tls(#[source] rustls::Error),
}
