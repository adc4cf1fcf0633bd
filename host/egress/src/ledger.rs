//! What a job has used, counted before it is used.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::event::{EgressUsage, LimitHit};

/// Counters of one job. Each is only ever added to, and alone: no order between them matters.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    requests: AtomicU64,
    denied: AtomicU64,
    connections: AtomicU64,
    request_bytes: AtomicU64,
    response_bytes: AtomicU64,
    first_limit: OnceLock<LimitHit>,
}

/// Which way a body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Down,
}

impl Ledger {
    /// Count a request; false where there was one too many.
    pub(crate) fn request(&self, most: u64) -> bool {
        self.requests.fetch_add(1, Ordering::Relaxed) < most
    }

    /// Count a denial; answers how many there were before it.
    pub(crate) fn denied(&self) -> u64 {
        self.denied.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Count bytes of a body that are about to be passed on; false, and nothing counted, where the job's total would
    /// be over `most`.
    pub(crate) fn charge(&self, way: Way, bytes: u64, most: u64) -> bool {
        let counter = match way {
            Way::Up => &self.request_bytes,
            Way::Down => &self.response_bytes,
        };
        counter
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|used| *used <= most)
            })
            .is_ok()
    }

    /// Keep the first limit that was hit; false where this is a later one.
    pub(crate) fn limit(&self, hit: LimitHit) -> bool {
        self.first_limit.set(hit).is_ok()
    }

    pub(crate) fn usage(&self, broken: Option<String>) -> EgressUsage {
        EgressUsage {
            requests: self.requests.load(Ordering::Relaxed),
            denied: self.denied.load(Ordering::Relaxed),
            connections: self.connections.load(Ordering::Relaxed),
            request_bytes: self.request_bytes.load(Ordering::Relaxed),
            response_bytes: self.response_bytes.load(Ordering::Relaxed),
            limit: self.first_limit.get().copied(),
            broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_charged_to_the_byte() {
        let ledger = Ledger::default();
        assert!(ledger.charge(Way::Up, 6, 10));
        assert!(!ledger.charge(Way::Up, 5, 10), "one too many");
        assert!(ledger.charge(Way::Up, 4, 10));
        assert!(!ledger.charge(Way::Up, 1, 10));
        assert!(
            ledger.charge(Way::Down, 10, 10),
            "the other way counts for itself"
        );
        assert!(!ledger.charge(Way::Down, u64::MAX, u64::MAX), "no overflow");
        let usage = ledger.usage(None);
        assert_eq!((usage.request_bytes, usage.response_bytes), (10, 10));
    }

    #[test]
    fn requests_are_counted_to_the_last() {
        let ledger = Ledger::default();
        assert_eq!(
            [2, 2, 2].map(|most| ledger.request(most)),
            [true, true, false]
        );
        assert_eq!(ledger.usage(None).requests, 3);
    }
}
