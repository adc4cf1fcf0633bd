//! Staging of artifacts: download, unpack, pack, upload. Alone knows zip, tar and S3.

mod contract;

pub use contract::{
    ArtifactError, CredentialError, CredentialSource, Credentials, ErrorKind, FetchRequest,
    Fetched, Object, StoreRequest, Stored, Unpack, UnpackLimits,
};
