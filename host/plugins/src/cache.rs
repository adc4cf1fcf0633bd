//! Compiled code on disk.
//!
//! Loading compiled code is running it, so the directory is ours alone (0700, checked each time it is
//! opened) and a name can only be an id: no path leads out of it. What the files hold is opaque here; the
//! sandbox seals it and checks the seal over the bytes it loads. A file appears under its name
//! only when it is whole and on disk.

use std::collections::HashSet;
use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::error::PluginsError;

const UNFINISHED: &str = ".unfinished-";

/// A compile that is still being written after this was killed.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// Longer than two SHA-256 in hex with what stands between them.
const LONGEST_ID: usize = 200;

/// A directory of compiled code by code id.
#[derive(Clone, Debug)]
pub struct CodeCache {
    dir: PathBuf,
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
        Ok(CodeCache { dir })
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

    /// The file of `code_id`, if it is there.
    #[must_use]
    pub fn get(&self, code_id: &str) -> Option<PathBuf> {
        let path = self.path(code_id).ok()?;
        std::fs::symlink_metadata(&path)
            .is_ok_and(|found| found.is_file())
            .then_some(path)
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

    /// Forget code; that it was not there is fine.
    ///
    /// # Errors
    ///
    /// [`PluginsError::CodeId`] for a bad id; [`PluginsError::Cache`] if the file cannot be removed.
    pub fn remove(&self, code_id: &str) -> Result<(), PluginsError> {
        let path = self.path(code_id)?;
        remove(&path).map(|_| ())
    }

    /// Remove all code but `keep`, and what killed processes left half-written; returns how many files
    /// went. Blocking.
    ///
    /// # Errors
    ///
    /// [`PluginsError::Cache`] if the directory cannot be read or a file not be removed.
    pub fn sweep(&self, keep: &HashSet<String>) -> Result<usize, PluginsError> {
        let unreadable = |source| failed("read code cache", &self.dir, source);
        let mut removed = 0;
        for entry in std::fs::read_dir(&self.dir).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let goes = if name.starts_with(UNFINISHED) {
                is_abandoned(&entry)
            } else {
                self.path(name).is_ok() && !keep.contains(name)
            };
            if goes && remove(&entry.path())? {
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn is_abandoned(entry: &std::fs::DirEntry) -> bool {
    let modified = entry.metadata().and_then(|found| found.modified()).ok();
    modified
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
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn cache() -> (tempfile::TempDir, CodeCache) {
        let dir = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(dir.path().join("state/code")).unwrap();
        (dir, cache)
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn code_is_kept_read_only_and_replaced_whole() {
        let (_dir, cache) = cache();
        assert_eq!(cache.get("ab-01"), None);
        let path = cache.put("ab-01", b"first").unwrap();
        assert_eq!(cache.get("ab-01").as_ref(), Some(&path));
        assert_eq!(mode(&path), 0o400);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(cache.put("ab-01", b"second").unwrap(), path);
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        cache.remove("ab-01").unwrap();
        cache.remove("ab-01").unwrap();
        assert_eq!(cache.get("ab-01"), None);
    }

    #[test]
    fn an_id_is_never_a_path() {
        let (_dir, cache) = cache();
        for id in [
            "",
            "..",
            "../ab",
            "a/b",
            "AB",
            "ab.tmp",
            "g",
            "ab\0",
            &"a".repeat(201),
        ] {
            assert!(
                matches!(cache.put(id, b"x"), Err(PluginsError::CodeId { .. })),
                "{id}"
            );
            assert_eq!(cache.get(id), None);
        }
    }

    #[test]
    fn a_directory_that_others_may_enter_is_refused_with_the_command_that_helps() {
        let dir = tempfile::tempdir().unwrap();
        let code = dir.path().join("code");
        std::fs::create_dir(&code).unwrap();
        std::fs::set_permissions(&code, Permissions::from_mode(0o750)).unwrap();
        let error = CodeCache::open(&code).unwrap_err().to_string();
        assert!(error.contains("mode 750"), "{error}");
        assert!(error.contains("chmod 700"), "{error}");
    }

    #[test]
    fn a_link_to_a_directory_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let code = dir.path().join("code");
        CodeCache::open(dir.path().join("elsewhere")).unwrap();
        symlink(dir.path().join("elsewhere"), &code).unwrap();
        assert!(matches!(
            CodeCache::open(&code),
            Err(PluginsError::CacheUnsafe { .. })
        ));
    }

    #[test]
    fn a_link_in_place_of_code_is_not_code() {
        let (dir, cache) = cache();
        std::fs::write(dir.path().join("planted"), "x").unwrap();
        symlink(dir.path().join("planted"), cache.path("ab").unwrap()).unwrap();
        assert_eq!(cache.get("ab"), None);
    }

    #[test]
    fn a_sweep_leaves_what_is_used_and_what_is_being_written() {
        let (_dir, cache) = cache();
        cache.put("aa", b"used").unwrap();
        cache.put("bb", b"not used").unwrap();
        let old = cache.dir.join(format!("{UNFINISHED}old"));
        let new = cache.dir.join(format!("{UNFINISHED}new"));
        for path in [&old, &new] {
            std::fs::write(path, "half").unwrap();
        }
        let long_ago = SystemTime::now() - 2 * ABANDONED_AFTER;
        File::options()
            .write(true)
            .open(&old)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        assert_eq!(cache.sweep(&HashSet::from(["aa".to_owned()])).unwrap(), 2);
        assert!(cache.get("aa").is_some());
        assert_eq!(cache.get("bb"), None);
        assert!(new.exists() && !old.exists());
    }
}
