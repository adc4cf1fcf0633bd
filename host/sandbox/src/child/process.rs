//! The runner with a process of its own for each job.
//!
//! ```text
//! spawned --greeting, job--> told --Locked--> running --Ended--> reaped --> verdict
//!    |                         |                 |
//!    +---- ends, hangs, breaks the protocol, is killed ------> reaped --> fault
//! ```
//!
//! A verdict is given only after the child was reaped: nothing of it writes into an output that is being packed.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::in_process::host_fault;
use crate::runner::{JobControl, JobHost, JobRunner, JobSpec, Usage, Verdict, VerdictKind};
use crate::sandbox::Sandbox;

use super::code::CodeStore;
use super::floor::IsolationFloor;
use super::launcher::Launcher;
use super::watched::Watched;

/// Runs each job in a locked-down process of its own.
#[derive(Debug)]
pub struct ChildProcess {
    shared: Arc<Shared>,
    jobs: TaskTracker,
}

/// What all jobs of a runner have in common.
pub(super) struct Shared {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) launcher: Arc<Launcher>,
    pub(super) floor: IsolationFloor,
    pub(super) code: CodeStore,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("launcher", &self.launcher)
            .field("floor", &self.floor)
            .finish_non_exhaustive()
    }
}

impl ChildProcess {
    /// A runner whose children are started by `launcher` and refuse to run a guest below `floor`. See
    /// [`Launcher::check`] to learn beforehand.
    #[must_use]
    pub fn new(
        sandbox: Arc<Sandbox>,
        launcher: Arc<Launcher>,
        floor: IsolationFloor,
    ) -> ChildProcess {
        let shared = Shared {
            code: CodeStore::new(sandbox.clone()),
            sandbox,
            launcher,
            floor,
        };
        ChildProcess {
            shared: Arc::new(shared),
            jobs: TaskTracker::new(),
        }
    }

    /// How many jobs are running, those included whose caller no longer waits.
    #[must_use]
    pub fn running(&self) -> usize {
        self.jobs.len()
    }

    /// Wait until no job runs and every child is reaped. No new one may be started any more.
    pub async fn settled(&self) {
        self.jobs.close();
        self.jobs.wait().await;
    }
}

#[async_trait]
impl JobRunner for ChildProcess {
    async fn run(&self, spec: JobSpec, control: JobControl, host: Arc<dyn JobHost>) -> Verdict {
        let abandoned = CancellationToken::new();
        let _abandon = abandoned.clone().drop_guard();
        let shared = self.shared.clone();
        let started = Instant::now();
        // A task of its own: a child is reaped, whoever waits for it or not.
        let task = self.jobs.spawn(async move {
            Watched::new(spec, control, host, abandoned)
                .run(&shared)
                .await
        });
        let (kind, usage) = task.await.unwrap_or_else(|error| {
            let fault = VerdictKind::Fault(host_fault(error));
            (fault, Usage::default())
        });
        let wall = started.elapsed();
        Verdict {
            kind,
            usage: Usage { wall, ..usage },
        }
    }
}
