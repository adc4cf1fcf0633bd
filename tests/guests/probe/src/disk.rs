//! Everything that takes room on a disk, by every way that WASI has.
//!
//! Each goes on until it is refused, says how far it came, and answers as if nothing had happened.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a guest has no tokio, and its time is real"
)]

use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags, filesystem_error_code,
};
use wasip2::io::streams::{OutputStream, StreamError};

use crate::bindings::exports::pipefitter::action::handler::Job;
use crate::bindings::pipefitter::action::types::FailureType;
use crate::{Answer, config, failed, number, succeeded};

/// What comes of one way: how much was got, and what ended it.
type Got = (u64, String);

pub(crate) fn fill(job: &Job) -> Answer {
    let at = config(job, "at").unwrap_or("/scratch");
    let how = config(job, "how").unwrap_or("write");
    let step = number(job, "step").unwrap_or(1000);
    let (got, end) = match how {
        "write" | "append" => by_blocks(at, how == "append", step),
        "sparse" => by_holes(at, step),
        "size" => by_size(at, step),
        "descriptor" => by_descriptor(at, step),
        "stream" | "zeroes" | "splice" => by_stream(at, how, step),
        "files" => by_names(|n| File::create(format!("{at}/{n}")).map(drop)),
        "directories" => by_names(|n| fs::create_dir(format!("{at}/{n}"))),
        "links" => by_links(at),
        "depth" => by_depth(at),
        "open" => by_handles(at),
        "listings" => by_listings(at),
        other => {
            return failed(
                FailureType::ConfigurationError,
                &format!("no such way to fill a disk: {other}"),
            );
        }
    };
    println!("got {got}: {end}");
    succeeded(vec![
        ("got".to_owned(), got.to_string()),
        ("end".to_owned(), end),
    ])
}

fn until_refused(mut step: impl FnMut(u64) -> Result<u64, String>) -> Got {
    let mut got = 0;
    loop {
        match step(got) {
            Ok(more) => got += more,
            Err(end) => return (got, end),
        }
    }
}

fn kind(error: io::Error) -> String {
    format!("{:?}", error.kind())
}

fn by_blocks(at: &str, append: bool, step: u64) -> Got {
    let path = format!("{at}/blocks");
    let file = OpenOptions::new()
        .create(true)
        .write(!append)
        .append(append)
        .open(path);
    let Ok(mut file) = file else {
        return (0, "not opened".into());
    };
    let block = vec![b'x'; step as usize];
    until_refused(|_| file.write(&block).map(|n| n as u64).map_err(kind))
}

fn by_holes(at: &str, step: u64) -> Got {
    let Ok(mut file) = File::create(format!("{at}/holes")) else {
        return (0, "not opened".into());
    };
    until_refused(|got| {
        file.seek(SeekFrom::Start(got + step - 1)).map_err(kind)?;
        file.write_all(b"x").map_err(kind)?;
        Ok(step)
    })
}

fn by_size(at: &str, step: u64) -> Got {
    let Ok(file) = File::create(format!("{at}/size")) else {
        return (0, "not opened".into());
    };
    until_refused(|got| file.set_len(got + step).map(|()| step).map_err(kind))
}

fn by_names(make: impl Fn(u64) -> io::Result<()>) -> Got {
    until_refused(|n| make(n).map(|()| 1).map_err(kind))
}

fn by_depth(at: &str) -> Got {
    let mut path = at.to_owned();
    until_refused(|_| {
        path.push_str("/d");
        fs::create_dir(&path).map(|()| 1).map_err(kind)
    })
}

fn by_handles(at: &str) -> Got {
    let path = format!("{at}/file");
    let _made = fs::write(&path, b"x");
    let mut open = Vec::new();
    until_refused(|_| {
        open.push(File::open(&path).map_err(kind)?);
        Ok(1)
    })
}

/// The preopened directory of this path, for calls that the standard library has not.
fn directory(at: &str) -> Option<Descriptor> {
    let all = get_directories();
    let found = all.into_iter().find(|(_, path)| path == at);
    found.map(|(directory, _)| directory)
}

fn code(error: ErrorCode) -> String {
    error.name().to_owned()
}

fn by_links(at: &str) -> Got {
    let Some(directory) = directory(at) else {
        return (0, "not opened".into());
    };
    until_refused(|n| {
        let made = directory.symlink_at("target", &n.to_string());
        made.map(|()| 1).map_err(code)
    })
}

fn by_listings(at: &str) -> Got {
    let Some(directory) = directory(at) else {
        return (0, "not opened".into());
    };
    let mut open = Vec::new();
    until_refused(|_| {
        open.push(directory.read_directory().map_err(code)?);
        Ok(1)
    })
}

