//! What a job may have on disk, and how many things it may hold open.

use crate::limits::{Limit, Limits};

/// What one job may write and hold open, all its writable directories (outputs, scratch, granted ones) taken
/// together. What was there before is not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DiskLimits {
    /// [`Limit::Disk`]: bytes in files, by their sizes (holes count), and in the texts of symbolic links.
    pub(crate) bytes: u64,
    /// [`Limit::Files`]: files, directories and symbolic links.
    pub(crate) files: u64,
    /// [`Limit::FileSize`].
    pub(crate) file_bytes: u64,
    /// [`Limit::Depth`]: names on the way from a directory of the job's down to what it makes, that one's own included.
    pub(crate) depth: u32,
    /// [`Limit::OpenFiles`]: files and directories, the job's own directories aside.
    pub(crate) open_files: u32,
    /// [`Limit::DirectoryStreams`]: each holds a buffer and a descriptor of the host's.
    pub(crate) directory_streams: u32,
}

impl DiskLimits {
    pub(crate) fn of(limits: &Limits) -> DiskLimits {
        let small = |limit| u32::try_from(limits.get(limit)).unwrap_or(u32::MAX);
        DiskLimits {
            bytes: limits.get(Limit::Disk),
            files: limits.get(Limit::Files),
            file_bytes: limits.get(Limit::FileSize),
            depth: small(Limit::Depth),
            open_files: small(Limit::OpenFiles),
            directory_streams: small(Limit::DirectoryStreams),
        }
    }

    /// Looking up a directory's depth takes a step for each level, and looking down a tree a descriptor, so there
    /// is an end to what can be asked.
    pub(crate) fn depth(&self) -> u32 {
        self.depth.min(500)
    }
}

#[cfg(test)]
impl DiskLimits {
    /// A job's limits that come to these.
    pub(crate) fn limits(&self) -> Limits {
        Limits::default()
            .with(Limit::Disk, self.bytes)
            .with(Limit::Files, self.files)
            .with(Limit::FileSize, self.file_bytes)
            .with(Limit::Depth, self.depth.into())
            .with(Limit::OpenFiles, self.open_files.into())
            .with(Limit::DirectoryStreams, self.directory_streams.into())
    }
}
