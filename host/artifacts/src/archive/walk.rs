//! What lies in an output, listed before anything is packed.
//!
//! The tree was filled by a hostile guest, which is gone by now. It is walked with a list of folders
//! yet to be read and one open handle, so that depth costs neither stack nor descriptors, and no link
//! is ever followed.

use std::ffi::OsStr;

use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, DirEntry, PermissionsExt};

use super::name::{EntryPath, link_stays_inside};
use crate::cancel::Cancel;
use crate::error::{OutputFault, Rule, Shown, StageError};

/// Keeps the list under 256 MiB at common path lengths; CodePipeline's own limits on an artifact's
/// bytes are met far earlier.
const ENTRIES_MAX: usize = 500_000;

/// Paths and links' targets: what unpacking takes of a directory, so that what is packed here every worker can
/// unpack.
const NAMES_BYTES: usize = 64 << 20;

/// Content as its files' sizes tell it. A file of nothing but holes has any size for free, and deflating that
/// would never end; no artifact that pipelines hand on comes near (actions of AWS's own take 5 GB).
const CONTENT_BYTES_MAX: u64 = 1 << 40;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Folder,
    File { bytes: u64, program: bool },
    Link { target: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) path: EntryPath,
    pub(crate) kind: Kind,
}

/// Every file, folder and link, sorted by the bytes of the path.
pub(crate) fn list(root: &Dir, cancel: &Cancel) -> Result<Vec<Item>, StageError> {
    let mut items: Vec<Item> = Vec::new();
    let (mut names, mut content) = (0, 0_u64);
    let mut unread: Vec<Option<EntryPath>> = vec![None];
    while let Some(folder) = unread.pop() {
        let shown = folder.as_ref().map_or(".", EntryPath::as_str);
        let unreadable = |error| StageError::output(shown, OutputFault::Unreadable(error));
        let entries = match &folder {
            None => root.entries(),
            Some(path) => root
                .open_dir_nofollow(path.as_str())
                .and_then(|dir| dir.entries()),
        }
        .map_err(unreadable)?;
        for entry in entries {
            cancel.check()?;
            let entry = entry.map_err(unreadable)?;
            let path = join(folder.as_ref(), &entry.file_name())?;
            let kind = kind_of(root, &path, &entry)?;
            if kind == Kind::Folder {
                unread.push(Some(path.clone()));
            }
            if items.len() == ENTRIES_MAX {
                return Err(StageError::output(".", OutputFault::TooMany(ENTRIES_MAX)));
            }
            let over = |fault| Err(StageError::output(path.as_str(), fault));
            names += path.as_str().len();
            match &kind {
                Kind::Folder => {}
                Kind::File { bytes, .. } => content = content.saturating_add(*bytes),
                Kind::Link { target } => names += target.len(),
            }
            if names > NAMES_BYTES {
                return over(OutputFault::Names(NAMES_BYTES));
            }
            if content > CONTENT_BYTES_MAX {
                return over(OutputFault::TooLarge(CONTENT_BYTES_MAX));
            }
            items.push(Item { path, kind });
        }
    }
    items.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(items)
}

/// The name must be one that unpacking takes: what we pack, every worker can unpack.
fn join(folder: Option<&EntryPath>, name: &OsStr) -> Result<EntryPath, StageError> {
    let lossy = name.to_string_lossy();
    let shown = match folder {
        None => lossy.to_string(),
        Some(folder) => format!("{folder}/{lossy}"),
    };
    let fault = |rule| StageError::output(&shown, OutputFault::Name(rule));
    if name.to_str().is_none() {
        return Err(fault(Rule::NotUtf8));
    }
    EntryPath::parse(&shown)
        .and_then(|path| path.ok_or(Rule::EmptyName))
        .map_err(fault)
}

fn kind_of(root: &Dir, path: &EntryPath, entry: &DirEntry) -> Result<Kind, StageError> {
    let unreadable = |error| StageError::output(path.as_str(), OutputFault::Unreadable(error));
    let metadata = entry.metadata().map_err(unreadable)?;
    let kind = metadata.file_type();
    if kind.is_dir() {
        return Ok(Kind::Folder);
    }
    if kind.is_file() {
        return Ok(Kind::File {
            bytes: metadata.len(),
            program: metadata.permissions().mode() & 0o111 != 0,
        });
    }
    if !kind.is_symlink() {
        return Err(StageError::output(path.as_str(), OutputFault::Special));
    }
    let target = root.read_link_contents(path.as_str()).map_err(unreadable)?;
    match target.to_str() {
        Some(target) if link_stays_inside(path, target) => Ok(Kind::Link {
            target: target.to_owned(),
        }),
        _ => {
            let target = Shown::new(&target.to_string_lossy());
            Err(StageError::output(
                path.as_str(),
                OutputFault::LinkLeaves(target),
            ))
        }
    }
}
