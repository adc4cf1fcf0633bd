//! Zip's records as PKWARE's APPNOTE 6.3 lays them out, written the same way every time.
//!
//! The zip crate's writer cannot take content that is deflated already, and what it writes may change
//! with its version; equal trees must give equal bytes for as long as possible. So the few records
//! that we need are laid out here. Zip64 forms appear only where a number does not fit.

use std::io::{self, Write};

/// Local header, 4.3.7.
pub(crate) const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// Central directory header, 4.3.12, and its length without the variable part.
pub(crate) const CENTRAL: [u8; 4] = *b"PK\x01\x02";
pub(crate) const CENTRAL_BYTES: usize = 46;
/// Zip64 end record, 4.3.14.
pub(crate) const END64: [u8; 4] = *b"PK\x06\x06";
pub(crate) const END64_BYTES: usize = 56;
/// Zip64 end locator, 4.3.15.
pub(crate) const LOCATOR: [u8; 4] = *b"PK\x06\x07";
pub(crate) const LOCATOR_BYTES: usize = 20;
/// End record, 4.3.16.
pub(crate) const END: [u8; 4] = *b"PK\x05\x06";
pub(crate) const END_BYTES: usize = 22;

/// Names are UTF-8 (4.4.4, bit 11).
const FLAGS: u16 = 1 << 11;
/// 1980-01-01 00:00, the first moment that the format knows.
const DATE: u16 = (1 << 5) | 1;
const TIME: u16 = 0;
/// Made on Unix (3), by version 4.5 of the format, where the mode is in the upper half of the
/// external attributes.
const MADE_BY: u16 = (3 << 8) | VERSION_ZIP64;
const VERSION: u16 = 20;
const VERSION_ZIP64: u16 = 45;
pub(crate) const ZIP64_EXTRA: u16 = 1;
const FOLDER_ATTRIBUTE: u32 = 0x10;
/// From here on a size goes to the zip64 extra field.
pub(crate) const LARGE: u64 = u32::MAX as u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Stored = 0,
    Deflated = 8,
}

/// What both headers of an entry say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) method: Method,
    pub(crate) crc32: u32,
    pub(crate) packed: u64,
    pub(crate) size: u64,
    /// Reserve zip64 sizes in the local header, which is written before they are known.
    pub(crate) large: bool,
}

fn u16_into(to: &mut Vec<u8>, value: u16) {
    to.extend_from_slice(&value.to_le_bytes());
}

fn u32_into(to: &mut Vec<u8>, value: u32) {
    to.extend_from_slice(&value.to_le_bytes());
}

fn u64_into(to: &mut Vec<u8>, value: u64) {
    to.extend_from_slice(&value.to_le_bytes());
}

