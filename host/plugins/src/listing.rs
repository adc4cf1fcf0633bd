//! One look at the plugins directory: which files are meant as plugins.
//!
//! `plugins/*.wasm` and `plugins/DIR/*.wasm`, no deeper. Names that tools give to files they are writing are
//! passed over, as is everything that is no .wasm. Links are not followed.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::contract::Problem;
use crate::supply::{Custody, check_directory, check_entry, refuse_link, signature_path};

/// What tells one state of a file from another without reading it. Owner and mode are part of it, so that a
/// file that was refused for them is looked at again once they are corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    owner: u32,
    mode: u32,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            owner: metadata.uid(),
            mode: metadata.mode(),
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it was last changed more than `age` ago by the clock that files are stamped with.
    fn is_older_than(&self, age: Duration) -> bool {
        let (seconds, nanoseconds) = self.modified;
        let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(seconds), u32::try_from(nanoseconds))
        else {
            return false;
        };
        SystemTime::UNIX_EPOCH
            .checked_add(Duration::new(seconds, nanoseconds))
            .and_then(|modified| SystemTime::now().duration_since(modified).ok())
            .is_some_and(|found| found > age)
    }
}

/// A file, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) path: PathBuf,
    pub(crate) stamp: Stamp,
}

impl Sighting {
    /// Nothing if nothing is there. What is there may be a link, which whoever opens it refuses.
    fn take(path: PathBuf) -> Option<Sighting> {
        let stamp = Stamp::of(&std::fs::symlink_metadata(&path).ok()?);
        Some(Sighting { path, stamp })
    }
}

/// A .wasm and what goes with it, as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) wasm: Sighting,
    /// Beside the .wasm; nothing means embedded.
    pub(crate) manifest: Option<Sighting>,
    /// Beside the .wasm.
    pub(crate) signature: Option<Sighting>,
}

impl Candidate {
    fn new(path: &Path, found: &Metadata, alone: bool) -> Candidate {
        Candidate {
            wasm: Sighting {
                path: path.to_owned(),
                stamp: Stamp::of(found),
            },
            manifest: manifest_beside(path, alone),
            signature: Sighting::take(signature_path(path)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.wasm.path
    }

    /// Whether every file of it was last changed more than `age` ago.
    pub(crate) fn is_older_than(&self, age: Duration) -> bool {
        std::iter::once(&self.wasm)
            .chain(&self.manifest)
            .chain(&self.signature)
            .all(|file| file.stamp.is_older_than(age))
    }
}

/// What one look found.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) candidates: BTreeMap<PathBuf, Candidate>,
    /// Files that are refused by what they are.
    pub(crate) problems: Vec<Problem>,
    /// Subfolders that were read.
    pub(crate) folders: Vec<PathBuf>,
    /// Subfolders that could not be read: what is in them is as it was.
    pub(crate) unreadable: Vec<PathBuf>,
    /// Folders that others can change: nothing new is loaded from them, and what is gone is gone.
    pub(crate) suspect: Vec<PathBuf>,
}

/// Look at a directory and the directories in it. `Err`: it cannot be read.
pub(crate) fn list(root: &Path, custody: Custody) -> Result<Listing, Problem> {
    let mut listing = Listing::default();
    if let Err(problem) = check_directory(root, custody) {
        listing.problems.push(problem);
        listing.suspect.push(root.to_owned());
    }
    let folders = list_folder(root, &mut listing).map_err(|error| {
        Problem::of(
            root,
            format!("the plugins directory cannot be read: {error}"),
            "make it readable again for the worker's user",
        )
    })?;
    for (folder, found) in folders {
        let safe = match custody {
            Custody::Enforced => check_entry(&folder, &found),
            Custody::Advised => Ok(()),
        };
        if let Err(problem) = safe {
            listing.problems.push(problem);
            listing.suspect.push(folder.clone());
        }
        match list_folder(&folder, &mut listing) {
            Ok(_) => listing.folders.push(folder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                listing.problems.push(Problem::of(
                    &folder,
                    format!("it cannot be read: {error}"),
                    "let the worker's user read and enter it",
                ));
                listing.unreadable.push(folder);
            }
        }
    }
    Ok(listing)
}

fn list_folder(folder: &Path, listing: &mut Listing) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let mut folders = Vec::new();
    let mut wasms: Vec<(PathBuf, Metadata)> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if is_temporary(&path) {
            continue;
        }
        let has_extension = |wanted: &str| path.extension().is_some_and(|found| found == wanted);
        let (is_wasm, is_compiled) = (has_extension("wasm"), has_extension("cwasm"));
        // What cannot be looked at is gone since the directory was read: nothing to tell.
        let Ok(found) = std::fs::symlink_metadata(&path) else {
            continue;
        };
        if is_compiled {
            listing.problems.push(Problem::of(
                &path,
                "it is compiled code, which is loaded from the worker's own cache only".to_owned(),
                "put the .wasm that it was compiled from here, and remove this file",
            ));
        } else if found.is_symlink() {
            if is_wasm || path.is_dir() {
                listing.problems.push(refuse_link(&path));
            }
        } else if found.is_dir() {
            folders.push((path, found));
        } else if is_wasm && found.is_file() {
            wasms.push((path, found));
        } else if is_wasm {
            listing.problems.push(Problem::of(
                &path,
                "it is no file".to_owned(),
                "replace it by a file, or remove it",
            ));
        }
    }
    folders.sort_by(|a, b| a.0.cmp(&b.0));
    let alone = wasms.len() == 1;
    for (path, found) in wasms {
        let candidate = Candidate::new(&path, &found, alone);
        listing.candidates.insert(path, candidate);
    }
    Ok(folders)
}

/// One .wasm by itself, as the catalogue would see it.
pub(crate) fn candidate(path: &Path) -> io::Result<Candidate> {
    let found = std::fs::symlink_metadata(path)?;
    let wasms = std::fs::read_dir(folder_of(path))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|other| {
            !is_temporary(other) && other.extension().is_some_and(|found| found == "wasm")
        })
        .count();
    Ok(Candidate::new(path, &found, wasms <= 1))
}

/// The directory that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// `STEM.action.toml`, or `action.toml` where it can mean one plugin only.
fn manifest_beside(wasm: &Path, alone: bool) -> Option<Sighting> {
    Sighting::take(wasm.with_extension("action.toml")).or_else(|| {
        let shared = wasm.with_file_name("action.toml");
        Sighting::take(shared).filter(|_| alone)
    })
}

/// Names of files that are being written: by editors, rsync, browsers, package managers.
fn is_temporary(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    name.starts_with(['.', '#'])
        || name.ends_with('~')
        || name.ends_with(".tmp")
        || name.ends_with(".part")
}
