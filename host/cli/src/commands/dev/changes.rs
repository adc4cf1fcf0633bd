//! Bursts of changes on the disk: what `dev` sends or builds again after.

use std::path::Path;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// Editors write a file in several steps: wait until it has been quiet for this long.
const QUIET: Duration = Duration::from_millis(300);

/// What is watched, and what has happened there. Ends with the receiver.
pub(super) struct Changes {
    received: mpsc::UnboundedReceiver<()>,
    /// A burst has begun and its end was not waited for: `next` is dropped whenever something else happens
    /// first.
    begun: bool,
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
            begun: false,
            watcher,
        })
    }

    /// Of a folder and, where `mode` says so, of those below it. To watch one twice is to watch it once.
    pub(super) fn watch(&mut self, folder: &Path, mode: RecursiveMode) -> notify::Result<()> {
        self.watcher.watch(folder, mode)
    }

    /// The next burst is over. May be dropped and called again: no change is forgotten.
    pub(super) async fn next(&mut self) {
        if !self.begun {
            if self.received.recv().await.is_none() {
                std::future::pending::<()>().await;
            }
            self.begun = true;
        }
        while let Ok(Some(())) = tokio::time::timeout(QUIET, self.received.recv()).await {}
        self.begun = false;
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
        while !changes.begun {
            assert!(changes.next().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
        // Nothing else changes: what has begun is all there is.
        changes.next().await;
        assert!(changes.next().now_or_never().is_none());
    }
}
