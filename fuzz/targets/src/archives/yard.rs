//! Directories to unpack into, with everything around them watched, and trees as values.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pipefitter_artifacts::{
    ArtifactError, ErrorKind, Fetched, Packed, Unpack, UnpackLimits, pack_dir, remove_tree,
    unpack_file,
};
use tempfile::TempDir;

const UNTOUCHED: &[u8] = b"untouched";

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Node {
    Folder,
    File { content: Vec<u8>, program: bool },
    Link(PathBuf),
    Other,
}

pub(super) type Tree = BTreeMap<OsString, Node>;

/// `job/into` to unpack in, and `job/again`; `object` and `archive` beside them.
pub(super) struct Yard {
    home: TempDir,
}

impl Yard {
    pub(super) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("job")).unwrap();
        for path in ["outside", "job/outside"] {
            std::fs::write(home.path().join(path), UNTOUCHED).unwrap();
        }
        Self { home }
    }

    /// A directory below `job`, empty.
    pub(super) fn empty(&self, name: &str) -> PathBuf {
        let dir = self.home.path().join("job").join(name);
        remove_tree(&dir).unwrap();
        std::fs::create_dir(&dir).unwrap();
        dir
    }

    pub(super) fn unpack(
        &self,
        archive: &[u8],
        dir: &Path,
        limits: &UnpackLimits,
    ) -> Result<Fetched, ArtifactError> {
        let object = self.home.path().join("object");
        std::fs::write(&object, archive).unwrap();
        let fetched = unpack_file(&object, dir, Unpack::Auto, limits);
        if let Err(error) = &fetched {
            assert_eq!(error.kind, ErrorKind::BadArchive, "{error}");
            assert!(!error.message.chars().any(char::is_control), "{error}");
        }
        fetched
    }

    pub(super) fn pack(&self, dir: &Path) -> Result<(Packed, Vec<u8>), ArtifactError> {
        let archive = self.home.path().join("archive");
        let packed = pack_dir(dir, std::fs::File::create(&archive).unwrap())?;
        let bytes = std::fs::read(&archive).unwrap();
        assert_eq!(packed.bytes, bytes.len() as u64);
        Ok((packed, bytes))
    }

    /// Nothing but the directories named in this file may be there, and what was there may not be changed.
    pub(super) fn is_as_it_was(&self) {
        let named = |dir: &Path, names: &[&str]| {
            for entry in std::fs::read_dir(dir).unwrap() {
                let name = entry.unwrap().file_name();
                assert!(names.iter().any(|known| name == *known), "{name:?} is new");
            }
        };
        named(self.home.path(), &["outside", "job", "object", "archive"]);
        named(&self.home.path().join("job"), &["outside", "into", "again"]);
        for path in ["outside", "job/outside"] {
            assert_eq!(
                std::fs::read(self.home.path().join(path)).unwrap(),
                UNTOUCHED
            );
        }
    }
}

/// Every link must lead to a place in it, or nowhere.
pub(super) fn leads_nowhere_else(dir: &Path, tree: &Tree) {
    for (path, node) in tree {
        if let Node::Link(target) = node
            && let Ok(leads) = std::fs::canonicalize(dir.join(path))
        {
            assert!(leads.starts_with(dir), "{path:?} -> {target:?}");
        }
    }
}

pub(super) fn read(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let at = entry.unwrap().path();
            let metadata = std::fs::symlink_metadata(&at).unwrap();
            let node = if metadata.is_dir() {
                folders.push(at.clone());
                Node::Folder
            } else if metadata.is_symlink() {
                Node::Link(std::fs::read_link(&at).unwrap())
            } else if metadata.is_file() {
                Node::File {
                    content: std::fs::read(&at).unwrap(),
                    program: metadata.permissions().mode() & 0o111 != 0,
                }
            } else {
                Node::Other
            };
            let path = at.strip_prefix(root).unwrap();
            tree.insert(path.as_os_str().to_owned(), node);
        }
    }
    tree
}
