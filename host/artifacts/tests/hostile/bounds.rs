//! An unpacking with everything around it watched.

use std::path::{Path, PathBuf};

use pipefitter_artifacts::{Fetched, Unpack, UnpackLimits, unpack_file};
use tempfile::TempDir;

use crate::tree::{self, Tree};

/// Limits that no small archive comes near.
pub(crate) const LIMITS: UnpackLimits = UnpackLimits {
    object_bytes: 64 << 20,
    bytes: 64 << 20,
    entries: 10_000,
    ratio: 200,
    depth: 50,
};

/// A directory to unpack in, with files above it that nothing may touch.
pub(crate) struct Yard {
    home: TempDir,
}

impl Yard {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join("job/into")).unwrap();
        std::fs::create_dir(home.path().join("objects")).unwrap();
        for path in ["outside", "job/outside", "job/into-too"] {
            std::fs::write(home.path().join(path), b"untouched").unwrap();
        }
        Self { home }
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.home.path().join("job/into")
    }

    /// What came of it, and what lies there now. Nothing else may have changed, no link may lead out, and
    /// what was written may not be over the limits, whether it was refused or not.
    pub(crate) fn unpack(
        &self,
        archive: &[u8],
        limits: &UnpackLimits,
    ) -> (Result<Fetched, String>, Tree) {
        let object = self.home.path().join("objects/object");
        std::fs::write(&object, archive).unwrap();
        let fetched = unpack_file(&object, &self.dir(), Unpack::Auto, limits)
            .map_err(|error| format!("{:?}: {}", error.kind, error.message));
        std::fs::remove_file(&object).unwrap();
        let around = tree::read(self.home.path());
        for (path, node) in &around {
            if let Some(inside) = path.strip_prefix("job/into/") {
                self.stays(inside);
                continue;
            }
            match path.as_str() {
                "job" | "job/into" | "objects" => assert_eq!(node, &tree::Node::Folder),
                "outside" | "job/outside" | "job/into-too" => {
                    assert_eq!(node, &tree::file(b"untouched"));
                }
                _ => panic!("{path} is new"),
            }
        }
        let tree = tree::read(&self.dir());
        assert!(tree.len() as u64 <= limits.entries, "{}", tree.len());
        let bytes: usize = tree.values().map(content).sum();
        assert!(bytes as u64 <= limits.bytes, "{bytes}");
        (fetched, tree)
    }

    fn stays(&self, path: &str) {
        let into = self.dir();
        if let Ok(leads) = std::fs::canonicalize(into.join(path)) {
            assert!(leads.starts_with(&into), "{path} leads to {leads:?}");
        }
    }
}

fn content(node: &tree::Node) -> usize {
    match node {
        tree::Node::File { content, .. } => content.len(),
        tree::Node::Folder | tree::Node::Link(_) => 0,
    }
}

/// What a refused archive says.
pub(crate) fn refusal(archive: &[u8], limits: &UnpackLimits) -> String {
    match Yard::new().unpack(archive, limits) {
        (Ok(fetched), tree) => panic!("unpacked: {fetched:?} {tree:?}"),
        (Err(said), _) => said,
    }
}

/// What a good archive comes to.
pub(crate) fn unpacked(archive: &[u8]) -> Tree {
    let (fetched, tree) = Yard::new().unpack(archive, &LIMITS);
    assert_eq!(fetched.unwrap().entries, tree.len() as u64);
    tree
}

/// One line for each case: its name, then what was said.
pub(crate) fn table(cases: Vec<(&str, Vec<u8>)>) -> String {
    cases
        .into_iter()
        .map(|(case, archive)| format!("{case}\n    {}\n", refusal(&archive, &LIMITS)))
        .collect()
}

/// Every file below a directory, for counts of a disk's bytes.
pub(crate) fn disk_bytes(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            bytes += metadata.blocks() * 512;
            if metadata.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    bytes
}
