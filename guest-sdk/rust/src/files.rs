//! Walking an artifact's directory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Context, Failure};

/// The files below a directory, as sorted paths relative to it: the same order on every machine.
///
/// Links are neither followed nor listed.
///
/// # Errors
/// When a directory cannot be read; the message names it.
pub fn walk(root: impl AsRef<Path>) -> Result<Vec<PathBuf>, Failure> {
    let root = root.as_ref();
    let mut found = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(directory) = pending.pop() {
        // Joining nothing would leave a slash at the end of what messages show.
        let full = if directory.as_os_str().is_empty() {
            root.to_owned()
        } else {
            root.join(&directory)
        };
        let reading = || format!("reading the directory `{}`", full.display());
        for entry in fs::read_dir(&full).with_context(reading)? {
            let entry = entry.with_context(reading)?;
            let kind = entry.file_type().with_context(reading)?;
            let path = directory.join(entry.file_name());
            if kind.is_dir() {
                pending.push(path);
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_at_every_depth_in_order_and_links_are_not() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("b/c")).unwrap();
        for path in ["z.txt", "b/c/2.txt", "b/1.txt"] {
            fs::write(dir.path().join(path), "").unwrap();
        }
        std::os::unix::fs::symlink("z.txt", dir.path().join("link")).unwrap();
        let found = walk(dir.path()).unwrap();
        assert_eq!(found, ["b/1.txt", "b/c/2.txt", "z.txt"].map(PathBuf::from));
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let failure = walk("/no/such/place").unwrap_err();
        assert!(
            failure
                .message
                .starts_with("reading the directory `/no/such/place`: "),
            "{failure}"
        );
    }
}
