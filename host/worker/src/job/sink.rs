//! Where a running plugin's lines and progress go: masked at once, in the guest's own time. Lines come whole,
//! whatever pieces the plugin wrote them in.

use std::sync::Arc;

use async_trait::async_trait;
use pipefitter_codepipeline::{clean_text, cut_utf16, limits};
use pipefitter_sandbox::{HostStream, JobEnd, JobHost, LogLine, SecretError};
use secrecy::SecretString;
use tokio::sync::mpsc;

use crate::events::WorkerEvent;
use crate::masker::Masker;

use super::brief::Brief;
use super::log::Item;
use super::network::Connection;
use super::secrets;

/// Never blocks: the log's writer takes from an unbounded channel, which the plugin's log limit bounds.
pub(crate) struct Sink {
    pub(crate) brief: Arc<Brief>,
    pub(crate) lines: mpsc::UnboundedSender<Item>,
    pub(crate) connections: mpsc::UnboundedSender<Connection>,
}

impl Sink {
    /// A line of the job's log, masked.
    pub(crate) fn say(brief: &Brief, lines: &mpsc::UnboundedSender<Item>, line: LogLine) {
        let masker = &brief.masker;
        let text = masked(masker, &line.text, line.cut);
        let fields: Vec<(String, String)> = line
            .fields
            .iter()
            .map(|(name, value)| {
                (
                    masked(masker, name, line.cut),
                    masked(masker, value, line.cut),
                )
            })
            .collect();
        let parts = &brief.parts;
        // Nobody listening is fine, here and below.
        let _ = parts.events.send(WorkerEvent::Log {
            job: Arc::clone(&parts.info),
            level: line.level,
            text: text.clone(),
            fields: fields.clone(),
        });
        let _ = lines.send(Item::Line(LogLine {
            text,
            fields,
            ..line
        }));
    }
}

#[async_trait]
impl JobHost for Sink {
    fn log(&self, line: LogLine) {
        Sink::say(&self.brief, &self.lines, line);
    }

    async fn secret(&self, name: &str) -> Result<SecretString, SecretError> {
        secrets::get(&self.brief, name).await
    }

    fn connect(&self, stream: Box<dyn HostStream>, job: JobEnd) {
        // The run waits for it, if it has not ended.
        let _ = self.connections.send(Connection { stream, job });
    }

    fn progress(&self, percent: Option<u8>, summary: String) {
        let percent = percent.map(|percent| percent.min(limits::PERCENT_COMPLETE));
        // A summary of the full length may have been longer, and its end was cut.
        let cut = summary.chars().count() >= limits::EXECUTION_SUMMARY;
        let summary = masked(&self.brief.masker, &summary, cut);
        let summary = cut_utf16(&summary, limits::EXECUTION_SUMMARY);
        let parts = &self.brief.parts;
        let latest = Some((percent, summary.clone()));
        if *parts.progress.borrow() == latest {
            return;
        }
        parts.progress.send_replace(latest);
        let _ = parts.events.send(WorkerEvent::Progress {
            job: Arc::clone(&parts.info),
            percent,
            summary,
        });
    }
}

fn masked(masker: &Masker, text: &str, cut: bool) -> String {
    let text = clean_text(text);
    if cut {
        masker.mask_cut(&text)
    } else {
        masker.mask(&text).into_owned()
    }
}
