//! A state folder for one command, with whatever guests left in it when the command ends.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pipefitter_artifacts::remove_tree;

/// A folder of its own, 0700, that goes when this is dropped. Not by `tempfile`, whose deleting recurses: a guest's
/// folders can be deeper than any stack.
pub(crate) struct TemporaryDir(PathBuf);

impl TemporaryDir {
    pub(crate) fn new() -> Result<TemporaryDir> {
        let made = tempfile::Builder::new()
            .prefix("pipefitter-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir();
        let made = made.context("could not make a temporary folder")?;
        Ok(TemporaryDir(made.keep()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryDir {
    fn drop(&mut self) {
        if let Err(error) = remove_tree(&self.0) {
            let dir = self.0.display().to_string();
            tracing::warn!(dir, %error, "a temporary folder was not deleted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_with_all_that_is_in_it() {
        let dir = TemporaryDir::new().unwrap();
        let path = dir.path().to_owned();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        std::fs::create_dir_all(path.join("work/a/b")).unwrap();
        std::fs::set_permissions(path.join("work/a"), Permissions::from_mode(0o000)).unwrap();
        drop(dir);
        assert!(!path.exists());
    }
}
