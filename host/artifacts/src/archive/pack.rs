//! Packing an output into a zip, the same bytes for the same tree.
//!
//! Entries are sorted by path, times are fixed, of modes only the exec bit is kept. Files up to
//! [`WHOLE_BYTES`] are deflated by libdeflate in one piece (faster, and smaller), larger ones as a
//! stream, so that memory is bounded whatever a plugin wrote; what deflating does not make smaller is
//! stored. libdeflate only ever reads bytes here: it inflates nothing that came from outside.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use libdeflater::{CompressionLvl, Compressor};

use super::name::EntryPath;
use super::record::{Entry, LARGE, Method, central_header, local_header, write_end};
use super::walk::{Item, Kind, list};
use crate::cancel::Cancel;
use crate::error::{OutputFault, StageError};

/// Files up to here are held in memory, plain and deflated.
const WHOLE_BYTES: u64 = 8 << 20;
/// Both deflaters' middle: higher levels cost twice the time for a few percent.
const LEVEL: u8 = 6;
const BLOCK_BYTES: usize = 256 * 1024;
/// Deflate may make a file larger by a few bytes in each 64 KiB; from this size on zip64 sizes are
/// reserved, so that the larger form would fit too.
const RESERVE_LARGE: u64 = LARGE - (64 << 20);

const MODE_FILE: u32 = 0o100_644;
const MODE_PROGRAM: u32 = 0o100_755;
const MODE_FOLDER: u32 = 0o040_755;
const MODE_LINK: u32 = 0o120_777;

/// A packed directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Bytes of the archive.
    pub bytes: u64,
    /// Files and links in it.
    pub files: u64,
}

/// Packs the tree into `archive`, which is empty and at its start.
pub(crate) fn pack(root: &Dir, archive: File, cancel: &Cancel) -> Result<Packed, StageError> {
    let items = list(root, cancel)?;
    pack_listed(root, &items, archive, cancel)
}

/// What was listed must still be so; what is not names itself.
pub(crate) fn pack_listed(
    root: &Dir,
    items: &[Item],
    archive: File,
    cancel: &Cancel,
) -> Result<Packed, StageError> {
    let mut packer = Packer {
        root,
        cancel,
        archive: BufWriter::with_capacity(BLOCK_BYTES, archive),
        position: 0,
        plain: Vec::new(),
        deflated: Vec::new(),
        compressor: Compressor::new(CompressionLvl::new(LEVEL.into()).unwrap_or_default()),
    };
    let mut written = Vec::with_capacity(items.len());
    for item in items {
        cancel.check()?;
        let start = packer.position;
        written.push((packer.entry(item)?, start));
    }
    packer.directory(items, &written)?;
    Ok(Packed {
        bytes: packer.position,
        files: items
            .iter()
            .filter(|item| item.kind != Kind::Folder)
            .count() as u64,
    })
}

struct Packer<'a> {
    root: &'a Dir,
    cancel: &'a Cancel,
    archive: BufWriter<File>,
    position: u64,
    plain: Vec<u8>,
    deflated: Vec<u8>,
    compressor: Compressor,
}

