//! The flag that stops blocking work: looked at for each block of bytes and each entry.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::StageError;

/// Raised once; never lowered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub(crate) fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn check(&self) -> Result<(), StageError> {
        if self.is_raised() {
            return Err(StageError::Cancelled);
        }
        Ok(())
    }
}
