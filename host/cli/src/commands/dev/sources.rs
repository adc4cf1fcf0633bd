//! The sources of a plugin: what is watched of its folder, so that it is built again.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use notify::RecursiveMode;
use sha2::{Digest, Sha256};

use super::changes::Changes;

/// What tools make, and what a plugin is run with: none of it is built from. Nor is what begins with a dot.
const NOT_SOURCES: [&str; 10] = [
    "target",
    "Cargo.lock",
    "node_modules",
    "venv",
    "__pycache__",
    "zig-cache",
    "zig-out",
    "out",
    "example",
    "cases",
];

/// A larger file is compared by its size and time.
const LARGEST_READ: u64 = 16 << 20;

/// A plugin's folder, and what of it counts.
#[derive(Clone)]
pub(crate) struct Sources {
    dir: PathBuf,
    /// What a pipeline begins with is watched for itself.
    besides: Option<PathBuf>,
}

impl Sources {
    /// Those of a folder, which is canonical, besides the files of another.
    pub(crate) fn of(dir: &Path, besides: Option<&Path>) -> Self {
        Self {
            dir: dir.to_path_buf(),
            besides: besides
                .and_then(|folder| folder.canonicalize().ok())
                .filter(|folder| folder != dir),
        }
    }

    /// Whether something of that name is built from, wherever it is.
    fn counts(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        let bytes = name.as_encoded_bytes();
        let kept = bytes.ends_with(b"~") || bytes.starts_with(b".") || bytes.starts_with(b"#");
        let made = path.extension() == Some(OsStr::new("wasm"));
        let named = NOT_SOURCES.iter().any(|known| name == *known);
        !kept && !made && !named && self.besides.as_deref() != Some(path)
    }

    /// The folders to watch, from one on.
    fn folders(&self, from: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut left = vec![from.to_path_buf()];
        while let Some(folder) = left.pop() {
            left.extend(
                self.entries(&folder)
                    .into_iter()
                    .filter(|path| is_folder(path)),
            );
            found.push(folder);
        }
        found
    }

    /// What counts, directly in a folder. One that is gone has nothing.
    fn entries(&self, folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| self.counts(path))
            .collect();
        paths.sort();
        paths
    }

    /// Of all sources: the same as long as nothing is to be built.
    pub(crate) fn digest(&self) -> Result<[u8; 32]> {
        let mut hash = Sha256::new();
        for folder in self.folders(&self.dir) {
            for path in self.entries(&folder) {
                let Ok(metadata) = std::fs::metadata(&path) else {
                    continue;
                };
                if !metadata.is_file() {
                    continue;
                }
                hash.update(path.as_os_str().as_encoded_bytes());
                hash.update([0]);
                if metadata.len() > LARGEST_READ {
                    hash.update(metadata.len().to_le_bytes());
                    hash.update(metadata.mtime().to_le_bytes());
                } else if let Ok(content) = std::fs::read(&path) {
                    // One that is gone meanwhile changes the digest by that.
                    hash.update(Sha256::digest(content));
                }
            }
        }
        Ok(hash.finalize().into())
    }

    pub(crate) fn watch(&self) -> Result<SourceChanges> {
        let mut changes = SourceChanges {
            sources: self.clone(),
            changes: Changes::none().context("could not watch the plugin's folder")?,
        };
        changes.watch_folders()?;
        Ok(changes)
    }
}

fn is_folder(path: &Path) -> bool {
    // Links are not followed: they may lead anywhere, and in circles.
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Bursts of changes in the plugin's folder.
pub(crate) struct SourceChanges {
    sources: Sources,
    changes: Changes,
}

impl SourceChanges {
    /// The next burst is over. May be dropped and called again, as that of [`Changes`].
    pub(crate) async fn next(&mut self) {
        self.changes.next().await;
        // There may be new folders.
        if let Err(error) = self.watch_folders() {
            tracing::warn!("{error:#}");
        }
    }

    /// Each folder for itself: those of tools' output have thousands below them.
    fn watch_folders(&mut self) -> Result<()> {
        for folder in self.sources.folders(&self.sources.dir) {
            let watched = self.changes.watch(&folder, RecursiveMode::NonRecursive);
            if folder.is_dir() {
                watched.with_context(|| format!("could not watch {}", folder.display()))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_built_from_changes_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().canonicalize().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("src/lib.rs", "one");
        let sources = Sources::of(&dir, Some(&dir.join("pages")));
        let before = sources.digest().unwrap();
        for other in [
            "target/debug/x",
            "node_modules/a/b.js",
            ".git/HEAD",
            ".venv/x",
            ".pipefitter/world.wit",
            "example/names.txt",
            "cases/one/job.json",
            "hello.wasm",
            "src/lib.rs~",
            "src/.lib.rs.swp",
            "src/__pycache__/x.pyc",
        ] {
            write(other, "other");
            assert_eq!(sources.digest().unwrap(), before, "{other}");
        }
        write("action.toml", "");
        let with_manifest = sources.digest().unwrap();
        assert_ne!(with_manifest, before);
        write("src/lib.rs", "two");
        assert_ne!(sources.digest().unwrap(), with_manifest);
    }

    #[tokio::test]
    async fn a_folder_that_is_made_later_is_watched_too() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().canonicalize().unwrap();
        let sources = Sources::of(&dir, None);
        let mut changes = sources.watch().unwrap();
        std::fs::create_dir(dir.join("src")).unwrap();
        changes.next().await;
        std::fs::write(dir.join("src/lib.rs"), "one").unwrap();
        changes.next().await;
    }
}
