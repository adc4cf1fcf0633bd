//! What an object is, by its first bytes. Keys and content types lie; CodePipeline's keys have no
//! extension at all.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;

use super::meter::Watched;
use super::untar::{BLOCK, checksum_matches};
use crate::cancel::Cancel;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Zip,
    Tar,
    TarGz,
    /// Anything else.
    File,
}

/// Leaves the file at its start.
pub(crate) fn detect(file: &mut File, cancel: &Cancel) -> io::Result<Format> {
    let head = head_of(&mut *file)?;
    file.seek(SeekFrom::Start(0))?;
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Format::Zip);
    }
    if is_tar(&head) {
        return Ok(Format::Tar);
    }
    if head.starts_with(b"\x1f\x8b\x08") {
        // A stream too short or damaged to tell is a file like any other.
        let inner =
            head_of(MultiGzDecoder::new(Watched::new(&mut *file, cancel))).unwrap_or_default();
        file.seek(SeekFrom::Start(0))?;
        if is_tar(&inner) {
            return Ok(Format::TarGz);
        }
    }
    Ok(Format::File)
}

fn head_of(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(BLOCK);
    reader.take(BLOCK as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// POSIX and GNU tar say `ustar`; older ones have only a checksum that fits.
fn is_tar(head: &[u8]) -> bool {
    let Ok(block) = <&[u8; BLOCK]>::try_from(head) else {
        return false;
    };
    block[257..262] == *b"ustar" || (block[0] != 0 && checksum_matches(block))
}
