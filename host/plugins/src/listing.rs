//! One look at the plugins directory: which files are meant as plugins.
//!
//! `plugins/*.wasm` and `plugins/DIR/*.wasm`, no deeper. Names that tools give to files they are writing are
//! passed over, as is everything that is no .wasm.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::contract::Problem;

/// What tells one state of a file from another without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it was last changed more than `age` ago by the clock that files are stamped with.
    pub(crate) fn is_older_than(&self, age: Duration) -> bool {
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

    /// Nothing if the file is not there.
    pub(crate) fn take(path: &Path) -> Option<Stamp> {
        std::fs::metadata(path)
            .ok()
            .map(|metadata| Stamp::of(&metadata))
    }
}

/// A .wasm and the manifest beside it, as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) path: PathBuf,
    /// Beside the .wasm; nothing means embedded.
    pub(crate) manifest: Option<PathBuf>,
    pub(crate) wasm_stamp: Stamp,
    pub(crate) manifest_stamp: Option<Stamp>,
}

impl Candidate {
    /// Whether both files were last changed more than `age` ago.
    pub(crate) fn is_older_than(&self, age: Duration) -> bool {
        self.wasm_stamp.is_older_than(age)
            && self
                .manifest_stamp
                .as_ref()
                .is_none_or(|stamp| stamp.is_older_than(age))
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
}

pub(crate) fn list(root: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let folders = list_folder(root, &mut listing)?;
    for folder in folders {
        match list_folder(&folder, &mut listing) {
            Ok(_) => listing.folders.push(folder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                listing.problems.push(Problem {
                    files: vec![folder.clone()],
                    message: format!("{} cannot be read: {error}", folder.display()),
                    remedy: "let the worker's user read and enter it".to_owned(),
                    older_served: false,
                });
                listing.unreadable.push(folder);
            }
        }
    }
    Ok(listing)
}

fn list_folder(folder: &Path, listing: &mut Listing) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    let mut wasms: Vec<(PathBuf, Metadata)> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if is_temporary(&path) {
            continue;
        }
        let is_wasm = path
            .extension()
            .is_some_and(|extension| extension == "wasm");
        let is_compiled = path
            .extension()
            .is_some_and(|extension| extension == "cwasm");
        // Follows links; one that leads nowhere is a plugin that is missing, if its name says plugin.
        let metadata = match std::fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if is_wasm => {
                // Gone since the directory was read: nothing to tell.
                if std::fs::symlink_metadata(&path).is_ok() {
                    listing.problems.push(problem(
                        &path,
                        format!("cannot be read: {error}"),
                        "correct the link, or let the worker's user read what it leads to",
                    ));
                }
                continue;
            }
            Err(_) => continue,
        };
        if is_compiled {
            listing.problems.push(problem(
                &path,
                "is compiled code, which is loaded from the worker's own cache only".to_owned(),
                "put the .wasm that it was compiled from here, and remove this file",
            ));
        } else if metadata.is_dir() {
            folders.push(path);
        } else if is_wasm && metadata.is_file() {
            wasms.push((path, metadata));
        } else if is_wasm {
            listing.problems.push(problem(
                &path,
                "is no file".to_owned(),
                "replace it by a file, or remove it",
            ));
        }
    }
    folders.sort();
    let alone = wasms.len() == 1;
    for (path, metadata) in wasms {
        let manifest = manifest_beside(&path, alone);
        let candidate = Candidate {
            wasm_stamp: Stamp::of(&metadata),
            manifest_stamp: manifest.as_deref().and_then(Stamp::take),
            manifest,
            path: path.clone(),
        };
        listing.candidates.insert(path, candidate);
    }
    Ok(folders)
}

/// One .wasm by itself, as the catalogue would see it.
pub(crate) fn candidate(path: &Path) -> io::Result<Candidate> {
    let metadata = std::fs::metadata(path)?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let wasms = std::fs::read_dir(folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|other| {
            !is_temporary(other) && other.extension().is_some_and(|found| found == "wasm")
        })
        .count();
    let manifest = manifest_beside(path, wasms <= 1);
    Ok(Candidate {
        wasm_stamp: Stamp::of(&metadata),
        manifest_stamp: manifest.as_deref().and_then(Stamp::take),
        manifest,
        path: path.to_owned(),
    })
}

/// `STEM.action.toml`, or `action.toml` where it can mean one plugin only.
fn manifest_beside(wasm: &Path, alone: bool) -> Option<PathBuf> {
    let own = wasm.with_extension("action.toml");
    if own.exists() {
        return Some(own);
    }
    let shared = wasm.with_file_name("action.toml");
    (alone && shared.exists()).then_some(shared)
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

fn problem(path: &Path, message: String, remedy: &str) -> Problem {
    Problem {
        files: vec![path.to_owned()],
        message: format!("{}: it {message}", path.display()),
        remedy: remedy.to_owned(),
        older_served: false,
    }
}
