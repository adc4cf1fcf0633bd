//! Bursts of changes on the disk: what `dev` sends or builds again after.

use std::path::Path;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// Editors write a file in several steps: wait until it has been quiet for this long.
const QUIET: Duration = Duration::from_millis(300);

/// A burst is taken for over after so long: what writes on and on, such as a log, would keep back every change for ever.
const LONGEST: Duration = Duration::from_secs(2);

/// What is watched, and what has happened there. Ends with the receiver.
pub(super) struct Changes {
    received: mpsc::UnboundedReceiver<()>,
    /// When a burst began whose end was not waited for: `next` is dropped whenever something else happens
    /// first.
    begun: Option<Instant>,
    watcher: notify::RecommendedWatcher,
}

impl Changes {
    /// Of nothing, until a folder is [watched](Self::watch).
    pub(super) fn none() -> notify::Result<Self> {
        let (sender, received) = mpsc::unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let changed = event.is_ok_and(|event| {
                event.kind.is_create() || event.kind.is_modify() || event.kind.is_remove()
            });
            if changed {
                // The receiver is gone when dev ends: nobody is left to tell.
                let _ = sender.send(());
            }
        })?;
        Ok(Self {
            received,
            begun: None,
            watcher,
        })
    }

    /// Of a folder and, where `mode` says so, of those below it. To watch one twice is to watch it once.
    pub(super) fn watch(&mut self, folder: &Path, mode: RecursiveMode) -> notify::Result<()> {
        self.watcher.watch(folder, mode)
    }

    /// The next burst is over. May be dropped and called again: no change is forgotten.
    pub(super) async fn next(&mut self) {
        let begun = match self.begun {
            Some(begun) => begun,
            None => {
                if self.received.recv().await.is_none() {
                    std::future::pending::<()>().await;
                }
                *self.begun.insert(Instant::now())
            }
        };
        let latest = begun + LONGEST;
        loop {
            let quiet = (Instant::now() + QUIET).min(latest);
            match timeout_at(quiet, self.received.recv()).await {
                Ok(Some(())) if Instant::now() < latest => {}
                _ => break,
            }
        }
        self.begun = None;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_burst_that_was_not_waited_for_is_still_to_come() {
        let folder = tempfile::tempdir().unwrap();
        let mut changes = Changes::none().unwrap();
        changes
            .watch(folder.path(), RecursiveMode::Recursive)
            .unwrap();
        assert!(changes.next().now_or_never().is_none());
        std::fs::write(folder.path().join("one"), "").unwrap();
        while changes.begun.is_none() {
            assert!(changes.next().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
        // Nothing else changes: what has begun is all there is.
        changes.next().await;
        assert!(changes.next().now_or_never().is_none());
    }

    /// Changes that are told by a sender in place of a folder.
    fn told() -> (mpsc::UnboundedSender<()>, Changes) {
        let (sender, received) = mpsc::unbounded_channel();
        let mut changes = Changes::none().unwrap();
        changes.received = received;
        (sender, changes)
    }

    /// Tell of a change every 100 ms, for ever.
    async fn keep_on(sender: &mpsc::UnboundedSender<()>) {
        loop {
            sender.send(()).unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_without_an_end_is_taken_for_several() {
        let (sender, mut changes) = told();
        let began = Instant::now();
        for burst in 1..=3 {
            tokio::select! {
                () = changes.next() => {}
                () = keep_on(&sender) => {}
            }
            let took = began.elapsed();
            let longest = LONGEST * burst + QUIET;
            assert!(took <= longest, "burst {burst} ends after {took:?}");
            assert!(took >= LONGEST, "burst {burst} ends after {took:?}");
        }
        // What is left of it ends as any other.
        sender.send(()).unwrap();
        changes.next().await;
        assert!(changes.next().now_or_never().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_that_is_asked_for_again_and_again_ends_too() {
        let (sender, mut changes) = told();
        let began = Instant::now();
        let pause = QUIET / 2;
        loop {
            sender.send(()).unwrap();
            // As when a job's log has a line every now and then.
            if tokio::time::timeout(pause, changes.next()).await.is_ok() {
                break;
            }
        }
        let took = began.elapsed();
        assert!(took >= LONGEST && took <= LONGEST + pause, "{took:?}");
    }
}
