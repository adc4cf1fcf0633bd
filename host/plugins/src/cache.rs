//! Compiled code on disk.
//!
//! Loading compiled code is running it, so the directory is ours alone (0700, checked each time it is
//! opened) and a name can only be an id: no path leads out of it. What the files hold is opaque here; the
//! sandbox seals it and checks the seal over the bytes it loads. A file appears under its name
//! only when it is whole and on disk. When it was used last is its time of modification, which outlives a restart.

use std::collections::HashSet;
use std::fs::{DirBuilder, File, Metadata, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::error::PluginsError;

const UNFINISHED: &str = ".unfinished-";

/// A compile that is still being written after this was killed.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// Longer than two SHA-256 in hex with what stands between them.
const LONGEST_ID: usize = 200;

/// 2 GiB: some hundred plugins, or seventy with a language's whole runtime inside.
const DEFAULT_BOUND: u64 = 2 << 30;

/// A directory of compiled code by code id.
#[derive(Clone, Debug)]
pub struct CodeCache {
    dir: PathBuf,
    bound: u64,
}

/// What [`CodeCache::trim`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trimmed {
    /// Files that were removed.
    pub removed: usize,
    /// Bytes that are left.
    pub bytes: u64,
    /// Bytes that the cache may have; more are left only where all of it is in use.
    pub bound: u64,
}

impl CodeCache {
    /// Open the cache in `dir`, or make it with mode 0700. Blocking.
    ///
    /// # Errors
    ///
    /// [`PluginsError::CacheUnsafe`] if `dir` is no directory, is not ours, or others may enter it;
    /// [`PluginsError::Cache`] if it cannot be made.
    pub fn open(dir: impl Into<PathBuf>) -> Result<CodeCache, PluginsError> {
        let dir = dir.into();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(|source| failed("make code cache", &dir, source))?;
        let metadata = std::fs::symlink_metadata(&dir)
            .map_err(|source| failed("read code cache", &dir, source))?;
        let refused = |fault: String, remedy: String| {
            Err(PluginsError::CacheUnsafe {
                path: dir.clone(),
                fault,
                remedy,
            })
        };
        if !metadata.is_dir() {
            return refused(
                "it is a link, not a directory of its own".to_owned(),
                "set state-dir to the directory itself".to_owned(),
            );
        }
        let user = rustix::process::geteuid().as_raw();
        if metadata.uid() != user {
            return refused(
                format!("it belongs to user {}, this is user {user}", metadata.uid()),
                format!(
                    "run `chown -R {user} {}`, or set another state-dir",
                    dir.display()
                ),
            );
        }
        if metadata.mode() & 0o077 != 0 {
            return refused(
                format!("its mode {:o} lets others in", metadata.mode() & 0o777),
                format!("empty it and run `chmod 700 {}`", dir.display()),
            );
        }
        Ok(CodeCache {
            dir,
            bound: DEFAULT_BOUND,
        })
    }

    /// With another bound than 2 GiB, in bytes.
    #[must_use]
    pub fn with_bound(mut self, bytes: u64) -> CodeCache {
        self.bound = bytes;
        self
    }

    /// Where the code of `code_id` is, or would be.
    ///
    /// # Errors
    ///
    /// [`PluginsError::CodeId`] if it is not made of `0-9`, `a-f` and `-`.
    pub fn path(&self, code_id: &str) -> Result<PathBuf, PluginsError> {
        let valid = (1..=LONGEST_ID).contains(&code_id.len())
            && code_id
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
        if valid {
            Ok(self.dir.join(code_id))
        } else {
            Err(PluginsError::CodeId {
                id: code_id.chars().take(LONGEST_ID).collect(),
            })
        }
    }

