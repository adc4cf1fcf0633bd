//! Where the entries of a zip lie: each in bytes of its own.
//!
//! A bomb that needs no nesting lets thousands of entries share one piece of deflated content, so that a
//! small file unpacks to petabytes. Limits on bytes and ratio would stop it late; entries that share
//! bytes are no archive that any tool writes, so they are refused before the first byte is placed. That
//! look takes each entry to be as short as its directory header allows; how long its local header really
//! is, is known once it is read, and looked at then.

use std::io::{Read, Seek};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::unzip::damaged_archive;
use crate::error::{Rule, Shown, StageError};

/// A local header without its name and extra field, 4.3.7 of the APPNOTE.
const LOCAL_BYTES: u64 = 30;

/// For each entry, in the directory's order, where it must have ended: at the next one, or at the
/// directory.
pub(crate) fn ends<R: Read + Seek>(
    archive: &ZipArchive<R>,
    directory_start: u64,
) -> Result<Vec<u64>, StageError> {
    let mut starts = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(damaged_archive)?;
        starts.push((entry.header_start(), index));
    }
    starts.sort_unstable();
    let mut ends = vec![directory_start; starts.len()];
    for pair in starts.windows(2) {
        let [(_, index), (next, _)] = pair else {
            continue;
        };
        ends[*index] = *next;
    }
    for (start, index) in starts {
        let entry = archive.by_index_data(index).map_err(damaged_archive)?;
        let refuse = |rule| StageError::Entry {
            entry: Shown::bytes(entry.name_raw()),
            rule,
        };
        let shortest = LOCAL_BYTES.saturating_add(entry.compressed_size());
        let end = start
            .checked_add(shortest)
            .filter(|end| *end <= directory_start)
            .ok_or_else(|| refuse(Rule::Outside))?;
        if end > ends[index] {
            return Err(refuse(Rule::Overlaps));
        }
    }
    Ok(ends)
}

/// Where an opened entry's packed content ends; `None` where that is beyond any file.
pub(crate) fn content_end<R: Read>(entry: &ZipFile<'_, R>) -> Option<u64> {
    entry.data_start()?.checked_add(entry.compressed_size())
}
