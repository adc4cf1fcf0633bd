//! SIGTERM and SIGINT. From the first [`Signals::new`] on they end the process no more by themselves, so that
//! what was begun is ended in order and temporary folders go.
//!
//! A second one asks for more than the first. But some tools send two where they mean one: both kinds, or one to
//! the process and one to its group. So what follows at once is the same request.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

/// Tools send their two within a few milliseconds; a hand that means it twice takes longer than this.
const AT_ONCE: Duration = Duration::from_millis(200);

pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    requests: Requests,
}

impl Signals {
    pub(crate) fn new() -> Result<Self> {
        let listen = |kind| signal(kind).context("could not listen for signals");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            requests: Requests::default(),
        })
    }

    /// The next one's name. One that came since the last is not lost, unless it came at once.
    pub(crate) async fn next(&mut self) -> &'static str {
        loop {
            let name = tokio::select! {
                _ = self.terminate.recv() => "SIGTERM",
                _ = self.interrupt.recv() => "SIGINT",
            };
            if self.requests.is_another() {
                return name;
            }
            tracing::debug!(
                signal = name,
                "came at once after another: taken for the same"
            );
        }
    }
}

/// Tells requests apart by when signals come.
#[derive(Default)]
struct Requests {
    last: Option<Instant>,
}

impl Requests {
    /// Whether a signal that came now is a request of its own. One that is not does not put off the next that
    /// is: a key that is held down gets through.
    fn is_another(&mut self) -> bool {
        let now = Instant::now();
        let same = self.last.is_some_and(|last| now - last < AT_ONCE);
        if !same {
            self.last = Some(now);
        }
        !same
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn signals_at_once_are_one_request() {
        let mut requests = Requests::default();
        assert!(requests.is_another());
        assert!(!requests.is_another());
        advance(AT_ONCE - Duration::from_millis(1)).await;
        assert!(!requests.is_another());
        advance(Duration::from_millis(1)).await;
        assert!(requests.is_another());
        assert!(!requests.is_another());
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_is_held_down_gets_through() {
        let mut requests = Requests::default();
        let mut counted = 0;
        // 30 a second, as keyboards repeat, for one second.
        for _ in 0..30 {
            counted += u32::from(requests.is_another());
            advance(Duration::from_millis(33)).await;
        }
        assert_eq!(counted, 5, "one in 200 ms, rounded up to the next signal");
    }
}
