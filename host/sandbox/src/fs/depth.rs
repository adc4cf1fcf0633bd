//! How deep a directory lies, and how deep a tree goes down. Looked up when it is asked, step by step: what
//! was known before is wrong once a directory above was moved.

use std::fs::File;
use std::io;

use rustix::fs::{AtFlags, Dir, FileType};
use rustix::io::Errno;

use super::at;
use super::books::Key;
use super::quota::Quota;

/// Entries between two looks at whether the job may go on.
const BREATH: u32 = 256;

/// Levels between a directory and the nearest of the job's own, 0 for one of these. None if there are more
/// than `most`.
pub(crate) fn below(roots: &[Key], dir: &File, most: u32) -> io::Result<Option<u32>> {
    let mut here = at::key(&at::of(dir)?);
    let mut up = String::new();
    for depth in 0..=most {
        if roots.contains(&here) {
            return Ok(Some(depth));
        }
        up.push_str(if depth == 0 { ".." } else { "/.." });
        let above = rustix::fs::statat(dir, &*up, AtFlags::empty())?;
        let above = at::key(&above);
        if above == here {
            // The host's own root: the directory was moved out of ours by somebody else.
            return Err(Errno::NOENT.into());
        }
        here = above;
    }
    Ok(None)
}

/// Levels of entries in the directory of this name, 0 for an empty one. None if there are more than `most`.
/// Fails as interrupted when the job may not go on.
pub(crate) fn height(quota: &Quota, dir: &File, name: &str, most: u32) -> io::Result<Option<u32>> {
    let mut open: Vec<Dir> = vec![at::list(dir, name)?];
    let (mut highest, mut looked_at) = (0_u32, 0_u32);
    while let Some(listing) = open.last_mut() {
        let Some(entry) = listing.read() else {
            open.pop();
            continue;
        };
        let entry = entry?;
        if matches!(entry.file_name().to_bytes(), b"." | b"..") {
            continue;
        }
        looked_at = looked_at.wrapping_add(1);
        if looked_at.is_multiple_of(BREATH) && !quota.may_go_on() {
            return Err(Errno::INTR.into());
        }
        let level = u32::try_from(open.len()).unwrap_or(u32::MAX);
        if level > most {
            return Ok(None);
        }
        highest = highest.max(level);
        if let Some(deeper) = descend(&open, &entry)? {
            open.push(deeper);
        }
    }
    Ok(Some(highest))
}

fn descend(open: &[Dir], entry: &rustix::fs::DirEntry) -> io::Result<Option<Dir>> {
    if !matches!(entry.file_type(), FileType::Directory | FileType::Unknown) {
        return Ok(None);
    }
    let Some(listing) = open.last() else {
        return Ok(None);
    };
    match at::list_below(listing, entry.file_name()) {
        Ok(dir) => Ok(Some(dir)),
        // No directory after all, or gone since.
        Err(Errno::NOTDIR | Errno::LOOP | Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
