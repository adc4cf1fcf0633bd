//! What the parent lets through of what a child says.
//!
//! The child has cleaned its lines and kept its budget already; a child that was taken over has not. So everything is
//! looked at again, by rules that an honest child cannot break: who breaks one is ended, and no more is read.

use tokio::time::Instant;

use crate::lines::MAX_LINE;
use crate::log::{MAX_FIELDS, MAX_SUMMARY};
use crate::runner::{Fault, LogLine, StopReason, VerdictKind};
use crate::text;

use super::protocol::{self, MAX_UP, Up};

/// Of a frame besides its content: braces, names, escapes.
const FRAME: u64 = 256;
/// Bytes that a child may send at once whatever its log may be: a result, some progress.
const ALLOWANCE: u64 = 4 << 20;
/// And for each second that it runs: progress, ten times a second and rarely that long.
const PER_SECOND: u64 = 128 << 10;
/// JSON makes at most this of a byte of clean text: a quote or backslash becomes two.
const JSON: u64 = 4;
/// Of a line besides its text, and of a field besides its name and value: braces, names, quotes.
const LINE: u64 = 64;
const FIELD: u64 = 8;
/// Bytes a second of marks where lines were dropped: one a second, of under 100 bytes.
const MARKS: u64 = 128;

/// A rule was broken.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) &'static str);

/// Counts what one child says.
#[derive(Debug)]
pub(crate) struct Gate {
    started: Instant,
    log_bytes: u64,
    received: u64,
    logged: u64,
    /// What may be received besides, since lines have come that the log's limits allow.
    earned: u64,
    /// The frame under way has earned nothing yet.
    unearned: bool,
    /// What the frame under way counts as.
    counted: u64,
}

impl Gate {
    pub(crate) fn new(log_bytes: u64) -> Gate {
        Gate {
            started: Instant::now(),
            log_bytes,
            received: 0,
            logged: 0,
            earned: 0,
            unearned: false,
            counted: 0,
        }
    }

    /// A frame of so many bytes is about to be read.
    pub(crate) fn frame(&mut self, bytes: usize) -> Result<(), Refused> {
        self.counted = bytes as u64 + FRAME;
        self.received = self.received.saturating_add(self.counted);
        self.unearned = true;
        let most = self
            .log_bytes
            .saturating_mul(JSON)
            .saturating_add(ALLOWANCE)
            .saturating_add(self.earned)
            .saturating_add(self.seconds().saturating_mul(PER_SECOND));
        if self.received > most {
            return Err(Refused("it flooded the pipe to its host"));
        }
        Ok(())
    }

    /// A line of the log, made safe once more.
    pub(crate) fn line(&mut self, line: LogLine) -> Result<LogLine, Refused> {
        let fields: usize = line
            .fields
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if line.text.len() > MAX_LINE || fields > MAX_LINE || line.fields.len() > MAX_FIELDS {
            return Err(Refused(
                "it sent a log line that is longer than a line may be",
            ));
        }
        self.logged = self
            .logged
            .saturating_add((line.text.len() + fields + 1) as u64);
        if self.logged > self.most_log() {
            return Err(Refused("it sent more log than a job may write"));
        }
        // A line of one letter is a byte or two of the log, and fifty times that in a frame of its own. So every line
        // that is taken pays for what is around it; nothing else but a secret's name can be many and small.
        if std::mem::take(&mut self.unearned) {
            self.earned = self.earned.saturating_add(FRAME);
        }
        let around = LINE + FIELD * line.fields.len() as u64;
        self.earned = self.earned.saturating_add(around);
        Ok(LogLine {
            level: line.level,
            text: text::clean(&line.text),
            fields: line
                .fields
                .iter()
                .map(|(name, value)| (text::clean(name), text::clean(value)))
                .collect(),
            cut: line.cut,
        })
    }

    /// The frame under way asks for a secret, which it may: no more are sent than are answered, so that it is no flood however
    /// often a guest asks.
    pub(crate) fn secret(&mut self) {
        self.earned = self.earned.saturating_add(self.counted);
    }

    /// Marks of what was dropped come on top of the budget.
    fn most_log(&self) -> u64 {
        let marks = self.seconds().saturating_mul(MARKS);
        self.log_bytes
            .saturating_mul(2)
            .saturating_add(64 << 10)
            .saturating_add(marks)
    }

    fn seconds(&self) -> u64 {
        self.started.elapsed().as_secs()
    }

    /// Bytes of the log that came through.
    pub(crate) fn logged(&self) -> u64 {
        self.logged
    }

    /// A progress summary, made safe once more.
    pub(crate) fn summary(summary: &str) -> String {
        let cleaned = text::clean(summary);
        text::first_chars(&cleaned, MAX_SUMMARY).to_owned()
    }

    /// The end, as far as a child can tell it: `stop` is what it was asked.
    pub(crate) fn verdict(
        kind: VerdictKind,
        stop: Option<StopReason>,
    ) -> Result<VerdictKind, Refused> {
        let short = |text: &str| {
            let cleaned = text::clean(text);
            text::shortened(&cleaned, 1000)
        };
        Ok(match kind {
            VerdictKind::Answered(answer) => VerdictKind::Answered(answer),
            VerdictKind::Fault(fault) => VerdictKind::Fault(match fault {
                Fault::Trap { what, frames } => Fault::Trap {
                    what: short(&what),
                    frames: frames.iter().take(10).map(|frame| short(frame)).collect(),
                },
                Fault::Limit { limit, value } => Fault::Limit {
                    limit,
                    value: short(&value),
                },
                Fault::Protocol(what) => Fault::Protocol(short(&what)),
                Fault::Start(what) => Fault::Start(short(&what)),
                // Its code is the parent's to judge.
                Fault::Host(what) | Fault::Code(what) => Fault::Host(short(&what)),
                Fault::Interrupted(reason) if reason.is_some() && reason == stop => {
                    Fault::Interrupted(reason)
                }
                Fault::Interrupted(_) => {
                    return Err(Refused(
                        "it told that it was stopped, and nobody had asked it",
                    ));
                }
                Fault::Crashed(what) => Fault::Crashed(short(&what)),
                exited @ Fault::Exited { .. } => exited,
            }),
        })
    }
}

