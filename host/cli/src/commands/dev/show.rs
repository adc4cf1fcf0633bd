//! What `dev` shows: a line for each thing that happens, in colours and with a line at the bottom that
//! follows what runs where the output is a terminal; plain lines where it is not.

use std::io::Write;

use pipefitter_codepipeline::clean_text;
use pipefitter_local::{ActionEvent, Event, EventKind, Phase, Status};
use pipefitter_sandbox::Level;
use unicode_width::UnicodeWidthChar;

use crate::config::{takes_codes, takes_colours};

/// Writes to standard output.
pub(crate) struct Show {
    colours: bool,
    live: bool,
    /// What the bottom line says, while there is one.
    bottom: Option<String>,
}

#[derive(Clone, Copy)]
enum Tone {
    Plain,
    Faint,
    Good,
    Bad,
    Bold,
}

impl Show {
    pub(crate) fn new() -> Self {
        let stdout = std::io::stdout();
        Self {
            colours: takes_colours(&stdout),
            live: takes_codes(&stdout),
            bottom: None,
        }
    }

    fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Faint => "2",
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Bold => "1",
        };
        if self.colours {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn line(&mut self, tone: Tone, text: &str) {
        // Any client may have written what it says: a reason, a summary, a variable.
        let painted = self.paint(tone, &clean_text(text));
        let mut out = std::io::stdout().lock();
        let clear = if self.bottom.is_some() {
            "\r\u{1b}[K"
        } else {
            ""
        };
        // A closed pipe ends what is shown, not what runs.
        let _ = writeln!(out, "{clear}{painted}");
        if let Some(bottom) = &self.bottom {
            let _ = write!(out, "{}", self.painted_bottom(bottom));
        }
        let _ = out.flush();
    }

    fn set_bottom(&mut self, text: Option<String>) {
        if !self.live {
            return;
        }
        let mut out = std::io::stdout().lock();
        if self.bottom.is_some() {
            let _ = write!(out, "\r\u{1b}[K");
        }
        let text = text.map(|text| clean_text(&text));
        if let Some(text) = &text {
            let _ = write!(out, "{}", self.painted_bottom(text));
        }
        let _ = out.flush();
        drop(out);
        self.bottom = text;
    }

    /// In one row, since only one is cleared. Asked for each time: a window changes its size.
    fn painted_bottom(&self, text: &str) -> String {
        let columns = rustix::termios::tcgetwinsize(std::io::stdout())
            .map(|size| usize::from(size.ws_col))
            .ok()
            .filter(|columns| *columns > 0);
        self.paint(Tone::Faint, &fitted(text, columns.unwrap_or(80)))
    }

    /// Something `dev` itself says.
    pub(crate) fn say(&mut self, text: &str) {
        self.line(Tone::Plain, text);
    }

    /// Something that is wrong.
    pub(crate) fn warn(&mut self, text: &str) {
        self.line(Tone::Bad, text);
    }

    /// A line of a job's log.
    pub(crate) fn log(&mut self, action: &str, level: Level, text: &str) {
        let tone = match level {
            Level::Error | Level::Warn => Tone::Bad,
            _ => Tone::Faint,
        };
        let text = format!("    {action} | {text}");
        self.line(tone, &text);
    }

    /// How far a job is; only where it can be overwritten.
    pub(crate) fn progress(&mut self, action: &str, percent: Option<u8>, summary: &str) {
        let percent = percent
            .map(|percent| format!(" {percent}%"))
            .unwrap_or_default();
        self.set_bottom(Some(format!("    {action}{percent} {summary}")));
    }

    /// News of the service.
    pub(crate) fn event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::ExecutionStarted { trigger } => {
                let text = format!(
                    "\n{} execution {} started ({})",
                    event.pipeline,
                    event.execution_id,
                    trigger.name()
                );
                self.line(Tone::Bold, &text);
            }
            EventKind::ExecutionResumed => {
                let text = format!(
                    "\n{} goes on with execution {}",
                    event.pipeline, event.execution_id
                );
                self.line(Tone::Bold, &text);
            }
            EventKind::ExecutionStopping { abandon, reason } => {
                let how = if *abandon {
                    "its actions are abandoned"
                } else {
                    "its actions are waited for"
                };
                let why = reason
                    .as_ref()
                    .map(|reason| format!(": {reason}"))
                    .unwrap_or_default();
                let text = format!(
                    "{} stops execution {}, {how}{why}",
                    event.pipeline, event.execution_id
                );
                self.line(Tone::Plain, &text);
            }
            EventKind::StageStarted { stage } | EventKind::StageResumed { stage } => {
                self.line(Tone::Bold, stage);
            }
            EventKind::Action(action) => self.action(&event.pipeline, action),
            EventKind::ExecutionFinished { status, summary } => {
                self.set_bottom(None);
                let more = summary
                    .as_ref()
                    .map(|text| format!(": {text}"))
                    .unwrap_or_default();
                let text = format!(
                    "{} execution {} {}{more}",
                    event.pipeline,
                    event.execution_id,
                    words(*status)
                );
                self.line(tone(*status), &text);
            }
            _ => {}
        }
    }

    fn action(&mut self, pipeline: &str, action: &ActionEvent) {
        let name = &action.action;
        let summary = action.summary.as_deref().unwrap_or_default();
        match (action.status, action.phase) {
            (Status::InProgress, Phase::Queued) => {
                self.line(Tone::Faint, &format!("  {name} waits for a worker"));
            }
            (Status::InProgress, Phase::Approval) => {
                let token = action.approval_token.as_deref().unwrap_or_default();
                let text = format!(
                    "  {name} waits for an approval: aws codepipeline put-approval-result \
                     --pipeline-name {pipeline} --stage-name {} --action-name {name} --result \
                     summary=,status=Approved --token {token}",
                    action.stage
                );
                self.line(Tone::Plain, &text);
            }
            (Status::InProgress, Phase::Continuing) => {
                let percent = action
                    .percent
                    .map(|percent| format!(" {percent}%"))
                    .unwrap_or_default();
                self.line(
                    Tone::Plain,
                    &format!("  {name} goes on in another job:{percent} {summary}"),
                );
            }
            (Status::InProgress, _) => {
                self.line(Tone::Faint, &format!("  {name} runs"));
            }
            (status, _) => {
                self.set_bottom(None);
                let mark = match status {
                    Status::Succeeded => '\u{2713}',
                    _ => '\u{2717}',
                };
                let text = match &action.error {
                    Some(error) => format!(
                        "  {mark} {name} {}: {}\n{}",
                        words(status),
                        error.code,
                        indented(&error.message)
                    ),
                    None if summary.is_empty() => format!("  {mark} {name} {}", words(status)),
                    None => format!("  {mark} {name} {}: {summary}", words(status)),
                };
                self.line(tone(status), &text);
                for (key, value) in &action.output_variables {
                    self.line(Tone::Plain, &format!("      variable {key} = {value}"));
                }
                for artifact in &action.output_artifacts {
                    let text = format!(
                        "      artifact {} = s3://{}/{}",
                        artifact.name, artifact.bucket, artifact.key
                    );
                    self.line(Tone::Faint, &text);
                }
            }
        }
    }
}