    /// What was put under `code_id`, if anything was, and the file that it is in. It counts as used now. Blocking.
    ///
    /// # Errors
    ///
    /// [`PluginsError::CacheEntry`] if what is there was not put there: a link, a pipe, a file that is not
    /// ours or that others can reach; [`PluginsError::CodeId`] for a bad id; [`PluginsError::Cache`] if it
    /// cannot be read.
    pub fn read(&self, code_id: &str) -> Result<Option<(PathBuf, Vec<u8>)>, PluginsError> {
        let path = self.path(code_id)?;
        let unreadable = |source| failed("read compiled code", &path, source);
        let foreign = |fault: &str| {
            Err(PluginsError::CacheEntry {
                path: path.clone(),
                fault: fault.to_owned(),
            })
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = match rustix::fs::open(&path, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return foreign("it is a link"),
            Err(error) => return Err(unreadable(error.into())),
        };
        let found = file.metadata().map_err(unreadable)?;
        if !found.is_file() {
            return foreign("it is no file");
        }
        if found.uid() != rustix::process::geteuid().as_raw() {
            return foreign("it belongs to another user");
        }
        if found.mode() & 0o077 != 0 {
            return foreign("others can reach it");
        }
        let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0));
        file.read_to_end(&mut bytes).map_err(unreadable)?;
        // Of no account on a file system that cannot be written: nothing is evicted there either.
        let _ = file.set_modified(SystemTime::now());
        Ok(Some((path, bytes)))
    }

    /// Keep code, in place of what was kept under the id. The file has mode 0400, and is whole and on disk
    /// when this returns. Blocking.
    ///
    /// # Errors
    ///
    /// [`PluginsError::CodeId`] for a bad id; [`PluginsError::Cache`] if the file cannot be written.
    pub fn put(&self, code_id: &str, bytes: &[u8]) -> Result<PathBuf, PluginsError> {
        let path = self.path(code_id)?;
        self.write(&path, bytes)
            .map_err(|source| failed("write compiled code", &path, source))?;
        Ok(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(&self.dir)?;
        file.write_all(bytes)?;
        file.as_file()
            .set_permissions(Permissions::from_mode(0o400))?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        File::open(&self.dir)?.sync_all()
    }

    /// Keep within the bound: remove what was used longest ago, but nothing of `in_use`, however much that is;
    /// and what killed processes left half-written, and what is no file. Blocking.
    ///
    /// # Errors
    ///
    /// [`PluginsError::Cache`] if the directory cannot be read or a file not be removed.
    pub fn trim(&self, in_use: &HashSet<String>) -> Result<Trimmed, PluginsError> {
        let unreadable = |source| failed("read code cache", &self.dir, source);
        let mut trimmed = Trimmed {
            bound: self.bound,
            ..Trimmed::default()
        };
        let mut unused: Vec<(SystemTime, PathBuf, u64)> = Vec::new();
        for entry in std::fs::read_dir(&self.dir).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            // Never through a link.
            let Ok(found) = entry.metadata() else {
                continue;
            };
            if name.starts_with(UNFINISHED) {
                if is_abandoned(&found) {
                    trimmed.removed += usize::from(remove(&entry.path())?);
                }
            } else if self.path(name).is_err() || found.is_dir() {
                // Not ours to judge.
            } else if !found.is_file() {
                trimmed.removed += usize::from(remove(&entry.path())?);
            } else {
                trimmed.bytes += found.len();
                if !in_use.contains(name) {
                    let used = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    unused.push((used, entry.path(), found.len()));
                }
            }
        }
        unused.sort();
        for (_, path, bytes) in unused {
            if trimmed.bytes <= self.bound {
                break;
            }
            trimmed.removed += usize::from(remove(&path)?);
            trimmed.bytes -= bytes;
        }
        Ok(trimmed)
    }
}

fn is_abandoned(found: &Metadata) -> bool {
    found
        .modified()
        .ok()
        .and_then(|modified| SystemTime::now().duration_since(modified).ok())
        .is_some_and(|age| age > ABANDONED_AFTER)
}

fn remove(path: &Path) -> Result<bool, PluginsError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(failed("remove compiled code", path, source)),
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> PluginsError {
    PluginsError::Cache {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
