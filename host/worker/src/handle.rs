//! Starting a worker, and the hand that holds it.

use std::collections::BTreeSet;
use std::sync::Arc;

use pipefitter_codepipeline::clean_text;
use pipefitter_journal::{Journal, Phase, Record};
use tokio::sync::{Mutex, broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::config::{WorkerConfig, WorkerParts};
use crate::dispatch::{Command, Dispatcher, nobody_waits};
use crate::error::WorkerError;
use crate::events::WorkerEvent;
use crate::job;
use crate::status::{DrainReport, WorkerStatus};

/// Events that a slow listener may be behind; older ones are lost to it, and it is told how many.
const EVENTS: usize = 4_096;

/// Polls for jobs and runs them. See [`Worker::start`].
#[derive(Debug)]
pub struct Worker;

impl Worker {
    /// Start a worker: make its directories, take up the jobs of an earlier run, begin to poll.
    ///
    /// # Errors
    /// There is no source, two have the same id, a directory cannot be made, or the journal cannot be
    /// read.
    pub async fn start(
        config: WorkerConfig,
        parts: WorkerParts,
    ) -> Result<WorkerHandle, WorkerError> {
        if parts.sources.is_empty() {
            return Err(WorkerError::NoSource);
        }
        let mut ids = BTreeSet::new();
        for source in &parts.sources {
            let id = source.source.id();
            if !ids.insert(id.as_str()) {
                return Err(WorkerError::SourceTwice(id.as_str().to_owned()));
            }
        }
        job::sweep(config.work_dir.clone(), config.log_dir.clone())
            .await
            .map_err(|(path, source)| WorkerError::Directory {
                path,
                action: "made and swept",
                source,
            })?;
        let records = parts.journal.load().await.map_err(WorkerError::Journal)?;
        let records = without_old_parked(&*parts.journal, records).await;
        // Before anything can happen: who asks for events asks once there is a handle.
        let (events, first) = broadcast::channel(EVENTS);
        let (status, seen) = watch::channel(WorkerStatus::default());
        let (commands, inbox) = mpsc::unbounded_channel();
        let mut dispatcher = Dispatcher::new(Arc::new(config), parts, events.clone(), status);
        dispatcher.recover(records);
        dispatcher.publish();
        let task = TaskTracker::new().spawn(dispatcher.run(inbox));
        Ok(WorkerHandle {
            commands,
            events,
            first: Mutex::new(Some(first)),
            status: seen,
            task,
        })
    }
}

/// What CodePipeline refused is kept for the operator, and told at each start, until nobody can wait for it.
async fn without_old_parked(journal: &dyn Journal, records: Vec<Record>) -> Vec<Record> {
    let mut kept = Vec::new();
    for record in records {
        if let Phase::Parked { reason, .. } = &record.phase {
            let (job, source) = (clean_text(&record.key.job), &record.key.source);
            if nobody_waits(record.taken_at) {
                tracing::warn!(
                    %job,
                    source,
                    reason,
                    "a result that CodePipeline refused is dropped from the journal: its job is over for a week"
                );
                if let Err(error) = journal.remove(&record.key).await {
                    tracing::warn!(%error, "it is still there, and is dropped at the next start");
                }
                continue;
            }
            tracing::warn!(
                %job,
                source,
                action_type = record.action_type,
                reason,
                "the journal keeps a result that CodePipeline refused: it is not sent again"
            );
        }
        kept.push(record);
    }
    kept
}

/// A running worker. Dropping it cancels the worker.
#[derive(Debug)]
pub struct WorkerHandle {
    commands: mpsc::UnboundedSender<Command>,
    events: broadcast::Sender<WorkerEvent>,
    /// From the start on, for the first who asks.
    first: Mutex<Option<broadcast::Receiver<WorkerEvent>>>,
    status: watch::Receiver<WorkerStatus>,
    task: JoinHandle<DrainReport>,
}

impl WorkerHandle {
    /// Stop polling, finish what runs within the drain timeout, then have plugins hand over. For SIGTERM.
    pub fn drain(&self) {
        // A worker that has ended needs no word.
        let _ = self.commands.send(Command::Drain);
    }

    /// Interrupt everything and report it as `SystemUnavailable`. For a second SIGTERM.
    pub fn cancel(&self) {
        let _ = self.commands.send(Command::Cancel);
    }

    /// What happens: for the first who asks from the start on, what an earlier run left included, and for others from now
    /// on. The last 4,096 events are kept for the first, so whoever wants none asks as well, and drops what it gets.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<WorkerEvent> {
        // Locked by another who asks: then that one is the first.
        let first = self.first.try_lock().ok();
        first
            .and_then(|mut first| first.take())
            .unwrap_or_else(|| self.events.subscribe())
    }

    /// The worker now.
    #[must_use]
    pub fn status(&self) -> WorkerStatus {
        self.status.borrow().clone()
    }

    /// The worker as it changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<WorkerStatus> {
        self.status.clone()
    }

    /// Wait for the end that [`WorkerHandle::drain`] or [`WorkerHandle::cancel`] brings.
    ///
    /// # Errors
    /// The dispatcher itself panicked: the journal has what was under way.
    pub async fn join(self) -> Result<DrainReport, WorkerError> {
        let WorkerHandle {
            commands,
            events: _events,
            first: _first,
            status: _status,
            task,
        } = self;
        let report = task.await.map_err(WorkerError::Dispatcher);
        drop(commands);
        report
    }
}
