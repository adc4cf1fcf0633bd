//! What the suites share: archives made by hand, and an S3 that misbehaves on request.
//!
//! A module of each suite, so that each uses a part of it.
#![allow(dead_code, unreachable_pub, reason = "each suite uses a part")]

pub mod s3;
pub mod tarball;
pub mod tree;
pub mod zipfile;

use std::path::Path;

use pipefitter_artifacts::{ArtifactError, Fetched, Unpack, UnpackLimits, unpack_file};

/// Limits that no good archive of a test comes near.
pub const LIMITS: UnpackLimits = UnpackLimits {
    object_bytes: 64 << 20,
    bytes: 64 << 20,
    entries: 10_000,
    ratio: 200,
    depth: 50,
};

/// Unpacks bytes into an existing empty directory.
pub fn unpack_bytes(
    archive: &[u8],
    into: &Path,
    limits: &UnpackLimits,
) -> Result<Fetched, ArtifactError> {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("object");
    std::fs::write(&file, archive).unwrap();
    unpack_file(&file, into, Unpack::Auto, limits)
}

/// What unpacking these bytes says, for those that must be refused.
pub fn refusal(archive: &[u8], limits: &UnpackLimits) -> String {
    let into = tempfile::tempdir().unwrap();
    match unpack_bytes(archive, into.path(), limits) {
        Ok(fetched) => panic!("unpacked: {fetched:?}"),
        Err(error) => format!("{:?}: {error}", error.kind),
    }
}
