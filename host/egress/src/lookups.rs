//! Lookups of names, no more at a time than a worker can afford.
//!
//! The system's cannot be broken off: it holds a thread of the runtime until it ends, and a guest that gives up after a
//! millisecond and asks again would fill all of them, for a domain whose owner lets it. So a lookup that nobody waits
//! for any more goes on as a task, and counts until it ends.
//!
//! ```text
//! request -> turn of the job -> turn of the worker -> lookup -> answer
//!    |              |                  |                |
//!    '--- gives up: its place is free -'                '--- gives up: the turns are free when it ends
//! ```

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::resolve::Resolve;

/// Lookups of a worker at a time: a sixteenth of the threads that tokio has for what blocks (512).
const OF_A_WORKER: usize = 32;
/// Lookups of a job at a time, so that some are left for others.
const OF_A_JOB: usize = 4;

/// All lookups of a worker.
#[derive(Clone)]
pub(crate) struct Lookups {
    resolver: Arc<dyn Resolve>,
    turns: Arc<Semaphore>,
    begun: TaskTracker,
}

impl Lookups {
    pub(crate) fn new(resolver: Arc<dyn Resolve>) -> Self {
        Self {
            resolver,
            turns: Arc::new(Semaphore::new(OF_A_WORKER)),
            begun: TaskTracker::new(),
        }
    }

    /// Those of one more job.
    pub(crate) fn of_a_job(&self) -> JobLookups {
        JobLookups {
            all: self.clone(),
            turns: Arc::new(Semaphore::new(OF_A_JOB)),
        }
    }
}

/// One job's lookups.
pub(crate) struct JobLookups {
    all: Lookups,
    turns: Arc<Semaphore>,
}

impl JobLookups {
    /// All addresses of a name, after those that asked before.
    pub(crate) async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let ended = |_| io::Error::other("the worker is ending");
        let own = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(ended)?;
        let of_the_worker = Arc::clone(&self.all.turns)
            .acquire_owned()
            .await
            .map_err(ended)?;
        let (resolver, name) = (Arc::clone(&self.all.resolver), name.to_owned());
        let lookup = self.all.begun.spawn(async move {
            let found = resolver.resolve(&name).await;
            drop((own, of_the_worker));
            found
        });
        lookup.await.map_err(io::Error::other)?
    }
}
