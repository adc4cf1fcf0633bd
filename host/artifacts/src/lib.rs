//! Staging of artifacts: download, unpack, pack, upload. Alone knows zip, tar and S3.
//!
//! An input is a stranger's archive and an output a hostile guest's tree. Both are handled through
//! directory handles, counted as they come, and never trusted to say what they are. S3 is called with
//! the job's own temporary credentials, for its objects only, and never for a bucket: the policy that
//! CodePipeline gives them allows nothing else.

mod archive;
mod cancel;
mod contract;
mod download;
mod error;
mod remove;
mod s3_failure;
mod session;
mod stager;
mod upload;

pub use archive::Packed;
pub use contract::{
    ArtifactError, CredentialError, CredentialSource, Credentials, ErrorKind, FetchRequest,
    Fetched, Object, StoreRequest, Stored, Unpack, UnpackLimits,
};
pub use remove::remove_tree;
pub use stager::{Stager, StagerConfig, pack_dir, unpack_file};
