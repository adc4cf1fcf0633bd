//! What is held open: a descriptor of the host's counted as one, and writes that are charged before
//! they are made.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use rustix::buffer::spare_capacity;
use rustix::io::{Errno, ReadWriteFlags, pread, pwritev2};

use super::books::Key;
use super::quota::{Quota, Refused, Use};

/// One descriptor of the host's, given back when dropped.
pub(crate) struct Slot {
    quota: Arc<Quota>,
    what: Use,
}

impl Slot {
    pub(crate) fn take(quota: &Arc<Quota>, what: Use) -> Result<Slot, Refused> {
        quota.hold(what)?;
        Ok(Slot {
            quota: quota.clone(),
            what,
        })
    }

    /// What it is used for, and how large that is. Below read-only directories, too: the same may be
    /// granted twice, and an inode that is open has not gone.
    pub(crate) fn into_node(self, key: Key, size: u64) -> Node {
        self.quota.opened(key, size);
        Node { key, slot: self }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.quota.release(self.what);
    }
}

/// An open inode. Declare it after the file itself, which must be closed when this is dropped.
pub(crate) struct Node {
    key: Key,
    slot: Slot,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.slot.quota.closed(self.key);
    }
}

/// An open file, shared by its descriptor and its streams; closed with the last of them.
pub(crate) struct OpenFile {
    file: Arc<File>,
    node: Node,
}

impl OpenFile {
    pub(crate) fn new(file: Arc<File>, node: Node) -> OpenFile {
        OpenFile { file, node }
    }

    /// At most `most` bytes from `offset` on; none at its end.
    pub(crate) fn read_at(&self, most: usize, offset: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(most);
        loop {
            match pread(&*self.file, spare_capacity(&mut bytes), offset) {
                Ok(_) => return Ok(bytes),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// As many bytes as the system takes at once.
    pub(crate) fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        // An offset that no file can have is larger than any limit.
        let end = offset.saturating_add(bytes.len() as u64);
        self.charged(bytes, end, |file| file.write_at(bytes, offset))
    }

    /// As many bytes as the system takes at once, at the end wherever that is.
    pub(crate) fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let end = self.length()?.saturating_add(bytes.len() as u64);
        self.charged(bytes, end, |file| {
            // One step, so that what others append to a granted file at the same time is not overwritten.
            match pwritev2(file, &[io::IoSlice::new(bytes)], 0, ReadWriteFlags::APPEND) {
                Err(Errno::NOSYS | Errno::NOTSUP) => {
                    let end = file.metadata()?.len();
                    file.write_at(bytes, end)
                }
                written => Ok(written?),
            }
        })
    }

    fn charged(
        &self,
        bytes: &[u8],
        end: u64,
        write: impl Fn(&File) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let key = self.node.key;
        if bytes.is_empty() {
            return Ok(0);
        }
        let quota = &self.node.slot.quota;
        quota.within_a_file(end)?;
        // Within what it is known to have nothing grows, and most writes to a file are made once: looking at
        // its size is for those that may.
        if quota.size(key).is_some_and(|size| end <= size) {
            return retried(|| write(&self.file));
        }
        let before = quota.grow(key, self.length()?, end)?;
        let written = retried(|| write(&self.file));
        if !matches!(written, Ok(n) if n == bytes.len()) {
            let size = self.length().unwrap_or(end);
            quota.resized(key, size.clamp(before, end.max(before)));
        }
        written
    }

    /// Make it longer, by a hole, or shorter.
    pub(crate) fn set_size(&self, size: u64) -> io::Result<()> {
        let key = self.node.key;
        let quota = &self.node.slot.quota;
        let before = quota.grow(key, self.length()?, size)?;
        match retried(|| self.file.set_len(size)) {
            Ok(()) => {
                quota.resized(key, size);
                Ok(())
            }
            Err(error) => {
                quota.resized(key, before);
                Err(error)
            }
        }
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

fn retried<R>(mut call: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
