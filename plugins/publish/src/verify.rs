//! The second step: the copy is compared with its origin, byte by byte through SHA-256, and becomes a
//! release.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use pipefitter_sdk::{Failure, control};

use crate::manifest::{Manifest, Tree};
use crate::place::{Doing, Place, remove};

/// Verifies the copy of the files below `from`.
pub(crate) fn verify(place: &Place, release: &str, from: &Path) -> Result<Manifest, Failure> {
    if let Some(manifest) = Manifest::load(place, release)? {
        return Ok(manifest);
    }
    let (partial, whole) = (place.partial(release), place.release(release));
    // An earlier attempt may have got as far as the rename.
    let copy = if partial.is_dir() { &partial } else { &whole };
    if !copy.is_dir() {
        return Err(Failure::job_failed(format!(
            "the copy `{}` is gone: something else removed it. Start the action again",
            partial.display()
        )));
    }
    let wanted = Tree::read(from, |at, of| {
        tell(40, at, of);
        Ok(())
    })?;
    let got = Tree::read(copy, |at, of| {
        tell(60, at, of);
        Ok(())
    })?;
    if let Some(difference) = wanted.difference(&got) {
        remove(copy)?;
        return Err(Failure::job_failed(format!(
            "the copy of the release differs from the artifact: {difference}. Start the action again; if \
             that repeats, the disk or another program changes files in the granted directory"
        )));
    }
    if copy == &partial {
        // What stands there has no manifest: it was never a release.
        remove(&whole)?;
        fs::rename(&partial, &whole).doing(|| format!("renaming `{}`", partial.display()))?;
    }
    let created = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64());
    let manifest = Manifest {
        release: release.to_owned(),
        created,
        files: wanted,
    };
    manifest.store(place)?;
    Ok(manifest)
}

fn tell(from: usize, at: usize, of: usize) {
    let percent = u8::try_from(from + 20 * at / of.max(1)).unwrap_or(80);
    control::progress(percent, format!("verifying file {} of {of}", at + 1));
}
