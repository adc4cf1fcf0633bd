//! The job's log: standard output, standard error and `log.write`, in the order in which the guest wrote
//! them, cleaned, and within a budget.
//!
//! Streams write straight through, with no task or buffer between, so that a line of standard output and
//! a `log.write` after it cannot change places, and nothing is lost when a guest traps.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::limits::{Limit, Limits};
use crate::lines::{MAX_LINE, RawLine, Splitter};
use crate::runner::{JobHost, Level, LogLine};
use crate::text;

#[expect(
    clippy::disallowed_types,
    reason = "only the guest's own task writes, so it is never contended, and it is not held over an await"
)]
type Lock<T> = std::sync::Mutex<T>;

const SECOND: Duration = Duration::from_secs(1);

/// Ends the text of a line that was cut.
const CUT: &str = " [cut]";
/// Names and values with one message.
pub(crate) const MAX_FIELDS: usize = 32;
/// Characters of a progress summary, as in the contract.
pub(crate) const MAX_SUMMARY: usize = 2048;

/// What of the log was kept and what not, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogUsage {
    pub(crate) kept: u64,
    pub(crate) dropped: u64,
}

/// One job's log. Clones are the same log.
#[derive(Clone)]
pub(crate) struct JobLog(Arc<Lock<Inner>>);

struct Inner {
    sink: Arc<dyn JobHost>,
    threshold: Level,
    budget: u64,
    /// Lines that one second may have.
    rate: u64,
    /// Bytes that one line may have.
    longest: usize,
    /// The second that is counted now began then.
    second: Instant,
    in_second: u64,
    /// Lines dropped in it, to be told.
    skipped: u64,
    kept: u64,
    /// Of cut lines, and of everything after the budget was used up.
    dropped: u64,
    full: bool,
    closed: bool,
    out: Splitter,
    err: Splitter,
}

#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

impl JobLog {
    pub(crate) fn new(sink: Arc<dyn JobHost>, threshold: Level, limits: &Limits) -> JobLog {
        JobLog(Arc::new(Lock::new(Inner {
            sink,
            threshold,
            budget: limits.log(),
            rate: limits.get(Limit::LogRate).max(1),
            longest: limits.count(Limit::LogLine).clamp(2 * CUT.len(), MAX_LINE),
            second: Instant::now(),
            in_second: 0,
            skipped: 0,
            kept: 0,
            dropped: 0,
            full: false,
            closed: false,
            out: Splitter::default(),
            err: Splitter::default(),
        })))
    }

    pub(crate) fn stdout(&self) -> Stdio {
        Stdio {
            log: self.clone(),
            stream: Stream::Out,
        }
    }

    pub(crate) fn stderr(&self) -> Stdio {
        Stdio {
            log: self.clone(),
            stream: Stream::Err,
        }
    }

    pub(crate) fn threshold(&self) -> Level {
        self.with(|inner| inner.threshold)
    }

    /// A message of the guest's. Its fields go with its first line.
    pub(crate) fn write(&self, level: Level, message: &str, fields: &[(String, String)]) {
        self.with(|inner| {
            if level < inner.threshold {
                return;
            }
            let mut fields = Some(fields);
            let mut splitter = Splitter::default();
            let mut line = |raw: RawLine<'_>| inner.line(level, &raw, fields.take().unwrap_or(&[]));
            splitter.write(message.as_bytes(), &mut line);
            // A message without a line end at its end is whole all the same; an empty one is a line.
            splitter.finish(&mut line);
            if message.is_empty() {
                line(RawLine {
                    bytes: b"",
                    excess: 0,
                });
            }
        });
    }

    pub(crate) fn progress(&self, percent: Option<u8>, summary: &str) {
        let cleaned = text::clean(summary);
        let cut = text::first_chars(&cleaned, MAX_SUMMARY).to_owned();
        self.with(|inner| inner.sink.progress(percent, cut));
    }

    /// Write what is left of unfinished lines, and how much was dropped. Later writes go nowhere.
    pub(crate) fn close(&self) {
        self.with(|inner| {
            for stream in [Stream::Out, Stream::Err] {
                inner.stdio(stream, None);
            }
            inner.tell_skipped();
            if inner.full && !std::mem::replace(&mut inner.closed, true) {
                let text = format!(
                    "the log is full: {} were dropped, a job of this plugin may write {}",
                    text::size(inner.dropped),
                    text::size(inner.budget)
                );
                inner.sink.log(LogLine {
                    level: Level::Warn,
                    text,
                    fields: Vec::new(),
                    cut: false,
                });
            }
            inner.closed = true;
        });
    }