/// Read frames as a parent does that distrusts them, until one is refused: for fuzzing. Panics where something comes
/// through that no job may say.
pub fn read_as_parent(mut bytes: &[u8]) {
    const LOG: u64 = 10_000;
    let mut gate = Gate::new(LOG);
    let safe = |text: &str| !text.chars().any(|c| c.is_control() && c != '\t');
    let mut logged = 0;
    while let Some((prefix, rest)) = bytes.split_first_chunk::<4>() {
        let Ok(length) = protocol::length(*prefix, MAX_UP) else {
            return;
        };
        let (true, Some((body, rest))) =
            (gate.frame(length).is_ok(), rest.split_at_checked(length))
        else {
            return;
        };
        bytes = rest;
        match protocol::decode(body) {
            Ok(Up::Log(lines)) => {
                for line in lines {
                    let Ok(line) = gate.line(line) else { return };
                    logged += line.text.len();
                    assert!(safe(&line.text) && line.text.len() <= MAX_LINE);
                }
                assert!(logged as u64 <= gate.most_log());
            }
            Ok(Up::Progress { summary, .. }) => assert!(safe(&Gate::summary(&summary))),
            Ok(Up::Ended(ended)) => {
                if let Ok(VerdictKind::Fault(fault)) = Gate::verdict(ended.verdict.kind, None) {
                    assert!(!matches!(fault, Fault::Interrupted(_)));
                }
                return;
            }
            Ok(Up::Locked(_) | Up::SecretWanted { .. }) => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::runner::Level;

    fn line(text: &str) -> LogLine {
        LogLine {
            level: Level::Info,
            text: text.to_owned(),
            fields: Vec::new(),
            cut: false,
        }
    }

    #[test]
    fn lines_are_cleaned_again_and_counted() {
        let mut gate = Gate::new(100);
        assert_eq!(gate.line(line("a\u{1b}[31mb")).unwrap().text, "ab");
        assert!(gate.line(line(&"x".repeat(MAX_LINE + 1))).is_err());
        let broken = (0..).find(|_| gate.line(line(&"x".repeat(1000))).is_err());
        assert!(broken.is_some_and(|lines| lines <= 67), "{broken:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_cut_off_and_a_long_job_is_not() {
        let mut gate = Gate::new(0);
        let mut frames = 0;
        while gate.frame(1 << 20).is_ok() {
            frames += 1;
        }
        assert_eq!(frames, 3);
        let mut gate = Gate::new(0);
        for _ in 0..10_000 {
            tokio::time::advance(Duration::from_millis(100)).await;
            gate.frame(2200).unwrap();
        }
    }

    /// A frame with one line, as its child sends it.
    fn alone(line: &LogLine) -> usize {
        let frame = Up::Log(vec![line.clone()]);
        protocol::encode(&frame, MAX_UP).unwrap().len()
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_log_allows_is_no_flood_however_small_its_lines_are() {
        const LOG: u64 = 256 << 10;
        let empty = |fields| LogLine {
            level: Level::Error,
            fields: vec![(String::new(), String::new()); fields],
            ..line("")
        };
        for (line, lines) in [
            (line("x"), LOG / 2),
            (line("\""), LOG / 2),
            (empty(0), LOG),
            (empty(MAX_FIELDS), LOG),
        ] {
            let mut gate = Gate::new(LOG);
            let bytes = alone(&line);
            for _ in 0..lines {
                gate.frame(bytes).unwrap();
                gate.line(line.clone()).unwrap();
            }
            // What they have earned is used up by them.
            let more = (0..).find(|_| gate.frame(1 << 20).is_err());
            assert!(more.is_some_and(|frames| frames <= 8), "{more:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn secrets_that_are_asked_for_often_are_no_flood() {
        let mut gate = Gate::new(0);
        let name = "n".repeat(100);
        let bytes = protocol::encode(&Up::SecretWanted { name }, MAX_UP).unwrap();
        for _ in 0..1_000_000 {
            gate.frame(bytes.len()).unwrap();
            gate.secret();
        }
        let more = (0..).find(|_| gate.frame(1 << 20).is_err());
        assert_eq!(more, Some(3), "they have earned no more than they were");
    }

    #[tokio::test(start_paused = true)]
    async fn marks_of_dropped_lines_are_no_more_log_than_a_job_may_write() {
        let mut gate = Gate::new(1);
        let mark = line(&"m".repeat(99));
        for _ in 0..100_000 {
            tokio::time::advance(Duration::from_secs(1)).await;
            gate.frame(alone(&mark)).unwrap();
            gate.line(mark.clone()).unwrap();
        }
    }

    #[test]
    fn nobody_stops_by_himself() {
        let stopped = |reason| VerdictKind::Fault(Fault::Interrupted(reason));
        let asked = Some(StopReason::HandOver);
        assert!(Gate::verdict(stopped(asked), None).is_err());
        assert!(Gate::verdict(stopped(None), asked).is_err());
        assert_eq!(
            Gate::verdict(stopped(asked), asked).unwrap(),
            stopped(asked)
        );
    }
}
