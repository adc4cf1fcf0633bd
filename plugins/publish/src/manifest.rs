//! What a release consists of.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use pipefitter_sdk::{Failure, walk};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::place::{Doing, Place};

/// Read and written at a time.
const CHUNK: usize = 64 * 1024;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) bytes: u64,
    /// In hex.
    pub(crate) sha256: String,
}

/// The files of a tree, by their paths with `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Tree(pub(crate) BTreeMap<String, Entry>);

/// A release, as `.releases/ID.json` keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) release: String,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(crate) created: f64,
    pub(crate) files: Tree,
}

impl Tree {
    /// Reads the files below `root`; `on_file` is told each before it is read, with its place and how
    /// many there are.
    pub(crate) fn read(
        root: &Path,
        mut on_file: impl FnMut(usize, usize) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let paths = walk(root)?;
        let mut tree = Self::default();
        for (at, path) in paths.iter().enumerate() {
            on_file(at, paths.len())?;
            let entry = digest(&root.join(path), &mut io::sink())?;
            tree.0
                .insert(path.to_string_lossy().replace('\\', "/"), entry);
        }
        Ok(tree)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.0.values().map(|entry| entry.bytes).sum()
    }

    /// In hex: the same for the same files.
    pub(crate) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (path, entry) in &self.0 {
            hash.update(format!("{} {path}\0", entry.sha256));
        }
        hex(&hash.finalize())
    }

    /// The first difference of a copy, if there is one.
    pub(crate) fn difference(&self, copy: &Self) -> Option<String> {
        for (path, entry) in &self.0 {
            match copy.0.get(path) {
                None => return Some(format!("`{path}` is missing")),
                Some(other) if other.bytes != entry.bytes => {
                    return Some(format!(
                        "`{path}` has {} bytes instead of {}",
                        other.bytes, entry.bytes
                    ));
                }
                Some(other) if other != entry => {
                    return Some(format!("`{path}` has other content"));
                }
                Some(_) => {}
            }
        }
        copy.0
            .keys()
            .find(|path| !self.0.contains_key(*path))
            .map(|path| format!("`{path}` is too many"))
    }
}

impl Manifest {
    /// The manifest of a release, if it was verified.
    pub(crate) fn load(place: &Place, release: &str) -> Result<Option<Self>, Failure> {
        let path = place.manifest(release);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).doing(|| format!("reading `{}`", path.display())),
        };
        // One that a crash cut short counts as none: it is written again.
        Ok(serde_json::from_slice(&text).ok())
    }

    /// Keeps it: whole, or not at all.
    pub(crate) fn store(&self, place: &Place) -> Result<(), Failure> {
        let path = place.manifest(&self.release);
        let new = path.with_extension("json.new");
        let text = serde_json::to_vec_pretty(self)?;
        let written = File::create(&new)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&new, &path));
        written.doing(|| format!("writing `{}`", path.display()))
    }
}

/// Copies a file, and tells what it was.
pub(crate) fn digest(from: &Path, to: &mut impl Write) -> Result<Entry, Failure> {
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut chunk = vec![0; CHUNK];
    let mut file = File::open(from).doing(|| format!("reading `{}`", from.display()))?;
    loop {
        let read = match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).doing(|| format!("reading `{}`", from.display())),
        };
        hash.update(&chunk[..read]);
        to.write_all(&chunk[..read])
            .doing(|| format!("copying `{}`", from.display()))?;
        bytes += read as u64;
    }
    Ok(Entry {
        bytes,
        sha256: hex(&hash.finalize()),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Tree::read(dir.path(), |_, _| Ok(())).unwrap()
    }

    #[test]
    fn a_files_digest_is_its_sha256() {
        let tree = tree(&[("a", "abc")]);
        assert_eq!(
            tree.0["a"].sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!((tree.0["a"].bytes, tree.bytes()), (3, 3));
    }

    #[test]
    fn every_difference_is_found() {
        let original = tree(&[("a", "abc"), ("d/b", "x")]);
        assert_eq!(original.difference(&original), None);
        for (copy, difference) in [
            (tree(&[("a", "abc")]), "`d/b` is missing"),
            (
                tree(&[("a", "abcd"), ("d/b", "x")]),
                "`a` has 4 bytes instead of 3",
            ),
            (tree(&[("a", "abd"), ("d/b", "x")]), "`a` has other content"),
            (
                tree(&[("a", "abc"), ("d/b", "x"), ("e", "")]),
                "`e` is too many",
            ),
        ] {
            assert_eq!(original.difference(&copy).as_deref(), Some(difference));
            assert_ne!(original.digest(), copy.digest());
        }
    }
}
