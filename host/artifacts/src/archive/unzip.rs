//! Zip, in two passes: every entry's name, kind and claims are checked before the first byte is
//! placed; then each is inflated, counted, and checked against its checksum and both its headers.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Read, Seek};

use zip::read::{ArchiveOffset, Config, ZipReadOptions};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::census::{self, Budgeted};
use super::layout;
use super::meter::{Meter, Watched, read_failed};
use super::name::EntryPath;
use super::place::Placer;
use crate::error::{Limit, Rule, Shown, StageError, plain};

/// Bits of a Unix mode that say what kind of file it is.
const KIND_MASK: u32 = 0o170_000;
const KIND_FILE: u32 = 0o100_000;
const KIND_FOLDER: u32 = 0o040_000;
const KIND_LINK: u32 = 0o120_000;

/// General purpose bits, 4.4.4 of the APPNOTE: strong encryption, names in UTF-8, and headers masked by
/// encryption of the directory.
const FLAG_STRONG: u16 = 1 << 6;
const FLAG_UTF8: u16 = 1 << 11;
const FLAG_MASKED: u16 = 1 << 13;

/// Linux takes no longer link.
const LINK_BYTES: u64 = 4096;

/// What an entry is once it passed every check.
enum Plan {
    /// The root itself.
    Nothing,
    Folder(EntryPath),
    File {
        path: EntryPath,
        program: bool,
    },
    Link(EntryPath),
}

pub(crate) fn unzip(
    file: &mut File,
    meter: &Meter<'_>,
    placer: &mut Placer<'_>,
) -> Result<(), StageError> {
    let census = census::take(file, meter.limits())?;
    let config = Config {
        archive_offset: ArchiveOffset::Known(0),
    };
    let budget = Cell::new(Some(census.budget()));
    let watched = Watched::new(&mut *file, meter.cancel());
    let reader = Budgeted::new(BufReader::new(watched), &budget);
    let mut archive = ZipArchive::with_config(config, reader).map_err(damaged_archive)?;
    if archive.len() as u64 != census.entries
        || (census.entries > 0 && archive.central_directory_start() != census.directory_start)
    {
        return Err(StageError::Archive(
            "has more than one directory, or a name twice in it".to_owned(),
        ));
    }
    let plans = (0..archive.len())
        .map(|index| plan(&archive, index, meter))
        .collect::<Result<Vec<_>, _>>()?;
    let ends = layout::ends(&archive, census.directory_start)?;
    // The budget was for the directory; contents are metered as they are inflated.
    budget.set(None);
    for (index, (plan, end)) in plans.iter().zip(ends).enumerate() {
        meter.cancel().check()?;
        place(&mut archive, (index, end), plan, meter, placer)?;
    }
    Ok(())
}

fn plan<R: Read + Seek>(
    archive: &ZipArchive<R>,
    index: usize,
    meter: &Meter<'_>,
) -> Result<Plan, StageError> {
    let entry = archive.by_index_data(index).map_err(damaged_archive)?;
    let name = entry.name().map_err(damaged_archive)?;
    let refuse = |rule| StageError::entry(&name, rule);
    let flags = entry.flags().as_u16();
    // The crate takes a name that is not what its flag says for one of DOS.
    if flags & FLAG_UTF8 != 0 && std::str::from_utf8(entry.name_raw()).is_err() {
        return Err(StageError::Entry {
            entry: Shown::bytes(entry.name_raw()),
            rule: Rule::NotUtf8,
        });
    }
    let path = EntryPath::parse(&name).map_err(refuse)?;
    let method = entry.compression();
    if entry.encrypted()
        || flags & (FLAG_STRONG | FLAG_MASKED) != 0
        || method == CompressionMethod::AES
    {
        return Err(refuse(Rule::Encrypted));
    }
    if !matches!(
        method,
        CompressionMethod::Stored | CompressionMethod::Deflated
    ) {
        return Err(refuse(Rule::Method(method_name(method))));
    }
    // A claim too large is refused at once; one too small is found out while inflating.
    if entry.size() > meter.limits().bytes {
        return Err(StageError::OverLimit {
            entry: Shown::new(&name),
            limit: Limit::Bytes(meter.limits().bytes),
        });
    }
    let mode = entry.unix_mode().unwrap_or_default();
    let folder = name.ends_with('/') || mode & KIND_MASK == KIND_FOLDER;
    if folder && entry.size() != 0 {
        return Err(refuse(Rule::Content));
    }
    Ok(match (mode & KIND_MASK, path) {
        (_, None) if folder => Plan::Nothing,
        (_, None) => return Err(refuse(Rule::EmptyName)),
        (0 | KIND_FOLDER | KIND_FILE, Some(path)) if folder => Plan::Folder(path),
        (0 | KIND_FILE, Some(path)) => Plan::File {
            path,
            program: mode & 0o111 != 0,
        },
        (KIND_LINK, Some(_)) if folder => return Err(refuse(Rule::TwoKinds)),
        (KIND_LINK, Some(path)) => Plan::Link(path),
        _ => return Err(refuse(Rule::Device)),
    })
}

