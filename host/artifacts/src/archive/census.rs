//! A look at a zip's end record and central directory before the zip crate reads them.
//!
//! The crate takes the whole central directory into memory before anything can be counted, and when
//! an end record does not hold it tries an earlier one. So the counts are taken here first, from the
//! record that is really last; the directory is walked, one header at a time, to see that it holds
//! just as many entries, no name twice; and the crate then reads through [`Budgeted`], which gives
//! out no more bytes than that directory has, whichever record it settles on.

use std::cell::Cell;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::record::{
    CENTRAL, CENTRAL_BYTES, END, END_BYTES, END64, END64_BYTES, LOCATOR, LOCATOR_BYTES, ZIP64_EXTRA,
};
use crate::contract::UnpackLimits;
use crate::error::{Rule, Shown, StageError};

/// A central directory of this size, taken apart into structures, stays under 256 MiB of memory.
const DIRECTORY_BYTES_MAX: u64 = 64 << 20;

/// Extra fields and comments come to ten times their bytes once they are taken apart, a structure for each four.
/// For 100,000 entries this is 160 bytes each, over twice what any tool writes by itself.
const EXTRA_BYTES_MAX: u64 = 16 << 20;

/// The crate looks for the end record in the last 64 KiB, block by block and more than once.
const SEARCH_BYTES: u64 = 512 << 10;

/// What the end record says, found to be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Census {
    pub(crate) entries: u64,
    pub(crate) directory_start: u64,
    directory_bytes: u64,
}

impl Census {
    /// What the zip crate may read to open the archive.
    pub(crate) fn budget(&self) -> u64 {
        self.directory_bytes + SEARCH_BYTES
    }
}

pub(crate) fn take(file: &mut File, limits: &UnpackLimits) -> Result<Census, StageError> {
    let census = end_record(file)
        .map_err(StageError::read("the downloaded object"))?
        .map_err(|what| StageError::Archive(what.to_owned()))?;
    if census.entries > limits.entries {
        return Err(StageError::TooManyEntries {
            entries: census.entries,
            limit: limits.entries,
        });
    }
    if census.directory_bytes > DIRECTORY_BYTES_MAX {
        return Err(StageError::Archive(format!(
            "has a directory of {} bytes, of at most {DIRECTORY_BYTES_MAX}; use fewer files or \
             shorter names",
            census.directory_bytes
        )));
    }
    walk(file, &census)?;
    Ok(census)
}

/// The last end record whose comment fits into the file.
fn end_record(file: &mut File) -> io::Result<Result<Census, &'static str>> {
    let length = file.seek(SeekFrom::End(0))?;
    let tail_start = length.saturating_sub(END_BYTES as u64 + u64::from(u16::MAX));
    let tail = read_at(file, tail_start, length - tail_start)?;
    let found = (0..tail.len().saturating_sub(END_BYTES - 1))
        .rev()
        .find(|at| {
            tail[*at..].starts_with(&END)
                && at + END_BYTES + usize::from(u16_at(&tail, at + 20)) <= tail.len()
        });
    let Some(at) = found else {
        return Ok(Err("has no end record, so it is cut off"));
    };
    let end = &tail[at..];
    let position = tail_start + at as u64;
    let census = Census {
        entries: u16_at(end, 10).into(),
        directory_bytes: u32_at(end, 12).into(),
        directory_start: u32_at(end, 16).into(),
    };
    let saturated = u16_at(end, 8) == u16::MAX
        || census.entries == u16::MAX.into()
        || census.directory_bytes == u32::MAX.into()
        || census.directory_start == u32::MAX.into();
    if saturated && let Some(found) = end64_record(file, position)? {
        return Ok(found);
    }
    if u32_at(end, 4) != 0 || u16_at(end, 8) != u16_at(end, 10) {
        return Ok(Err(SEVERAL_DISKS));
    }
    Ok(fits(census, position))
}

const SEVERAL_DISKS: &str = "is split over several disks";

/// `None` where there is no zip64 locator before the end record.
fn end64_record(file: &mut File, end: u64) -> io::Result<Option<Result<Census, &'static str>>> {
    let Some(locator_start) = end.checked_sub(LOCATOR_BYTES as u64) else {
        return Ok(None);
    };
    let locator = read_at(file, locator_start, LOCATOR_BYTES as u64)?;
    if !locator.starts_with(&LOCATOR) {
        return Ok(None);
    }
    let position = u64_at(&locator, 8);
    let record_end = position.checked_add(END64_BYTES as u64);
    if record_end.is_none_or(|record_end| record_end > locator_start) {
        return Ok(Some(Err("has a zip64 end record outside itself")));
    }
    let record = read_at(file, position, END64_BYTES as u64)?;
    if !record.starts_with(&END64) {
        return Ok(Some(Err("has no zip64 end record where its locator says")));
    }
    if u32_at(&record, 16) != 0
        || u32_at(&record, 20) != 0
        || u64_at(&record, 24) != u64_at(&record, 32)
    {
        return Ok(Some(Err(SEVERAL_DISKS)));
    }
    let census = Census {
        entries: u64_at(&record, 32),
        directory_bytes: u64_at(&record, 40),
        directory_start: u64_at(&record, 48),
    };
    Ok(Some(fits(census, position)))
}