    pub(crate) fn usage(&self) -> LogUsage {
        self.with(|inner| LogUsage {
            kept: inner.kept,
            dropped: inner.dropped,
        })
    }

    fn with<R>(&self, f: impl FnOnce(&mut Inner) -> R) -> R {
        // Poisoned means that the sink panicked: the job failed for it, its figures still stand.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    /// Bytes of a stream; none stands for its end.
    fn stdio(&mut self, stream: Stream, bytes: Option<&[u8]>) {
        if self.full {
            self.dropped += bytes.map_or(0, <[u8]>::len) as u64;
            return;
        }
        let (splitter, level) = match stream {
            Stream::Out => (&mut self.out, Level::Info),
            Stream::Err => (&mut self.err, Level::Warn),
        };
        let mut splitter = std::mem::take(splitter);
        match bytes {
            Some(bytes) => splitter.write(bytes, |raw| self.line(level, &raw, &[])),
            None => splitter.finish(|raw| self.line(level, &raw, &[])),
        }
        match stream {
            Stream::Out => self.out = splitter,
            Stream::Err => self.err = splitter,
        }
    }

    fn line(&mut self, level: Level, raw: &RawLine<'_>, fields: &[(String, String)]) {
        if level < self.threshold || self.closed {
            return;
        }
        if self.full {
            self.dropped += raw.written();
            return;
        }
        if !self.in_time() {
            self.skipped += 1;
            self.dropped += raw.written();
            return;
        }
        let cleaned = text::clean(&decode(raw.bytes));
        let mut cut = raw.excess > 0 || cleaned.len() > self.longest;
        let mut text = cleaned;
        if cut {
            let kept = text::first_bytes(&text, self.longest - CUT.len()).len();
            text.truncate(kept);
            text.push_str(CUT);
        }
        let mut room = self.longest.saturating_sub(text.len());
        let mut kept_fields = Vec::new();
        for (name, value) in fields {
            if kept_fields.len() == MAX_FIELDS || room == 0 {
                cut = true;
                break;
            }
            let name = text::clean(name);
            let value = text::clean(value);
            let short_name = text::first_bytes(&name, room).to_owned();
            let short = text::first_bytes(&value, room - short_name.len()).to_owned();
            cut |= short_name.len() < name.len() || short.len() < value.len();
            room -= short_name.len() + short.len();
            kept_fields.push((short_name, short));
        }
        let size = (text.len()
            + 1
            + kept_fields
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum::<usize>()) as u64;
        // Once a line does not fit nothing more is kept: a log with holes misleads.
        if self.kept + size > self.budget {
            self.full = true;
            self.dropped += raw.written();
            return;
        }
        self.kept += size;
        self.dropped += raw.excess;
        self.sink.log(LogLine {
            level,
            text,
            fields: kept_fields,
            cut,
        });
    }
}

impl Inner {
    /// Whether this second has room for one more line. A second begins with the first line after the last one.
    fn in_time(&mut self) -> bool {
        if self.second.elapsed() >= SECOND {
            self.tell_skipped();
            self.second = Instant::now();
            self.in_second = 0;
        }
        self.in_second += 1;
        self.in_second <= self.rate
    }

    /// Marks the place where lines are missing. Not counted: one line a second at the most.
    fn tell_skipped(&mut self) {
        let skipped = std::mem::take(&mut self.skipped);
        if skipped == 0 || self.closed {
            return;
        }
        let text = format!(
            "{skipped} lines were dropped here: a job of this plugin may write {} in a second",
            self.rate
        );
        self.sink.log(LogLine {
            level: Level::Warn,
            text,
            fields: Vec::new(),
            cut: false,
        });
    }
}

/// Text of the bytes, with U+FFFD for what is not UTF-8. A character cut in two at the end of a full line
/// is left out instead.
fn decode(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    if bytes.len() == MAX_LINE
        && let Err(error) = std::str::from_utf8(bytes)
        && error.error_len().is_none()
    {
        return String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
    }
    String::from_utf8_lossy(bytes)
}

/// Standard output or standard error.
#[derive(Clone)]
pub(crate) struct Stdio {
    log: JobLog,
    stream: Stream,
}

impl Stdio {
    pub(crate) fn take(&self, bytes: &[u8]) {
        self.log.with(|inner| inner.stdio(self.stream, Some(bytes)));
    }
}

impl IsTerminal for Stdio {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Stdio {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Stdio {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 << 10)
    }
}

#[async_trait]
impl Pollable for Stdio {
    async fn ready(&mut self) {}
}

impl tokio::io::AsyncWrite for Stdio {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        self.take(bytes);
        std::task::Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
