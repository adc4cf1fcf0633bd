//! The job's log file: one line per entry, masked before it comes here.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::Path;

use pipefitter_sandbox::{Level, LogLine};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

/// Lines that a failure's message can quote.
const TAIL: usize = 12;

/// The file may hold so much more than the plugin's log limit: times, levels, fields and the host's own
/// lines.
const OVERHEAD: u64 = 256 << 10;

/// What the writer is told.
pub(crate) enum Item {
    Line(LogLine),
    /// The run is over: nothing that comes later counts.
    End,
}

/// Writes lines until the run is over and returns the last ones. Errors of the disk do not end the job:
/// its result is worth more than its log.
pub(crate) async fn write(
    path: &Path,
    limit: u64,
    mut lines: mpsc::UnboundedReceiver<Item>,
) -> Vec<String> {
    let mut tail = VecDeque::with_capacity(TAIL);
    let mut file = open(path).await;
    let mut room = limit.saturating_add(OVERHEAD);
    let mut batch = String::new();
    while let Some(item) = lines.recv().await {
        let mut next = Some(item);
        let mut ended = false;
        while let Some(item) = next {
            match item {
                Item::Line(line) => {
                    let text = render(line.level, &line.text, &line.fields);
                    let bytes = text.len() as u64;
                    if bytes <= room {
                        room -= bytes;
                        batch.push_str(&text);
                    }
                    if tail.len() == TAIL {
                        tail.pop_front();
                    }
                    tail.push_back(line.text);
                }
                Item::End => {
                    ended = true;
                    break;
                }
            }
            next = lines.try_recv().ok();
        }
        if let Some(open) = &mut file
            && let Err(error) = open.write_all(batch.as_bytes()).await
        {
            tracing::warn!(log = %path.display(), %error, "the job's log cannot be written");
            file = None;
        }
        batch.clear();
        if ended {
            break;
        }
    }
    if let Some(mut open) = file
        && let Err(error) = open.flush().await
    {
        tracing::warn!(log = %path.display(), %error, "the job's log cannot be written");
    }
    tail.into()
}

/// One line of the host's.
pub(crate) async fn append(path: &Path, level: Level, text: &str) {
    let Some(mut file) = open(path).await else {
        return;
    };
    let line = render(level, text, &[]);
    let written = async {
        file.write_all(line.as_bytes()).await?;
        file.flush().await
    };
    if let Err(error) = written.await {
        tracing::warn!(log = %path.display(), %error, "the job's log cannot be written");
    }
}

async fn open(path: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    options
        .open(path)
        .await
        .inspect_err(|error| {
            tracing::warn!(log = %path.display(), %error, "the job's log cannot be opened");
        })
        .ok()
}

fn render(level: Level, text: &str, fields: &[(String, String)]) -> String {
    let level = match level {
        Level::Trace => "TRACE",
        Level::Debug => "DEBUG",
        Level::Info => "INFO ",
        Level::Warn => "WARN ",
        Level::Error => "ERROR",
    };
    let mut line = format!("{:.3} {level} ", jiff::Timestamp::now());
    for (at, part) in text.lines().enumerate() {
        if at > 0 {
            line.push_str("\n    ");
        }
        line.push_str(part);
    }
    for (name, value) in fields {
        // Writing to a String cannot fail.
        let _ = write!(line, " {name}={value:?}");
    }
    line.push('\n');
    line
}
