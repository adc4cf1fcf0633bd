//! Tar, read block by block.
//!
//! The tar crate decodes single headers. Its iterator is not used: it takes long names and pax
//! records of any size into memory, and extracts by path. Sizes come from one place: a pax record
//! that gives another size than its header is obeyed, as POSIX says, so that entries can be larger
//! than 8 GiB. (A reader that takes the header's size there finds other entries in the same bytes; of
//! two that disagree, one is checked and the other used.)

use std::io::{self, Read};

use tar::{EntryType, Header};

use super::meter::{between_failed, read_failed};
use super::name::EntryPath;
use super::pax::{Extension, read_pax};
use super::place::Placer;
use crate::error::{Rule, Shown, StageError};

/// Tar's unit.
pub(crate) const BLOCK: usize = 512;

/// Long names and pax records beyond this serve no path that could be placed.
const EXTENSION_BYTES: u64 = 1 << 20;

/// Places every entry of the stream and reads it to its end, so that a wrong checksum after the last
/// entry is seen too.
pub(crate) fn untar(stream: &mut impl Read, placer: &mut Placer<'_>) -> Result<(), StageError> {
    let mut last = None;
    loop {
        // Errors before the next entry name the one before it: there is no other to name.
        let after = |error| between_failed(last.as_deref(), error);
        let Some((header, size, extension)) = next_entry(stream).map_err(after)? else {
            break;
        };
        last = Some(place(stream, &header, size, extension, placer)?);
    }
    io::copy(stream, &mut io::sink())
        .map(drop)
        .map_err(|error| between_failed(last.as_deref(), error))
}

/// Reads up to an entry's content. `None` at the end.
fn next_entry(stream: &mut impl Read) -> io::Result<Option<(Header, u64, Extension)>> {
    let mut extension = Extension::default();
    while let Some(block) = next_block(stream)? {
        let header = Header::from_byte_slice(&block);
        if !checksum_matches(&block) {
            return Err(damaged("a header's checksum does not match"));
        }
        let size = entry_size(header)?;
        match header.entry_type() {
            EntryType::GNULongName => extension.path = Some(text(extension_body(stream, size)?)),
            EntryType::GNULongLink => extension.link = Some(text(extension_body(stream, size)?)),
            EntryType::XHeader => read_pax(&extension_body(stream, size)?, &mut extension)?,
            EntryType::XGlobalHeader => {
                let mut global = Extension::default();
                read_pax(&extension_body(stream, size)?, &mut global)?;
                // Only comments and the like are common; a size for all entries would shift them.
                if !global.is_empty() {
                    return Err(damaged(
                        "a pax header gives one path, size or map to all entries",
                    ));
                }
            }
            _ => return Ok(Some((header.clone(), size, extension))),
        }
    }
    if extension.is_empty() {
        return Ok(None);
    }
    Err(damaged("it ends with a header that no entry follows"))
}

/// The size field. In base 256 the tar crate reads its last eight bytes, whatever the others say.
fn entry_size(header: &Header) -> io::Result<u64> {
    let field = &header.as_old().size;
    if field[0] & 0x80 != 0 && (field[0] != 0x80 || field[1..4] != [0; 3]) {
        return Err(damaged(
            "a header's size is negative, or of more than 64 bits",
        ));
    }
    header.entry_size()
}

