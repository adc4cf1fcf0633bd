//! One plain name in an open directory. No call here follows a symbolic link.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use super::books::Key;

/// An entry of a directory, held: what becomes of its name can be told from its links.
pub(crate) struct Entry(OwnedFd);

impl Entry {
    pub(crate) fn find(dir: &File, name: &str) -> io::Result<Entry> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Entry(rustix::fs::openat(dir, name, flags, Mode::empty())?))
    }

    /// The same, or nothing where there is nothing.
    pub(crate) fn find_any(dir: &File, name: &str) -> io::Result<Option<Entry>> {
        match Entry::find(dir, name) {
            Ok(entry) => Ok(Some(entry)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn is_dir(&self) -> io::Result<bool> {
        Ok(kind(&rustix::fs::fstat(&self.0)?) == FileType::Directory)
    }

    /// Which inode it was, if no name is left to it.
    pub(crate) fn orphan(&self) -> io::Result<Option<Key>> {
        let stat = rustix::fs::fstat(&self.0)?;
        Ok((stat.st_nlink == 0).then(|| key(&stat)))
    }
}

pub(crate) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

pub(crate) fn key(stat: &Stat) -> Key {
    Key {
        dev: stat.st_dev,
        ino: stat.st_ino,
    }
}

/// What a path below a directory leads to, opened. None where the kernel has no call that keeps a path below
/// a directory, or is not let use it: then it takes more steps.
///
/// A pipe without another end is opened at once or refused, and not waited for.
pub(crate) fn beneath(dir: &File, path: &str, flags: OFlags) -> io::Result<Option<File>> {
    let mut flags = flags | OFlags::CLOEXEC;
    // A handle that only names something never waits, and the kernel is strict about flags of no use.
    flags.set(OFlags::NONBLOCK, !flags.contains(OFlags::PATH));
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    // Interrupted by any rename on the host; others do as many attempts.
    for _ in 0..4 {
        match rustix::fs::openat2(dir, path, flags, Mode::empty(), resolve) {
            Ok(file) => return Ok(Some(file.into())),
            Err(Errno::AGAIN) => {}
            Err(Errno::NOSYS | Errno::PERM) => break,
            Err(Errno::XDEV | Errno::NXIO) => return Err(Errno::PERM.into()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// What an open file is.
pub(crate) fn of(file: &File) -> io::Result<Stat> {
    Ok(rustix::fs::fstat(file)?)
}

/// What has this name.
pub(crate) fn named(dir: &File, name: &str) -> io::Result<Stat> {
    Ok(rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Fails if the name is taken.
pub(crate) fn free(dir: &File, name: &str) -> io::Result<()> {
    match named(dir, name) {
        Ok(_) => Err(Errno::EXIST.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// A new file, whose name must be free. The process's umask is applied to the mode, as everywhere.
pub(crate) fn make_file(dir: &File, name: &str, read: bool) -> io::Result<File> {
    let access = if read { OFlags::RDWR } else { OFlags::WRONLY };
    let flags = access | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o666);
    Ok(rustix::fs::openat(dir, name, flags, mode)?.into())
}

pub(crate) fn make_dir(dir: &File, name: &str) -> io::Result<()> {
    Ok(rustix::fs::mkdirat(dir, name, Mode::from_raw_mode(0o777))?)
}

pub(crate) fn make_link(text: &str, dir: &File, name: &str) -> io::Result<()> {
    Ok(rustix::fs::symlinkat(text, dir, name)?)
}

pub(crate) fn remove_file(dir: &File, name: &str) -> io::Result<()> {
    Ok(rustix::fs::unlinkat(dir, name, AtFlags::empty())?)
}

pub(crate) fn remove_dir(dir: &File, name: &str) -> io::Result<()> {
    Ok(rustix::fs::unlinkat(dir, name, AtFlags::REMOVEDIR)?)
}

pub(crate) fn rename(from: &File, old: &str, to: &File, new: &str) -> io::Result<()> {
    Ok(rustix::fs::renameat(from, old, to, new)?)
}

const LISTING: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Its entries, from the first on. A descriptor of its own, since one that only names a directory (`O_PATH`)
/// cannot be read, and a place in it would be shared.
pub(crate) fn list(dir: &File, name: &str) -> io::Result<Dir> {
    let open = rustix::fs::openat(dir, name, LISTING, Mode::empty())?;
    Ok(Dir::new(open)?)
}

/// The same for what was found in a listing.
pub(crate) fn list_below(listing: &Dir, name: &CStr) -> Result<Dir, Errno> {
    let open = rustix::fs::openat(listing.fd()?, name, LISTING, Mode::empty())?;
    Dir::new(open)
}
