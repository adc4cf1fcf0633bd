//! Staging of artifacts: download, unpack, pack, upload. Alone knows zip, tar and S3.
//!
//! An input is a stranger's archive and an output a hostile guest's tree. Both are handled through
//! directory handles, counted as they come, and never trusted to say what they are. S3 is called with
//! the job's own temporary credentials, for its objects only, and never for a bucket: the policy that
//! CodePipeline gives them allows nothing else.

#![cfg_attr(
    not(feature = "s3"),
    allow(
        dead_code,
        reason = "without S3 only local archives are read and written"
    )
)]

mod archive;
#[cfg(feature = "s3")]
mod blocking;
mod cancel;
mod contract;
#[cfg(feature = "s3")]
mod download;
mod error;
mod local;
mod remove;
#[cfg(feature = "s3")]
mod s3_failure;
#[cfg(feature = "s3")]
mod session;
#[cfg(feature = "s3")]
mod stager;
#[cfg(feature = "s3")]
mod upload;

pub use archive::Packed;
pub use contract::{
    ArtifactError, CredentialError, CredentialSource, Credentials, ErrorKind, FetchRequest,
    Fetched, Object, StoreRequest, Stored, Unpack, UnpackLimits,
};
pub use local::{pack_dir, unpack_file};
pub use remove::remove_tree;
#[cfg(feature = "s3")]
pub use stager::{Stager, StagerConfig};
