//! What a broker tells of a job: as it happens, and in sum.

use crate::limits::EgressLimit;

/// A limit that was hit, and its value: a number, bytes, or milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitHit {
    /// Which.
    pub limit: EgressLimit,
    /// What it was.
    pub value: u64,
}

/// Something that an operator wants to know. Holds no path, query or header of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EgressEvent {
    /// A request was refused before anything was sent.
    Denied {
        /// Scheme, host and port; a dash where the request names none that can be read.
        target: String,
        /// Why, and where there is one the line that would allow it.
        why: String,
    },
    /// A limit was hit.
    LimitHit(LimitHit),
}

/// Hears of a job's events as they happen; called from tasks that serve requests, so it must not block.
pub trait Observe: Send + Sync {
    /// One event. There are at most two for each request.
    fn observe(&self, event: EgressEvent);

    /// What of a text may be in the worker's log: a guest may have put a secret where a host or a port belongs.
    fn shown(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// What a job used of the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressUsage {
    /// Requests that the guest made, those refused included.
    pub requests: u64,
    /// Of these, those that were refused before anything was sent.
    pub denied: u64,
    /// Connections that were opened.
    pub connections: u64,
    /// Bytes of requests' bodies that were passed on.
    pub request_bytes: u64,
    /// Bytes of responses' bodies that were passed on.
    pub response_bytes: u64,
    /// The first limit that was hit, whatever the guest made of it.
    pub limit: Option<LimitHit>,
    /// What broke the guest's own stream, where it did not end as HTTP/2 does. A guest that was stopped breaks it;
    /// one that runs on may have tried what is not HTTP/2.
    pub broken: Option<String>,
}
