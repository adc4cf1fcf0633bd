//! One name: its source, and what is kept of it.
//!
//! ```text
//!            fetched                      kept for its time
//!   empty -------------> fresh ------------------------------> stale
//!     ^                    ^     fetched, or out of reach        | refused, or too old
//!     |                    '-------------------------------------+
//!     '----------------------------------------------------------'
//! ```
//!
//! Who comes while a fetch is under way waits for it and shares what it brings, also its failure: a store
//! that hangs is asked once for all, not once each. A fetch belongs to who waits first; given up, the next
//! one who waits begins another.
//!
//! A store that did not give a value is not asked again for [`AGAIN`], however often a guest asks: its requests are
//! made with the worker's credentials, and count against the account.
//!
//! While the store is out of reach a value that was good serves on for a bounded time, so that a short outage
//! fails no job. A store that answers no is believed at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::{SecretError, SecretErrorKind, SecretSource};

/// A value serves on for so many times its time while the store is out of reach.
const OUTAGE: u32 = 3;

/// Before a store that gave no value is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Before a store that was out of reach is asked again, while there is a value that serves.
const PAUSE: Duration = Duration::from_secs(15);

pub(crate) struct Entry {
    name: String,
    source: Arc<dyn SecretSource>,
    cache_for: Duration,
    timeout: Duration,
    /// Fetches that failed: tells those who waited during one from those who came later.
    failures: AtomicU64,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    kept: Option<Kept>,
    last_failure: Option<(SecretError, Instant)>,
}

struct Kept {
    value: SecretString,
    fetched: Instant,
    fresh_until: Instant,
}

impl Entry {
    /// Nothing is kept where `cache_for` is zero.
    pub(crate) fn new(
        name: String,
        source: Arc<dyn SecretSource>,
        cache_for: Duration,
        timeout: Duration,
    ) -> Entry {
        Entry {
            name,
            source,
            cache_for,
            timeout,
            failures: AtomicU64::new(0),
            held: Mutex::default(),
        }
    }

    pub(crate) async fn get(&self) -> Result<SecretString, SecretError> {
        let failures = self.failures.load(Ordering::Acquire);
        let mut held = self.held.lock().await;
        if let Some(kept) = &held.kept
            && Instant::now() < kept.fresh_until
        {
            return Ok(kept.value.clone());
        }
        if let Some((failure, at)) = &held.last_failure {
            let shared = self.failures.load(Ordering::Acquire) != failures;
            // What is never kept costs no more than reading a file: it is looked for each time.
            if shared || !self.cache_for.is_zero() && Instant::now() < *at + AGAIN {
                return Err(failure.clone());
            }
        }
        let fetched = timeout(self.timeout, self.source.fetch())
            .await
            .unwrap_or_else(|_| {
                Err(SecretError::TimedOut {
                    secret: self.name.clone(),
                    after: self.timeout,
                })
            });
        let now = Instant::now();
        match fetched {
            Ok(value) => {
                held.last_failure = None;
                held.kept = (!self.cache_for.is_zero()).then(|| Kept {
                    value: value.clone(),
                    fetched: now,
                    fresh_until: now + self.cache_for,
                });
                Ok(value)
            }
            Err(error) => {
                let outage = error.kind() == SecretErrorKind::Unavailable;
                if let Some(kept) = &mut held.kept
                    && outage
                    && now < kept.fetched + self.cache_for * OUTAGE
                {
                    tracing::warn!(
                        secret = self.name,
                        %error,
                        "a secret could not be fetched again: its last value serves on for a while"
                    );
                    kept.fresh_until = now + PAUSE;
                    return Ok(kept.value.clone());
                }
                held.kept = None;
                held.last_failure = Some((error.clone(), now));
                self.failures.fetch_add(1, Ordering::Release);
                Err(error)
            }
        }
    }
}
