//! What a job's life wants told: counters, log lines of the worker, events.

use std::sync::Arc;

use pipefitter_codepipeline::clean_text;
use pipefitter_sandbox::Level;

use crate::backoff::Hurry;
use crate::events::{JobEnd, JobOutcome, WorkerEvent};
use crate::job::{self, Noticed};
use crate::life::{End, Note};
use crate::message;
use crate::outcome::JobResult;

use super::core::Dispatcher;
use super::entry::{Entry, JobRef, Message, OnPanic};

impl Dispatcher {
    pub(super) fn note(&mut self, job: JobRef, note: Note) {
        let Some(info) = self.jobs.get(&job).map(|entry| Arc::clone(&entry.info)) else {
            return;
        };
        // A partner's job id is free text.
        let shown = clean_text(&info.job);
        let (source, id) = (info.source.as_str(), shown.as_str());
        let counters = &mut self.counters;
        match note {
            Note::Taken => {
                counters.taken += 1;
                tracing::info!(
                    source,
                    job = id,
                    action_type = info.action_type,
                    "job taken"
                );
            }
            Note::AdoptedByRule => {
                counters.adopted_by_rule += 1;
                tracing::warn!(
                    source,
                    job = id,
                    "an ambiguous acknowledge is taken for ours, since `exclusive = true`"
                );
            }
            Note::Unanswered => {
                counters.unanswered += 1;
                tracing::warn!(
                    source,
                    job = id,
                    "no answer to an acknowledge: asked again later"
                );
            }
            Note::JournalFailed(what) => {
                counters.journal_failures += 1;
                self.notice(
                    Level::Error,
                    format!(
                        "the journal could not be written ({what} of job {id} of {source}): nothing is polled until \
                         it can. Look at the disk of the state directory"
                    ),
                );
            }
            Note::Replaced(reason) => {
                counters.replaced += 1;
                tracing::error!(
                    source,
                    job = id,
                    reason,
                    "an invalid result is replaced by a failure"
                );
            }
            Note::Parked(reason) => {
                counters.parked += 1;
                self.parked += 1;
                self.notice(
                    Level::Error,
                    format!(
                        "CodePipeline refuses every result of job {id} of {source} ({reason}): it is parked in the \
                         journal and not sent again. Its action stays in progress until it times out or \
                         its execution is stopped"
                    ),
                );
            }
            Note::Finished(result) => self.finished(job, Arc::clone(&info), &result),
            Note::Ended(end) => self.ended(job, Arc::clone(&info), end),
        }
    }

    fn finished(&mut self, job: JobRef, info: Arc<crate::events::JobInfo>, result: &JobResult) {
        let counters = &mut self.counters;
        let outcome = match result {
            JobResult::Success(success) if success.continuation.is_some() => {
                counters.continued += 1;
                if let Some(entry) = self.jobs.get_mut(&job) {
                    entry.continues = true;
                    let summary = success.details.summary.clone().unwrap_or_default();
                    let said = match summary == message::passed_on() {
                        true => entry.life.said.clone(),
                        false => Some((success.details.percent_complete, summary)),
                    };
                    self.said.keep(&entry.key.source, &entry.context, said);
                }
                JobOutcome::Continued {
                    summary: success.details.summary.clone(),
                    percent: success.details.percent_complete,
                }
            }
            JobResult::Success(success) => {
                counters.succeeded += 1;
                JobOutcome::Succeeded {
                    variables: success.variables.clone(),
                    summary: success.details.summary.clone(),
                    external_execution_id: success.details.external_execution_id.clone(),
                }
            }
            JobResult::Failure(failure) => {
                counters.failed += 1;
                JobOutcome::Failed {
                    kind: failure.kind,
                    message: failure.message.clone(),
                }
            }
        };
        self.write_footer(job, &info, &outcome);
        self.emit(WorkerEvent::Finished { job: info, outcome });
    }

    /// Nobody's fault and nothing to do: one line, and a last word in the job's log.
    fn cancelled_outside(&mut self, job: JobRef, info: &crate::events::JobInfo) {
        self.counters.cancelled += 1;
        let entry = self.jobs.get(&job);
        let noticed = entry.and_then(|entry| entry.noticed);
        let is_partners = entry.is_some_and(|entry| entry.client.is_some());
        let how = noticed.unwrap_or(Noticed::Details).how(is_partners);
        tracing::info!(
            source = info.source,
            job = info.job,
            pipeline = info.pipeline,
            action = info.action,
            noticed = how,
            "the service has ended the job (abandoned or timed out): its result is dropped"
        );
        let text = format!(
            "cancelled: CodePipeline has ended this action (abandoned or timed out), as {how} told; what the job \
             came to is dropped"
        );
        self.last_word(job, info, Level::Info, text);
    }

