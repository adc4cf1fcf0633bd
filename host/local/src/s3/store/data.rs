//! Content files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// A file of immutable content.
///
/// It is unlinked when the last holder lets go of it, unless a record owns it at that moment. So
/// content that is never published vanishes with the request that brought it, and content that is
/// deleted stays readable for those who are reading it.
#[derive(Debug)]
pub(crate) struct DataFile {
    path: PathBuf,
    owned: AtomicBool,
}

impl DataFile {
    /// A file that no record owns yet.
    pub(super) fn unowned(path: PathBuf) -> Self {
        Self {
            path,
            owned: AtomicBool::new(false),
        }
    }

    /// A file of a record that was read from the disk.
    pub(super) fn owned(path: PathBuf) -> Self {
        Self {
            path,
            owned: AtomicBool::new(true),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A record refers to the file from here on.
    pub(super) fn keep(&self) {
        self.owned.store(true, Ordering::Release);
    }

    /// No record refers to it any more.
    pub(super) fn discard(&self) {
        self.owned.store(false, Ordering::Release);
    }
}

impl Drop for DataFile {
    fn drop(&mut self) {
        if !*self.owned.get_mut()
            && let Err(error) = fs::remove_file(&self.path)
        {
            // Harmless: the next start sweeps it.
            tracing::debug!(path = %self.path.display(), %error, "could not remove content");
        }
    }
}
