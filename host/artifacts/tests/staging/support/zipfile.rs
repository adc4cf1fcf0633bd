//! Zip archives made by hand, so that every field can lie.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// One entry; the fields are what the headers say.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    /// What the local header says instead.
    pub(crate) local: Option<fn(&mut Entry)>,
    pub(crate) packed: Vec<u8>,
    /// What both headers say, where it is not the truth.
    pub(crate) packed_size: Option<u32>,
    pub(crate) size: u32,
    pub(crate) crc32: u32,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) mode: u32,
    /// Where the directory says that the local header is, where it is not the truth.
    pub(crate) start: Option<u32>,
    /// Extra fields: those of the directory, and of the local header by `local`.
    pub(crate) extra: Vec<u8>,
    pub(crate) comment: Vec<u8>,
}

pub(crate) fn stored(name: impl AsRef<[u8]>, content: &[u8]) -> Entry {
    Entry {
        name: name.as_ref().to_vec(),
        local: None,
        packed: content.to_vec(),
        packed_size: None,
        size: u32::try_from(content.len()).unwrap(),
        crc32: crc32fast::hash(content),
        method: 0,
        flags: 1 << 11,
        mode: 0o100_644,
        start: None,
        extra: Vec::new(),
        comment: Vec::new(),
    }
}

pub(crate) fn deflated(name: &str, content: &[u8]) -> Entry {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    Entry {
        packed: encoder.finish().unwrap(),
        method: 8,
        ..stored(name, content)
    }
}

pub(crate) fn moded(name: &str, content: &[u8], mode: u32) -> Entry {
    Entry {
        mode,
        ..stored(name, content)
    }
}

pub(crate) fn link(name: &str, target: &str) -> Entry {
    moded(name, target.as_bytes(), 0o120_777)
}

/// An extra field, APPNOTE 4.5.
pub(crate) fn extra(id: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&id.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
}

/// A zip64 extra field with these numbers, 4.5.3.
pub(crate) fn extra64(values: &[u64]) -> Vec<u8> {
    let data: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    extra(1, &data)
}

/// The records before the end record, and what a true end record says of them.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) entries: u16,
    pub(crate) directory_start: u32,
    pub(crate) directory_bytes: u32,
}

pub(crate) fn body(entries: &[Entry]) -> Body {
    let mut bytes = Vec::new();
    let mut starts = Vec::new();
    for entry in entries {
        starts.push(u32::try_from(bytes.len()).unwrap());
        bytes.extend_from_slice(b"PK\x03\x04\x14\x00");
        let mut local = Entry {
            extra: Vec::new(),
            ..entry.clone()
        };
        if let Some(lie) = entry.local {
            lie(&mut local);
        }
        fields(&mut bytes, &local);
        bytes.extend_from_slice(&local.name);
        bytes.extend_from_slice(&local.extra);
        bytes.extend_from_slice(&entry.packed);
    }
    let directory_start = u32::try_from(bytes.len()).unwrap();
    for (entry, start) in entries.iter().zip(starts) {
        bytes.extend_from_slice(b"PK\x01\x02\x14\x03\x14\x00");
        fields(&mut bytes, entry);
        bytes.extend_from_slice(&u16::try_from(entry.comment.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&(entry.mode << 16).to_le_bytes());
        bytes.extend_from_slice(&entry.start.unwrap_or(start).to_le_bytes());
        bytes.extend_from_slice(&entry.name);
        bytes.extend_from_slice(&entry.extra);
        bytes.extend_from_slice(&entry.comment);
    }
    Body {
        entries: u16::try_from(entries.len()).unwrap(),
        directory_bytes: u32::try_from(bytes.len()).unwrap() - directory_start,
        directory_start,
        bytes,
    }
}

fn fields(bytes: &mut Vec<u8>, entry: &Entry) {
    let packed = u32::try_from(entry.packed.len()).unwrap();
    bytes.extend_from_slice(&entry.flags.to_le_bytes());
    bytes.extend_from_slice(&entry.method.to_le_bytes());
    bytes.extend_from_slice(&[0, 0, 0x21, 0]);
    bytes.extend_from_slice(&entry.crc32.to_le_bytes());
    bytes.extend_from_slice(&entry.packed_size.unwrap_or(packed).to_le_bytes());
    bytes.extend_from_slice(&entry.size.to_le_bytes());
    bytes.extend_from_slice(&u16::try_from(entry.name.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(&u16::try_from(entry.extra.len()).unwrap().to_le_bytes());
}

/// The end record with these claims.
pub(crate) fn end(disk: u16, entries: u16, directory_bytes: u32, directory_start: u32) -> Vec<u8> {
    let mut end = b"PK\x05\x06".to_vec();
    end.extend_from_slice(&disk.to_le_bytes());
    end.extend_from_slice(&disk.to_le_bytes());
    end.extend_from_slice(&entries.to_le_bytes());
    end.extend_from_slice(&entries.to_le_bytes());
    end.extend_from_slice(&directory_bytes.to_le_bytes());
    end.extend_from_slice(&directory_start.to_le_bytes());
    end.extend_from_slice(&[0, 0]);
    end
}

/// A zip64 end record with these claims, its locator, and an end record that points to them.
pub(crate) fn end64(at: u64, entries: u64, directory_bytes: u64, directory_start: u64) -> Vec<u8> {
    let mut bytes = b"PK\x06\x06".to_vec();
    bytes.extend_from_slice(&44_u64.to_le_bytes());
    bytes.extend_from_slice(&[45, 3, 45, 0]);
    bytes.extend_from_slice(&[0; 8]);
    for value in [entries, entries, directory_bytes, directory_start] {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    bytes.extend_from_slice(&at.to_le_bytes());
    bytes.extend_from_slice(&1_u32.to_le_bytes());
    bytes.extend(end(0, u16::MAX, u32::MAX, u32::MAX));
    bytes
}

/// An archive whose end record tells the truth.
pub(crate) fn zip(entries: &[Entry]) -> Vec<u8> {
    let body = body(entries);
    let end = end(0, body.entries, body.directory_bytes, body.directory_start);
    [body.bytes, end].concat()
}

/// An archive of files without content, made in one go.
pub(crate) fn empty_entries(names: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut starts = Vec::with_capacity(names.len());
    let mut common = vec![20, 0, 0, 8];
    common.resize(26 - 4, 0);
    for name in names {
        starts.push(bytes.len() as u32);
        bytes.extend_from_slice(b"PK\x03\x04");
        bytes.extend_from_slice(&common);
        bytes.extend_from_slice(&(name.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(name);
    }
    let directory_start = bytes.len() as u64;
    for (name, start) in names.iter().zip(starts) {
        bytes.extend_from_slice(b"PK\x01\x02\x14\x03");
        bytes.extend_from_slice(&common);
        bytes.extend_from_slice(&(name.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&[0; 12]);
        bytes.extend_from_slice(&start.to_le_bytes());
        bytes.extend_from_slice(name);
    }
    let at = bytes.len() as u64;
    bytes.extend(end64(
        at,
        names.len() as u64,
        at - directory_start,
        directory_start,
    ));
    bytes
}
