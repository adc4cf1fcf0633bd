//! The durable journal: a thread that owns the file, and group commit.
//!
//! ```text
//! put, remove -> channel -> [ take all that wait | one transaction | fsync ] -> each caller resumes
//! ```
//!
//! redb takes no further change once a write has failed, and a disk that was full may be emptied: after a failure the
//! file is opened again at the next change.
//!
//! A commit costs its fsyncs, hardly its size. While one runs the next changes queue up, and all of them
//! become the next commit: under load the time per change falls instead of rising. The order of changes is
//! the order in which callers queued them. A change whose caller went away is written all the same.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use crate::codec;
use crate::record::{Identity, Journal, JournalError, Record, RecordKey};
use crate::store::{Change, Store};

/// Requests that may wait; more callers than this wait for room.
const QUEUE: usize = 1024;

/// Changes in one commit: bounds what a crash can leave unanswered.
const BATCH: usize = 256;

type Cause = Box<dyn Error + Send + Sync>;
type Answer<T> = oneshot::Sender<Result<T, JournalError>>;

enum Request {
    Change(Change, Answer<()>),
    Load(Answer<Vec<Record>>),
}

/// The journal's thread is gone; only a panic in it can do that.
#[derive(Debug, thiserror::Error)]
#[error("the journal's writer has stopped: restart the worker")]
struct WriterStopped;

/// The journal in a redb file.
///
/// Dropping it waits for the commit under way, so that the file can be opened again at once.
#[derive(Debug)]
pub struct Redb {
    requests: Option<mpsc::Sender<Request>>,
    commits: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Redb {
    /// Open the journal of `identity` in the file at `path`, or make it; a missing parent directory is made
    /// with mode 0700. Blocking.
    ///
    /// # Errors
    ///
    /// [`JournalError::Open`] if the file cannot be opened, is no journal, or another process has it;
    /// [`JournalError::Identity`] if a source it was written for is another service now, or is gone
    /// while the journal still holds its jobs; [`JournalError::Format`] if another version wrote it.
    pub fn open(path: &Path, identity: &Identity) -> Result<Redb, JournalError> {
        let store = Store::open(path, identity)?;
        let again = {
            let path = path.to_path_buf();
            move || Store::again(&path)
        };
        Redb::start(store, again).map_err(|source| JournalError::Open {
            path: path.display().to_string(),
            source: source.into(),
        })
    }

    /// `again` opens the same journal once more after a failure.
    pub(crate) fn start(
        store: Store,
        again: impl Fn() -> Result<Store, JournalError> + Send + 'static,
    ) -> std::io::Result<Redb> {
        let (requests, queue) = mpsc::channel(QUEUE);
        let commits = Arc::new(AtomicU64::new(0));
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn({
                let commits = Arc::clone(&commits);
                let opened = Opened {
                    store: Some(store),
                    again: Box::new(again),
                };
                move || write(opened, queue, &commits)
            })?;
        Ok(Redb {
            requests: Some(requests),
            commits,
            thread: Some(thread),
        })
    }

    /// Commits since it was opened: below the number of changes where grouping helped.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(Answer<T>) -> Request,
        failed: fn(Cause) -> JournalError,
    ) -> Result<T, JournalError> {
        let (answer, answered) = oneshot::channel();
        let Some(requests) = &self.requests else {
            return Err(failed(WriterStopped.into()));
        };
        requests
            .send(request(answer))
            .await
            .map_err(|_| failed(WriterStopped.into()))?;
        answered.await.map_err(|_| failed(WriterStopped.into()))?
    }
}

impl Drop for Redb {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the journal's writer panicked");
        }
    }
}

#[async_trait]
impl Journal for Redb {
    async fn put(&self, record: Record) -> Result<(), JournalError> {
        let bytes = codec::encode(&record).map_err(|error| JournalError::Write(error.into()))?;
        let change = Change::Put {
            source: record.key.source,
            job: record.key.job,
            bytes,
        };
        self.ask(
            |answer| Request::Change(change, answer),
            JournalError::Write,
        )
        .await
    }

    async fn remove(&self, key: &RecordKey) -> Result<(), JournalError> {
        let change = Change::Remove {
            source: key.source.clone(),
            job: key.job.clone(),
        };
        self.ask(
            |answer| Request::Change(change, answer),
            JournalError::Write,
        )
        .await
    }

    async fn load(&self) -> Result<Vec<Record>, JournalError> {
        self.ask(Request::Load, JournalError::Read).await
    }
}

/// The file, opened again after a failure.
struct Opened {
    /// None once a change has failed.
    store: Option<Store>,
    again: Box<dyn Fn() -> Result<Store, JournalError> + Send>,
}

impl Opened {
    fn store(&mut self) -> Result<&Store, JournalError> {
        match &mut self.store {
            Some(store) => Ok(store),
            closed => {
                let store = closed.insert((self.again)()?);
                tracing::info!("the journal was opened again after a failed write");
                Ok(store)
            }
        }
    }

    fn apply<'a>(&mut self, changes: impl IntoIterator<Item = &'a Change>) -> Result<(), Cause> {
        let applied = self.store()?.apply(changes);
        if applied.is_err() {
            self.store = None;
        }
        Ok(applied?)
    }
}

/// Until the journal is dropped: take what waits, commit it, answer.
fn write(mut opened: Opened, mut queue: mpsc::Receiver<Request>, commits: &AtomicU64) {
    let mut batch: Vec<(Change, Answer<()>)> = Vec::new();
    while let Some(first) = queue.blocking_recv() {
        let mut next = Some(first);
        while let Some(request) = next.take() {
            match request {
                Request::Change(change, answer) => batch.push((change, answer)),
                Request::Load(answer) => {
                    // A load sees every change that was asked for before it.
                    commit(&mut opened, &mut batch, commits);
                    let loaded = opened.store().and_then(|store| store.load());
                    // A caller that went away wants no answer.
                    let _ = answer.send(loaded);
                }
            }
            if batch.len() < BATCH {
                next = queue.try_recv().ok();
            }
        }
        commit(&mut opened, &mut batch, commits);
    }
}

fn commit(opened: &mut Opened, batch: &mut Vec<(Change, Answer<()>)>, commits: &AtomicU64) {
    if batch.is_empty() {
        return;
    }
    let failure = match opened.apply(batch.iter().map(|(change, _)| change)) {
        Ok(()) => {
            commits.fetch_add(1, Ordering::Relaxed);
            None
        }
        Err(error) => Some(Arc::<dyn Error + Send + Sync>::from(error)),
    };
    for (_, answer) in batch.drain(..) {
        let result = match &failure {
            None => Ok(()),
            Some(error) => Err(JournalError::Write(Box::new(Arc::clone(error)))),
        };
        // A caller that went away wants no answer.
        let _ = answer.send(result);
    }
}
