//! What is inflated and placed, counted as it comes. Sizes in headers are claims, never trusted.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

use crate::cancel::Cancel;
use crate::contract::UnpackLimits;
use crate::error::{Limit, Rule, Shown, StageError, plain};

/// Up to here no ratio is looked at: a short text of one repeated letter is no bomb.
pub(crate) const RATIO_FREE_BYTES: u64 = 1 << 20;

/// Headers and padding that a stream may have besides content: a block each of header, padding and
/// extension, twice over, for each entry.
const STREAM_OVERHEAD_FOR_EACH_ENTRY: u64 = 3072;

/// Counts one archive.
pub(crate) struct Meter<'a> {
    limits: &'a UnpackLimits,
    object_bytes: u64,
    inflated: Cell<u64>,
    placed: Cell<u64>,
    cancel: &'a Cancel,
}

/// Why a metered reader stopped; travels through readers that are not ours as an `io::Error`.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("cancelled")]
    Cancelled,
    #[error("{0}")]
    Limit(Limit),
}

impl<'a> Meter<'a> {
    pub(crate) fn new(limits: &'a UnpackLimits, object_bytes: u64, cancel: &'a Cancel) -> Self {
        Self {
            limits,
            object_bytes,
            inflated: Cell::new(0),
            placed: Cell::new(0),
            cancel,
        }
    }

    pub(crate) fn limits(&self) -> &UnpackLimits {
        self.limits
    }

    pub(crate) fn cancel(&self) -> &Cancel {
        self.cancel
    }

    /// Bytes of content placed so far.
    pub(crate) fn placed(&self) -> u64 {
        self.placed.get()
    }

    /// Counts content that is about to be placed.
    pub(crate) fn place(&self, bytes: u64) -> Result<(), Limit> {
        let placed = self.placed.get().saturating_add(bytes);
        self.placed.set(placed);
        if placed > self.limits.bytes {
            return Err(Limit::Bytes(self.limits.bytes));
        }
        Ok(())
    }

    fn inflate(&self, bytes: u64) -> Result<(), Limit> {
        let inflated = self.inflated.get().saturating_add(bytes);
        self.inflated.set(inflated);
        let allowed = self
            .object_bytes
            .saturating_mul(self.limits.ratio)
            .max(RATIO_FREE_BYTES);
        if inflated > allowed {
            return Err(Limit::Ratio {
                ratio: self.limits.ratio,
                object: self.object_bytes,
            });
        }
        let overhead = self
            .limits
            .entries
            .saturating_mul(STREAM_OVERHEAD_FOR_EACH_ENTRY)
            .saturating_add(RATIO_FREE_BYTES);
        if inflated > self.limits.bytes.saturating_add(overhead) {
            return Err(Limit::Bytes(self.limits.bytes));
        }
        Ok(())
    }

    /// A reader whose bytes are counted as inflated.
    pub(crate) fn meter<R: Read>(&'a self, inner: R) -> Metered<'a, R> {
        Metered { inner, meter: self }
    }
}

/// Ends with the work, however much is read without a byte coming out: a stream of nothing but empty gzip
/// members inflates to nothing for as long as it lasts.
pub(crate) struct Watched<'a, R> {
    inner: R,
    cancel: &'a Cancel,
}

impl<'a, R> Watched<'a, R> {
    pub(crate) fn new(inner: R, cancel: &'a Cancel) -> Self {
        Self { inner, cancel }
    }
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_raised() {
            return Err(io::Error::other(Stop::Cancelled));
        }
        self.inner.read(buffer)
    }
}

impl<R: Seek> Seek for Watched<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Counts what passes through it.
pub(crate) struct Metered<'a, R> {
    inner: R,
    meter: &'a Meter<'a>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.meter
            .inflate(read as u64)
            .map_err(|limit| io::Error::other(Stop::Limit(limit)))?;
        Ok(read)
    }
}

/// What a failed read of an entry's content means.
pub(crate) fn read_failed(entry: &str, error: io::Error) -> StageError {
    if let Some(stop) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Stop>())
    {
        return match stop {
            Stop::Cancelled => StageError::Cancelled,
            Stop::Limit(limit) => StageError::OverLimit {
                entry: Shown::new(entry),
                limit: *limit,
            },
        };
    }
    // An error with a number comes from our own disk, any other from decoding.
    if error.raw_os_error().is_some() {
        return StageError::read("the downloaded object")(error);
    }
    StageError::entry(entry, Rule::Damaged(plain(&error.to_string())))
}

/// What a failed read after one entry, and before the next, means.
pub(crate) fn between_failed(last: Option<&str>, error: io::Error) -> StageError {
    match (read_failed(last.unwrap_or("(first)"), error), last) {
        (
            StageError::Entry {
                entry,
                rule: Rule::Damaged(what),
            },
            Some(_),
        ) => StageError::Archive(format!("is damaged after entry {entry} ({what})")),
        (
            StageError::Entry {
                rule: Rule::Damaged(what),
                ..
            },
            None,
        ) => StageError::Archive(format!("is damaged before its first entry ({what})")),
        (error, _) => error,
    }
}
