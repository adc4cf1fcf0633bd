//! Tar archives made by hand.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A header and its content, padded. `kind` is tar's type flag.
pub(crate) fn entry(name: &[u8], kind: u8, link: &[u8], mode: &str, content: &[u8]) -> Vec<u8> {
    let mut header = header(name, kind, link, mode, content.len());
    header.extend_from_slice(content);
    header.resize(header.len().next_multiple_of(512), 0);
    header
}

pub(crate) fn header(name: &[u8], kind: u8, link: &[u8], mode: &str, size: usize) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name);
    block[100..107].copy_from_slice(format!("{mode:0>7}").as_bytes());
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link);
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

/// A file whose path is split as ustar splits it.
pub(crate) fn prefixed(prefix: &str, name: &str, content: &[u8]) -> Vec<u8> {
    let mut entry = entry(name.as_bytes(), b'0', b"", "644", content);
    entry[345..345 + prefix.len()].copy_from_slice(prefix.as_bytes());
    resummed(entry)
}

/// With the checksum that its header ought to have.
pub(crate) fn resummed(mut entry: Vec<u8>) -> Vec<u8> {
    entry[148..156].fill(b' ');
    let sum: u32 = entry[..512].iter().map(|byte| u32::from(*byte)).sum();
    entry[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    entry
}

pub(crate) fn file(name: &str, content: &[u8]) -> Vec<u8> {
    entry(name.as_bytes(), b'0', b"", "644", content)
}

pub(crate) fn special(name: &str, kind: u8) -> Vec<u8> {
    entry(name.as_bytes(), kind, b"", "644", b"")
}

pub(crate) fn link(name: &str, kind: u8, target: &str) -> Vec<u8> {
    entry(name.as_bytes(), kind, target.as_bytes(), "777", b"")
}

/// A pax header for the entry after it.
pub(crate) fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let body: String = records
        .iter()
        .map(|(key, value)| {
            let rest = format!(" {key}={value}\n");
            let length = (1..)
                .map(|digits| rest.len() + digits)
                .find(|length| length.to_string().len() + rest.len() == *length)
                .unwrap();
            format!("{length}{rest}")
        })
        .collect();
    entry(b"pax", b'x', b"", "644", body.as_bytes())
}

pub(crate) fn tar(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut archive = entries.concat();
    archive.resize(archive.len() + 1024, 0);
    archive
}

pub(crate) fn gz(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