    fn ended(&mut self, job: JobRef, info: Arc<crate::events::JobInfo>, end: End) {
        let counters = &mut self.counters;
        let shown = clean_text(&info.job);
        let (source, id) = (info.source.as_str(), shown.as_str());
        let end = match end {
            End::Reported => {
                counters.reported += 1;
                tracing::info!(source, job = id, "job reported");
                self.continued(job);
                JobEnd::Reported
            }
            End::Superseded => {
                counters.superseded += 1;
                tracing::info!(
                    source,
                    job = id,
                    "the service had ended the job: the result is dropped"
                );
                JobEnd::Superseded
            }
            End::Cancelled => {
                self.cancelled_outside(job, &info);
                JobEnd::Cancelled
            }
            End::Parked => JobEnd::Parked,
            End::Left => {
                self.left.push(Arc::clone(&info));
                JobEnd::Left
            }
            End::LostRace => {
                counters.lost_races += 1;
                JobEnd::NotOurs
            }
            End::AmbiguousDropped => {
                counters.ambiguous_dropped += 1;
                self.notice(
                    Level::Warn,
                    format!(
                        "job {id} of {source} was dropped: its acknowledge is ambiguous and `exclusive = false`. If no \
                         other worker has it, its action stays in progress until it times out"
                    ),
                );
                JobEnd::NotOurs
            }
            End::ClaimLost => {
                counters.claims_lost += 1;
                tracing::warn!(source, job = id, "another worker has the job's claim");
                JobEnd::NotOurs
            }
            End::NotTaken => {
                self.not_taken(job);
                JobEnd::NotOurs
            }
        };
        self.emit(WorkerEvent::Ended { job: info, end });
    }

    /// The last word of the job's log.
    fn write_footer(&mut self, job: JobRef, info: &crate::events::JobInfo, outcome: &JobOutcome) {
        let (level, text) = match outcome {
            JobOutcome::Succeeded { .. } => (Level::Info, "succeeded".to_owned()),
            JobOutcome::Continued { .. } => (
                Level::Info,
                "in progress: goes on in another job".to_owned(),
            ),
            JobOutcome::Failed { kind, message } => {
                (Level::Error, format!("failed ({kind:?}): {message}"))
            }
        };
        self.last_word(job, info, level, text);
    }

    fn last_word(
        &mut self,
        job: JobRef,
        info: &crate::events::JobInfo,
        level: Level,
        text: String,
    ) {
        let log = info.log.clone();
        self.spawn(OnPanic::Nothing { job }, async move {
            job::append(&log, level, &text).await;
            Message::Done
        });
    }

    /// A continuation was reported. No event tells of the action's next job: it is looked for.
    fn continued(&mut self, job: JobRef) {
        let Some(entry) = self.jobs.get(&job).filter(|entry| entry.continues) else {
            return;
        };
        let action_type = entry.action_type.clone();
        let source = self.source_of(entry);
        if let Some(source) = source.filter(|&source| self.idle_interval(source).is_some()) {
            self.hurry(source, Hurry::Continuation, |key| *key == action_type);
        }
    }

    fn not_taken(&mut self, job: JobRef) {
        let Some(entry) = self.jobs.get(&job) else {
            return;
        };
        let action_type = entry.action_type.clone();
        if let Some(source) = self.source_of(entry) {
            self.offer_dropped(source, &action_type);
        }
    }

    fn source_of(&self, entry: &Entry) -> Option<usize> {
        let id = entry.source.source.id();
        let sources = &self.parts.sources;
        sources.iter().position(|parts| parts.source.id() == id)
    }

    pub(super) fn notice(&self, level: Level, text: String) {
        match level {
            Level::Error => tracing::error!("{text}"),
            Level::Warn => tracing::warn!("{text}"),
            _ => tracing::info!("{text}"),
        }
        self.emit(WorkerEvent::Notice { level, text });
    }

    pub(super) fn emit(&self, event: WorkerEvent) {
        // Nobody listening is fine.
        let _ = self.events.send(event);
    }
}
