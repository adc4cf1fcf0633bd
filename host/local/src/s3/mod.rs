//! The embedded S3: what ordinary AWS SDKs, boto3 and the AWS CLI talk to under `AWS_ENDPOINT_URL`.
//!
//! Three layers, each knowing only the one below:
//!
//! ```text
//!   door      one HTTP request in, one answer out; refuses what s3s would let pass (SigV2, forms,
//!             another region, sub-resources it does not know) and completes its error documents
//!   access    who signed it, and may they: session tokens, expiry, one job's objects, aws:kms
//!   ops       the S3 operations over the store, one file per group
//!   store     buckets, versions, uploads in a directory; knows neither HTTP nor who asks
//! ```
//!
//! `operation` tells which operation a request is for, by the table that `model` holds: also of those
//! that are not built.
//!
//! The protocol (routing, XML, signatures, chunked uploads) is s3s's. The store is ours, because a
//! pipeline needs what s3s's own file system does not have: versions, remembered encryption, and an
//! object that is seen only after its checksums were verified.

mod access;
mod checksum;
mod door;
mod error;
mod model;
mod operation;
mod ops;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use door::{S3Door, service};
pub(crate) use error::StoreError;
pub(crate) use operation::operation_of;
pub(crate) use store::{
    Encryption, Location, ObjectMeta, ObjectStore, Publication, Published, Versioning,
    WriteCondition,
};
