//! What the process's supervisor is told: systemd (`Type=notify`), or whatever else gave it a NOTIFY_SOCKET.
//!
//!     start --(jobs are served)--> READY=1, STATUS=... --(SIGTERM)--> STOPPING=1, STATUS=draining ...
//!                                        ^----(the line changed, once a second at most)
//!
//! The line is the worker's own word on its readiness: `systemctl status` shows it. Nothing here can
//! hinder a worker, and without a supervisor nothing is sent.

use std::time::Duration;

use pipefitter_worker::{Readiness, WorkerStatus};
use sd_notify::NotifyState;
use tokio::time::{Instant, sleep_until};

/// Between two lines, at least: every poll changes a worker's view.
const PACE: Duration = Duration::from_secs(1);

pub(crate) struct Supervisor {
    said: Readiness,
    /// The view has changed since.
    changed: bool,
    next: Instant,
}

impl Supervisor {
    /// Jobs are served from now on.
    pub(crate) fn ready(status: &WorkerStatus) -> Self {
        let said = status.readiness();
        send(&[NotifyState::Ready, NotifyState::Status(&said.text)]);
        Self {
            said,
            changed: false,
            next: Instant::now() + PACE,
        }
    }

    /// The worker's view has changed.
    pub(crate) fn changed(&mut self) {
        self.changed = true;
    }

    /// Wait until there may be something to tell.
    pub(crate) async fn due(&self) {
        match self.changed {
            true => sleep_until(self.next).await,
            false => std::future::pending().await,
        }
    }

    /// Tell what the worker is now, unless that was said.
    pub(crate) fn tell(&mut self, status: &WorkerStatus) {
        if let Some(news) = self.news(status) {
            send(&[NotifyState::Status(&news.text)]);
        }
    }

    /// What is to be told, which is taken for told.
    fn news(&mut self, status: &WorkerStatus) -> Option<&Readiness> {
        self.changed = false;
        let now = status.readiness();
        if now == self.said {
            return None;
        }
        self.said = now;
        self.next = Instant::now() + PACE;
        Some(&self.said)
    }

    /// The worker takes no more work, and ends once its jobs have.
    pub(crate) fn stopping() {
        send(&[NotifyState::Stopping]);
    }
}

fn send(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the supervisor could not be told");
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn worker(parked: usize) -> WorkerStatus {
        let mut status = WorkerStatus::default();
        status.parked = parked;
        status
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_is_told_once_a_second_at_most_and_not_twice() {
        let mut supervisor = Supervisor::ready(&worker(0));
        assert!(supervisor.due().now_or_never().is_none(), "nothing changed");
        supervisor.changed();
        let began = Instant::now();
        supervisor.due().await;
        assert_eq!(began.elapsed(), PACE);
        assert!(supervisor.news(&worker(0)).is_none(), "that was said");
        assert!(
            supervisor.due().now_or_never().is_none(),
            "nothing changed since"
        );

        // What was not told at once does not hold up what comes next.
        supervisor.changed();
        supervisor.due().now_or_never().unwrap();
        assert!(supervisor.news(&worker(1)).is_some());
        supervisor.changed();
        assert!(
            supervisor.due().now_or_never().is_none(),
            "a second has not passed"
        );
        let began = Instant::now();
        supervisor.due().await;
        assert_eq!(began.elapsed(), PACE);
        assert!(supervisor.news(&worker(2)).is_some());
    }
}
