//! The one place that writes what an archive holds.
//!
//! It knows every path it has made, so a second entry of a name, a file where a folder is, or
//! anything under a link is refused before the file system is asked. The directory is ours and was
//! empty; a handle to it (never a path) is all that this has. Symbolic links are made by
//! [`Placer::finish`], after everything else.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt, OpenOptions, OpenOptionsExt};

use super::meter::{Meter, read_failed};
use super::name::{EntryPath, link_stays_inside};
use crate::error::{Limit, Rule, Shown, StageError};

/// Large enough that calls do not count, small beside any memory limit.
const BLOCK_BYTES: usize = 128 * 1024;

/// Archives' own modes carry setuid, write for all and the like; only the exec bit means something.
const FOLDER_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;
const PROGRAM_MODE: u32 = 0o755;

/// All paths and links' targets together: they are held in memory until the end, and a small archive can have
/// long ones.
const NAMES_BYTES: usize = 64 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    /// Made for something that lies in it.
    Implied,
    Folder,
    File,
    Link,
}

/// Places entries in one directory.
pub(crate) struct Placer<'a> {
    root: &'a Dir,
    meter: &'a Meter<'a>,
    nodes: HashMap<EntryPath, Node>,
    links: Vec<(EntryPath, String)>,
    names: usize,
    block: Vec<u8>,
}

impl<'a> Placer<'a> {
    pub(crate) fn new(root: &'a Dir, meter: &'a Meter<'a>) -> Self {
        Self {
            root,
            meter,
            nodes: HashMap::new(),
            links: Vec::new(),
            names: 0,
            block: vec![0; BLOCK_BYTES],
        }
    }

    pub(crate) fn folder(&mut self, path: &EntryPath) -> Result<(), StageError> {
        match self.nodes.get_mut(path) {
            // A folder named after something was put in it, or named again, is the same folder.
            Some(node @ (Node::Implied | Node::Folder)) => {
                *node = Node::Folder;
                Ok(())
            }
            Some(Node::File | Node::Link) => Err(refused(path, Rule::TwoKinds)),
            None => {
                self.claim(path, Node::Folder)?;
                self.make_folder(path)
            }
        }
    }

    /// Copies `content` to its end; returns its bytes.
    pub(crate) fn file(
        &mut self,
        path: &EntryPath,
        program: bool,
        content: &mut impl Read,
    ) -> Result<u64, StageError> {
        self.claim(path, Node::File)?;
        let mode = if program { PROGRAM_MODE } else { FILE_MODE };
        let mut file = self
            .root
            .open_with(
                path.as_str(),
                OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(mode)
                    .follow(FollowSymlinks::No),
            )
            .map_err(|error| placing(path, error))?;
        let mut bytes = 0;
        loop {
            let read = match content.read(&mut self.block) {
                Ok(0) => return Ok(bytes),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(read_failed(path.as_str(), error)),
            };
            self.meter
                .place(read as u64)
                .map_err(|limit| over(path, limit))?;
            file.write_all(&self.block[..read])
                .map_err(|error| placing(path, error))?;
            bytes += read as u64;
        }
    }

    pub(crate) fn link(&mut self, path: &EntryPath, target: &str) -> Result<(), StageError> {
        if target.is_empty() {
            return Err(refused(path, Rule::LinkEmpty));
        }
        if !link_stays_inside(path, target) {
            return Err(refused(path, Rule::LinkLeaves(Shown::new(target))));
        }
        self.claim(path, Node::Link)?;
        self.hold(path, path.as_str().len() + target.len())?;
        self.links.push((path.clone(), target.to_owned()));
        Ok(())
    }

    /// `target` must be a file that was placed before.
    pub(crate) fn hard_link(
        &mut self,
        path: &EntryPath,
        target: &EntryPath,
    ) -> Result<(), StageError> {
        if self.nodes.get(target) != Some(&Node::File) {
            let target = Shown::new(target.as_str());
            return Err(refused(path, Rule::HardLink(target)));
        }
        self.claim(path, Node::File)?;
        self.root
            .hard_link(target.as_str(), self.root, path.as_str())
            .map_err(|error| placing(path, error))
    }

    /// Makes the links; returns how many files, folders and links there are now.
    pub(crate) fn finish(self) -> Result<u64, StageError> {
        for (path, target) in &self.links {
            self.meter.cancel().check()?;
            self.root
                .symlink_contents(target, path.as_str())
                .map_err(|error| placing(path, error))?;
        }
        Ok(self.nodes.len() as u64)
    }

    /// Takes a path that must be free and makes the folders it lies in.
    fn claim(&mut self, path: &EntryPath, node: Node) -> Result<(), StageError> {
        self.meter.cancel().check()?;
        match self.nodes.get(path) {
            None => {}
            Some(Node::File | Node::Link) => return Err(refused(path, Rule::Duplicate)),
            Some(Node::Implied | Node::Folder) => return Err(refused(path, Rule::TwoKinds)),
        }
        let depth = path.folders() + usize::from(node == Node::Folder);
        let limit = self.meter.limits().depth;
        if depth > usize::try_from(limit).unwrap_or(usize::MAX) {
            return Err(over(path, Limit::Depth(limit)));
        }
        for parent in path.parents() {
            match self.nodes.get(&parent) {
                Some(Node::Implied | Node::Folder) => {}
                Some(Node::File | Node::Link) => {
                    let parent = Shown::new(parent.as_str());
                    return Err(refused(path, Rule::UnderFile(parent)));
                }
                None => {
                    self.count(path)?;
                    self.hold(path, parent.as_str().len())?;
                    self.make_folder(&parent)?;
                    self.nodes.insert(parent, Node::Implied);
                }
            }
        }
        self.count(path)?;
        self.hold(path, path.as_str().len())?;
        self.nodes.insert(path.clone(), node);
        Ok(())
    }

    fn hold(&mut self, path: &EntryPath, bytes: usize) -> Result<(), StageError> {
        self.names += bytes;
        if self.names > NAMES_BYTES {
            return Err(over(path, Limit::Names(NAMES_BYTES)));
        }
        Ok(())
    }

    fn count(&self, path: &EntryPath) -> Result<(), StageError> {
        let limit = self.meter.limits().entries;
        if self.nodes.len() as u64 >= limit {
            return Err(over(path, Limit::Entries(limit)));
        }
        Ok(())
    }

    fn make_folder(&self, path: &EntryPath) -> Result<(), StageError> {
        self.root
            .create_dir_with(path.as_str(), DirBuilder::new().mode(FOLDER_MODE))
            .map_err(|error| placing(path, error))
    }
}

fn refused(path: &EntryPath, rule: Rule) -> StageError {
    StageError::entry(path.as_str(), rule)
}

fn over(path: &EntryPath, limit: Limit) -> StageError {
    StageError::OverLimit {
        entry: Shown::new(path.as_str()),
        limit,
    }
}

fn placing(path: &EntryPath, error: io::Error) -> StageError {
    StageError::place(Shown::new(path.as_str()).to_string())(error)
}
