//! What can fail as a whole; what is wrong with one plugin is a [`Problem`](crate::Problem).

use std::io;
use std::path::PathBuf;

/// An operation on the plugins directory, on a .wasm or on the code cache failed.
#[derive(Debug, thiserror::Error)]
pub enum PluginsError {
    /// The plugins directory cannot be read.
    #[error("read plugins directory {}: make it, or set plugins-dir to one that this user may read", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Bytes are no WebAssembly.
    #[error("not WebAssembly: {reason}")]
    NotWasm {
        /// Why.
        reason: String,
    },
    /// What was to look at a .wasm has told what makes no sense.
    #[error("it cannot be looked at: the process that was to do so was led astray by it")]
    Looked,
    /// The section with the manifest is not UTF-8.
    #[error("the embedded manifest is not UTF-8: embed it again")]
    ManifestText,
    /// The manifest is too large for a section.
    #[error("a manifest of {bytes} bytes cannot be embedded: at most {most} are allowed")]
    ManifestSize {
        /// Its size.
        bytes: usize,
        /// What is allowed.
        most: usize,
    },
    /// The code cache's directory is not safe to load code from.
    #[error("code cache {}: {fault}; {remedy}", path.display())]
    CacheUnsafe {
        /// The directory.
        path: PathBuf,
        /// What is wrong.
        fault: String,
        /// What to do.
        remedy: String,
    },
    /// A code id is not one.
    #[error("code id {id:?} is not made of digits, letters a to f and `-`")]
    CodeId {
        /// What was given.
        id: String,
    },
    /// The code cache cannot be read or written.
    #[error("{action} {}", path.display())]
    Cache {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file in the code cache is not what was put there.
    #[error("cached code {}: {fault}", path.display())]
    CacheEntry {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A text is no digest.
    #[error("`{text}` is no digest: write sha256: and 64 hex digits")]
    Digest {
        /// What was given.
        text: String,
    },
    /// A text is no public key.
    #[error("`{text}` is no public key of minisign's: those begin with RW and have 56 letters")]
    PublicKey {
        /// What was given.
        text: String,
    },
    /// A file with a key cannot be used.
    #[error("key {}: {fault}; {remedy}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
        /// What to do.
        remedy: String,
    },
    /// A secret key does not open.
    #[error("key {}: the password is missing or wrong", path.display())]
    KeyPassword {
        /// The file.
        path: PathBuf,
    },
    /// A new key cannot be written.
    #[error("write key {}: give a name that is free, in a directory that this user may write", path.display())]
    KeyWrite {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No key or signature could be made.
    #[error("make a key or signature")]
    Signing(#[source] Box<dyn std::error::Error + Send + Sync>),
}
