//! Blocking work that stops when nobody waits for it any more.
//!
//! Unpacking and packing run on the blocking pool, where dropping a future stops nothing. So each
//! piece of such work holds a [`Cancel`] that the drop of the waiting future raises. The tracker counts
//! the work until it has really ended.

use tokio_util::task::TaskTracker;

use crate::cancel::Cancel;
use crate::error::StageError;

struct RaiseOnDrop(Cancel);

impl Drop for RaiseOnDrop {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// Runs `work` on the blocking pool. `name` is the step's, for the error of a panic within it.
pub(crate) async fn blocking<T: Send + 'static>(
    tracker: &TaskTracker,
    name: &'static str,
    work: impl FnOnce(&Cancel) -> Result<T, StageError> + Send + 'static,
) -> Result<T, StageError> {
    let cancel = Cancel::default();
    let _raise = RaiseOnDrop(cancel.clone());
    tracker
        .spawn_blocking(move || work(&cancel))
        .await
        .unwrap_or(Err(StageError::Panicked(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_stops() {
        let tracker = TaskTracker::new();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let work = blocking(&tracker, "waiting", move |cancel| {
            begun.send(()).unwrap();
            while !cancel.is_raised() {
                std::thread::yield_now();
            }
            cancel.check()
        });
        tokio::select! {
            ended = work => panic!("{ended:?}"),
            begun = has_begun => begun.unwrap(),
        }
        tracker.close();
        tracker.wait().await;
    }

    #[tokio::test]
    async fn a_panic_in_work_is_an_error_of_its_step() {
        let tracker = TaskTracker::new();
        let ended: Result<(), _> = blocking(&tracker, "packing", |_| panic!("on purpose")).await;
        assert!(matches!(ended, Err(StageError::Panicked("packing"))));
    }
}
