//! Artifacts of tests: good ones, and ones that no library would write.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// A zip of files.
#[must_use]
pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .expect("a zip in memory");
        writer.write_all(content).expect("a zip in memory");
    }
    writer.finish().expect("a zip in memory").into_inner()
}

/// What is in a zip, by name.
#[must_use]
pub fn unzip(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("the artifact is a zip");
    let mut files = Vec::new();
    for at in 0..archive.len() {
        let mut entry = archive
            .by_index(at)
            .expect("the artifact's entries can be read");
        if entry.is_dir() {
            continue;
        }
        let mut content = Vec::new();
        entry
            .read_to_end(&mut content)
            .expect("the artifact's entries can be read");
        let name = entry
            .name()
            .expect("the artifact's entries have names")
            .into_owned();
        files.push((name, content));
    }
    files.sort();
    files
}

/// A zip whose only entry has this very name, however bad: the name is patched into a good zip.
#[must_use]
pub fn zip_named(name: &str) -> Vec<u8> {
    let stand_in = "q".repeat(name.len());
    let mut bytes = zip(&[(&stand_in, b"content")]);
    replace_all(&mut bytes, stand_in.as_bytes(), name.as_bytes());
    bytes
}

/// A zip that breaks off in the middle of an entry.
#[must_use]
pub fn truncated() -> Vec<u8> {
    let content = noise(200_000);
    let mut bytes = zip(&[("large.bin", &content)]);
    bytes.truncate(bytes.len() / 2);
    bytes
}

/// A small zip of very many zeros.
#[must_use]
pub fn bomb() -> Vec<u8> {
    zip(&[
        ("readme.txt", b"harmless"),
        ("zeros.bin", &vec![0; 64 << 20]),
    ])
}

/// A zip with a link that leaves.
#[must_use]
pub fn leaving_link() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .add_symlink(
            "passwords",
            "../../../../../etc/passwd",
            SimpleFileOptions::default(),
        )
        .expect("a zip in memory");
    writer.finish().expect("a zip in memory").into_inner()
}

/// A stored zip: for content that does not compress.
#[must_use]
pub fn stored(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in files {
        writer.start_file(*name, options).expect("a zip in memory");
        writer.write_all(content).expect("a zip in memory");
    }
    writer.finish().expect("a zip in memory").into_inner()
}

/// Bytes that do not compress; the same at every call.
#[must_use]
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn replace_all(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let mut at = 0;
    while at + from.len() <= bytes.len() {
        if &bytes[at..at + from.len()] == from {
            bytes[at..at + from.len()].copy_from_slice(to);
            at += from.len();
        } else {
            at += 1;
        }
    }
}
