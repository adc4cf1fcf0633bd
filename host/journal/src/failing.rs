//! A journal that fails on purpose.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use crate::record::{Journal, JournalError, Record, RecordKey};

/// Which writes fail; puts and removes are counted together, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailWhen {
    /// Only this one.
    Write(u64),
    /// This one and all after it: a disk that is full, or gone.
    From(u64),
    /// Every one, and loads too.
    Always,
}

#[derive(Debug, thiserror::Error)]
#[error("failed on purpose")]
struct OnPurpose;

/// Wraps a journal and fails as told; for tests.
#[derive(Debug)]
pub struct Failing<J> {
    inner: J,
    when: FailWhen,
    lands: bool,
    writes: AtomicU64,
}

impl<J: Journal> Failing<J> {
    /// A write that fails leaves `inner` as it was.
    pub fn new(inner: J, when: FailWhen) -> Failing<J> {
        Failing {
            inner,
            when,
            lands: false,
            writes: AtomicU64::new(0),
        }
    }

    /// A write that fails has changed `inner` all the same: a commit whose answer was lost.
    #[must_use]
    pub fn though_written(mut self) -> Failing<J> {
        self.lands = true;
        self
    }

    /// Writes asked for so far, those that failed too.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    fn next_fails(&self) -> bool {
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        match self.when {
            FailWhen::Write(only) => number == only,
            FailWhen::From(first) => number >= first,
            FailWhen::Always => true,
        }
    }
}

#[async_trait]
impl<J: Journal> Journal for Failing<J> {
    async fn put(&self, record: Record) -> Result<(), JournalError> {
        let fails = self.next_fails();
        if !fails || self.lands {
            self.inner.put(record).await?;
        }
        answer(fails)
    }

    async fn remove(&self, key: &RecordKey) -> Result<(), JournalError> {
        let fails = self.next_fails();
        if !fails || self.lands {
            self.inner.remove(key).await?;
        }
        answer(fails)
    }

    async fn load(&self) -> Result<Vec<Record>, JournalError> {
        if self.when == FailWhen::Always {
            return Err(JournalError::Read(OnPurpose.into()));
        }
        self.inner.load().await
    }
}

fn answer(fails: bool) -> Result<(), JournalError> {
    if fails {
        Err(JournalError::Write(OnPurpose.into()))
    } else {
        Ok(())
    }
}
