//! The time of day, in one place, so that tests can move it.
//!
//! Everything here that ages (sessions, hand-outs, continuations, signatures) is compared with the
//! wall clock and not with a monotonic one: a client signs with its wall clock, and a laptop that
//! slept through a session's lifetime must find it expired. A deadline is therefore a
//! [`Timestamp`], and a wait for one looks at the clock again from time to time.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

/// The longest a wait for a deadline sleeps before it looks at the clock again: the system clock
/// can be set, and a suspended machine's timers stand still.
const RECHECK: Duration = Duration::from_secs(5);

/// Tells the time; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    /// Moved by a test; every waiter wakes and looks.
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests move time"))]
    Manual(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// The machine's own clock.
    pub(crate) fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    #[cfg(test)]
    pub(crate) fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(watch::Sender::new(start))))
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::now(),
            Source::Manual(time) => *time.borrow(),
        }
    }

    /// Moves a manual clock; a system clock stays as it is.
    #[cfg(test)]
    pub(crate) fn advance(&self, by: Duration) {
        if let Source::Manual(time) = &self.0 {
            time.send_modify(|now| *now = later(*now, by));
        }
    }

    /// Returns once the clock shows `deadline` or later. Safe to drop and start again.
    pub(crate) async fn sleep_until(&self, deadline: Timestamp) {
        match &self.0 {
            Source::System => loop {
                let left = until(Timestamp::now(), deadline);
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(RECHECK)).await;
            },
            Source::Manual(time) => {
                // The sender is held by self, so this ends only by the clock reaching the deadline.
                let _ = time.subscribe().wait_for(|now| *now >= deadline).await;
            }
        }
    }
}

/// `start + by`, or the end of time where that is past it.
pub(crate) fn later(start: Timestamp, by: Duration) -> Timestamp {
    start.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// What is left from `now` to `deadline`; zero once it is reached.
fn until(now: Timestamp, deadline: Timestamp) -> Duration {
    Duration::try_from(deadline.duration_since(now)).unwrap_or(Duration::ZERO)
}
