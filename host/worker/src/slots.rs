//! Slots: how many jobs may be under way, in all, per action type, and by memory.
//!
//! A permit is taken before a poll and given back when it is dropped, whoever drops it and why: a slot
//! cannot leak. Permits are counted by semaphores and nobody ever waits for one; the dispatcher asks
//! again when something has changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipefitter_plugins::ActionTypeKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory is counted in pieces of this size, so that a count fits a permit.
const PIECE: u64 = 1 << 20;

/// Room for one job. Dropping it gives the room back.
#[derive(Debug)]
pub(crate) struct Permit {
    _all: OwnedSemaphorePermit,
    _action_type: Option<OwnedSemaphorePermit>,
    _memory: Option<OwnedSemaphorePermit>,
}

pub(crate) struct Slots {
    total: usize,
    all: Arc<Semaphore>,
    action_types: BTreeMap<ActionTypeKey, Arc<Semaphore>>,
    memory: Option<(Arc<Semaphore>, u32)>,
}

impl Slots {
    pub(crate) fn new(
        total: usize,
        per_action_type: &BTreeMap<ActionTypeKey, usize>,
        memory_budget: Option<u64>,
    ) -> Slots {
        let total = total.clamp(1, Semaphore::MAX_PERMITS);
        let action_types = per_action_type
            .iter()
            .map(|(key, most)| (key.clone(), Arc::new(Semaphore::new((*most).min(total)))))
            .collect();
        let memory = memory_budget.map(|bytes| {
            let pieces = u32::try_from(bytes / PIECE).unwrap_or(u32::MAX).max(1);
            (Arc::new(Semaphore::new(pieces as usize)), pieces)
        });
        Slots {
            total,
            all: Arc::new(Semaphore::new(total)),
            action_types,
            memory,
        }
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(crate) fn free(&self) -> usize {
        self.all.available_permits()
    }

    /// Room for one job of this action type that may use so many bytes of memory. A job that wants more
    /// than the whole budget gets room when it is alone.
    pub(crate) fn take(&self, key: &ActionTypeKey, memory_bytes: u64) -> Option<Permit> {
        let all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let action_type = match self.action_types.get(key) {
            Some(semaphore) => Some(Arc::clone(semaphore).try_acquire_owned().ok()?),
            None => None,
        };
        let memory = match &self.memory {
            Some((semaphore, budget)) => {
                let pieces = u32::try_from(memory_bytes.div_ceil(PIECE)).unwrap_or(u32::MAX);
                let pieces = pieces.clamp(1, *budget);
                Some(Arc::clone(semaphore).try_acquire_many_owned(pieces).ok()?)
            }
            None => None,
        };
        Some(Permit {
            _all: all,
            _action_type: action_type,
            _memory: memory,
        })
    }

    /// Room for a poll: at least one job, at most `most`.
    pub(crate) fn take_some(
        &self,
        key: &ActionTypeKey,
        memory_bytes: u64,
        most: usize,
    ) -> Vec<Permit> {
        std::iter::from_fn(|| self.take(key, memory_bytes))
            .take(most.max(1))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(provider: u8) -> ActionTypeKey {
        ActionTypeKey {
            category: "Build".to_owned(),
            provider: format!("P{provider}"),
            version: "1".to_owned(),
        }
    }

    proptest! {
        #[test]
        fn no_bound_is_passed_and_nothing_leaks(
            total in 1usize..12,
            most in 0usize..5,
            budget in proptest::option::of(1u64..64),
            moves in proptest::collection::vec((0u8..3, 0u64..20, 0usize..6, any::<bool>()), 0..60),
        ) {
            let slots = Slots::new(
                total,
                &BTreeMap::from([(key(0), most)]),
                budget.map(|pieces| pieces * PIECE),
            );
            let mut held: Vec<(u8, u64, Permit)> = Vec::new();
            for (provider, pieces, wanted, give_back) in moves {
                if give_back && !held.is_empty() {
                    held.remove(wanted % held.len());
                } else {
                    let memory = pieces * PIECE;
                    for permit in slots.take_some(&key(provider), memory, wanted) {
                        held.push((provider, pieces.max(1), permit));
                    }
                }
                prop_assert!(held.len() <= total);
                prop_assert!(held.iter().filter(|(p, ..)| *p == 0).count() <= most);
                if let Some(budget) = budget {
                    let used: u64 = held.iter().map(|(_, pieces, _)| pieces.min(&budget)).sum();
                    prop_assert!(used <= budget);
                }
                prop_assert_eq!(slots.free(), total - held.len());
            }
            held.clear();
            prop_assert_eq!(slots.free(), total);
        }
    }
}
