//! The tasks of one job: none outlives it.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Where a job's tasks run, and what ends them.
#[derive(Clone, Debug)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    cancel: CancellationToken,
}

impl Tasks {
    pub(crate) fn new(cancel: CancellationToken) -> Self {
        Self {
            tracker: TaskTracker::new(),
            cancel,
        }
    }

    /// The same job's tasks, which this token ends as well.
    pub(crate) fn under(&self, cancel: CancellationToken) -> Self {
        Self {
            tracker: self.tracker.clone(),
            cancel,
        }
    }

    /// A token that is cancelled with the job.
    pub(crate) fn token(&self) -> CancellationToken {
        self.cancel.child_token()
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let cancel = self.cancel.clone();
        self.tracker.spawn(async move {
            cancel.run_until_cancelled(task).await;
        });
    }

    /// End all of them, and wait until they are gone.
    pub(crate) async fn end(&self) {
        self.cancel.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        self.spawn(async move {
            task.await;
        });
    }
}

/// Runs the streams of the guest's own connection, each no longer than a request may take.
///
/// The time of a request is watched where it is served; here it also ends for a guest that never reads its response, of
/// which the server would wait for ever.
#[derive(Clone)]
pub(crate) struct StreamTasks<H> {
    pub(crate) tasks: Tasks,
    pub(crate) longest: Duration,
    pub(crate) overdue: H,
}

impl<F, H> hyper::rt::Executor<F> for StreamTasks<H>
where
    F: Future + Send + 'static,
    F::Output: Send,
    H: Fn() + Clone + Send + 'static,
{
    fn execute(&self, task: F) {
        let (longest, overdue) = (self.longest, self.overdue.clone());
        self.tasks.spawn(async move {
            if tokio::time::timeout(longest, task).await.is_err() {
                overdue();
            }
        });
    }
}
