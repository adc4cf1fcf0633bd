//! What a job has on disk, inode by inode. Plain book-keeping: no file is touched here.
//!
//! The charge of an inode is its size less its base. The base is what others wrote: all of a file that was
//! there before, nothing of one that the job made. So cutting off or removing what was there before gives no
//! credit, writing as much again costs nothing while it is open, and no sum can fall below zero.

use std::collections::HashMap;

/// An inode, as the kernel names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) dev: u64,
    pub(crate) ino: u64,
}

#[derive(Debug)]
struct Inode {
    base: u64,
    /// As of the last look or write, whichever was later.
    size: u64,
    /// Made by the job, so that it counts as one of its files.
    made: bool,
    /// Open files and listings of it.
    handles: u32,
    /// It has no name any more.
    orphan: bool,
}

impl Inode {
    fn charge(&self) -> u64 {
        self.size.saturating_sub(self.base)
    }
}

/// A growth would go over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Bytes,
    FileBytes,
}

/// All inodes that a job has made or holds open.
#[derive(Debug, Default)]
pub(crate) struct Books {
    bytes: u64,
    files: u64,
    inodes: HashMap<Key, Inode>,
}

impl Books {
    /// The charges of all inodes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The inodes that the job made and that are still there.
    pub(crate) fn files(&self) -> u64 {
        self.files
    }

    /// The job made this one, of this size. One that cannot be named is charged for good.
    pub(crate) fn made(&mut self, key: Option<Key>, size: u64) {
        self.files += 1;
        self.bytes += size;
        let Some(key) = key else { return };
        // A number that is given to a new inode is free: whatever had it went away behind our back.
        self.forget(key);
        self.inodes.insert(
            key,
            Inode {
                base: 0,
                size,
                made: true,
                handles: 0,
                orphan: false,
            },
        );
    }

    /// A handle to it was opened, and it is of this size now.
    pub(crate) fn opened(&mut self, key: Key, size: u64) {
        self.look(key, size);
        let inode = self.inodes.entry(key).or_insert(Inode {
            base: size,
            size,
            made: false,
            handles: 0,
            orphan: false,
        });
        inode.handles += 1;
    }

    /// A handle to it was closed.
    pub(crate) fn closed(&mut self, key: Key) {
        let Some(inode) = self.inodes.get_mut(&key) else {
            return;
        };
        inode.handles = inode.handles.saturating_sub(1);
        // What nothing is charged for need not be remembered: however many files of others a guest opens,
        // the books are no longer than what it may make and write.
        let blank = !inode.made && inode.charge() == 0;
        if inode.handles == 0 && (inode.orphan || blank) {
            self.forget(key);
        }
    }

    /// Its last name is gone.
    pub(crate) fn orphaned(&mut self, key: Key) {
        let Some(inode) = self.inodes.get_mut(&key) else {
            return;
        };
        inode.orphan = true;
        if inode.handles == 0 {
            self.forget(key);
        }
    }

    /// Charge what it will have grown by when it ends at `end`; `now` is its size as it is. Tells its size
    /// before, for [`Books::resized`] if the write fails.
    pub(crate) fn grow(
        &mut self,
        key: Key,
        now: u64,
        end: u64,
        most_bytes: u64,
        most_in_file: u64,
    ) -> Result<u64, Over> {
        self.look(key, now);
        let Some(inode) = self.inodes.get_mut(&key) else {
            return Err(Over::Bytes);
        };
        let before = inode.size;
        if end <= before {
            return Ok(before);
        }
        if end > most_in_file {
            return Err(Over::FileBytes);
        }
        let more = end.saturating_sub(inode.base) - inode.charge();
        let bytes = self.bytes.saturating_add(more);
        if more > 0 && bytes > most_bytes {
            return Err(Over::Bytes);
        }
        inode.size = end;
        self.bytes = bytes;
        Ok(before)
    }

    /// It is known to be of this size, by the job's own doing.
    pub(crate) fn resized(&mut self, key: Key, size: u64) {
        if let Some(inode) = self.inodes.get_mut(&key) {
            let charge = inode.charge();
            inode.size = size;
            self.bytes = self.bytes - charge + inode.charge();
        }
    }

    /// The size that it is known to have.
    pub(crate) fn size(&self, key: Key) -> Option<u64> {
        self.inodes.get(&key).map(|inode| inode.size)
    }

    /// Compare with its size as it is: what others added to it is theirs, what they cut off is gone.
    fn look(&mut self, key: Key, now: u64) {
        if let Some(inode) = self.inodes.get_mut(&key) {
            let charge = inode.charge();
            inode.base += now.saturating_sub(inode.size);
            inode.size = now;
            self.bytes = self.bytes - charge + inode.charge();
        }
    }

    fn forget(&mut self, key: Key) {
        if let Some(inode) = self.inodes.remove(&key) {
            self.bytes -= inode.charge();
            self.files -= u64::from(inode.made);
        }
    }
}
