//! Archives of the local disk, unpacked and packed by the rules of inputs and outputs.

use std::fs::File;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::archive::{Job, Packed, pack, safe_file_name, unpack};
use crate::cancel::Cancel;
use crate::contract::{ArtifactError, Fetched, Unpack, UnpackLimits};
use crate::error::StageError;

/// Unpacks a local file by the same rules as an input. Blocking.
///
/// Where it is placed as one file, it keeps its own name.
///
/// # Errors
///
/// As those of a fetched input, less those of S3; the artifact's name is the file's.
pub fn unpack_file(
    path: &Path,
    into: &Path,
    how: Unpack,
    limits: &UnpackLimits,
) -> Result<Fetched, ArtifactError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unpacked = || {
        let into = open_dir(into)?;
        let job = Job {
            file: File::open(path).map_err(StageError::read(path.display().to_string()))?,
            into: &into,
            name: &safe_file_name(&name, "artifact"),
            unpack: how,
            limits,
        };
        unpack(job, &Cancel::default())
    };
    unpacked().map_err(|error: StageError| error.into_artifact(&name))
}

/// Packs a directory by the same rules as an output, into a file that is empty and at its start.
/// Blocking. The same tree gives the same bytes.
///
/// # Errors
///
/// `BadOutput` naming what cannot be packed, and `Local`; the artifact's name is the directory's.
pub fn pack_dir(dir: &Path, archive: File) -> Result<Packed, ArtifactError> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    open_dir(dir)
        .and_then(|root| pack(&root, archive, &Cancel::default()))
        .map_err(|error| error.into_artifact(&name))
}

pub(crate) fn open_dir(path: &Path) -> Result<Dir, StageError> {
    Dir::open_ambient_dir(path, ambient_authority())
        .map_err(StageError::read(path.display().to_string()))
}
