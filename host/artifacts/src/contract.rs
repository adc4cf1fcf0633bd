//! What staging is asked for, and what it needs from above.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

/// One generation of a job's temporary credentials.
#[derive(Clone)]
pub struct Credentials {
    /// Grows with each renewal.
    pub generation: u64,
    /// The access key's id.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: SecretString,
    /// The session token.
    pub session_token: SecretString,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// Credentials could not be had.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CredentialError {
    /// In words.
    pub message: String,
    /// Whether asking again may help.
    pub transient: bool,
}

/// Where a job's credentials come from. Renews by age by itself; `stale` names a generation that S3
/// called expired.
#[async_trait]
pub trait CredentialSource: Send + Sync {
    /// Credentials of a generation above `stale`, where that is given.
    async fn credentials(&self, stale: Option<u64>) -> Result<Credentials, CredentialError>;
}

/// An S3 object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key.
    pub key: String,
}

/// Whether an input is unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unpack {
    /// zip, tar and tar.gz by content; anything else is placed as one file.
    #[default]
    Auto,
    /// Always placed as one file.
    Never,
}

/// What one input may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackLimits {
    /// Bytes of the object itself.
    pub object_bytes: u64,
    /// Bytes after unpacking.
    pub bytes: u64,
    /// Files and folders.
    pub entries: u64,
    /// Unpacked bytes for each packed byte, looked at from the first MiB unpacked on.
    pub ratio: u64,
    /// Folders within folders.
    pub depth: u32,
}

/// Fetch one input.
pub struct FetchRequest {
    /// The artifact's name, for messages.
    pub name: String,
    /// Where it lies.
    pub object: Object,
    /// Whether to unpack.
    pub unpack: Unpack,
    /// An existing empty directory to place it in.
    pub into: PathBuf,
    /// What it may come to.
    pub limits: UnpackLimits,
    /// The job's credentials.
    pub credentials: Arc<dyn CredentialSource>,
}

/// A fetched input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The one file's name in the directory, where it was not unpacked.
    pub file: Option<String>,
    /// Bytes of the object.
    pub object_bytes: u64,
    /// Bytes placed.
    pub bytes: u64,
    /// Files and folders placed.
    pub entries: u64,
}

/// Pack and upload one output.
pub struct StoreRequest {
    /// The artifact's name, for messages.
    pub name: String,
    /// Where it goes.
    pub object: Object,
    /// The directory that the plugin filled.
    pub from: PathBuf,
    /// The customer-managed key's id, verbatim; `aws:kms` is asked for with or without it.
    pub key_id: Option<String>,
    /// Whether an empty directory is fine.
    pub allow_empty: bool,
    /// The job's credentials.
    pub credentials: Arc<dyn CredentialSource>,
}

/// An uploaded output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Bytes of the archive.
    pub bytes: u64,
    /// Files packed.
    pub files: u64,
    /// The object's version, in a versioned bucket.
    pub version_id: Option<String>,
}

/// What an artifact error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Not there, or 403: gone, or access or KMS denied.
    Unavailable,
    /// Writing or reading is refused.
    Denied,
    /// The archive breaks a rule, or a limit was hit; the message names the entry.
    BadArchive,
    /// A declared output is empty.
    EmptyOutput,
    /// The plugin left something in an output that cannot be packed.
    BadOutput,
    /// S3 does not answer as it should, after retries.
    Service,
    /// Our own disk or directories.
    Local,
}

/// Staging failed. The text is for the pipeline's owner: what, where, what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ArtifactError {
    /// What it means.
    pub kind: ErrorKind,
    /// The artifact's name.
    pub artifact: String,
    /// In words; names the artifact, and the entry where there is one.
    pub message: String,
    /// The step's own error.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}