/// Whatever runs last, the shell's prompt gets a row of its own.
impl Drop for Show {
    fn drop(&mut self) {
        self.set_bottom(None);
    }
}

/// The first line of a text, cut to fewer columns than there are: the last one would wrap.
fn fitted(text: &str, columns: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    let room = columns.saturating_sub(1);
    let width = |c: char| c.width().unwrap_or(0);
    if line.chars().map(width).sum::<usize>() <= room {
        return line.to_owned();
    }
    // One column is the ellipsis's.
    let Some(mut left) = room.checked_sub(1) else {
        return String::new();
    };
    let kept = line.chars().take_while(|c| {
        let fits = width(*c) <= left;
        left = left.saturating_sub(width(*c));
        fits
    });
    kept.chain(['\u{2026}']).collect()
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("      {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn words(status: Status) -> &'static str {
    match status {
        Status::InProgress => "is in progress",
        Status::Succeeded => "succeeded",
        Status::Failed => "failed",
        Status::Superseded => "was superseded",
        Status::Stopping => "is stopping",
        Status::Stopped => "was stopped",
        Status::Cancelled => "was cancelled",
        Status::Abandoned => "was abandoned",
        _ => "ended",
    }
}

fn tone(status: Status) -> Tone {
    match status {
        Status::Succeeded => Tone::Good,
        Status::Failed => Tone::Bad,
        _ => Tone::Plain,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_that_fits_stays_as_it_is() {
        assert_eq!(
            fitted("    Site 50% page 3 of 6", 80),
            "    Site 50% page 3 of 6"
        );
        assert_eq!(fitted("abcd", 5), "abcd");
        assert_eq!(fitted("abcde", 5), "abc\u{2026}");
        assert_eq!(fitted("first\nsecond", 80), "first");
        assert_eq!(
            fitted("\u{8ad6}\u{6587}\u{8ad6}", 6),
            "\u{8ad6}\u{6587}\u{2026}"
        );
        assert_eq!(fitted("\u{8ad6}\u{6587}\u{8ad6}", 5), "\u{8ad6}\u{2026}");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_the_window(text in "\\PC{0,40}", columns in 0usize..30) {
            let fitted = fitted(&text, columns);
            let width: usize = fitted.chars().filter_map(UnicodeWidthChar::width).sum();
            prop_assert!(width <= columns.saturating_sub(1), "{fitted:?} is {width} wide");
        }
    }
}
