//! Who signs requests, and whether they really did.
//!
//! [`registry`] lists the signers for both services, [`sigv4`] verifies the signature of a
//! CodePipeline request, [`clock`] tells both the time. (S3 requests are verified in the S3 half,
//! against the same registry: chunked uploads sign each chunk.)

mod clock;
pub(crate) mod instant;
mod registry;
pub(crate) mod sigv4;

pub(crate) use clock::{Clock, later};
pub(crate) use registry::{
    Identity, JobAccess, KeyRule, ObjectRef, ROOT_KEY, Registry, Scope, random,
};
