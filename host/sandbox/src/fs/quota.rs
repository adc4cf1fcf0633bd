//! One job's quota: the books, the limits they are held against, and the guard that is told of the first hit.

use std::io;
use std::sync::{Arc, PoisonError};

use rustix::io::Errno;
use wasmtime_wasi::p2::FsError;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use super::books::{Books, Key, Over};
use super::limits::DiskLimits;
use crate::guard::Guard;
use crate::limits::Limit;

#[expect(
    clippy::disallowed_types,
    reason = "only the guest's own task asks, so it is never contended, and it is not held over an await"
)]
type Lock<T> = std::sync::Mutex<T>;

/// What the guest is told when a limit was hit. Why is in the guard, which ends the job soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Bytes,
    FileBytes,
    Files,
    Depth,
    OpenFiles,
    DirectoryStreams,
}

impl From<Refused> for io::Error {
    /// The numbers that a full disk and its like have everywhere, since a stream's error is known by them.
    fn from(refused: Refused) -> io::Error {
        io::Error::from(match refused {
            Refused::Bytes | Refused::Files => Errno::NOSPC,
            Refused::FileBytes => Errno::FBIG,
            Refused::Depth => Errno::NAMETOOLONG,
            Refused::OpenFiles | Refused::DirectoryStreams => Errno::DQUOT,
        })
    }
}

impl From<Refused> for FsError {
    fn from(refused: Refused) -> FsError {
        match refused {
            Refused::Bytes | Refused::Files => ErrorCode::InsufficientSpace.into(),
            Refused::FileBytes => ErrorCode::FileTooLarge.into(),
            Refused::Depth => ErrorCode::NameTooLong.into(),
            // WASI has no word for "too many open files".
            Refused::OpenFiles | Refused::DirectoryStreams => ErrorCode::Quota.into(),
        }
    }
}

/// What a descriptor of the host's is held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    File,
    Listing,
}

/// Shared by all writable directories of a job.
pub(crate) struct Quota {
    limits: DiskLimits,
    guard: Arc<Guard>,
    held: Lock<Held>,
}

#[derive(Default)]
struct Held {
    books: Books,
    files: u32,
    listings: u32,
}

impl Quota {
    pub(crate) fn new(limits: DiskLimits, guard: Arc<Guard>) -> Arc<Quota> {
        Arc::new(Quota {
            limits,
            guard,
            held: Lock::default(),
        })
    }

    pub(crate) fn limits(&self) -> &DiskLimits {
        &self.limits
    }

    /// Whether the job may go on: asked by what takes long.
    pub(crate) fn may_go_on(&self) -> bool {
        self.guard.may_go_on()
    }

    /// One more file, directory or symbolic link with a text of `bytes`: is there room?
    pub(crate) fn room(&self, bytes: u64) -> Result<(), Refused> {
        let (files, used) = self.with(|held| (held.books.files(), held.books.bytes()));
        if files >= self.limits.files {
            return Err(self.refuse(Refused::Files));
        }
        if bytes > self.limits.bytes.saturating_sub(used) {
            return Err(self.refuse(Refused::Bytes));
        }
        Ok(())
    }

    /// It was made. One that cannot be named is charged for good.
    pub(crate) fn made(&self, key: Option<Key>, bytes: u64) {
        self.with(|held| held.books.made(key, bytes));
        self.tell();
    }

    /// The last name of an inode is gone.
    pub(crate) fn orphaned(&self, key: Key) {
        self.with(|held| held.books.orphaned(key));
    }

    /// Charge what an inode of size `now` grows by if it ends at `end`. Tells the size that it is known to
    /// have had.
    pub(crate) fn grow(&self, key: Key, now: u64, end: u64) -> Result<u64, Refused> {
        let (most, most_in_file) = (self.limits.bytes, self.limits.file_bytes);
        let before = self
            .with(|held| held.books.grow(key, now, end, most, most_in_file))
            .map_err(|over| {
                self.refuse(match over {
                    Over::Bytes => Refused::Bytes,
                    Over::FileBytes => Refused::FileBytes,
                })
            })?;
        self.tell();
        Ok(before)
    }

    /// A write that ends at `end`. Also within what was there before, where nothing grows: the kernel ends a process that
    /// writes beyond its limit in a longer file, too.
    pub(crate) fn within_a_file(&self, end: u64) -> Result<(), Refused> {
        match end > self.limits.file_bytes {
            true => Err(self.refuse(Refused::FileBytes)),
            false => Ok(()),
        }
    }

    /// An inode is known to be of this size, by the job's own doing.
    pub(crate) fn resized(&self, key: Key, size: u64) {
        self.with(|held| held.books.resized(key, size));
    }

    /// The size that an open inode is known to have.
    pub(crate) fn size(&self, key: Key) -> Option<u64> {
        self.with(|held| held.books.size(key))
    }

    /// A handle to an inode of this size was opened.
    pub(crate) fn opened(&self, key: Key, size: u64) {
        self.with(|held| held.books.opened(key, size));
    }

    pub(crate) fn closed(&self, key: Key) {
        self.with(|held| held.books.closed(key));
    }

    /// Take a descriptor of the host's, to be given back by [`Quota::release`].
    pub(crate) fn hold(&self, what: Use) -> Result<(), Refused> {
        let taken = self.with(|held| {
            let (count, most) = match what {
                Use::File => (&mut held.files, self.limits.open_files),
                Use::Listing => (&mut held.listings, self.limits.directory_streams),
            };
            let room = *count < most;
            *count += u32::from(room);
            room
        });
        if taken {
            return Ok(());
        }
        Err(self.refuse(match what {
            Use::File => Refused::OpenFiles,
            Use::Listing => Refused::DirectoryStreams,
        }))
    }

    pub(crate) fn release(&self, what: Use) {
        self.with(|held| match what {
            Use::File => held.files -= 1,
            Use::Listing => held.listings -= 1,
        });
    }

    /// Something was made deeper down than may be.
    pub(crate) fn too_deep(&self) -> Refused {
        self.refuse(Refused::Depth)
    }

    fn refuse(&self, refused: Refused) -> Refused {
        self.guard.hit(match refused {
            Refused::Bytes => Limit::Disk,
            Refused::FileBytes => Limit::FileSize,
            Refused::Files => Limit::Files,
            Refused::Depth => Limit::Depth,
            Refused::OpenFiles => Limit::OpenFiles,
            Refused::DirectoryStreams => Limit::DirectoryStreams,
        });
        refused
    }

    fn tell(&self) {
        self.guard.disk_used(self.with(|held| held.books.bytes()));
    }

    fn with<R>(&self, f: impl FnOnce(&mut Held) -> R) -> R {
        // The books hold no code that can leave them half done: what they say stands.
        f(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
impl Quota {
    /// Bytes, files, open files and listings as charged.
    pub(crate) fn charged(&self) -> (u64, u64, u32, u32) {
        self.with(|held| {
            (
                held.books.bytes(),
                held.books.files(),
                held.files,
                held.listings,
            )
        })
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }
}
