//! Removing old releases.

use std::fs;
use std::path::Path;
use std::time::Duration;

use pipefitter_sdk::{Failure, log};

use crate::manifest::Manifest;
use crate::place::{Doing, Place, remove};

/// Leftovers younger than this may be another action's work in progress.
const LEFTOVER_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The releases that were verified.
pub(crate) fn verified(place: &Place) -> Result<Vec<String>, Failure> {
    let names = names(&place.releases())?;
    Ok(names
        .iter()
        .filter_map(|name| name.strip_suffix(".json"))
        .map(str::to_owned)
        .collect())
}

/// Removes what is older than the newest `keep` releases, but never `served`; tells how many.
pub(crate) fn prune(place: &Place, keep: usize, served: &str) -> Result<usize, Failure> {
    let mut releases = Vec::new();
    for release in verified(place)? {
        let created = Manifest::load(place, &release)?.map_or(0.0, |manifest| manifest.created);
        // Whatever its time, the one that is served counts first.
        let created = if release == served {
            f64::INFINITY
        } else {
            created
        };
        releases.push((created, release));
    }
    releases.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| b.1.cmp(&a.1)));
    let old = releases.split_off(keep.max(1).min(releases.len()));
    for (_, release) in &old {
        // In this order a crash between the two leaves a directory without a manifest, which is a
        // leftover; the other way round it would look as if the release were served.
        let manifest = place.manifest(release);
        fs::remove_file(&manifest).doing(|| format!("removing `{}`", manifest.display()))?;
        remove(&place.release(release))?;
        log::info!("removed the old release {release}");
    }
    leftovers(place)?;
    Ok(old.len())
}

/// Removes what attempts left that nobody went on with.
fn leftovers(place: &Place) -> Result<(), Failure> {
    let names = names(&place.releases())?;
    for name in &names {
        let path = place.releases().join(name);
        let whole = names.contains(&format!("{name}.json"));
        if path.is_dir() && !whole && old(&path) {
            remove(&path)?;
            log::info!("removed the leftover {name}");
        }
    }
    Ok(())
}

fn old(path: &Path) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > LEFTOVER_AGE))
}

fn names(directory: &Path) -> Result<Vec<String>, Failure> {
    let reading = || format!("reading the directory `{}`", directory.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).doing(reading)? {
        names.push(
            entry
                .doing(reading)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    Ok(names)
}