/// The number, or all ones where the zip64 field has it.
fn short(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// `name` is at most 4,095 bytes, plus a slash for a folder.
pub(crate) fn local_header(name: &str, entry: &Entry) -> Vec<u8> {
    let mut header = Vec::with_capacity(50 + name.len());
    header.extend_from_slice(&LOCAL);
    u16_into(
        &mut header,
        if entry.large { VERSION_ZIP64 } else { VERSION },
    );
    common(&mut header, entry);
    let shown = |value| if entry.large { u32::MAX } else { short(value) };
    u32_into(&mut header, shown(entry.packed));
    u32_into(&mut header, shown(entry.size));
    u16_into(&mut header, name.len() as u16);
    u16_into(&mut header, if entry.large { 20 } else { 0 });
    header.extend_from_slice(name.as_bytes());
    if entry.large {
        u16_into(&mut header, ZIP64_EXTRA);
        u16_into(&mut header, 16);
        u64_into(&mut header, entry.size);
        u64_into(&mut header, entry.packed);
    }
    header
}

pub(crate) fn central_header(name: &str, mode: u32, entry: &Entry, start: u64) -> Vec<u8> {
    let mut extra = Vec::new();
    for value in [entry.size, entry.packed, start] {
        if value >= LARGE {
            u64_into(&mut extra, value);
        }
    }
    let zip64 = entry.large || !extra.is_empty();
    let mut header = Vec::with_capacity(CENTRAL_BYTES + name.len() + 28);
    header.extend_from_slice(&CENTRAL);
    u16_into(&mut header, MADE_BY);
    u16_into(&mut header, if zip64 { VERSION_ZIP64 } else { VERSION });
    common(&mut header, entry);
    u32_into(&mut header, short(entry.packed));
    u32_into(&mut header, short(entry.size));
    u16_into(&mut header, name.len() as u16);
    let extra_bytes = if extra.is_empty() { 0 } else { 4 + extra.len() };
    u16_into(&mut header, extra_bytes as u16);
    // No comment, the first disk, no internal attributes.
    header.extend_from_slice(&[0; 6]);
    let folder = if name.ends_with('/') {
        FOLDER_ATTRIBUTE
    } else {
        0
    };
    u32_into(&mut header, (mode << 16) | folder);
    u32_into(&mut header, short(start));
    header.extend_from_slice(name.as_bytes());
    if !extra.is_empty() {
        u16_into(&mut header, ZIP64_EXTRA);
        u16_into(&mut header, extra.len() as u16);
        header.extend_from_slice(&extra);
    }
    header
}

fn common(header: &mut Vec<u8>, entry: &Entry) {
    u16_into(header, FLAGS);
    u16_into(header, entry.method as u16);
    u16_into(header, TIME);
    u16_into(header, DATE);
    u32_into(header, entry.crc32);
}

/// The end record, after its zip64 forms where a number needs them.
pub(crate) fn write_end(
    to: &mut impl Write,
    entries: u64,
    directory_start: u64,
    directory_bytes: u64,
) -> io::Result<()> {
    let mut end = Vec::with_capacity(END64_BYTES + LOCATOR_BYTES + END_BYTES);
    let many = entries >= u64::from(u16::MAX);
    if many || directory_start >= LARGE || directory_bytes >= LARGE {
        end.extend_from_slice(&END64);
        u64_into(&mut end, END64_BYTES as u64 - 12);
        u16_into(&mut end, MADE_BY);
        u16_into(&mut end, VERSION_ZIP64);
        u32_into(&mut end, 0);
        u32_into(&mut end, 0);
        u64_into(&mut end, entries);
        u64_into(&mut end, entries);
        u64_into(&mut end, directory_bytes);
        u64_into(&mut end, directory_start);
        end.extend_from_slice(&LOCATOR);
        u32_into(&mut end, 0);
        u64_into(&mut end, directory_start + directory_bytes);
        u32_into(&mut end, 1);
    }
    let count = if many { u16::MAX } else { entries as u16 };
    end.extend_from_slice(&END);
    u32_into(&mut end, 0);
    u16_into(&mut end, count);
    u16_into(&mut end, count);
    u32_into(&mut end, short(directory_bytes));
    u32_into(&mut end, short(directory_start));
    u16_into(&mut end, 0);
    to.write_all(&end)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Seek, SeekFrom};

    use super::*;

    /// Stands for a file of more than 4 GiB: only where it starts matters to the records.
    #[test]
    fn numbers_that_do_not_fit_go_to_zip64_fields() {
        let entry = Entry {
            method: Method::Stored,
            crc32: 7,
            packed: LARGE + 5,
            size: LARGE + 5,
            large: true,
        };
        let header = central_header("big", 0o100_644, &entry, LARGE + 9);
        assert_eq!(header.len(), CENTRAL_BYTES + 3 + 4 + 24);
        assert_eq!(header[20..28], [0xff; 8], "both sizes are saturated");
        assert_eq!(header[CENTRAL_BYTES + 3..][..4], [1, 0, 24, 0]);
        let local = local_header("big", &entry);
        assert_eq!(local[18..26], [0xff; 8], "both sizes are saturated");
    }

    #[test]
    fn more_than_65535_entries_are_read_back_by_another_reader() {
        let entry = Entry {
            method: Method::Stored,
            crc32: 0,
            packed: 0,
            size: 0,
            large: false,
        };
        let mut archive = Cursor::new(Vec::new());
        let names: Vec<String> = (0..70_000).map(|n| n.to_string()).collect();
        let mut starts = Vec::new();
        for name in &names {
            starts.push(archive.position());
            archive.write_all(&local_header(name, &entry)).unwrap();
        }
        let start = archive.position();
        for (name, at) in names.iter().zip(starts) {
            archive
                .write_all(&central_header(name, 0o100_644, &entry, at))
                .unwrap();
        }
        let bytes = archive.position() - start;
        write_end(&mut archive, names.len() as u64, start, bytes).unwrap();
        archive.seek(SeekFrom::Start(0)).unwrap();
        let mut read = zip::ZipArchive::new(archive).unwrap();
        assert_eq!(read.len(), 70_000);
        assert_eq!(read.by_index(69_999).unwrap().name().unwrap(), "69999");
    }
}
