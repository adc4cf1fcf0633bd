//! Memory, summed. Wasmtime's own limits hold for each linear memory by itself; what a host has is one
//! pool, so memories and tables are charged to one budget here.

use std::sync::Arc;

use wasmtime::ResourceLimiter;

use crate::guard::Guard;
use crate::runner::Limit;
use crate::text;

/// Core instances in one job. Python's components, the largest known, have about 40.
pub(crate) const INSTANCES: usize = 200;
/// Linear memories in one job. Two for an adapted module; one for each composed component.
pub(crate) const MEMORIES: usize = 32;
/// Tables in one job.
pub(crate) const TABLES: usize = 64;

/// What wasmtime takes for a table element.
const ELEMENT: u64 = size_of::<usize>() as u64;

pub(crate) struct Limiter {
    guard: Arc<Guard>,
    used: u64,
    /// What was charged last, to be given back if that growth fails.
    last: u64,
}

impl Limiter {
    pub(crate) fn new(guard: Arc<Guard>) -> Limiter {
        Limiter {
            guard,
            used: 0,
            last: 0,
        }
    }

    fn charge(&mut self, bytes: u64) -> bool {
        let limit = self.guard.limits().memory_bytes;
        let wanted = self.used.saturating_add(bytes);
        if wanted > limit {
            self.last = 0;
            self.guard.hit(Limit::Memory, text::size(limit));
            return false;
        }
        self.used = wanted;
        self.last = bytes;
        self.guard.memory_used(wanted);
        true
    }

    fn give_back(&mut self) {
        self.used -= std::mem::take(&mut self.last);
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            // Fails by the module's own declaration, whatever is said here.
            self.last = 0;
            return Ok(true);
        }
        Ok(self.charge(desired.saturating_sub(current) as u64))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.give_back();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            self.last = 0;
            return Ok(true);
        }
        let elements = desired.saturating_sub(current) as u64;
        Ok(self.charge(elements.saturating_mul(ELEMENT)))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.give_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fs::DiskLimits;
    use crate::runner::{Fault, JobControl, Limits};

    fn limiter(memory_bytes: u64) -> Limiter {
        let limits = Limits {
            wall: Duration::from_secs(1),
            cpu: Duration::from_secs(1),
            memory_bytes,
            log_bytes: 0,
            disk: DiskLimits::default(),
        };
        Limiter::new(Arc::new(Guard::new(limits, JobControl::new().1)))
    }

    #[test]
    fn memories_and_tables_share_one_budget() {
        let mut limiter = limiter(3 << 16);
        assert!(limiter.memory_growing(0, 1 << 16, None).unwrap());
        assert!(limiter.memory_growing(0, 1 << 16, None).unwrap());
        assert!(limiter.table_growing(0, (1 << 16) / 8, None).unwrap());
        assert_eq!(limiter.guard.first(), None);
        assert!(!limiter.table_growing(10, 11, None).unwrap());
        assert_eq!(
            limiter.guard.first(),
            Some(Fault::Limit {
                limit: Limit::Memory,
                value: "192 KiB".into()
            })
        );
        assert_eq!(limiter.guard.usage().memory_peak, 3 << 16);
    }

    #[test]
    fn growth_that_fails_later_is_given_back() {
        let mut limiter = limiter(2 << 16);
        assert!(limiter.memory_growing(0, 2 << 16, None).unwrap());
        limiter
            .memory_grow_failed(wasmtime::Error::msg("no memory"))
            .unwrap();
        assert!(limiter.memory_growing(0, 2 << 16, None).unwrap());
        limiter
            .memory_grow_failed(wasmtime::Error::msg("no memory"))
            .unwrap();
        limiter
            .memory_grow_failed(wasmtime::Error::msg("not asked for"))
            .unwrap();
        assert_eq!(limiter.used, 0);
    }

    #[test]
    fn a_modules_own_maximum_is_no_limit_of_ours() {
        let mut limiter = limiter(1 << 16);
        assert!(limiter.memory_growing(0, 1 << 30, Some(1 << 20)).unwrap());
        assert_eq!((limiter.used, limiter.guard.first()), (0, None));
    }
}
