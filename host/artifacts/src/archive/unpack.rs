//! One object into one directory.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use flate2::read::MultiGzDecoder;

use super::detect::{Format, detect};
use super::meter::{Meter, Watched};
use super::place::Placer;
use super::untar::untar;
use super::unzip::unzip;
use crate::cancel::Cancel;
use crate::contract::{Fetched, Unpack, UnpackLimits};
use crate::error::{Limit, Shown, StageError};

const BLOCK_BYTES: usize = 256 * 1024;
/// Copied between two looks at whether the work is still wanted.
const STRETCH_BYTES: u64 = 64 << 20;

/// What is unpacked, and how.
pub(crate) struct Job<'a> {
    /// Read from its start.
    pub(crate) file: File,
    /// An empty directory of ours. What a failed call leaves in it means nothing.
    pub(crate) into: &'a Dir,
    /// The name where it is placed as one file.
    pub(crate) name: &'a str,
    pub(crate) unpack: Unpack,
    pub(crate) limits: &'a UnpackLimits,
}

pub(crate) fn unpack(job: Job<'_>, cancel: &Cancel) -> Result<Fetched, StageError> {
    let Job {
        mut file,
        into,
        name,
        unpack,
        limits,
    } = job;
    let object_bytes = file.metadata().map_err(reading)?.len();
    if object_bytes > limits.object_bytes {
        return Err(StageError::ObjectTooLarge {
            object: Shown::new(name).to_string(),
            limit: limits.object_bytes,
        });
    }
    let format = match unpack {
        Unpack::Auto => detect(&mut file, cancel).map_err(reading)?,
        Unpack::Never => Format::File,
    };
    cancel.check()?;
    let meter = Meter::new(limits, object_bytes, cancel);
    let mut placer = Placer::new(into, &meter);
    match format {
        Format::Zip => unzip(&mut file, &meter, &mut placer)?,
        Format::Tar => {
            let file = buffered(Watched::new(file, cancel));
            untar(&mut meter.meter(file), &mut placer)?;
        }
        Format::TarGz => {
            let inflated = MultiGzDecoder::new(buffered(Watched::new(file, cancel)));
            untar(&mut meter.meter(buffered(inflated)), &mut placer)?;
        }
        Format::File => {
            place_whole(&file, object_bytes, into, name, limits, cancel)?;
            return Ok(Fetched {
                file: Some(name.to_owned()),
                object_bytes,
                bytes: object_bytes,
                entries: 1,
            });
        }
    }
    let entries = placer.finish()?;
    Ok(Fetched {
        file: None,
        object_bytes,
        bytes: meter.placed(),
        entries,
    })
}

fn place_whole(
    file: &File,
    bytes: u64,
    into: &Dir,
    name: &str,
    limits: &UnpackLimits,
    cancel: &Cancel,
) -> Result<(), StageError> {
    if bytes > limits.bytes {
        return Err(StageError::OverLimit {
            entry: Shown::new(name),
            limit: Limit::Bytes(limits.bytes),
        });
    }
    let placing = || StageError::place(Shown::new(name).to_string());
    let mut placed = into
        .open_with(
            name,
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o644)
                .follow(FollowSymlinks::No),
        )
        .map_err(placing())?
        .into_std();
    loop {
        cancel.check()?;
        // Between two files of ours the kernel copies by itself, by reference where it can.
        let copied = io::copy(&mut file.take(STRETCH_BYTES), &mut placed).map_err(placing())?;
        if copied == 0 {
            return placed.flush().map_err(placing());
        }
    }
}

fn buffered<R: Read>(reader: R) -> BufReader<R> {
    BufReader::with_capacity(BLOCK_BYTES, reader)
}

fn reading(error: io::Error) -> StageError {
    StageError::read("the downloaded object")(error)
}
