//! What will happen by itself, and when. Kept, as all else is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::kept::Kept;
use crate::auth::instant;

/// Something that falls due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Timer {
    /// A continuation's job is to be offered.
    Offer { job: String },
    /// An action has taken too long.
    Timeout { run: String },
    /// A job has taken longer than its action type allows.
    JobTimeout { job: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Due(#[serde(with = "instant")] Timestamp);

/// The timers, by time.
#[derive(Default)]
pub(super) struct Timers(Kept<(Due, Timer), ()>);

impl Timers {
    pub(super) fn insert(&mut self, (due, timer): (Timestamp, Timer)) {
        self.0.insert((Due(due), timer), ());
    }

    pub(super) fn remove(&mut self, (due, timer): &(Timestamp, Timer)) {
        self.0.remove(&(Due(*due), timer.clone()));
    }

    /// When the first falls due.
    pub(super) fn first_due(&self) -> Option<Timestamp> {
        self.0.first_key_value().map(|((due, _), ())| due.0)
    }

    /// Takes the first out, if it is due by `now`.
    pub(super) fn pop_due(&mut self, now: Timestamp) -> Option<Timer> {
        self.first_due().filter(|due| *due <= now)?;
        let (key, ()) = self.0.first_key_value()?;
        let key = key.clone();
        self.0.remove(&key);
        Some(key.1)
    }

    #[cfg(test)]
    pub(super) fn contains(&self, (due, timer): &(Timestamp, Timer)) -> bool {
        self.0.contains_key(&(Due(*due), timer.clone()))
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As what is kept.
    pub(super) fn kept(&mut self) -> &mut Kept<(Due, Timer), ()> {
        &mut self.0
    }
}