fn fits(census: Census, end: u64) -> Result<Census, &'static str> {
    let room = census.entries.checked_mul(CENTRAL_BYTES as u64);
    if room.is_none_or(|room| room > census.directory_bytes) {
        return Err("says that it has more entries than its directory has room for");
    }
    let directory_end = census.directory_start.checked_add(census.directory_bytes);
    if directory_end.is_none_or(|directory_end| directory_end > end) {
        return Err("has a directory that does not lie where its end record says");
    }
    Ok(census)
}

/// Every header of the directory must be there, and nothing else.
fn walk(file: &mut File, census: &Census) -> Result<(), StageError> {
    let reading = || StageError::read("the downloaded object");
    let lie = || {
        StageError::Archive(format!(
            "says that it has {} entries, and its directory holds more or fewer",
            census.entries
        ))
    };
    file.seek(SeekFrom::Start(census.directory_start))
        .map_err(reading())?;
    let mut directory = BufReader::new(file.by_ref().take(census.directory_bytes));
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    let mut extra = 0;
    for _ in 0..census.entries {
        let mut header = [0; CENTRAL_BYTES];
        directory.read_exact(&mut header).map_err(|_| lie())?;
        if !header.starts_with(&CENTRAL) {
            return Err(lie());
        }
        let mut name = vec![0; usize::from(u16_at(&header, 28))];
        directory.read_exact(&mut name).map_err(|_| lie())?;
        let rest = u64::from(u16_at(&header, 30)) + u64::from(u16_at(&header, 32));
        extra += rest;
        if extra > EXTRA_BYTES_MAX {
            return Err(StageError::Archive(format!(
                "has extra fields and comments of more than {EXTRA_BYTES_MAX} bytes; leave them out (zip -X)"
            )));
        }
        let mut fields = vec![0; usize::from(u16_at(&header, 30))];
        directory.read_exact(&mut fields).map_err(|_| lie())?;
        let comment = u64::from(u16_at(&header, 32));
        let skipped =
            io::copy(&mut directory.by_ref().take(comment), &mut io::sink()).map_err(reading())?;
        if skipped != comment {
            return Err(lie());
        }
        if let Some(rule) = wide_numbers(&header, &fields, census) {
            return Err(StageError::Entry {
                entry: Shown::bytes(&name),
                rule,
            });
        }
        if let Some(name) = seen.replace(name) {
            return Err(StageError::Entry {
                entry: Shown::bytes(&name),
                rule: Rule::Duplicate,
            });
        }
    }
    if directory.read(&mut [0]).map_err(reading())? != 0 {
        return Err(lie());
    }
    Ok(())
}

/// What is wrong with an entry's numbers of 64 bits. The crate refuses these, too, by words that name no entry.
fn wide_numbers(header: &[u8], fields: &[u8], census: &Census) -> Option<Rule> {
    // In the order in which the field has those that do not fit: size, packed size, start.
    let elsewhere = [24, 20, 42].map(|at| u32_at(header, at) == u32::MAX);
    let mut field = extra_field(fields, ZIP64_EXTRA)?;
    let mut start = None;
    for _ in elsewhere.into_iter().filter(|elsewhere| *elsewhere) {
        let Some((number, rest)) = field.split_first_chunk() else {
            return Some(Rule::Damaged("its zip64 field is cut short".to_owned()));
        };
        start = Some(u64::from_le_bytes(*number));
        field = rest;
    }
    let start = start.filter(|_| elsewhere[2])?;
    let position = start.checked_add(census.directory_start);
    position.is_none().then_some(Rule::Outside)
}

/// The content of the first extra field of a kind.
fn extra_field(mut fields: &[u8], kind: u16) -> Option<&[u8]> {
    while fields.len() >= 4 {
        let (found, length) = (u16_at(fields, 0), usize::from(u16_at(fields, 2)));
        let content = fields.get(4..4 + length)?;
        if found == kind {
            return Some(content);
        }
        fields = &fields[4 + length..];
    }
    None
}

/// Gives out as many bytes as `left` has, then fails; `None` is without bound.
pub(crate) struct Budgeted<'a, R> {
    inner: R,
    left: &'a Cell<Option<u64>>,
}

impl<'a, R> Budgeted<'a, R> {
    pub(crate) fn new(inner: R, left: &'a Cell<Option<u64>>) -> Self {
        Self { inner, left }
    }
}

impl<R: Read> Read for Budgeted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if let Some(left) = self.left.get() {
            let left = left.checked_sub(read as u64).ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    "its directory is not the one that its end record names",
                )
            })?;
            self.left.set(Some(left));
        }
        Ok(read)
    }
}

impl<R: Seek> Seek for Budgeted<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

fn read_at(file: &mut File, start: u64, bytes: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut block = Vec::new();
    file.by_ref().take(bytes).read_to_end(&mut block)?;
    if (block.len() as u64) < bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(block)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

/// Callers have checked the length; a byte beyond it counts as zero.
fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|offset| bytes.get(at + offset).copied().unwrap_or_default())
}