/// Places one entry; returns its name.
fn place(
    stream: &mut impl Read,
    header: &Header,
    said: u64,
    extension: Extension,
    placer: &mut Placer<'_>,
) -> Result<String, StageError> {
    let raw = extension
        .path
        .unwrap_or_else(|| header.path_bytes().into_owned());
    let name = utf8(&raw, &raw)?;
    let refuse = |rule| StageError::entry(name, rule);
    let size = extension.size.unwrap_or(said);
    if extension.sparse {
        return Err(refuse(Rule::Sparse));
    }
    let path = EntryPath::parse(name).map_err(refuse)?;
    let kind = match header.entry_type() {
        // Before POSIX a folder was a file whose name ends with a slash.
        EntryType::Regular | EntryType::Continuous if name.ends_with('/') => EntryType::Directory,
        kind => kind,
    };
    if !matches!(kind, EntryType::Regular | EntryType::Continuous) && size != 0 {
        return Err(refuse(match kind {
            EntryType::GNUSparse => Rule::Sparse,
            EntryType::Directory | EntryType::Symlink | EntryType::Link => Rule::Content,
            kind => Rule::TarType(char::from(kind.as_byte())),
        }));
    }
    let link = |extension: Option<Vec<u8>>| {
        let raw = extension
            .or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned))
            .unwrap_or_default();
        utf8(&raw, name.as_bytes()).map(str::to_owned)
    };
    match (kind, path) {
        (EntryType::Directory, None) => {}
        (EntryType::Directory, Some(path)) => placer.folder(&path)?,
        (_, None) => return Err(refuse(Rule::EmptyName)),
        (EntryType::Regular | EntryType::Continuous, Some(path)) => {
            let program = header.mode().unwrap_or_default() & 0o111 != 0;
            let mut content = stream.by_ref().take(size);
            let placed = placer.file(&path, program, &mut content)?;
            if placed != size {
                return Err(refuse(Rule::Damaged("the archive ends within it".into())));
            }
            skip_padding(stream, size).map_err(|error| read_failed(name, error))?;
        }
        (EntryType::Symlink, Some(path)) => placer.link(&path, &link(extension.link)?)?,
        (EntryType::Link, Some(path)) => {
            let target = link(extension.link)?;
            let no_file = || refuse(Rule::HardLink(Shown::new(&target)));
            let file = EntryPath::parse(&target)
                .ok()
                .flatten()
                .ok_or_else(no_file)?;
            placer.hard_link(&path, &file)?;
        }
        (EntryType::Char | EntryType::Block | EntryType::Fifo, Some(_)) => {
            return Err(refuse(Rule::Device));
        }
        (EntryType::GNUSparse, Some(_)) => return Err(refuse(Rule::Sparse)),
        (kind, Some(_)) => return Err(refuse(Rule::TarType(char::from(kind.as_byte())))),
    }
    Ok(name.to_owned())
}

/// `None` at the end: a block of zeros, or no block at all, which many writers leave.
fn next_block(stream: &mut impl Read) -> io::Result<Option<[u8; BLOCK]>> {
    let mut block = Vec::with_capacity(BLOCK);
    stream.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
    if block.is_empty() {
        return Ok(None);
    }
    let block: [u8; BLOCK] = block
        .try_into()
        .map_err(|_| damaged("it ends in a header"))?;
    Ok(block.iter().any(|byte| *byte != 0).then_some(block))
}

fn extension_body(stream: &mut impl Read, size: u64) -> io::Result<Vec<u8>> {
    if size > EXTENSION_BYTES {
        return Err(damaged("a header of more than 1 MiB"));
    }
    let mut body = Vec::new();
    stream.by_ref().take(size).read_to_end(&mut body)?;
    if body.len() as u64 != size {
        return Err(damaged("it ends in a header"));
    }
    skip_padding(stream, size)?;
    Ok(body)
}

fn skip_padding(stream: &mut impl Read, size: u64) -> io::Result<()> {
    let padding = size.next_multiple_of(BLOCK as u64) - size;
    io::copy(&mut stream.by_ref().take(padding), &mut io::sink()).map(drop)
}

pub(crate) fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// GNU's long names end with a NUL.
fn text(mut body: Vec<u8>) -> Vec<u8> {
    while body.last() == Some(&0) {
        body.pop();
    }
    body
}

fn utf8<'a>(bytes: &'a [u8], entry: &[u8]) -> Result<&'a str, StageError> {
    std::str::from_utf8(bytes).map_err(|_| StageError::Entry {
        entry: Shown::bytes(entry),
        rule: Rule::NotUtf8,
    })
}

/// The sum of the header's bytes, its own field taken as blanks; old tars summed signed bytes.
pub(crate) fn checksum_matches(block: &[u8; BLOCK]) -> bool {
    let Ok(said) = Header::from_byte_slice(block).cksum() else {
        return false;
    };
    let field = 148..156;
    let bytes = || {
        block
            .iter()
            .enumerate()
            .map(|(at, byte)| if field.contains(&at) { b' ' } else { *byte })
    };
    let unsigned: u32 = bytes().map(u32::from).sum();
    let signed: i32 = bytes().map(|byte| i32::from(byte.cast_signed())).sum();
    said == unsigned || i64::from(said) == i64::from(signed)
}
