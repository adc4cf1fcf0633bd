//! Files and directories that nobody else can change.
//!
//! Whoever can write a plugin, add one to its directory or rename a directory above it decides what the worker
//! runs. So the rules are those of sshd for keys: every directory from the root down, and the file, belong to
//! root or to this user, and neither group nor others may write. An ancestor may be open to all if it is
//! sticky, as /tmp is, since there an entry can be renamed by its owner only; the plugins directory itself may
//! not. With an access control list the group's bits of a mode are the list's mask, so the mode tells of those
//! too.
//!
//! The path is walked part by part and its links are followed by hand: each of their directories counts as well.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::contract::Problem;

/// As many as Linux follows in one path (path_resolution(7)).
const MOST_LINKS: u32 = 40;

/// How much others may have to do with plugins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Custody {
    /// What others can change is refused.
    #[default]
    Enforced,
    /// What others can change is taken, and warned about: for a developer's own machine, where a group that is
    /// the user's own often may write.
    Advised,
}

/// Check the directory of plugins and every directory above it. Under [`Custody::Advised`] it is
/// always fine.
pub(crate) fn check_directory(dir: &Path, custody: Custody) -> Result<(), Problem> {
    if custody == Custody::Advised {
        return Ok(());
    }
    let (resolved, found) = walk(dir)?;
    check_entry(&resolved, &found)
}

/// Check what is directly in a directory that is fine itself: a file, or a directory with plugins.
pub(crate) fn check_entry(path: &Path, found: &Metadata) -> Result<(), Problem> {
    check(path, found, false)
}

/// Warn of what a worker would refuse.
pub(crate) fn advise(checked: Result<(), Problem>) {
    if let Err(problem) = checked {
        tracing::warn!(remedy = problem.remedy, "{}", problem.message);
    }
}

/// A link where a plugin, its manifest, its signature or a directory of plugins should be.
pub(crate) fn refuse_link(path: &Path) -> Problem {
    let target = std::fs::read_link(path).unwrap_or_default();
    let remedy = if target.starts_with("..data") {
        "mount the files with subPath, or copy them from an init container: Kubernetes links what it mounts \
         from a ConfigMap or Secret (docs/OPERATIONS.md)"
    } else {
        "put what it leads to here itself: a link can be made to lead elsewhere"
    };
    Problem::of(
        path,
        format!("it is a symbolic link (to {})", target.display()),
        remedy,
    )
}

/// Open a regular file by its own name, never through a link and never waiting for one who writes into a pipe.
/// `Ok(None)`: it is not there.
pub(crate) fn opened(path: &Path, custody: Custody) -> Result<Option<(File, Metadata)>, Problem> {
    let unreadable = |error: io::Error| {
        Problem::of(
            path,
            format!("it cannot be read: {error}"),
            "name a file that exists and that this user may read",
        )
    };
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => return Err(refuse_link(path)),
        Err(error) => return Err(unreadable(error.into())),
    };
    let found = file.metadata().map_err(unreadable)?;
    if !found.is_file() {
        return Err(Problem::of(
            path,
            "it is no file".to_owned(),
            "replace it by a file, or remove it",
        ));
    }
    let checked = check_entry(path, &found);
    match custody {
        Custody::Enforced => checked?,
        Custody::Advised => advise(checked),
    }
    Ok(Some((file, found)))
}

/// The directory itself, after every directory on the way to it was checked.
fn walk(dir: &Path) -> Result<(PathBuf, Metadata), Problem> {
    let failed = |path: &Path, error: io::Error| {
        Problem::of(
            path,
            format!("it cannot be looked at: {error}"),
            "make it, or let the worker's user read it",
        )
    };
    let look = |path: &Path| std::fs::symlink_metadata(path).map_err(|error| failed(path, error));
    let start = std::path::absolute(dir).map_err(|error| failed(dir, error))?;
    let mut pending = parts(&start);
    let mut at = PathBuf::from("/");
    let mut links = 0;
    check(&at, &look(&at)?, true)?;
    while let Some(part) = pending.pop() {
        if part == ".." {
            at.pop();
            continue;
        }
        let next = at.join(part);
        let found = look(&next)?;
        if !found.is_symlink() {
            check(&next, &found, true)?;
            at = next;
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(failed(&next, rustix::io::Errno::LOOP.into()));
        }
        // The mode of a link says nothing; in a sticky directory somebody else may own it.
        check_owner(&next, &found)?;
        let target = std::fs::read_link(&next).map_err(|error| failed(&next, error))?;
        if target.is_absolute() {
            at = PathBuf::from("/");
        }
        pending.extend(parts(&target));
    }
    let found = look(&at)?;
    Ok((at, found))
}

/// The last first, so that the next is popped.
fn parts(path: &Path) -> Vec<OsString> {
    path.components()
        .rev()
        .filter_map(|component| match component {
            Component::Normal(part) => Some(part.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
        })
        .collect()
}

fn check(path: &Path, found: &Metadata, is_ancestor: bool) -> Result<(), Problem> {
    check_owner(path, found)?;
    let mode = found.mode();
    let sticky = found.is_dir() && mode & 0o1000 != 0;
    if mode & 0o022 == 0 || (is_ancestor && sticky) {
        return Ok(());
    }
    let others = match mode & 0o022 {
        0o020 => "its group",
        _ => "everybody",
    };
    let what = if found.is_dir() {
        "change what is in it"
    } else {
        "write to it"
    };
    Err(Problem::of(
        path,
        format!(
            "{others} can {what} (mode {:04o}), and so decide what the worker runs",
            mode & 0o7777
        ),
        &format!("run `chmod go-w {}`", path.display()),
    ))
}

fn check_owner(path: &Path, found: &Metadata) -> Result<(), Problem> {
    let user = rustix::process::geteuid().as_raw();
    let owner = found.uid();
    if owner == 0 || owner == user {
        return Ok(());
    }
    Err(Problem::of(
        path,
        format!("it belongs to user {owner}, who can change it at any time; this is user {user}"),
        &format!("run `chown root {}` as root", path.display()),
    ))
}

#[cfg(test)]
#[path = "custody_tests.rs"]
mod tests;