impl Packer<'_> {
    fn entry(&mut self, item: &Item) -> Result<Entry, StageError> {
        let path = &item.path;
        match &item.kind {
            Kind::Folder => {
                self.plain.clear();
                self.whole(&format!("{path}/"))
            }
            Kind::Link { target } => {
                self.plain.clear();
                self.plain.extend_from_slice(target.as_bytes());
                self.stored(path.as_str())
            }
            Kind::File { bytes, .. } => {
                let mut file = self.open(path)?.take(bytes.saturating_add(1));
                if *bytes > WHOLE_BYTES {
                    return self.stream(path, *bytes, file);
                }
                self.plain.clear();
                file.read_to_end(&mut self.plain)
                    .map_err(|error| unreadable(path, error))?;
                if self.plain.len() as u64 != *bytes {
                    return Err(StageError::output(path.as_str(), OutputFault::Changed));
                }
                self.whole(path.as_str())
            }
        }
    }

    fn open(&self, path: &EntryPath) -> Result<cap_std::fs::File, StageError> {
        // Non-blocking: were it a FIFO by now, opening it must not wait for a writer.
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let file = self
            .root
            .open_with(
                path.as_str(),
                OpenOptions::new()
                    .read(true)
                    .follow(FollowSymlinks::No)
                    .custom_flags(nonblocking),
            )
            .map_err(|error| unreadable(path, error))?;
        let metadata = file.metadata().map_err(|error| unreadable(path, error))?;
        if !metadata.is_file() {
            return Err(StageError::output(path.as_str(), OutputFault::Changed));
        }
        Ok(file)
    }

    /// Writes `plain`, deflated where that is smaller.
    fn whole(&mut self, name: &str) -> Result<Entry, StageError> {
        // Room for less than the plain form only: what does not fit is not smaller.
        let room = self.plain.len().saturating_sub(1);
        if self.deflated.len() < room {
            self.deflated.resize(room, 0);
        }
        let into = &mut self.deflated[..room];
        let Ok(packed) = self.compressor.deflate_compress(&self.plain, into) else {
            return self.stored(name);
        };
        let entry = Entry {
            method: Method::Deflated,
            crc32: crc32fast::hash(&self.plain),
            packed: packed as u64,
            size: self.plain.len() as u64,
            large: false,
        };
        self.header(name, &entry)?;
        self.archive
            .write_all(&self.deflated[..packed])
            .map_err(archive_failed)?;
        self.position += entry.packed;
        Ok(entry)
    }

    fn stored(&mut self, name: &str) -> Result<Entry, StageError> {
        let entry = Entry {
            method: Method::Stored,
            crc32: crc32fast::hash(&self.plain),
            packed: self.plain.len() as u64,
            size: self.plain.len() as u64,
            large: false,
        };
        self.header(name, &entry)?;
        self.archive
            .write_all(&self.plain)
            .map_err(archive_failed)?;
        self.position += entry.packed;
        Ok(entry)
    }

    /// Deflates a large file as it is read; the header is written again once its numbers are known.
    fn stream(
        &mut self,
        path: &EntryPath,
        bytes: u64,
        mut file: io::Take<cap_std::fs::File>,
    ) -> Result<Entry, StageError> {
        let start = self.position;
        let mut entry = Entry {
            method: Method::Deflated,
            crc32: 0,
            packed: 0,
            size: bytes,
            large: bytes >= RESERVE_LARGE,
        };
        self.header(path.as_str(), &entry)?;
        let content = self.position;
        let mut crc32 = crc32fast::Hasher::new();
        let mut encoder = DeflateEncoder::new(&mut self.archive, Compression::new(LEVEL.into()));
        let read = copy(path, &mut file, &mut encoder, &mut crc32, self.cancel)?;
        encoder.try_finish().map_err(archive_failed)?;
        let packed = encoder.total_out();
        drop(encoder);
        if read != bytes {
            return Err(StageError::output(path.as_str(), OutputFault::Changed));
        }
        entry.crc32 = crc32.finalize();
        entry.packed = packed;
        self.position = content + packed;
        if packed >= bytes {
            self.store_instead(path, &mut entry, content)?;
        }
        self.seek(start)?;
        self.archive
            .write_all(&local_header(path.as_str(), &entry))
            .map_err(archive_failed)?;
        self.seek(self.position)?;
        Ok(entry)
    }

    /// Writes a large file over its deflated form, which came out no smaller.
    fn store_instead(
        &mut self,
        path: &EntryPath,
        entry: &mut Entry,
        content: u64,
    ) -> Result<(), StageError> {
        self.seek(content)?;
        let mut file = self.open(path)?.take(entry.size.saturating_add(1));
        let mut crc32 = crc32fast::Hasher::new();
        let read = copy(path, &mut file, &mut self.archive, &mut crc32, self.cancel)?;
        if read != entry.size || crc32.finalize() != entry.crc32 {
            return Err(StageError::output(path.as_str(), OutputFault::Changed));
        }
        entry.method = Method::Stored;
        entry.packed = entry.size;
        self.position = content + entry.size;
        self.archive.flush().map_err(archive_failed)?;
        self.archive
            .get_ref()
            .set_len(self.position)
            .map_err(archive_failed)
    }

    fn header(&mut self, name: &str, entry: &Entry) -> Result<(), StageError> {
        let header = local_header(name, entry);
        self.archive.write_all(&header).map_err(archive_failed)?;
        self.position += header.len() as u64;
        Ok(())
    }

    fn seek(&mut self, to: u64) -> Result<(), StageError> {
        self.archive
            .seek(SeekFrom::Start(to))
            .map(drop)
            .map_err(archive_failed)
    }

    fn directory(&mut self, items: &[Item], written: &[(Entry, u64)]) -> Result<(), StageError> {
        let directory_start = self.position;
        for (item, (entry, start)) in items.iter().zip(written) {
            let path = item.path.as_str();
            let header = match &item.kind {
                Kind::Folder => central_header(&format!("{path}/"), MODE_FOLDER, entry, *start),
                Kind::Link { .. } => central_header(path, MODE_LINK, entry, *start),
                Kind::File { program, .. } => {
                    let mode = if *program { MODE_PROGRAM } else { MODE_FILE };
                    central_header(path, mode, entry, *start)
                }
            };
            self.archive.write_all(&header).map_err(archive_failed)?;
            self.position += header.len() as u64;
        }
        let mut end = Vec::new();
        let bytes = self.position - directory_start;
        write_end(&mut end, items.len() as u64, directory_start, bytes).map_err(archive_failed)?;
        self.archive.write_all(&end).map_err(archive_failed)?;
        self.position += end.len() as u64;
        self.archive.flush().map_err(archive_failed)
    }
}

/// Returns the bytes read.
fn copy(
    path: &EntryPath,
    from: &mut impl Read,
    to: &mut impl Write,
    crc32: &mut crc32fast::Hasher,
    cancel: &Cancel,
) -> Result<u64, StageError> {
    let mut from = BufReader::with_capacity(BLOCK_BYTES, from);
    let mut bytes = 0;
    loop {
        cancel.check()?;
        let block = io::BufRead::fill_buf(&mut from).map_err(|error| unreadable(path, error))?;
        if block.is_empty() {
            return Ok(bytes);
        }
        crc32.update(block);
        to.write_all(block).map_err(archive_failed)?;
        let read = block.len();
        bytes += read as u64;
        io::BufRead::consume(&mut from, read);
    }
}

fn unreadable(path: &EntryPath, error: io::Error) -> StageError {
    StageError::output(path.as_str(), OutputFault::Unreadable(error))
}

fn archive_failed(error: io::Error) -> StageError {
    StageError::place("the archive in its work directory")(error)
}