fn place<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    (index, end): (usize, u64),
    plan: &Plan,
    meter: &Meter<'_>,
    placer: &mut Placer<'_>,
) -> Result<(), StageError> {
    let path = match plan {
        Plan::Nothing => return Ok(()),
        Plan::Folder(path) => return placer.folder(path),
        Plan::File { path, .. } | Plan::Link(path) => path,
    };
    let options = ZipReadOptions::new().enforce_header_consistency(true);
    let entry = archive
        .by_index_with_options(index, options)
        .map_err(|error| damaged_entry(path, error))?;
    if layout::content_end(&entry).is_none_or(|content| content > end) {
        return Err(StageError::entry(path.as_str(), Rule::Overlaps));
    }
    let size = entry.size();
    let mut content = meter.meter(entry);
    let came = match plan {
        Plan::Link(path) => {
            let mut target = Vec::new();
            content
                .take(LINK_BYTES)
                .read_to_end(&mut target)
                .map_err(|error| read_failed(path.as_str(), error))?;
            let text = std::str::from_utf8(&target)
                .map_err(|_| StageError::entry(path.as_str(), Rule::NotUtf8))?;
            placer.link(path, text)?;
            target.len() as u64
        }
        Plan::File { program, .. } => placer.file(path, *program, &mut content)?,
        Plan::Nothing | Plan::Folder(_) => size,
    };
    if came != size {
        return Err(StageError::entry(path.as_str(), Rule::Size));
    }
    Ok(())
}

pub(crate) fn damaged_archive(error: ZipError) -> StageError {
    match error {
        ZipError::Io(error) if error.raw_os_error().is_some() => {
            StageError::read("the downloaded object")(error)
        }
        error => StageError::Archive(format!("cannot be read as zip ({})", reason(&error))),
    }
}

fn damaged_entry(path: &EntryPath, error: ZipError) -> StageError {
    match error {
        ZipError::Io(error) => read_failed(path.as_str(), error),
        error => StageError::entry(path.as_str(), Rule::Damaged(reason(&error))),
    }
}

/// The crate's own words, less what ours have said already.
fn reason(error: &ZipError) -> String {
    let said = error.to_string();
    let prefix = "header inconsistency detected: ";
    plain(match error {
        ZipError::InvalidArchive(text) => text.trim_start_matches(prefix),
        _ => &said,
    })
}

/// The names of APPNOTE 4.4.5, for the methods that tools write today.
fn method_name(method: CompressionMethod) -> &'static str {
    match method {
        CompressionMethod::SHRINK => "Shrink",
        CompressionMethod::IMPLODE => "Implode",
        CompressionMethod::DEFLATE64 => "Deflate64",
        CompressionMethod::BZIP2 => "bzip2",
        CompressionMethod::LZMA => "LZMA",
        CompressionMethod::ZSTD | CompressionMethod::ZSTD_DEPRECATED => "Zstandard",
        CompressionMethod::XZ => "xz",
        CompressionMethod::PPMD => "PPMd",
        _ => "a method not known here",
    }
}