fn by_descriptor(at: &str, step: u64) -> Got {
    let Some(file) = new_file(at, "descriptor") else {
        return (0, "not opened".into());
    };
    let block = vec![b'x'; step as usize];
    until_refused(|got| file.write(&block, got).map_err(code))
}

fn new_file(at: &str, name: &str) -> Option<Descriptor> {
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    directory(at)?
        .open_at(PathFlags::empty(), name, OpenFlags::CREATE, flags)
        .ok()
}

fn by_stream(at: &str, how: &str, step: u64) -> Got {
    let (Some(source), Some(file)) = (new_file(at, "source"), new_file(at, "stream")) else {
        return (0, "not opened".into());
    };
    if how == "splice" && source.write(&vec![b'x'; step as usize], 0).is_err() {
        return (0, "no source".into());
    }
    let Ok(out) = file.write_via_stream(0) else {
        return (0, "no stream".into());
    };
    let block = vec![b'x'; step as usize];
    until_refused(|_| {
        match how {
            "zeroes" => out.write_zeroes(step).map_err(stream)?,
            "splice" => {
                let from = source.read_via_stream(0).map_err(code)?;
                out.blocking_splice(&from, step).map_err(stream)?;
            }
            _ => write(&out, &block)?,
        }
        Ok(step)
    })
}

fn write(out: &OutputStream, block: &[u8]) -> Result<(), String> {
    // As careful programs do: wait, ask, write, wait again.
    out.subscribe().block();
    let most = out.check_write().map_err(stream)?;
    assert!(most >= block.len() as u64, "only {most} at once");
    out.write(block).map_err(stream)?;
    out.blocking_flush().map_err(stream)
}

fn stream(error: StreamError) -> String {
    match error {
        StreamError::Closed => "closed".to_owned(),
        StreamError::LastOperationFailed(error) => match filesystem_error_code(&error) {
            Some(error) => code(error),
            None => error.to_debug_string(),
        },
    }
}

/// Writes and reads a file of `megabytes` (256) and small ones, `rounds` (1) times; the best time of each in
/// microseconds.
pub(crate) fn speed(job: &Job) -> Answer {
    let megabytes = number(job, "megabytes").unwrap_or(256);
    let small = number(job, "small").unwrap_or(1000);
    let mut best = [Duration::MAX; 6];
    for _ in 0..number(job, "rounds").unwrap_or(1) {
        match round(megabytes, small) {
            Ok(times) => {
                for (best, time) in best.iter_mut().zip(times) {
                    *best = time.min(*best);
                }
            }
            Err(error) => return failed(FailureType::JobFailed, &error.to_string()),
        }
    }
    let names = [
        "write-large",
        "read-large",
        "write-4k-file",
        "read-4k-file",
        "write-4k",
        "read-4k",
    ];
    let variables = names.iter().zip(best).map(|(name, time)| {
        let micros = format!("{:.1}", time.as_secs_f64() * 1e6);
        ((*name).to_owned(), micros)
    });
    succeeded(variables.collect())
}

fn round(megabytes: u64, small: u64) -> io::Result<[Duration; 6]> {
    let mut block = vec![b'x'; 1 << 20];
    let write_large = timed(1, |_| {
        let mut file = File::create("/scratch/large")?;
        (0..megabytes).try_for_each(|_| file.write_all(&block))
    })?;
    let read_large = timed(1, |_| {
        let mut file = File::open("/scratch/large")?;
        while black_box(file.read(&mut block)?) > 0 {}
        Ok(())
    })?;
    fs::remove_file("/scratch/large")?;
    let page = [b'x'; 4096];
    let write_file = timed(small, |n| fs::write(format!("/scratch/{}", n % 100), page))?;
    let read_file = timed(small, |n| {
        let read = fs::read(format!("/scratch/{}", n % 100))?;
        black_box(read);
        Ok(())
    })?;
    let mut file = File::create("/scratch/pages")?;
    let write_page = timed(small, |_| file.write_all(&page))?;
    let mut file = File::open("/scratch/pages")?;
    let mut page = page;
    let read_page = timed(small, |_| file.read_exact(&mut page))?;
    Ok([
        write_large,
        read_large,
        write_file,
        read_file,
        write_page,
        read_page,
    ])
}

/// The time of one of so many.
fn timed(times: u64, mut work: impl FnMut(u64) -> io::Result<()>) -> io::Result<Duration> {
    let start = Instant::now();
    (0..times).try_for_each(&mut work)?;
    Ok(start.elapsed() / u32::try_from(times.max(1)).unwrap_or(u32::MAX))
}
