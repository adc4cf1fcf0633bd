//! What a job may have on disk, and how many things it may hold open.

use serde::{Deserialize, Serialize};

/// What one job may write and hold open, all its writable directories (outputs, scratch, granted ones) taken
/// together. What was there before is not counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct DiskLimits {
    /// Bytes in files, by their sizes (holes count), and in the texts of symbolic links. Default: 10 GiB,
    /// twice the 5 GB that CodePipeline takes as an artifact, and what an input may come to when it is
    /// unpacked: any input may be copied.
    pub bytes: u64,
    /// Files, directories and symbolic links. Default: 200,000: an input of the 100,000 that CodePipeline
    /// takes, once in an output and once in scratch. The host remembers each, in about 60 bytes.
    pub files: u64,
    /// The largest size that a file may be given, in bytes. Default: 5 GiB, what CodePipeline takes
    /// as an artifact.
    pub file_bytes: u64,
    /// Names on the way from a directory of the job's down to what it makes, that one's own included; at most
    /// 500 whatever is said here. Default: 128, twice the 64 of an input.
    pub depth: u32,
    /// Files and directories open at the same time, the job's own directories aside. Default: 256; a guest's
    /// handles to them and to their streams have a limit of 1,024.
    pub open_files: u32,
    /// Directories being listed at the same time. Default: 16: each holds a buffer and a descriptor
    /// of the host's, and a walk needs one for each level at most.
    pub directory_streams: u32,
}

impl Default for DiskLimits {
    fn default() -> DiskLimits {
        DiskLimits {
            bytes: 10 << 30,
            files: 200_000,
            file_bytes: 5 << 30,
            depth: 128,
            open_files: 256,
            directory_streams: 16,
        }
    }
}

impl DiskLimits {
    /// Looking up a directory's depth takes a step for each level, and looking down a tree a descriptor, so there
    /// is an end to what can be asked.
    pub(crate) fn depth(&self) -> u32 {
        self.depth.min(500)
    }
}
