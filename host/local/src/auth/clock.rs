//! The time of day, in one place, so that it can be moved.
//!
//! Everything here that ages (sessions, hand-outs, continuations, timeouts) is compared with the
//! wall clock and not with a monotonic one: a client signs with its wall clock, and a laptop that
//! slept through a session's lifetime must find it expired. A deadline is therefore a
//! [`Timestamp`], and a wait for one looks at the clock again from time to time.
//!
//! ```text
//!   now    the service's time: the machine's, and as far ahead of it as it was moved
//!   wall   what signatures are dated against: the machine's, off by the skew that was set
//! ```
//!
//! The two differ since a client's clock does not move along with the service's.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// The longest a wait for a deadline sleeps before it looks at the clock again: the system clock
/// can be set, and a suspended machine's timers stand still.
const RECHECK: Duration = Duration::from_secs(5);

/// Tells the time; a clone is the same clock.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    base: Base,
    /// How far the service's time is ahead; every waiter wakes when it changes.
    ahead: Arc<watch::Sender<Duration>>,
    skew: SignedDuration,
}

#[derive(Clone, Copy, Debug)]
enum Base {
    System,
    /// Stands still, and clients' clocks move along with it.
    #[cfg(test)]
    Fixed(Timestamp),
}

impl Clock {
    /// The machine's own clock, moved ahead, and wrong by `skew` where signatures are judged.
    pub(crate) fn system(ahead: Duration, skew: SignedDuration) -> Self {
        Self {
            base: Base::System,
            ahead: Arc::new(watch::Sender::new(ahead)),
            skew,
        }
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    #[cfg(test)]
    pub(crate) fn manual(start: Timestamp) -> Self {
        Self {
            base: Base::Fixed(start),
            ahead: Arc::new(watch::Sender::new(Duration::ZERO)),
            skew: SignedDuration::ZERO,
        }
    }

    /// The service's time.
    pub(crate) fn now(&self) -> Timestamp {
        let start = match self.base {
            Base::System => Timestamp::now(),
            #[cfg(test)]
            Base::Fixed(start) => start,
        };
        later(start, self.ahead())
    }

    /// The time that signatures are dated against.
    pub(crate) fn wall(&self) -> Timestamp {
        match self.base {
            Base::System => Timestamp::now()
                .checked_add(self.skew)
                .unwrap_or(Timestamp::MAX),
            #[cfg(test)]
            Base::Fixed(_) => self.now(),
        }
    }

    /// Whether [`Clock::wall`] is not the machine's own time.
    pub(crate) fn is_skewed(&self) -> bool {
        !self.skew.is_zero()
    }

    /// How far the service's time is ahead of the machine's.
    pub(crate) fn ahead(&self) -> Duration {
        *self.ahead.borrow()
    }

    /// Moves the service's time.
    pub(crate) fn advance(&self, by: Duration) {
        self.ahead
            .send_modify(|ahead| *ahead = ahead.saturating_add(by));
    }

    /// Returns once the clock shows `deadline` or later. Safe to drop and start again.
    pub(crate) async fn sleep_until(&self, deadline: Timestamp) {
        let mut moved = self.ahead.subscribe();
        loop {
            let left = until(self.now(), deadline);
            if left.is_zero() {
                return;
            }
            let rest = async {
                match self.base {
                    Base::System => tokio::time::sleep(left.min(RECHECK)).await,
                    #[cfg(test)]
                    Base::Fixed(_) => std::future::pending().await,
                }
            };
            tokio::select! {
                () = rest => {}
                // The sender is held by self, so that this is never an error.
                _ = moved.changed() => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_ends_when_time_is_moved_and_signatures_are_dated_by_the_machine() {
        let clock = Clock::system(Duration::ZERO, SignedDuration::from_mins(-20));
        let deadline = later(clock.now(), Duration::from_secs(3600));
        let waiting = clock.sleep_until(deadline);
        tokio::pin!(waiting);
        let early = futures::future::poll_immediate(&mut waiting).await;
        assert!(early.is_none(), "an hour is not over");
        clock.clone().advance(Duration::from_secs(3600));
        waiting.await;
        let behind = Timestamp::now().duration_since(clock.wall());
        assert!((19..=20).contains(&behind.as_mins()), "{behind}");
        assert!(clock.is_skewed() && clock.ahead() == Duration::from_secs(3600));
    }
}
