//! A journal in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::RwLock;

use crate::record::{Journal, JournalError, Record, RecordKey};

/// Keeps records as long as any clone of it lives: clones share them, so a test can drop a worker and start
/// the next one on what the first had written.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    records: Arc<RwLock<BTreeMap<RecordKey, Record>>>,
}

impl Memory {
    /// Empty.
    #[must_use]
    pub fn new() -> Memory {
        Memory::default()
    }
}

#[async_trait]
impl Journal for Memory {
    async fn put(&self, record: Record) -> Result<(), JournalError> {
        self.records
            .write()
            .await
            .insert(record.key.clone(), record);
        Ok(())
    }

    async fn remove(&self, key: &RecordKey) -> Result<(), JournalError> {
        self.records.write().await.remove(key);
        Ok(())
    }

    async fn load(&self) -> Result<Vec<Record>, JournalError> {
        Ok(self.records.read().await.values().cloned().collect())
    }
}
