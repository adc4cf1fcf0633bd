//! Folders of demos: made anew, filled and shown.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::guests::copy;
use crate::paths;

/// Make a folder that is empty.
pub(super) fn fresh(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).context("could not clear the last demo"),
    }
    std::fs::create_dir_all(folder).context("could not make a folder for the demo")
}

/// Copy everything below a folder.
pub(super) fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let read = std::fs::read_dir(from.join(&folder))
            .with_context(|| format!("could not read {}", from.join(&folder).display()))?;
        for entry in read {
            let entry = entry?;
            let name = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(name);
            } else {
                copy(&entry.path(), &to.join(&name))?;
            }
        }
    }
    Ok(())
}

/// Copy files of the repository to where they are in it.
pub(super) fn copy_ours(files: &[&str], to: &Path) -> Result<()> {
    let root = paths::root();
    files
        .iter()
        .try_for_each(|file| copy(&root.join(file), &to.join(file)))
}

/// Print folders with how many files they hold, a few levels deep.
pub(super) fn tree(folder: &Path, indent: &str, levels: u32) -> Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<std::io::Result<_>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut files = 0;
    for entry in entries {
        let name = entry.file_name();
        if entry.file_type()?.is_symlink() {
            let target = std::fs::read_link(entry.path())?;
            println!("{indent}{} -> {}", name.display(), target.display());
        } else if entry.file_type()?.is_dir() {
            println!("{indent}{}/", name.display());
            if levels > 0 {
                tree(&entry.path(), &format!("{indent}  "), levels - 1)?;
            }
        } else {
            files += 1;
        }
    }
    if files > 0 {
        println!("{indent}{files} files");
    }
    Ok(())
}

/// Print the first lines of a file, and how many more there are.
pub(super) fn beginning(file: &Path, lines: usize) -> Result<()> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("could not read {}", file.display()))?;
    println!("\n{}:", shown(file).display());
    for line in text.lines().take(lines) {
        println!("  {line}");
    }
    let more = text.lines().count().saturating_sub(lines);
    if more > 0 {
        println!("  ... and {more} lines more");
    }
    Ok(())
}

/// A path as seen from the repository's root.
pub(super) fn shown(path: &Path) -> PathBuf {
    path.strip_prefix(paths::root())
        .unwrap_or(path)
        .to_path_buf()
}
