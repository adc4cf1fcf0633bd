//! What `dev` shows: a line for each thing that happens, in colours and with a line at the bottom that
//! follows what runs where the output is a terminal; plain lines where it is not.

use std::io::{IsTerminal, Write};

use pipefitter_local::{ActionEvent, Event, EventKind, Phase, Status};
use pipefitter_sandbox::Level;

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
        let terminal = std::io::stdout().is_terminal();
        Self {
            colours: terminal,
            live: terminal,
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
        let painted = self.paint(tone, text);
        let mut out = std::io::stdout().lock();
        let clear = if self.bottom.is_some() {
            "\r\u{1b}[K"
        } else {
            ""
        };
        // A closed pipe ends what is shown, not what runs.
        let _ = writeln!(out, "{clear}{painted}");
        if let Some(bottom) = &self.bottom {
            let _ = write!(out, "{}", self.paint(Tone::Faint, bottom));
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
        if let Some(text) = &text {
            let _ = write!(out, "{}", self.paint(Tone::Faint, text));
        }
        let _ = out.flush();
        drop(out);
        self.bottom = text;
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
            EventKind::StageStarted { stage } => self.line(Tone::Bold, stage),
            EventKind::Action(action) => self.action(action),
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

    fn action(&mut self, action: &ActionEvent) {
        let name = &action.action;
        let summary = action.summary.as_deref().unwrap_or_default();
        match (action.status, action.phase) {
            (Status::InProgress, Phase::Queued) => {
                self.line(Tone::Faint, &format!("  {name} waits for a worker"));
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
                let text = match &action.error {
                    Some(error) => format!(
                        "  \u{2717} {name} {}: {}\n{}",
                        words(status),
                        error.code,
                        indented(&error.message)
                    ),
                    None if summary.is_empty() => format!("  \u{2713} {name} {}", words(status)),
                    None => format!("  \u{2713} {name} {}: {summary}", words(status)),
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
