//! What the suites share: archives made by hand, and an S3 that misbehaves on request.

pub(crate) mod bench;
pub(crate) mod s3;
#[allow(dead_code, reason = "other suites take the file in by its path")]
pub(crate) mod tarball;
pub(crate) mod tree;
#[allow(dead_code, reason = "other suites take the file in by its path")]
pub(crate) mod zipfile;

use std::path::Path;

use pipefitter_artifacts::{ArtifactError, Fetched, Unpack, UnpackLimits, unpack_file};

/// Limits that no good archive of a test comes near.
pub(crate) const LIMITS: UnpackLimits = UnpackLimits {
    object_bytes: 64 << 20,
    bytes: 64 << 20,
    entries: 10_000,
    ratio: 200,
    depth: 50,
};

/// Unpacks bytes into an existing empty directory.
pub(crate) fn unpack_bytes(
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
pub(crate) fn refusal(archive: &[u8], limits: &UnpackLimits) -> String {
    let into = tempfile::tempdir().unwrap();
    match unpack_bytes(archive, into.path(), limits) {
        Ok(fetched) => panic!("unpacked: {fetched:?}"),
        Err(error) => format!("{:?}: {error}", error.kind),
    }
}

/// Bytes that deflating does not make smaller, the same each time.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 9_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
}
