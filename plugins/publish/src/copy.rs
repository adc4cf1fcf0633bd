//! The first step: a copy beside what is served.

use std::fs::{self, File};
use std::path::Path;

use pipefitter_sdk::control::{self, StopReason};
use pipefitter_sdk::{Failure, walk};

use crate::manifest::{self, Manifest};
use crate::place::{Doing, Place, remove};

/// How the step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copied {
    /// All files are there.
    All,
    /// The worker shuts down; the step must be done again.
    Interrupted,
}

/// Copies the files below `from`. What an earlier attempt left half done is done again.
pub(crate) fn copy(place: &Place, release: &str, from: &Path) -> Result<Copied, Failure> {
    if Manifest::load(place, release)?.is_some() {
        return Ok(Copied::All);
    }
    let paths = walk(from)?;
    if paths.is_empty() {
        return Err(Failure::job_failed(
            "the input artifact is empty: there is nothing to publish",
        ));
    }
    let partial = place.partial(release);
    remove(&partial)?;
    for (at, path) in paths.iter().enumerate() {
        match control::stop_requested() {
            None => {}
            Some(StopReason::HandOver) => return Ok(Copied::Interrupted),
            Some(StopReason::Cancelled) => {
                remove(&partial)?;
                return Err(Failure::job_failed(
                    "cancelled before anything was switched",
                ));
            }
        }
        let percent = u8::try_from(40 * at / paths.len()).unwrap_or(40);
        control::progress(
            percent,
            format!("copying file {} of {}", at + 1, paths.len()),
        );
        copy_file(&from.join(path), &partial.join(path))?;
    }
    Ok(Copied::All)
}

fn copy_file(from: &Path, to: &Path) -> Result<(), Failure> {
    let making = || format!("making `{}`", to.display());
    if let Some(directory) = to.parent() {
        fs::create_dir_all(directory).doing(making)?;
    }
    let mut file = File::create(to).doing(making)?;
    manifest::digest(from, &mut file)?;
    // Before anything points at it, it must be on the disk.
    file.sync_all()
        .doing(|| format!("writing `{}`", to.display()))
}
